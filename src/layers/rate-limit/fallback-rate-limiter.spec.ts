import { describe, expect, it } from 'vitest';
import { fallbackRateLimiter, type RateLimiter } from './limiter.js';

function recorded(answer: () => number | Promise<number>) {
  const heard: string[] = [];
  const limiter: RateLimiter = {
    reserve: (key, maxWaitMs) => (heard.push(`reserve ${key} ${maxWaitMs}`), answer()),
    release: (key) => (heard.push(`release ${key}`), answer() as unknown as Promise<void>),
    pause: (key, ms) => (heard.push(`pause ${key} ${ms}`), answer() as unknown as Promise<void>),
  };
  return { heard, limiter };
}

const down = (): never => {
  throw new Error('the store is down');
};

describe('fallbackRateLimiter', () => {
  it.each([
    ['throws', down],
    ['rejects', async () => down()],
  ])('counts with the fallback where the primary %s', async (_, answer) => {
    const primary = recorded(answer);
    const fallback = recorded(() => 7);
    const limiter = fallbackRateLimiter(primary.limiter, fallback.limiter);
    expect(await limiter.reserve('a', 5)).toBe(7);
    await limiter.release('a');
    await limiter.pause('a', 9);
    expect(primary.heard).toEqual(['reserve a 5', 'release a', 'pause a 9']);
    expect(fallback.heard).toEqual(['reserve a 5', 'release a', 'pause a 9']);
  });

  it('asks the primary alone while that answers, but tells both of a pause', async () => {
    const primary = recorded(async () => 3);
    const fallback = recorded(() => 7);
    const limiter = fallbackRateLimiter(primary.limiter, fallback.limiter);
    expect(await limiter.reserve('a', 5)).toBe(3);
    await limiter.release('a');
    await limiter.pause('a', 9);
    expect(fallback.heard).toEqual(['pause a 9']);
  });

  it('answers at once where the primary does', () => {
    expect(fallbackRateLimiter(recorded(() => 0).limiter, recorded(down).limiter).reserve('a', 0)).toBe(0);
  });
});
