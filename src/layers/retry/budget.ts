const SLOTS = 10;
const SLOT_MS = 1_000;

export interface RetryBudgetSettings {
  /** Requests that each call allows beyond its own. */
  readonly ratio: number;
  /** Requests that each second allows besides. */
  readonly minPerSecond: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/**
 * How many requests an origin may get beyond those called for, so that retries cannot multiply an outage (Finagle's
 * RetryBudget; Envoy's retry_budget).
 *
 * In any time T at most ratio × calls + minPerSecond × (T + 1 s) are allowed, where the calls are those made in T and in the
 * 10 s before: a sliding window of ten slots, because what calls allow is forgotten after 10 s. What time allows is kept for
 * one second only, and there from the start.
 */
export class RetryBudget {
  readonly #settings: RetryBudgetSettings;
  readonly #reserveMax: number;
  readonly #calls = new Uint32Array(SLOTS);
  readonly #extras = new Uint32Array(SLOTS);
  #callsInWindow = 0;
  /** Those that calls allowed. */
  #extrasInWindow = 0;
  #second: number;
  /** What time allows and nobody has taken. */
  #reserve: number;
  #reserveAt: number;

  constructor(settings: RetryBudgetSettings) {
    const now = settings.now();
    this.#settings = settings;
    this.#reserveMax = Math.max(1, settings.minPerSecond); // less than one request could never be taken
    this.#reserve = settings.minPerSecond;
    this.#reserveAt = now;
    this.#second = Math.floor(now / SLOT_MS);
  }

  /** Once for each call. */
  deposit(): void {
    this.#slideTo(this.#settings.now());
    this.#calls[this.#second % SLOTS]!++;
    this.#callsInWindow++;
  }

  /** Takes one request beyond those called for, if there is one. (Bound, so that it can be handed on.) */
  readonly withdraw = (): boolean => {
    const { ratio, minPerSecond, now } = this.#settings;
    const at = now();
    this.#slideTo(at);
    this.#reserve = Math.min(this.#reserveMax, this.#reserve + ((at - this.#reserveAt) / SLOT_MS) * minPerSecond);
    this.#reserveAt = at;
    if (this.#reserve >= 1) {
      this.#reserve--;
      return true;
    }
    if (ratio * this.#callsInWindow - this.#extrasInWindow < 1) return false;
    this.#extras[this.#second % SLOTS]!++;
    this.#extrasInWindow++;
    return true;
  };

  #slideTo(now: number): void {
    const second = Math.floor(now / SLOT_MS);
    const passed = Math.min(second - this.#second, SLOTS);
    if (passed <= 0) return;
    for (let n = 0; n < passed; n++) {
      const slot = (second - n) % SLOTS;
      this.#callsInWindow -= this.#calls[slot]!;
      this.#extrasInWindow -= this.#extras[slot]!;
      this.#calls[slot] = 0;
      this.#extras[slot] = 0;
    }
    this.#second = second;
  }
}
