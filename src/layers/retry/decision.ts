import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { isReplayableBody, retryAfterMs } from '../../base/http-rules.js';
import { isIdempotent } from '../../base/lost-peer.js';
import { outcomeName, transienceOf } from '../../call/transience.js';
import type { FailedAttempt, RetryEvent } from '../../options/resilience-options.js';

/** Beyond any cap; 2 ** 1024 is Infinity, and 0 × Infinity is no time. */
const MAX_DOUBLINGS = 64;

/**
 * How long to pause before a retry, in whole milliseconds, as timers have them: a random part of a limit that doubles each time ("full jitter", Marc
 * Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015).
 * @param retry 1 for the first
 * @param random from 0 to below 1, as Math.random
 */
export function fullJitter(retry: number, baseMs: number, capMs: number, random: () => number): number {
  return Math.round(random() * Math.min(capMs, baseMs * 2 ** Math.min(retry - 1, MAX_DOUBLINGS)));
}

/** `RetryOptions`, resolved. */
export interface RetrySettings {
  /** Attempts beyond the first. */
  readonly max: number;
  readonly statuses: readonly number[];
  readonly baseMs: number;
  readonly throttledBaseMs: number;
  readonly capMs: number;
  readonly retryIf: ((failed: FailedAttempt) => boolean | undefined) | undefined;
  readonly onRetry: ((event: RetryEvent) => void) | undefined;
}

/** When a decision is made. */
export interface DecisionTime {
  /** What is left before the call's deadline, in milliseconds; Infinity where there is none. */
  readonly leftMs: number;
  /** The wall clock, in milliseconds since 1970. */
  readonly now: number;
  readonly random: () => number;
}

/** How long to pause before the next attempt, in milliseconds, or why there is none: a short sentence. */
export type RetryDecision = { readonly delayMs: number } | { readonly notRetried: string };

/** Whether an attempt that ended with this response failed, also where `validateStatus` accepts it. */
export function isFailure({ status }: AxiosResponse, { statuses }: RetrySettings): boolean {
  return status >= 400 || statuses.includes(status);
}

/**
 * Whether a failed attempt is followed by another, as far as that is for the call itself to say; the origin's budget is
 * asked afterwards.
 *
 * No attempt begins at or after the deadline. A Retry-After replaces the pause; one that does not fit ends the call.
 * @throws what `retryIf` throws: a bug of the caller's is not to be hidden
 */
export function decideRetry(
  failed: FailedAttempt,
  { headers, data }: Pick<InternalAxiosRequestConfig, 'headers' | 'data'>,
  settings: RetrySettings,
  time: DecisionTime,
): RetryDecision {
  const { attempt, method } = failed;
  if (attempt > settings.max) return { notRetried: `it was attempt ${attempt} of ${settings.max + 1}` };
  const wanted = settings.retryIf?.(failed);
  if (wanted === false) return { notRetried: 'retryIf said no' };
  const transience = transienceOf(failed, settings.statuses);
  if (wanted !== true) {
    if (transience === 'permanent') return { notRetried: `${outcomeName(failed)} is not transient` };
    if (!isIdempotent(method, headers)) {
      return { notRetried: `${method} is not idempotent; an Idempotency-Key header says that it may be repeated` };
    }
  }
  if (!isReplayableBody(data)) return { notRetried: 'the body is a stream, which cannot be sent twice' };
  const baseMs = transience === 'throttled' ? settings.throttledBaseMs : settings.baseMs;
  return pauseOf(failed, baseMs, settings.capMs, time);
}

function pauseOf(
  { attempt, response }: FailedAttempt,
  baseMs: number,
  capMs: number,
  { leftMs, now, random }: DecisionTime,
): RetryDecision {
  const asked = retryAfterMs(response?.headers['retry-after'], now);
  const delayMs = asked ?? fullJitter(attempt, baseMs, capMs, random);
  const what = asked === undefined ? 'the pause' : 'Retry-After';
  if (delayMs >= leftMs)
    return { notRetried: `${what} of ${ms(delayMs)} is longer than the ${ms(leftMs)} to the deadline` };
  if (leftMs === Infinity && delayMs > capMs)
    return { notRetried: `${what} of ${ms(delayMs)} is longer than capMs, ${ms(capMs)}` };
  return { delayMs };
}

function ms(duration: number): string {
  return `${Math.round(duration)} ms`;
}
