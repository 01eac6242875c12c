import type { AxiosResponse } from 'axios';
import type { Attempt } from '../errors/http-client.error.js';
import type { BreakerChange } from '../layers/breaker/breakers.js';
import type { LimitAlgorithm } from '../layers/concurrency/origin-limits.js';
import type { RateLimiter } from '../layers/rate-limit/limiter.js';

/** A failed attempt, for a predicate or a listener. */
export interface FailedAttempt {
  /** 1 for the first. */
  readonly attempt: number;
  /** In upper case. */
  readonly method: string;
  /** Scheme, host and port of the call. */
  readonly origin: string;
  /** The response, if there was one, whether or not `validateStatus` accepts it. */
  readonly response?: AxiosResponse;
  /** The error, if there was one. */
  readonly error?: unknown;
}

/** A retry, before its pause. */
export interface RetryEvent extends FailedAttempt {
  /** The pause before the next attempt, in milliseconds. */
  readonly delayMs: number;
  /** The attempts so far. */
  readonly attempts: readonly Attempt[];
}

/**
 * Retries failed calls that are safe to retry: the method is idempotent or there is an Idempotency-Key header, the body can be sent again, and
 * the outcome is transient. Pauses have full jitter: a random part of a limit that doubles each time.
 */
export interface RetryOptions {
  /**
   * Attempts after the first.
   * @default 2 (as the AWS SDKs)
   */
  max?: number;
  /**
   * Statuses that are transient.
   * @default [408, 429, 500, 502, 503, 504] (Req; 501 never)
   */
  statuses?: readonly number[];
  /**
   * Maximum of the first pause.
   * @default 50 milliseconds (AWS SDKs)
   */
  baseMs?: number;
  /**
   * Maximum of the first pause after a status 429 without Retry-After.
   * @default 1_000 milliseconds (AWS SDKs)
   */
  throttledBaseMs?: number;
  /**
   * Maximum of any pause. A Retry-After that is longer, and later than the deadline, ends the call.
   * @default 20_000 milliseconds (AWS SDKs)
   */
  capMs?: number;
  /**
   * Return true or false to decide yourself, undefined to leave it to the rules above. You can retry a method that is not idempotent, but not
   * a body that cannot be sent again.
   * @default the rules
   */
  retryIf?: (failed: FailedAttempt) => boolean | undefined;
  /**
   * Called before each pause. Errors that it throws are ignored.
   * @default none
   */
  onRetry?: (event: RetryEvent) => void;
}

/** How many extra requests an origin gets: replays on fresh sockets, retries and hedges together. */
export interface BudgetOptions {
  /**
   * Extra requests per call.
   * @default 0.2 (Finagle, Envoy)
   */
  ratio?: number;
  /**
   * Extra requests per second on top.
   * @default 10 (Finagle)
   */
  minPerSecond?: number;
}

/** Circuit breaker: stops calling an origin that fails. 5xx, 429, timeouts and failed connections count as failures; other 4xx and aborts do not. */
export interface BreakerOptions {
  /**
   * Share of failed calls in the window that opens the breaker.
   * @default 0.1 (Polly)
   */
  failureRatio?: number;
  /**
   * Calls in the window before the ratio counts.
   * @default 100 (Polly)
   */
  minCalls?: number;
  /**
   * Length of the window.
   * @default 30_000 milliseconds (Polly)
   */
  windowMs?: number;
  /**
   * Consecutive failures that open the breaker, however few calls there are. `false`: this rule is off.
   * @default 5 (Finagle)
   */
  consecutiveFailures?: number | false;
  /**
   * How long the breaker stays open before one call tries again.
   * @default 5_000 milliseconds (Polly)
   */
  openMs?: number;
  /**
   * Called when a breaker opens, lets a call try, or closes. Errors that it throws are ignored.
   * @default none
   */
  onStateChange?: (change: BreakerChange) => void;
}

/** Whose calls count together. */
export type LimitScope = 'client' | 'origin';

/** Concurrency limit (bulkhead): how many calls are in flight at once. Further calls wait in order. */
export interface ConcurrencyOptions {
  /** Calls in flight at once. */
  max: number;
  /**
   * Calls that can wait. One more fails with `ConcurrencyLimitError`. 0: no call waits.
   * @default 1_000 (.NET)
   */
  maxQueued?: number;
  /**
   * Whether the limit counts per origin, or all calls of the client together.
   * @default 'origin'
   */
  per?: LimitScope;
  /**
   * The limit stays as it is, also where the client's is adaptive.
   * @default off
   */
  adaptive?: false;
}

/**
 * Concurrency limit (bulkhead): how many calls are in flight at once. Further calls wait in order. With `adaptive`, each origin has a limit that finds
 * itself.
 */
export interface AdaptiveConcurrencyOptions {
  /**
   * Calls in flight at once. With `adaptive`, the most that the limit can grow to.
   * @default 200 (Netflix); required without `adaptive`
   */
  max?: number;
  /**
   * Calls that can wait; with `adaptive`, per origin. One more fails with `ConcurrencyLimitError`. 0: no call waits.
   * @default 1_000 (.NET)
   */
  maxQueued?: number;
  /**
   * Whether the limit counts per origin, or all calls of the client together. With `adaptive`, each origin has a limit of its own either way;
   * `'client'` makes `max` the most of all origins together, and keeps a tenth of it for origins that have no call in flight.
   * @default 'origin'
   */
  per?: LimitScope;
  /**
   * The limit finds itself: it starts at `initial` and learns from each request. `'gradient'` keeps it where responses are not yet slower than without
   * load. `'aimd'` grows until requests are dropped: timeouts, failed connections, 429, 503, 504. Both shrink then.
   * @default off
   */
  adaptive: LimitAlgorithm;
  /**
   * The least that an adaptive limit can shrink to.
   * @default 1 (Netflix)
   */
  min?: number;
  /**
   * Where an adaptive limit starts, within `min` and `max`. `'gradient'` measures the first 100 requests with half of it.
   * @default 20 (Netflix)
   */
  initial?: number;
}

