import type { Clock } from '../clock.js';
import type { Call } from './layer.js';
import { NEVER, whileWaiting } from './while-waiting.js';

/**
 * Waits, unless the call ends first or the client closes.
 * @throws what the call is cancelled with; ClientClosedError
 */
export function sleep(clock: Clock, ms: number, call: Call, closing: AbortSignal = NEVER): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      stop();
      resolve();
    }, ms);
    const stop = whileWaiting(call, closing, (reason) => {
      clock.clearTimeout(timer);
      reject(reason);
    });
  });
}
