import type { Clock } from '../clock.js';
import { OriginMap } from '../layers/origin-map.js';
import type { RateLimiter } from './rate-limiter.js';
import { type BucketLimits, TokenBucket } from './token-bucket.js';

/** A token bucket for each key, in this process. The 1,000 keys asked for last are known; one that is forgotten starts full. */
export function memoryRateLimiter(limits: BucketLimits, clock: Clock): RateLimiter {
  const buckets = new OriginMap(() => new TokenBucket(limits));
  return {
    reserve: (key, maxWaitMs) => buckets.get(key).reserve(clock.now(), maxWaitMs),
    release: (key) => buckets.peek(key)?.release(),
    pause: (key, ms) => buckets.get(key).pause(clock.now(), ms),
    resume: (key) => buckets.peek(key)?.resume(clock.now()),
  };
}
