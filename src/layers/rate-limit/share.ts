import type { Clock } from '../../base/clock.js';
import { OriginMap } from '../../base/origin-map.js';
import { type BucketLimits, type FallbackRateLimiter, TokenBucket } from './limiter.js';

export interface ShareContext {
  readonly clock: Clock;
  /** From 0, below 1. */
  readonly random: () => number;
}

/**
 * A process's share of a limit that several have together, while nothing counts for all of them: `max / replicas`. It begins with no token,
 * since the others may have used all of them up; the first comes at a random time, so that replicas which began together do not call together.
 */
export class ShareOfLimit implements FallbackRateLimiter {
  readonly #limits: BucketLimits;
  readonly #replicas: () => number;
  readonly #context: ShareContext;
  #buckets: OriginMap<TokenBucket>;

  /** @param replicas asked each time that it begins */
  constructor(limits: BucketLimits, replicas: () => number, context: ShareContext) {
    this.#limits = limits;
    this.#replicas = replicas;
    this.#context = context;
    this.#buckets = this.#empty(context.clock.now());
  }

  /**
   * Every bucket is empty. One that is paused stays so.
   * @param since on the clock; absent: from now on
   */
  begin(since = this.#context.clock.now()): void {
    const before = this.#buckets;
    const now = this.#context.clock.now();
    this.#buckets = this.#empty(since);
    for (const [key, bucket] of before.entries()) {
      const ms = bucket.pausedMs(now);
      if (ms > 0) this.#buckets.get(key).pause(now, ms);
    }
  }

  /** Of a key. */
  bucket(key: string): TokenBucket {
    return this.#buckets.get(key);
  }

  /** @returns how long until the token falls due, in milliseconds */
  reserve(key: string, maxWaitMs: number): number {
    return this.#buckets.get(key).reserve(this.#context.clock.now(), maxWaitMs);
  }

  /** Gives the token back that was reserved last. */
  release(key: string): void {
    this.#buckets.peek(key)?.release();
  }

  /** Nothing falls due for so long. */
  pause(key: string, ms: number): void {
    this.#buckets.get(key).pause(this.#context.clock.now(), ms);
  }

  /** Ends that before its time. */
  resume(key: string): void {
    this.#buckets.peek(key)?.resume(this.#context.clock.now());
  }

  #empty(since: number): OriginMap<TokenBucket> {
    const { random } = this.#context;
    const { max, intervalMs } = this.#limits;
    const share = { max: max / this.#replicas(), intervalMs };
    return new OriginMap(() => new TokenBucket(share, since + (intervalMs / share.max) * (1 - random())));
  }
}
