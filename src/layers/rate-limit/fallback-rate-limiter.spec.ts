import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { fallbackRateLimiter, type RateLimiter } from './limiter.js';
import { ShareOfLimit } from './share.js';

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

describe('ShareOfLimit', () => {
  const limits = { max: 12, intervalMs: 1_200 };
  const shareOf = (replicas: number, random = 0) => {
    const clock = new ManualClock();
    return { clock, share: new ShareOfLimit(limits, () => replicas, { clock, random: () => random }) };
  };

  it('begins with no token, and has its share from then on', () => {
    const { clock, share } = shareOf(4);
    expect([share.reserve('a', Infinity), share.reserve('a', Infinity)]).toEqual([400, 800]);
    clock.tick(5_000);
    expect(Array.from({ length: 4 }, () => share.reserve('b', Infinity))).toEqual([0, 0, 0, 400]);
  });

  it('has its first token at a random time, so that replicas do not call together', () => {
    expect(shareOf(4, 0.75).share.reserve('a', Infinity)).toBe(100);
  });

  it('may be less than one token', () => {
    const { clock, share } = shareOf(24);
    expect([share.reserve('a', Infinity), share.reserve('a', Infinity)]).toEqual([2_400, 4_800]);
    clock.tick(60_000);
    expect([share.reserve('a', Infinity), share.reserve('a', Infinity)]).toEqual([0, 2_400]);
  });

  it('begins anew whenever the limiter that counts for all begins to fail, and keeps a pause', async () => {
    const { clock, share } = shareOf(4);
    let isDown = true;
    const primary: RateLimiter = {
      reserve: () => (isDown ? down() : 0),
      release: () => {},
      pause: () => {},
    };
    const limiter = fallbackRateLimiter(primary, share);
    expect(await limiter.reserve('a', Infinity)).toBe(400);
    expect(await limiter.reserve('a', Infinity)).toBe(800);
    isDown = false;
    clock.tick(10_000);
    expect(await limiter.reserve('a', Infinity)).toBe(0);
    void limiter.pause('a', 1_000);
    isDown = true;
    expect(await limiter.reserve('a', Infinity)).toBe(1_400);
    expect(await limiter.reserve('b', Infinity)).toBe(400);
  });
});
