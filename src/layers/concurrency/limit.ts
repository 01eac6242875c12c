/** One request that is over, as far as it says something of its upstream's load. */
export interface LoadSample {
  /** When it began, on the client's clock. */
  readonly startedAt: number;
  /** When it was over. */
  readonly endedAt: number;
  /** The response time in milliseconds, without any waiting on this side; of no meaning for a drop. */
  readonly responseMs: number;
  /** Calls under way when it began, its own included. */
  readonly inFlight: number;
  /** Whether it is a sign of overload: a timeout, a failed connection, or a status that says so. */
  readonly isDrop: boolean;
}

/** How small and how large a limit may become, and where it begins. */
export interface LimitBounds {
  /** 1 or more. */
  readonly min: number;
  /** `min` or more. */
  readonly max: number;
  /** Cut to `min` and `max`. */
  readonly initial: number;
}

/** A concurrency limit that learns from requests. Does no I/O, reads no clock. */
export interface AdaptiveLimit {
  /** How many calls may be under way now: a whole number from `min` to `max`. */
  readonly limit: number;
  /** What it has found so far. `limit` is less for a moment while that is being measured. */
  readonly found: number;
  /** The response time without a queue, as it was measured; undefined: not known, or of no interest to it. */
  readonly baselineMs: number | undefined;
  /** Learns from a request. */
  record(sample: LoadSample): void;
}

/** A limit in steps of less than one, within its bounds. */
export class BoundedLimit {
  #value: number;
  readonly #bounds: LimitBounds;

  constructor(bounds: LimitBounds) {
    this.#bounds = bounds;
    this.#value = this.#within(bounds.initial);
  }

  get value(): number {
    return this.#value;
  }

  set value(value: number) {
    this.#value = this.#within(value);
  }

  get isLeast(): boolean {
    return this.#value === this.#bounds.min;
  }

  get whole(): number {
    return Math.floor(this.#value);
  }

  /** Half of it, or the least that it may be. */
  get half(): number {
    return Math.floor(this.#within(this.#value / 2));
  }

  /** Whether so many calls under way show that more than half of it is needed. Without that it must not grow. */
  isUsedBy(inFlight: number): boolean {
    return inFlight * 2 >= this.#value;
  }

  #within(value: number): number {
    return Math.min(this.#bounds.max, Math.max(this.#bounds.min, value));
  }
}

/**
 * Tells the first sign of an overload from those that follow. All requests that were under way when the limit was cut are of the same
 * overload: it is cut once for them (RFC 5681 §3.1, RFC 6582: at most once per window of data).
 */
export class Drops {
  #lastAt = -Infinity;

  /** @returns whether the limit is to be cut */
  isNew({ startedAt, endedAt }: LoadSample): boolean {
    if (startedAt <= this.#lastAt) return false;
    this.#lastAt = endedAt;
    return true;
  }
}

/** What is left of a limit after a drop (`backoffRatio` of Netflix's AIMDLimit). */
export const BACKOFF_RATIO = 0.9;
