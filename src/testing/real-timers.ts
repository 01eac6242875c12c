import * as timers from 'node:timers';

/** Those that no fake timers of a test runner take the place of, whether they come after this is loaded or, as jest's may, before. */
export const { setImmediate, setTimeout, clearTimeout } = timers;

/** As `queueMicrotask` and `process.nextTick`, which jest's fake timers hold back. */
export function soon(callback: () => void): void {
  void Promise.resolve().then(callback);
}
