import { setImmediate } from 'node:timers';

let next: Promise<void> | undefined;

/**
 * Resolves when the event loop has looked at every socket once from now on: what had arrived by now is known then, the end of a
 * connection among it. Those who begin to wait at the same time share one turn.
 */
export function loopTurn(): Promise<void> {
  return (next ??= new Promise((resolve) => {
    // The first comes before the loop polls for I/O again, the second after.
    setImmediate(() => {
      next = undefined;
      setImmediate(resolve);
    });
  }));
}