/**
 * Rate limit (token bucket): how many requests begin within a time, retries included. Further requests wait in order, if their deadline
 * leaves time.
 */
export interface RateLimitOptions {
  /** Requests per `intervalMs`. As many can begin at once. */
  max: number;
  /**
   * The time for `max` requests.
   * @default 1_000 milliseconds
   */
  intervalMs?: number;
  /**
   * Requests that can wait. One more fails with `RateLimitError`. 0: no request waits, not even for a Retry-After.
   * @default 1_000
   */
  maxQueued?: number;
  /**
   * Whether the limit counts per origin, or all calls of the client together.
   * @default 'origin'
   */
  per?: LimitScope;
  /**
   * Maximum pause that an upstream can ask for with `Retry-After` or a `RateLimit` header. A longer pause is cut to this; the next call asks the
   * upstream again. `HttpClients.rateLimits().resume()` ends a pause by hand.
   * @default 60_000 milliseconds
   */
  maxPauseMs?: number;
  /**
   * Keeps the count elsewhere, for example in a store that several processes share.
   * @default in memory
   */
  limiter?: RateLimiter;
  /**
   * All replicas count together, over the module's `shared`. While that is unavailable, each keeps to `max / replicas`.
   * @default false
   */
  shared?: boolean;
  /**
   * For a `limiter` of your own: how many processes it counts for. While it fails, each keeps to `max / replicas`, beginning with no request.
   * @default as if this process were alone
   */
  replicas?: number;
}

/** Hedging: a second request for a call that takes long. The first response counts, the other request is cancelled. Safe methods only. */
export interface HedgeOptions {
  /**
   * Requests after the first.
   * @default 1
   */
  max?: number;
  /**
   * Percentile of the origin's recent durations after which the second request is sent.
   * @default 0.95 (Dean & Barroso, The Tail at Scale)
   */
  percentile?: number;
  /**
   * Wait before the second request while too few calls were seen.
   * @default 2_000 milliseconds (.NET)
   */
  coldMs?: number;
}

/**
 * What a client does when upstreams fail. An origin inherits from its client, a named client from the module; in the module, parts that you
 * leave out are off. `true` turns a part on with its defaults, `false` turns it off.
 */
export interface ResilienceOptions {
  /**
   * Starts from this instead of the inherited parts: a deadline of 30 s, retries within a budget, and a circuit breaker.
   * `resilience: 'standard'` is short for `resilience: { preset: 'standard' }`.
   * @default none
   */
  preset?: 'standard';
  /**
   * Time limit for the whole call: waiting, redirects, all attempts and the pauses between them.
   * @default off; 30_000 milliseconds with `'standard'` (.NET)
   */
  deadlineMs?: number | false;
  /**
   * Retries failed calls that are safe to retry.
   * @default off; on with `'standard'`
   */
  retry?: RetryOptions | boolean;
  /**
   * Limits the extra requests (replays, retries and hedges) per origin.
   * @default on if `retry` or `hedge` is on
   */
  budget?: BudgetOptions | boolean;
  /**
   * Circuit breaker: stops calling an origin that fails.
   * @default off; on with `'standard'`
   */
  breaker?: BreakerOptions | boolean;
  /**
   * Concurrency limit (bulkhead): how many calls are in flight at once.
   * @default off
   */
  concurrency?: AdaptiveConcurrencyOptions | ConcurrencyOptions | false;
  /**
   * Rate limit (token bucket): how many requests begin within a time.
   * @default off
   */
  rateLimit?: RateLimitOptions | false;
  /**
   * Hedging: a second request for a call that takes long.
   * @default off
   */
  hedge?: HedgeOptions | boolean;
  /**
   * Deduplicates GETs: a GET with the same address and headers as one in flight shares its response. Not one that began before an unsafe call to
   * the same URL has ended.
   * @default off
   */
  coalesce?: boolean;
}

/** What a single call can set, as `resilience` in its config. Parts whose state is shared between calls can only be turned off. */
export interface CallResilienceOptions {
  /** Time limit for the whole call in milliseconds; `false`: none. */
  deadlineMs?: number | false;
  /** Retries of this call; `true`: with the client's options or the defaults, `false`: none. */
  retry?: RetryOptions | boolean;
  /** No second request for this call. */
  hedge?: false;
  /** The circuit breaker neither refuses nor counts this call. */
  breaker?: false;
  /** The concurrency limit does not apply to this call. */
  concurrency?: false;
  /** The rate limit does not apply to this call. */
  rateLimit?: false;
  /** This call shares no response. */
  coalesce?: false;
}

declare module 'axios' {
  interface AxiosRequestConfig {
    /** For clients of nest-outbound: the parts in which this call differs from its client. */
    resilience?: CallResilienceOptions;
  }
}
