import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucket } from './limiter.js';

const limits = { max: 4, intervalMs: 1_000 };

describe('TokenBucket', () => {
  it('has so many tokens at once, then one at a time', () => {
    const bucket = new TokenBucket(limits);
    const waits = Array.from({ length: 7 }, () => bucket.reserve(0, Infinity));
    expect(waits).toEqual([0, 0, 0, 0, 250, 500, 750]);
  });

  it('takes no token that comes too late, and says when there will be one', () => {
    const bucket = new TokenBucket({ max: 1, intervalMs: 1_000 });
    expect(bucket.reserve(0, 0)).toBe(0);
    expect(bucket.reserve(100, 899)).toBe(900);
    expect(bucket.reserve(100, 900)).toBe(900);
    expect(bucket.reserve(100, Infinity)).toBe(1_900);
  });

  it('fills up again, but not beyond', () => {
    const bucket = new TokenBucket(limits);
    for (let count = 0; count < 4; count++) bucket.reserve(0, 0);
    const waits = Array.from({ length: 5 }, () => bucket.reserve(3_600_000, 0));
    expect(waits).toEqual([0, 0, 0, 0, 250]);
  });

  it('is exact where a token takes no whole number of milliseconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.double({ min: 0, max: 1e9, noNaN: true }), (max, now) => {
        const bucket = new TokenBucket({ max, intervalMs: 1_000 });
        for (let count = 0; count < max; count++) expect(bucket.reserve(now, 0)).toBe(0);
        expect(bucket.reserve(now, 0)).toBeCloseTo(1_000 / max);
      }),
    );
  });

  it('takes a token back', () => {
    const bucket = new TokenBucket({ max: 1, intervalMs: 1_000 });
    bucket.reserve(0, 0);
    expect(bucket.reserve(0, Infinity)).toBe(1_000);
    bucket.release();
    expect(bucket.reserve(0, Infinity)).toBe(1_000);
  });

  it('stands still during a pause', () => {
    const bucket = new TokenBucket(limits);
    for (let count = 0; count < 3; count++) bucket.reserve(0, 0);
    bucket.pause(0, 5_000);
    expect(bucket.reserve(1_000, 0)).toBe(4_000);
    expect([bucket.reserve(1_000, Infinity), bucket.reserve(1_000, Infinity)]).toEqual([4_000, 4_250]);
  });

  it('has every token after a pause, but none before', () => {
    const bucket = new TokenBucket(limits);
    bucket.pause(0, 5_000);
    const waits = Array.from({ length: 5 }, () => bucket.reserve(1_000, Infinity));
    expect(waits).toEqual([4_000, 4_000, 4_000, 4_000, 4_250]);
  });

  it('is paused as long as the longest pause says, however often it is said', () => {
    const bucket = new TokenBucket({ max: 1, intervalMs: 1_000 });
    for (const now of [0, 10, 20]) bucket.pause(now, 5_000 - now);
    bucket.pause(20, 100);
    expect(bucket.reserve(20, Infinity)).toBe(4_980);
    bucket.pause(30, 6_000);
    expect(bucket.reserve(30, Infinity)).toBeCloseTo(7_000);
  });

  it('never lets more fall due in a span of time than it holds and what comes back in that span', () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 600 }),
      action: fc.constantFrom('reserve', 'reserve', 'reserve', 'give back', 'pause'),
      ms: fc.integer({ min: 0, max: 1_500 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 60 }), (max, steps) => {
        const bucket = new TokenBucket({ max, intervalMs: 1_000 });
        let now = 0;
        let due: number[] = [];
        for (const { afterMs, action, ms } of steps) {
          now += afterMs;
          if (action === 'reserve') {
            const wait = bucket.reserve(now, ms);
            if (wait <= ms) due.push(now + wait);
          } else if (action === 'give back') {
            if (due.length > 0 && due.at(-1)! > now) {
              due.pop();
              bucket.release();
            }
          } else {
            const first = due.find((time) => time > now);
            const shift = first === undefined ? 0 : Math.max(0, now + ms - first);
            due = due.map((time) => (time > now ? time + shift : time));
            bucket.pause(now, ms);
          }
        }
        for (const [i, from] of due.entries()) {
          for (const [j, to] of due.entries()) {
            if (j >= i) expect(j - i + 1).toBeLessThanOrEqual(max + ((to - from) * max) / 1_000 + 1e-6);
          }
        }
      }),
    );
  });
});
