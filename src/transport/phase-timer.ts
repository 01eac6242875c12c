import { type Alarm, Alarms } from '../base/alarms.js';
import type { Clock } from '../base/clock.js';
import { isLate } from '../base/time-limit.js';

/**
 * What an exchange is waiting for:
 * - `connect`: DNS, TCP and TLS of a new socket
 * - `response`: the response headers, counted from the moment the request is sent
 * - `bodyIdle`: the next part of the response body
 * - `readerIdle`: whoever reads that body, which is there; a part of `bodyIdle` that is told from it by its progress
 */
export type Phase = 'connect' | 'response' | 'bodyIdle' | 'readerIdle';

/** How long each phase may last, in milliseconds; false: no limit. */
export type PhaseLimits = Readonly<Record<Phase, number | false>>;

/**
 * A count that changes while the phase makes progress without anybody being told, as the bytes read from a socket. Below 0, it is the
 * reader that is waited for.
 */
export type Progress = () => number;

/** Whom a timer is for. */
export interface PhaseOwner {
  /**
   * The phase has lasted longer than it may.
   * @param delayMs how late the alarm rang that found out
   */
  phaseExpired(phase: Phase, delayMs: number): void;
}

/** How often progress is looked at before a phase without any is over: a silence is noticed within 25 % of its limit. */
const LOOKS_PER_LIMIT = 4;

/**
 * Watches over the phase an exchange is in, with one alarm for all of them: entering a phase only notes the time, and the alarm, when it
 * rings, sets itself again for what is left. Most exchanges end before it ever does. One that rings late, because the event loop was
 * blocked, has sockets read once before the phase is over: Node fires timers before it looks at them.
 */
export class PhaseTimer implements Alarm {
  dueAt = Infinity;
  previous: Alarm | undefined = undefined;
  next: Alarm | undefined = undefined;
  readonly #clock: Clock;
  readonly #limits: PhaseLimits;
  readonly #owner: PhaseOwner;
  #phase: Phase = 'connect';
  #since = 0;
  #progress: Progress | undefined;
  #lastProgress = 0;
  #isStopped = false;
  #lastLook: NodeJS.Immediate | undefined;

  constructor(clock: Clock, limits: PhaseLimits, owner: PhaseOwner) {
    this.#clock = clock;
    this.#limits = limits;
    this.#owner = owner;
  }

  get phase(): Phase {
    return this.#lastProgress < 0 ? 'readerIdle' : this.#phase;
  }

  /** Of the phase, in milliseconds; Infinity: none. */
  #limit(): number {
    return this.#limits[this.phase] || Infinity;
  }

  /** How often progress is looked at, in milliseconds; while a body is waited for, it may come to be the reader's turn. */
  #lookEvery(): number {
    const { [this.#phase]: limit, readerIdle } = this.#limits;
    const shortest =
      this.#phase === 'bodyIdle' ? Math.min(limit || Infinity, readerIdle || Infinity) : limit || Infinity;
    return shortest / LOOKS_PER_LIMIT;
  }

  /**
   * The exchange has come to this phase, or made progress within it.
   * @returns when, on the clock
   */
  enter(phase: Phase, progress?: Progress, now = this.#clock.now()): number {
    this.#phase = phase;
    this.#since = now;
    this.#progress = progress;
    this.#lastProgress = progress ? progress() : 0;
    this.#setWithin(this.#limit(), now);
    return now;
  }

  stop(): void {
    this.#isStopped = true;
    this.#progress = undefined;
    Alarms.of(this.#clock).clear(this);
    if (this.#lastLook) clearImmediate(this.#lastLook);
  }

  /** Sees to it that the alarm rings after `left` milliseconds, or sooner where there is progress to look at. */
  #setWithin(left: number, now: number): void {
    const dueAt = now + (this.#progress ? Math.min(left, this.#lookEvery()) : left);
    if (dueAt < this.dueAt && !this.#isStopped) Alarms.of(this.#clock).set(this, dueAt, now);
  }

  ring(): void {
    const now = this.#clock.now();
    const left = this.#left(now);
    if (isLate(-left)) this.#lastLook = setImmediate(() => this.#ringAgain(-left));
    else this.#decide(left, Math.max(0, -left), now);
  }

  /** Sockets have been read. */
  #ringAgain(delayMs: number): void {
    this.#lastLook = undefined;
    const now = this.#clock.now();
    this.#decide(this.#left(now), delayMs, now);
  }

  /** What is left of the phase, in milliseconds, after a look at its progress. */
  #left(now: number): number {
    const progress = this.#progress?.();
    if (progress !== undefined && progress !== this.#lastProgress) {
      this.#lastProgress = progress;
      this.#since = now;
    }
    return this.#since + this.#limit() - now;
  }

  #decide(left: number, delayMs: number, now: number): void {
    // Timers may fire a fraction of a millisecond early: https://github.com/nodejs/node/issues/26578
    if (left < 1) this.#owner.phaseExpired(this.phase, delayMs);
    else this.#setWithin(left, now);
  }
}
