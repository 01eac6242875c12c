import { type AdaptiveLimit, BACKOFF_RATIO, BoundedLimit, Drops, type LimitBounds, type LoadSample } from './limit.js';

/**
 * Additive increase, multiplicative decrease: grows while requests succeed, shrinks when one is dropped. It sees no slow responses, only
 * drops: an upstream that gets slow without limit must be cut by a timeout.
 *
 *     drop:                                  limit ← limit × 0.9, at most once per response time
 *     success, at least half of it in use:   limit ← limit + 1/limit, so + 1 per response time
 *
 * Source: AIMDLimit of Netflix's concurrency-limits
 * (https://github.com/Netflix/concurrency-limits/blob/main/concurrency-limits-core/src/main/java/com/netflix/concurrency/limits/limit/AIMDLimit.java),
 * but for two things that are TCP's (RFC 5681 §3.1). Netflix adds 1 for each success, and cuts for each drop. Then the limit is back at an upstream's
 * capacity of 50 after 5 successes, and a sixth of the requests is dropped for ever; after 50 drops at once it is 1.
 *
 * Warm-up: a new limit adds 1 for each success (TCP's slow start, and Netflix's formula), so it doubles per response time. The first drop ends
 * that and halves it: half was fine one response time before. So it is after each fall to `min`.
 */
export class AimdLimit implements AdaptiveLimit {
  readonly #limit: BoundedLimit;
  readonly #drops = new Drops();
  #isWarmingUp = true;
  readonly baselineMs = undefined;

  constructor(bounds: LimitBounds) {
    this.#limit = new BoundedLimit(bounds);
  }

  get limit(): number {
    return this.#limit.whole;
  }

  get found(): number {
    return this.#limit.whole;
  }

  record(sample: LoadSample): void {
    const limit = this.#limit;
    const { value } = limit;
    if (sample.isDrop) {
      if (!this.#drops.isNew(sample)) return;
      limit.value = this.#isWarmingUp ? value / 2 : Math.min(value - 1, value * BACKOFF_RATIO);
      this.#isWarmingUp = limit.isLeast;
    } else if (limit.isUsedBy(sample.inFlight)) {
      limit.value = value + (this.#isWarmingUp ? 1 : 1 / value);
    }
  }
}
