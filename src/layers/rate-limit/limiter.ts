import type { Clock } from '../../base/clock.js';
import { OriginMap } from '../../base/origin-map.js';

/** Counts the calls of a rate limit, in memory or in a store that several processes share. */
export interface RateLimiter {
  /**
   * Takes a place for one call.
   * @param key whose limit
   * @param maxWaitMs how long the call can wait: where that is too short, no place is taken
   * @returns how long to wait before the call may begin, in milliseconds; 0: now; more than `maxWaitMs`: no place was taken, and
   * that is when there will be one
   */
  reserve(key: string, maxWaitMs: number): number | Promise<number>;
  /** Gives a place back that was taken for a call which was not made. */
  release(key: string): void | Promise<void>;
  /** The upstream says that nothing is left: no call may begin for this long. */
  pause(key: string, ms: number): void | Promise<void>;
  /**
   * Ends such a pause before its time, as `HttpClients.rateLimits().resume()` asks to.
   * @default pauses in this store end by themselves only
   */
  resume?(key: string): void | Promise<void>;
  /**
   * Calls begin to wait for turns that it has given out. It tells the queue when their turns change: by a pause, whoever heard of it, or because
   * it counts elsewhere from now on. Pauses of this process move the turns by it alone, then.
   * @returns they wait no more
   * @internal
   */
  follow?(key: string, queue: WaitingTurns): () => void;
}

/** The turns of calls that wait. */
export interface WaitingTurns {
  /** How many wait. */
  readonly size: number;
  /** All come so much later, in milliseconds; where it is negative, sooner. */
  shift(ms: number): void;
  /** Others come in their place: how long from now each is, the soonest first, as many as wait or more. */
  replace(waits: readonly number[]): void;
}

export interface BucketLimits {
  /** Tokens that a full bucket has, and that come back in `intervalMs`. */
  readonly max: number;
  readonly intervalMs: number;
}

/** Sums of times are not exact: what is less than this from now is now. */
const EXACT_TO_MS = 1e-3;

/**
 * A token bucket as one number, the time when it will be full (the theoretical arrival time of the Generic Cell Rate
 * Algorithm, ITU-T I.371). Tokens of the future can be reserved; in any time span, at most `max` and what comes back in it
 * fall due. Time is passed in.
 */
export class TokenBucket {
  readonly #perTokenMs: number;
  /** How long before it is full it has one token. */
  readonly #burstMs: number;
  #fullAt: number;
  #pausedUntil = -Infinity;

  /** @param firstAt when the first token falls due; absent: it is full */
  constructor({ max, intervalMs }: BucketLimits, firstAt = -Infinity) {
    this.#perTokenMs = intervalMs / max;
    this.#burstMs = Math.max(0, intervalMs - this.#perTokenMs); // a share may be less than one token
    this.#fullAt = firstAt + this.#burstMs;
  }

  /** @returns how long until the token falls due, in milliseconds; more than `maxWaitMs`: it was not taken */
  reserve(now: number, maxWaitMs: number): number {
    const earliest = Math.max(now, this.#pausedUntil);
    const fullAt = Math.max(this.#fullAt, earliest);
    const exact = Math.max(earliest, fullAt - this.#burstMs) - now;
    const wait = exact < EXACT_TO_MS ? 0 : exact;
    if (wait <= maxWaitMs) this.#fullAt = fullAt + this.#perTokenMs;
    return wait;
  }

  /** No token falls due before that time. */
  skipTo(time: number): void {
    this.#fullAt = Math.max(this.#fullAt, time + this.#burstMs);
  }

  /** Gives the token back that was reserved last. */
  release(): void {
    this.#fullAt -= this.#perTokenMs;
  }

  /**
   * Stands still for so long: tokens that were reserved fall due that much later. Where it does already, the longer one counts.
   * @returns how much later they fall due
   */
  pause(now: number, ms: number): number {
    const from = Math.max(now, this.#pausedUntil);
    const until = now + ms;
    if (until <= from) return 0;
    this.#fullAt = Math.max(this.#fullAt, from) + (until - from);
    this.#pausedUntil = until;
    return until - from;
  }

  /**
   * Ends a pause before its time: what was put off because of it falls due that much sooner.
   * @returns how much sooner
   */
  resume(now: number): number {
    if (this.#pausedUntil <= now) return 0;
    const leftMs = this.#pausedUntil - now;
    this.#fullAt -= leftMs;
    this.#pausedUntil = now;
    return leftMs;
  }

  /** How long it stands still yet, in milliseconds; 0: it does not. */
  pausedMs(now: number): number {
    return Math.max(0, this.#pausedUntil - now);
  }
}

/** A token bucket for each key, in this process. The 1,000 keys asked for last are known; one that is forgotten starts full. */
export function memoryRateLimiter(limits: BucketLimits, clock: Clock): RateLimiter {
  const buckets = new OriginMap(() => new TokenBucket(limits));
  return {
    reserve: (key, maxWaitMs) => buckets.get(key).reserve(clock.now(), maxWaitMs),
    release: (key) => buckets.peek(key)?.release(),
    pause: (key, ms) => void buckets.get(key).pause(clock.now(), ms),
    resume: (key) => void buckets.peek(key)?.resume(clock.now()),
  };
}

/** Counts while another limiter fails. */
export interface FallbackRateLimiter extends RateLimiter {
  /** The other one has begun to fail: from now on it counts. */
  begin?(): void;
}

/**
 * Counts with `primary`, as a store that several processes share, and where that fails, with `fallback`: a store that is
 * down must neither stop every call nor let any number of them through. A store that does not answer holds a call up until
 * that is cancelled, so it needs a timeout of its own.
 */
export function fallbackRateLimiter(primary: RateLimiter, fallback: FallbackRateLimiter): RateLimiter {
  let isFailing = false;
  const worked = (wait: number) => {
    isFailing = false;
    return wait;
  };
  return {
    reserve: (key, maxWaitMs) =>
      orElse(
        () => {
          const wait = primary.reserve(key, maxWaitMs);
          return typeof wait === 'number' ? worked(wait) : Promise.resolve(wait).then(worked);
        },
        () => {
          if (!isFailing) fallback.begin?.();
          isFailing = true;
          return fallback.reserve(key, maxWaitMs);
        },
      ),
    release: (key) =>
      orElse(
        () => primary.release(key),
        () => fallback.release(key),
      ),
    pause: (key, ms) => {
      void fallback.pause(key, ms); // in case it is needed before the pause is over
      return orElse(
        () => primary.pause(key, ms),
        () => {},
      );
    },
    resume: (key) => {
      void fallback.resume?.(key);
      return orElse(
        () => primary.resume?.(key),
        () => {},
      );
    },
  };
}

type MaybePromise<Value> = Value | Promise<Value>;

function orElse<Value>(first: () => MaybePromise<Value>, second: () => MaybePromise<Value>): MaybePromise<Value> {
  try {
    const result = first();
    return result instanceof Object ? Promise.resolve(result).catch(second) : result;
  } catch {
    return second();
  }
}
