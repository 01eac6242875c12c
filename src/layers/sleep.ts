import type { Clock } from '../clock.js';
import type { Cancellation } from '../transport/cancellation.js';

/**
 * Waits, unless the call ends first.
 * @throws what it is cancelled with
 */
export function sleep(clock: Clock, ms: number, cancellation: Cancellation): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      cancellation.unsubscribe(end);
      resolve();
    }, ms);
    const end = (reason: unknown) => {
      clock.clearTimeout(timer);
      cancellation.unsubscribe(end);
      reject(reason);
    };
    cancellation.subscribe(end);
  });
}
