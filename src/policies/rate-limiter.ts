/** Counts the calls of a rate limit, in memory or in a store that several processes share. */
export interface RateLimiter {
  /**
   * Takes a place for one call.
   * @param key whose limit
   * @param maxWaitMs how long the call can wait: where that is too short, no place is taken
   * @returns how long to wait before the call may begin, in milliseconds; 0: now; more than `maxWaitMs`: no place was taken, and
   * that is when there will be one
   */
  reserve(key: string, maxWaitMs: number): number | Promise<number>;
  /** Gives a place back that was taken for a call which was not made. */
  release(key: string): void | Promise<void>;
  /** The upstream says that nothing is left: no call may begin for this long. */
  pause(key: string, ms: number): void | Promise<void>;
  /**
   * Ends such a pause before its time, as `HttpClients.rateLimits().resume()` asks to.
   * @default pauses in this store end by themselves only
   */
  resume?(key: string): void | Promise<void>;
}
