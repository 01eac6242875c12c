import type { Call } from '../layers/layer.js';
import { HttpClientError } from './http-client.error.js';
import { TimeoutError } from './timeout.errors.js';

/** The call was not over by its deadline: waiting, every attempt, every pause between them. */
export class DeadlineExceededError extends TimeoutError {
  declare readonly code: 'ERR_DEADLINE_EXCEEDED';

  /**
   * @param ms how long the call was given
   * @param whose which deadline it is
   * @param eventLoopDelayMs how late its timer fired
   */
  constructor(
    call: Call,
    ms: number,
    whose = 'the deadline for all attempts together; see resilience.deadlineMs',
    eventLoopDelayMs = 0,
  ) {
    const message = `not over after ${Math.round(ms)} ms, ${whose}`;
    super('ERR_DEADLINE_EXCEEDED', message, call, call.journal.requests > 0, ms, eventLoopDelayMs);
  }

  /**
   * @param ms how long the inbound request was given
   * @param eventLoopDelayMs how late its timer fired
   */
  static ofInbound(call: Call, ms: number, eventLoopDelayMs = 0): DeadlineExceededError {
    return new DeadlineExceededError(call, ms, 'the deadline of the inbound request it was made for', eventLoopDelayMs);
  }
}

/** A refusal that is over after a while. */
export abstract class RetryLaterError extends HttpClientError {
  /** When it is worth another try, in milliseconds from now. */
  readonly retryAfterMs: number;

  protected constructor(code: string, message: string, call: Call, retryAfterMs: number) {
    super(code, message, call, call.attempt > 1);
    this.retryAfterMs = Math.max(0, Math.ceil(retryAfterMs));
  }
}

/** Too many calls to this origin failed lately: it is left alone for a while, and the call was not made. */
export class CircuitOpenError extends RetryLaterError {
  declare readonly code: 'ERR_CIRCUIT_OPEN';

  /** @param retryAfterMs Infinity for a breaker that was opened by hand */
  constructor(call: Call, retryAfterMs: number) {
    const until =
      retryAfterMs === Infinity ? 'until it is closed by hand' : `for another ${Math.ceil(retryAfterMs)} ms`;
    super('ERR_CIRCUIT_OPEN', `the circuit breaker of this origin is open ${until}`, call, retryAfterMs);
  }
}

/** As many calls as may run at once do, and as many as may wait. */
export class ConcurrencyLimitError extends HttpClientError {
  declare readonly code: 'ERR_CONCURRENCY_LIMIT';

  constructor(call: Call, max: number, maxQueued: number) {
    const message = `${max} calls are under way and ${maxQueued} wait; raise resilience.concurrency.max or maxQueued, or call less at once`;
    super('ERR_CONCURRENCY_LIMIT', message, call, false);
  }
}

/** The rate limit has no room for the call in the time it has. */
export class RateLimitError extends RetryLaterError {
  declare readonly code: 'ERR_RATE_LIMIT';

  constructor(call: Call, retryAfterMs: number, reason: string) {
    super('ERR_RATE_LIMIT', `${reason}; see resilience.rateLimit`, call, retryAfterMs);
  }
}
