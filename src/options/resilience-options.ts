import type { AxiosResponse } from 'axios';
import type { Attempt } from '../errors/http-client.error.js';
import type { BreakerChange } from '../layers/breaker/breakers.js';
import type { RateLimiter } from '../layers/rate-limit/limiter.js';

/** What a failed attempt was, for a predicate or a listener. */
export interface FailedAttempt {
  /** 1 for the first. */
  readonly attempt: number;
  readonly method: string;
  readonly origin: string;
  /** Where there was one, whether or not `validateStatus` accepts it. */
  readonly response?: AxiosResponse;
  /** Where there was one. */
  readonly error?: unknown;
}

/** A retry that is about to be waited for. */
export interface RetryEvent extends FailedAttempt {
  readonly delayMs: number;
  /** So far. */
  readonly attempts: readonly Attempt[];
}

/**
 * Which failed calls are made again: those of an idempotent method or with an Idempotency-Key header, whose body can be
 * sent again, and whose outcome is transient. Pauses have full jitter: a random part of a limit that doubles each time.
 */
export interface RetryOptions {
  /**
   * Attempts beyond the first.
   * @default 2 (as the AWS SDKs)
   */
  max?: number;
  /**
   * Statuses that are transient.
   * @default [408, 429, 500, 502, 503, 504] (Req; 501 never)
   */
  statuses?: readonly number[];
  /**
   * The limit of the first pause.
   * @default 50 milliseconds (AWS SDKs)
   */
  baseMs?: number;
  /**
   * The same after a status 429 without Retry-After.
   * @default 1_000 milliseconds (AWS SDKs)
   */
  throttledBaseMs?: number;
  /**
   * No pause is longer; a Retry-After that is, and leaves no room before the deadline either, ends the call.
   * @default 20_000 milliseconds (AWS SDKs)
   */
  capMs?: number;
  /**
   * Decides where it returns true or false; undefined leaves it to the rules above. It cannot make a body replayable, but it
   * can have a method repeated that is not idempotent.
   */
  retryIf?: (failed: FailedAttempt) => boolean | undefined;
  /** Told before each pause. What it throws is ignored. */
  onRetry?: (event: RetryEvent) => void;
}

/** How many requests beyond those called for an origin may get: stale-socket replays, retries and hedges together. */
export interface BudgetOptions {
  /**
   * For each call.
   * @default 0.2 (Finagle, Envoy)
   */
  ratio?: number;
  /**
   * For each second besides.
   * @default 10 (Finagle)
   */
  minPerSecond?: number;
}

/** When an origin is left alone. 5xx, 429, timeouts and failures to connect count; other 4xx and aborts do not. */
export interface BreakerOptions {
  /**
   * Failed calls, of all in the window, that open it.
   * @default 0.1 (Polly)
   */
  failureRatio?: number;
  /**
   * Calls that the window must hold before the ratio counts.
   * @default 100 (Polly)
   */
  minCalls?: number;
  /** @default 30_000 milliseconds (Polly) */
  windowMs?: number;
  /**
   * Failures one after another that open it, however few calls there are; `false`: any number.
   * @default 5 (Finagle)
   */
  consecutiveFailures?: number | false;
  /**
   * How long it stays open before one call may try.
   * @default 5_000 milliseconds (Polly)
   */
  openMs?: number;
  /** Told when one opens, lets a call try, or closes. What it throws is ignored. */
  onStateChange?: (change: BreakerChange) => void;
}

/** Whose calls count together. */
export type LimitScope = 'client' | 'origin';

/** How many calls may be under way at once; others wait, in order. */
export interface ConcurrencyOptions {
  max: number;
  /**
   * 0: whoever finds no place is refused at once.
   * @default 1_000 (.NET)
   */
  maxQueued?: number;
  /** @default 'origin' */
  per?: LimitScope;
}

/**
 * How many requests may begin in a time, retries among them; others wait, in order, where the deadline of their call leaves
 * room. A token bucket.
 */
export interface RateLimitOptions {
  /** Requests in `intervalMs`, and at most at once. */
  max: number;
  /** @default 1_000 milliseconds */
  intervalMs?: number;
  /**
   * 0: whoever would have to wait, also for a Retry-After, is refused at once.
   * @default 1_000
   */
  maxQueued?: number;
  /** @default 'origin' */
  per?: LimitScope;
  /**
   * For how long an upstream may pause the limit at most, by `Retry-After` or a `RateLimit` header. A longer pause is cut to this; the call
   * after it asks the upstream again. `HttpClients.rateLimits().resume()` ends a pause by hand.
   * @default 60_000 milliseconds
   */
  maxPauseMs?: number;
  /**
   * Keeps the count, as in a store that several processes share.
   * @default in memory
   */
  limiter?: RateLimiter;
}

/** A second request for a call that takes long; the first answer counts, the other request is cancelled. Safe methods only. */
export interface HedgeOptions {
  /**
   * Requests beyond the first.
   * @default 1
   */
  max?: number;
  /**
   * Of the origin's calls lately that a call must outlast.
   * @default 0.95 (Dean & Barroso, The Tail at Scale)
   */
  percentile?: number;
  /**
   * The wait while too few calls were seen to know.
   * @default 2_000 milliseconds (.NET)
   */
  coldMs?: number;
}

/**
 * What a client does about upstreams that fail. What is left out is inherited: by an origin from its client, by a named client
 * from the module, by the module from nothing, which means off. `true` turns a part on with its defaults, `false` off.
 */
export interface ResilienceOptions {
  /**
   * Begins with this instead of what would be inherited: a deadline of 30 s, retries within a budget, and a circuit breaker.
   * `resilience: 'standard'` is short for `resilience: { preset: 'standard' }`.
   */
  preset?: 'standard';
  /**
   * For a call with everything that belongs to it: waiting, redirects, attempts and the pauses between them.
   * @default off; 30_000 milliseconds with `'standard'` (.NET)
   */
  deadlineMs?: number | false;
  retry?: RetryOptions | boolean;
  /** @default on where `retry` or `hedge` is */
  budget?: BudgetOptions | boolean;
  breaker?: BreakerOptions | boolean;
  concurrency?: ConcurrencyOptions | false;
  rateLimit?: RateLimitOptions | false;
  hedge?: HedgeOptions | boolean;
  /** GETs for the same address with the same headers, made while one is under way, share its answer. */
  coalesce?: boolean;
}

/** What a single call may set, as `resilience` in its config. Parts whose state calls share can only be switched off. */
export interface CallResilienceOptions {
  deadlineMs?: number | false;
  retry?: RetryOptions | boolean;
  hedge?: false;
  breaker?: false;
  concurrency?: false;
  rateLimit?: false;
  coalesce?: false;
}

declare module 'axios' {
  interface AxiosRequestConfig {
    /** For clients of nest-outbound: what this call sets otherwise than its client. */
    resilience?: CallResilienceOptions;
  }
}
