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
  #fullAt = -Infinity;
  #pausedUntil = -Infinity;

  constructor({ max, intervalMs }: BucketLimits) {
    this.#perTokenMs = intervalMs / max;
    this.#burstMs = intervalMs - this.#perTokenMs;
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

  /** Gives the token back that was reserved last. */
  release(): void {
    this.#fullAt -= this.#perTokenMs;
  }

  /** Stands still for so long: tokens that were reserved fall due that much later. Where it does already, the longer one counts. */
  pause(now: number, ms: number): void {
    const from = Math.max(now, this.#pausedUntil);
    const until = now + ms;
    if (until <= from) return;
    this.#fullAt = Math.max(this.#fullAt, from) + (until - from);
    this.#pausedUntil = until;
  }

  /** Ends a pause before its time: what was put off because of it falls due that much sooner. */
  resume(now: number): void {
    if (this.#pausedUntil <= now) return;
    this.#fullAt -= this.#pausedUntil - now;
    this.#pausedUntil = now;
  }
}
