import type { Clock } from '../clock.js';
import { DeadlineExceededError } from '../errors/resilience.errors.js';
import { Cancellation } from '../transport/cancellation.js';
import { deriveCall } from './create-call.js';
import type { Layer } from './layer.js';

export interface DeadlineSettings {
  /** For a call with everything within this layer, in milliseconds; Infinity: only a deadline that it has already counts. */
  readonly deadlineMs: number;
  readonly clock: Clock;
}

/**
 * Bounds a call as a whole: waiting, redirects, attempts and the pauses between them. Where the call has a deadline already,
 * as from an inbound request, the sooner one counts. With responseType 'stream' it ends with the headers: a body that is
 * read by the caller takes the time that the caller takes.
 * @throws DeadlineExceededError at the deadline, which says how long the call had; at once where that has passed already
 */
export function deadline({ deadlineMs, clock }: DeadlineSettings): Layer {
  return (next) => async (call) => {
    const now = clock.now();
    const ms = Math.min(deadlineMs, call.deadline - now);
    if (ms === Infinity) return next(call);
    if (ms <= 0) throw new DeadlineExceededError(call, 0);
    const cancellation = new Cancellation(call.cancellation);
    const timer = clock.setTimeout(() => cancellation.cancel(new DeadlineExceededError(call, ms)), ms);
    try {
      return await next(deriveCall(call, { deadline: now + ms, cancellation }));
    } finally {
      clock.clearTimeout(timer);
    }
  };
}
