/** Time as the layers and the pool see it, so that tests can hold it still. */
export interface Clock {
  /** Milliseconds, monotonic, from an arbitrary start. */
  now(): number;
  /**
   * Calls back once, after this many milliseconds. It takes months and years, too; after Infinity it never does.
   * @returns what `clearTimeout` takes
   */
  setTimeout(callback: () => void, ms: number): unknown;
  /** Stops a timer of `setTimeout`. Does nothing if it has fired. */
  clearTimeout(timer: unknown): void;
}

/** Node fires a longer timer after 1 ms: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
export const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => (ms <= MAX_TIMER_MS ? setTimeout(callback, ms) : new LongTimer(callback, ms)),
  clearTimeout: (timer) => {
    if (timer instanceof LongTimer) timer.stop();
    else clearTimeout(timer as NodeJS.Timeout);
  },
};

/** Waits as long as Node's timers can, again and again, until the time is over. */
class LongTimer {
  readonly #callback: () => void;
  #left: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param ms NaN is never over: a time that nobody knows must not end a call at once */
  constructor(callback: () => void, ms: number) {
    this.#callback = callback;
    this.#left = ms;
    this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    const ms = this.#left <= MAX_TIMER_MS ? this.#left : MAX_TIMER_MS;
    this.#left -= ms;
    this.#timer = setTimeout(() => (this.#left === 0 ? this.#callback() : this.#wait()), ms);
  }
}
