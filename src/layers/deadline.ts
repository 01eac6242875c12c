import type { Clock } from '../clock.js';
import { DeadlineExceededError } from '../errors/resilience.errors.js';
import { Cancellation } from '../transport/cancellation.js';
import { deriveCall } from './create-call.js';
import type { Layer } from './layer.js';
import { timeLimit } from './time-limit.js';

export interface DeadlineSettings {
  /** For a call with everything within this layer, in milliseconds. */
  readonly deadlineMs: number;
  readonly clock: Clock;
}

/**
 * Bounds a call as a whole: waiting, redirects, attempts and the pauses between them. A sooner deadline that the call has
 * already, as from an inbound request, is passed on; whoever has set it sees to it. With responseType 'stream' it ends with the
 * headers: a body that is read by the caller takes the time that the caller takes.
 * @throws DeadlineExceededError at the deadline, which says how long the call had
 */
export function deadline({ deadlineMs, clock }: DeadlineSettings): Layer {
  return (next) => async (call) => {
    const cancellation = new Cancellation(call.cancellation);
    const endLimit = timeLimit(clock, deadlineMs, (delayMs) =>
      cancellation.cancel(new DeadlineExceededError(call, deadlineMs, undefined, delayMs)),
    );
    const sooner = Math.min(clock.now() + deadlineMs, call.deadline);
    try {
      return await next(deriveCall(call, { deadline: sooner, cancellation }));
    } finally {
      endLimit();
    }
  };
}
