import type { Clock } from '../clock.js';

/**
 * What an exchange is waiting for:
 * - `connect`: DNS, TCP and TLS of a new socket
 * - `response`: the response headers, counted from the moment the request is sent
 * - `bodyIdle`: the next part of the response body
 */
export type Phase = 'connect' | 'response' | 'bodyIdle';

/** How long each phase may last, in milliseconds; false: no limit. */
export type PhaseLimits = Readonly<Record<Phase, number | false>>;

/** A count that grows while the phase makes progress without anybody being told, as the bytes read from a socket. */
export type Progress = () => number;

/** Whom a timer is for. */
export interface PhaseOwner {
  /** The phase has lasted longer than it may. */
  phaseExpired(phase: Phase): void;
}

/** How often progress is looked at before a phase without any is over: a silence is noticed within 25 % of its limit. */
const LOOKS_PER_LIMIT = 4;

/**
 * Watches over the phase an exchange is in, with one timer for all of them: entering a phase only notes the time, and
 * the timer, when it fires, sets itself again for what is left. Most exchanges end before it ever does.
 */
export class PhaseTimer {
  readonly #clock: Clock;
  readonly #limits: PhaseLimits;
  readonly #owner: PhaseOwner;
  #phase: Phase = 'connect';
  #since = 0;
  #progress: Progress | undefined;
  #lastProgress = 0;
  #timer: unknown;
  #firesAt = Infinity;

  constructor(clock: Clock, limits: PhaseLimits, owner: PhaseOwner) {
    this.#clock = clock;
    this.#limits = limits;
    this.#owner = owner;
  }

  /** The exchange has come to this phase, or made progress within it. */
  enter(phase: Phase, progress?: Progress): void {
    this.#phase = phase;
    this.#since = this.#clock.now();
    this.#progress = progress;
    if (progress) this.#lastProgress = progress();
    const limit = this.#limits[phase];
    if (limit !== false) this.#setWithin(limit, limit);
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#firesAt = -Infinity; // never set again
  }

  /** Sees to it that the timer fires after `left` milliseconds, or sooner where there is progress to look at. */
  #setWithin(left: number, limit: number): void {
    const delay = this.#progress ? Math.min(left, limit / LOOKS_PER_LIMIT) : left;
    const firesAt = this.#clock.now() + delay;
    if (firesAt >= this.#firesAt) return;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#firesAt = firesAt;
    this.#timer = this.#clock.setTimeout(this.#check, delay);
  }

  readonly #check = (): void => {
    this.#timer = undefined;
    this.#firesAt = Infinity;
    const limit = this.#limits[this.#phase];
    if (limit === false) return;
    const progress = this.#progress?.();
    if (progress !== undefined && progress !== this.#lastProgress) {
      this.#lastProgress = progress;
      this.#since = this.#clock.now();
    }
    const left = this.#since + limit - this.#clock.now();
    // Timers may fire a fraction of a millisecond early: https://github.com/nodejs/node/issues/26578
    if (left < 1) this.#owner.phaseExpired(this.#phase);
    else this.#setWithin(left, limit);
  };
}
