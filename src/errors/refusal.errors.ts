import type { InternalAxiosRequestConfig } from 'axios';
import type { Call } from '../call/call.js';
import { redactText } from '../redaction/text.js';
import { type Attempt, hide, HttpClientError } from './http-client.error.js';
import { TimeoutError } from './timeout.errors.js';

/** The `guard` or `confine` of the client refuses the address of the call. The error does not reveal what DNS answered. */
export class AddressBlockedError extends HttpClientError {
  declare readonly code: 'ERR_ADDRESS_BLOCKED';
  /**
   * The rule: a kind of address (`loopback`, `private`, `link-local` … see docs/security.md), `blockCidrs` (with the range if the call itself
   * names the address), `scheme`, `port`, `unix socket`, `outside baseURL`, or `setting` with the name of a setting that would bypass the guard.
   */
  readonly rule: string;

  /** @param isUnderWay whether an attempt had begun: it leads there by DNS or by a redirect */
  constructor(call: Call, rule: string, isUnderWay = false) {
    const what = isUnderWay ? 'it leads, by DNS or a redirect, where the client may not call' : 'it may not be called';
    const why = rule === 'port' ? 'port, which is not in guard.allowPorts' : rule;
    super('ERR_ADDRESS_BLOCKED', `${what}: ${why}; see docs/security.md`, call, isUnderWay);
    this.rule = rule;
  }

  /** @internal */
  static outsideBase(call: Call): AddressBlockedError {
    return new AddressBlockedError(call, 'outside baseURL');
  }

  /** @internal */
  static bySetting(call: Call, setting: string): AddressBlockedError {
    return new AddressBlockedError(call, `setting ${setting}`);
  }

  /** Whether the code that makes the call is wrong, not the address that it was given. */
  get isMisuse(): boolean {
    return this.rule.startsWith('setting ');
  }
}

/**
 * The client is closed because the app shuts down, or by `HttpClients.close`: the call was refused, or it was aborted because it was still in
 * flight at the drain deadline.
 */
export class ClientClosedError extends HttpClientError {
  declare readonly code: 'ERR_CLIENT_CLOSED';

  /**
   * @param by who has closed it; undefined: the app's shutdown
   * @internal
   */
  static refused(call: Call, by?: string): ClientClosedError {
    const client = `client "${call.clientName}"`;
    const message = by
      ? `${client} was closed by ${by}; make another with HttpClients.create`
      : `${client} is closed; make calls before onApplicationShutdown ends`;
    return new ClientClosedError('ERR_CLIENT_CLOSED', message, call, false);
  }

  /** @internal */
  static waiting(call: Call): ClientClosedError {
    return new ClientClosedError(
      'ERR_CLIENT_CLOSED',
      `client "${call.clientName}" closed while the call waited for its turn or between two attempts`,
      call,
      call.attempt > 1,
    );
  }

  /**
   * @param by who has closed it; undefined: the app's shutdown
   * @internal
   */
  static aborted(call: Call, by?: string): ClientClosedError {
    return new ClientClosedError(
      'ERR_CLIENT_CLOSED',
      `aborted in attempt ${call.attempt}: client "${call.clientName}" closed before the response ended; ` +
        `raise ${by ? `drainMs of ${by}` : 'shutdown.drainMs'} if it needs longer`,
      call,
      true,
    );
  }
}

/** The queue for a socket of this origin is full (`pool.maxQueued`). The call was not made. */
export class PoolQueueFullError extends HttpClientError {
  declare readonly code: 'ERR_POOL_QUEUE_FULL';

  constructor(call: Call, maxQueued: number) {
    super(
      'ERR_POOL_QUEUE_FULL',
      `${maxQueued} calls wait for a socket already; raise pool.maxSockets or pool.maxQueued`,
      call,
      call.attempt > 1,
    );
  }
}

/** The whole call, with waiting, attempts and pauses, was not over by its deadline. */
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
   * @internal
   */
  static ofInbound(call: Call, ms: number, eventLoopDelayMs = 0): DeadlineExceededError {
    return new DeadlineExceededError(call, ms, 'the deadline of the inbound request it was made for', eventLoopDelayMs);
  }
}

