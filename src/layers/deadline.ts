import { Cancellation } from '../base/cancellation.js';
import { type Clock, MAX_TIMER_MS } from '../base/clock.js';
import { timeLimit } from '../base/time-limit.js';
import { deriveCall, type Layer } from '../call/call.js';
import { withAddedHeaders } from '../call/headers.js';
import { DeadlineExceededError } from '../errors/refusal.errors.js';

interface DeadlineSettings {
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

interface DeadlineHeaderSettings {
  /** In lower case. */
  readonly header: string;
  /** Which origins are told. */
  readonly to: ReadonlySet<string>;
}

/**
 * Tells an upstream how long the call has left, in whole milliseconds, so that it need not work for nothing. For each attempt
 * anew: it has less than the one before.
 */
export function deadlineHeader({ header, to }: DeadlineHeaderSettings, clock: Clock): Layer {
  return (next) => (call) => {
    if (call.deadline === Infinity || !to.has(call.origin)) return next(call);
    const leftMs = Math.max(1, Math.floor(call.deadline - clock.now()));
    if (leftMs > MAX_TIMER_MS) return next(call); // says nothing, and no reader's timer takes it
    const config = withAddedHeaders(call.config, { [header]: String(leftMs) });
    return next(deriveCall(call, { config }));
  };
}
