import { Cancellation } from '../base/cancellation.js';
import { type Clock, MAX_TIMER_MS } from '../base/clock.js';
import { TimeLimit } from '../base/time-limit.js';
import { type Call, deriveCall, type Layer } from '../call/call.js';
import { watching } from '../call/compose.js';
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
  return watching<CallLimit>({
    begin: (call) => new CallLimit(clock, deadlineMs, call),
    derive: (call, { endsAt, cancellation }) =>
      deriveCall(call, { deadline: Math.min(endsAt, call.deadline), cancellation }),
    end: (_, limit) => limit!.end(),
  });
}

class CallLimit extends TimeLimit {
  /** Of what is within the limit. */
  readonly cancellation: Cancellation;
  readonly #call: Call;
  readonly #deadlineMs: number;

  constructor(clock: Clock, deadlineMs: number, call: Call) {
    super(clock, deadlineMs);
    this.cancellation = new Cancellation(call.cancellation);
    this.#call = call;
    this.#deadlineMs = deadlineMs;
  }

  protected over(delayMs: number): void {
    this.cancellation.cancel(new DeadlineExceededError(this.#call, this.#deadlineMs, undefined, delayMs));
  }
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
