import type { RateLimiter } from './rate-limiter.js';

/**
 * Counts with `primary`, as a store that several processes share, and where that fails, with `fallback`: a store that is
 * down must neither stop every call nor let any number of them through. A store that does not answer holds a call up until
 * that is cancelled, so it needs a timeout of its own.
 */
export function fallbackRateLimiter(primary: RateLimiter, fallback: RateLimiter): RateLimiter {
  return {
    reserve: (key, maxWaitMs) =>
      orElse(
        () => primary.reserve(key, maxWaitMs),
        () => fallback.reserve(key, maxWaitMs),
      ),
    release: (key) =>
      orElse(
        () => primary.release(key),
        () => fallback.release(key),
      ),
    pause: (key, ms) => {
      void fallback.pause(key, ms); // in case it is needed before the pause is over
      return orElse(
        () => primary.pause(key, ms),
        () => {},
      );
    },
    resume: (key) => {
      void fallback.resume?.(key);
      return orElse(
        () => primary.resume?.(key),
        () => {},
      );
    },
  };
}

type MaybePromise<Value> = Value | Promise<Value>;

function orElse<Value>(first: () => MaybePromise<Value>, second: () => MaybePromise<Value>): MaybePromise<Value> {
  try {
    const result = first();
    return result instanceof Object ? Promise.resolve(result).catch(second) : result;
  } catch {
    return second();
  }
}
