import { inspect } from 'node:util';
import type { Clock } from '../base/clock.js';
import { setImmediate } from './real-timers.js';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * Time that moves only when told to: everything that the clients of an app time, on `HttpClientTestingModule.withOptions({ clock })`.
 *
 * Whatever needs no time runs without it: a call that is answered at once ends, however long the clock stands still.
 */
export class ManualClock implements Clock {
  readonly #startedAt: number;
  #now = 0;
  readonly #timers = new Set<Timer>();
  #isAdvancing = false;

  /** @param startsAt the wall clock when it starts; the system's, if absent */
  constructor(startsAt: Date = new Date()) {
    this.#startedAt = startsAt.getTime();
  }

  /** Timers set and neither fired nor cleared. */
  get pending(): number {
    return this.#timers.size;
  }

  /** The wall clock, which moves along: for dates in headers, as in `Retry-After`. */
  get date(): Date {
    return new Date(this.#startedAt + this.#now);
  }

  /** Milliseconds since the start. */
  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, ms: number): unknown {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return timer;
  }

  /** Stops a timer of `setTimeout`. */
  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as Timer);
  }

  /**
   * Lets the time pass: fires what falls due, in order, each at its time. Before the first, after each and at the end, all that is ready
   * to run does so: promises and what they lead to, though not what waits for a socket or a file.
   * @throws Error while another `advance` is under way; RangeError for what is no time
   */
  async advance(ms: number): Promise<void> {
    checkTime(ms);
    if (this.#isAdvancing) throw new Error('the clock is being advanced: await that first');
    this.#isAdvancing = true;
    try {
      const end = this.#now + ms;
      await untilIdle();
      while (this.#fireNext(end)) {
        // oxlint-disable-next-line no-await-in-loop -- what each leads to may set the next
        await untilIdle();
      }
      this.#now = end;
      await untilIdle();
    } finally {
      this.#isAdvancing = false;
    }
  }

  /** The same within one step: nothing but the timers themselves runs. @throws RangeError for what is no time */
  tick(ms: number): void {
    checkTime(ms);
    const end = this.#now + ms;
    while (this.#fireNext(end));
    this.#now = end;
  }

  /** As where the event loop is blocked meanwhile: what falls due fires at the end, late. @throws RangeError for what is no time */
  block(ms: number): void {
    checkTime(ms);
    this.#now += ms;
    this.tick(0);
  }

  #fireNext(end: number): boolean {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (timer.at <= end && (!next || timer.at < next.at)) next = timer;
    if (!next) return false;
    this.#timers.delete(next);
    this.#now = Math.max(this.#now, next.at);
    next.callback();
    return true;
  }
}

/** Time that went back, or was no number, would leave timers waiting forever. */
export function isTime(ms: unknown): boolean {
  return typeof ms === 'number' && ms >= 0 && ms < Infinity;
}

function checkTime(ms: number): void {
  if (!isTime(ms)) throw new RangeError(`expected milliseconds from 0, got ${inspect(ms)}`);
}

/** Node turns to it when no promise and no `process.nextTick` is left to run. */
function untilIdle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
