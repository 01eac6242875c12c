/** Beyond any cap; 2 ** 1024 is Infinity, and 0 × Infinity is no time. */
const MAX_DOUBLINGS = 64;

/**
 * How long to pause before a retry, in whole milliseconds, as timers have them: a random part of a limit that doubles each time ("full jitter", Marc
 * Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015).
 * @param retry 1 for the first
 * @param random from 0 to below 1, as Math.random
 */
export function fullJitter(retry: number, baseMs: number, capMs: number, random: () => number): number {
  return Math.round(random() * Math.min(capMs, baseMs * 2 ** Math.min(retry - 1, MAX_DOUBLINGS)));
}
