const SIZE = 128;
/** Fewer say nothing of a tail. */
const MIN_SAMPLES = 20;
/** Sorting takes 3 us: not for every call. */
const SAMPLES_BETWEEN_SORTS = 16;
/** 7 % of 100 samples are 7.000000000000001 of them. */
const ROUNDING = 1e-9;

/** The latest 128 latencies of an origin, and a percentile of them. */
export class LatencyWindow {
  readonly #samples = new Float64Array(SIZE);
  readonly #fraction: number;
  /** Since the start. */
  #count = 0;
  #countSorted = -Infinity;
  #percentile: number | undefined;

  /** @param fraction of the samples that are at most the percentile: above 0, at most 1 */
  constructor(fraction: number) {
    this.#fraction = fraction;
  }

  add(ms: number): void {
    this.#samples[this.#count++ % SIZE] = ms;
  }

  /**
   * In milliseconds, by the nearest-rank method: a latency that was seen. Up to 15 samples late.
   * @returns undefined while there are fewer than 20 samples
   */
  get percentile(): number | undefined {
    if (this.#count < MIN_SAMPLES || this.#count - this.#countSorted < SAMPLES_BETWEEN_SORTS) return this.#percentile;
    this.#countSorted = this.#count;
    const sorted = this.#samples.subarray(0, this.#count).toSorted(); // by number: a typed array
    return (this.#percentile = sorted[Math.ceil(this.#fraction * sorted.length - ROUNDING) - 1]);
  }
}
