import { inspect } from 'node:util';

/**
 * A listener that only listens: a bug in it must not fail what it listens to, nor fill the log.
 * @param name what it listens to
 * @returns calls `listener`; never throws. The first time that one throws, or rejects, is a process warning, the others are ignored
 */
export function tolerantListener<Event>(name: string, listener: (event: Event) => unknown): (event: Event) => void {
  let hasWarned = false;
  const warn = (error: unknown) => {
    if (hasWarned) return;
    hasWarned = true;
    process.emitWarning(`A listener to "${name}" has failed. If it fails again, that is ignored`, {
      type: 'HttpClientEventsWarning',
      detail: error instanceof Error ? (error.stack ?? error.message) : inspect(error),
    });
  };
  return (event) => {
    try {
      const result = listener(event);
      if (result instanceof Promise) result.catch(warn);
    } catch (error) {
      warn(error);
    }
  };
}
