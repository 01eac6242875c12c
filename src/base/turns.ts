import { setImmediate } from 'node:timers'; // as it is when this is loaded: fake timers of a test runner must not hold calls up

// A promise that settles without I/O lets nothing run but other promises: whoever calls again at once, and forgets about the errors, keeps
// timers, sockets and signals from ever being looked at. The process then cannot even be ended with SIGTERM.

let turn: Promise<void> | undefined;
let turnedAt = -Infinity;

/** Errors whose call has waited for a turn. Each counts once: one that somebody keeps may be thrown again without any. */
const waited = new WeakSet<object>();

/** How long answers that took no I/O may follow one another before the event loop turns, in milliseconds. */
const MAX_STRETCH_MS = 10;

/** Resolves when the event loop has turned: timers, sockets and signals have had their say. All who wait share one. */
export function nextTurn(): Promise<void> {
  return (turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined;
      turnedAt = performance.now();
      resolve();
    });
  }));
}

/** The same, where it has not turned for 10 ms as far as known here; else it resolves at once. */
export function turnIfDue(): Promise<void> | undefined {
  return performance.now() - turnedAt < MAX_STRETCH_MS ? undefined : nextTurn();
}

/** Rejects when the event loop has turned. */
export async function rejectNextTurn(error: unknown): Promise<never> {
  await nextTurn();
  noteTurn(error);
  throw error;
}

/** Says of an error, before it is thrown, that the event loop has turned since its call was made. */
export function noteTurn(error: unknown): void {
  if (typeof error === 'object' && error !== null) waited.add(error);
}

/** Whether the event loop has turned for this error. True once for each time that it is said. */
export function takeTurn(error: unknown): boolean {
  return waited.delete(error as object);
}

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