/** A refusal that ends after a time. */
export abstract class RetryLaterError extends HttpClientError {
  /** When to try again, in milliseconds from now. */
  readonly retryAfterMs: number;

  protected constructor(code: string, message: string, call: Call, retryAfterMs: number) {
    super(code, message, call, call.attempt > 1);
    this.retryAfterMs = Math.max(0, Math.ceil(retryAfterMs));
  }
}

/** The circuit breaker of this origin is open: too many calls failed. The call was not made. */
export class CircuitOpenError extends RetryLaterError {
  declare readonly code: 'ERR_CIRCUIT_OPEN';

  /** @param retryAfterMs Infinity for a breaker that was opened by hand */
  constructor(call: Call, retryAfterMs: number) {
    const until =
      retryAfterMs === Infinity ? 'until it is closed by hand' : `for another ${Math.ceil(retryAfterMs)} ms`;
    super('ERR_CIRCUIT_OPEN', `the circuit breaker of this origin is open ${until}`, call, retryAfterMs);
  }
}

/**
 * The concurrency limit and its queue are full. The call was not made. `retryAfterMs` of an adaptive limit is when those who wait will have got a
 * place (Little's law: as many as wait, by their response time, divided by the limit); of another limit it is 0, as it measures nothing.
 */
export class ConcurrencyLimitError extends RetryLaterError {
  declare readonly code: 'ERR_CONCURRENCY_LIMIT';

  /** @param retryAfterMs of an adaptive limit */
  constructor(call: Call, max: number, maxQueued: number, retryAfterMs?: number) {
    const option = retryAfterMs === undefined ? 'max or maxQueued' : 'maxQueued';
    const found = retryAfterMs === undefined ? '' : ', the most that its origin bears at the moment,';
    const message = `${max} calls are under way${found} and ${maxQueued} wait; raise resilience.concurrency.${option}, or call less at once`;
    super('ERR_CONCURRENCY_LIMIT', message, call, retryAfterMs ?? 0);
  }
}

/** The rate limit has no place for the call before its deadline, or its queue is full. */
export class RateLimitError extends RetryLaterError {
  declare readonly code: 'ERR_RATE_LIMIT';

  constructor(call: Call, retryAfterMs: number, reason: string) {
    super('ERR_RATE_LIMIT', `${reason}; see resilience.rateLimit`, call, retryAfterMs);
  }
}

/**
 * Options are wrong. It is thrown at bootstrap; `problems` lists them all, each as `path: expected …, got …`. A call whose own options are wrong
 * fails with it before anything is sent; it then has what any `AxiosError` has.
 */
export class InvalidOptionsError extends Error {
  /** The name of the class. */
  override readonly name = 'InvalidOptionsError';
  /** Tells it from other errors where there are no classes, as in logs. */
  readonly code = 'ERR_INVALID_OPTIONS';
  /** Every wrong option, each as `path: expected …, got …`. */
  readonly problems: readonly string[];
  /** Of a call. */
  declare readonly isAxiosError?: true;
  /** Of a call: what it was made with. */
  declare readonly config?: InternalAxiosRequestConfig;
  /** Of a call: none. */
  declare readonly attempts?: readonly Attempt[];

  constructor(
    /** What was called with the options, as `HttpClientModule.forRoot`. */
    readonly source: string,
    problems: readonly string[],
  ) {
    const shown = problems.map((problem) => redactText(problem)); // keys of options may be URLs, too
    const count = `${shown.length} invalid option${shown.length === 1 ? '' : 's'}`;
    super(`${source}: ${count}\n${shown.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = shown;
  }

  /** @internal */
  static ofCall(call: Call, problems: readonly string[]): InvalidOptionsError {
    const error = new InvalidOptionsError(`${call.method} ${call.origin}`, problems);
    hide(error, 'config', call.config);
    return Object.assign(error, { isAxiosError: true as const, attempts: [] });
  }
}
