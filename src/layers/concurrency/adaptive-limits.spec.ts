import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AimdLimit } from './aimd.js';
import { GradientLimit } from './gradient.js';
import type { AdaptiveLimit, LoadSample } from './limit.js';

let now = 0;
/** One that began when the one before it was over. */
const sample = (of: Partial<LoadSample> = {}): LoadSample => {
  const startedAt = ++now;
  now += of.responseMs ?? 10;
  return { startedAt, endedAt: now, responseMs: 10, inFlight: 1_000, isDrop: false, ...of };
};
const feed = (limit: AdaptiveLimit, count: number, of: Partial<LoadSample> = {}) => {
  for (let n = 0; n < count; n++) limit.record(sample(of));
  return limit.limit;
};
const BOUNDS = { min: 2, max: 100, initial: 10 };

describe.each([
  ['aimd', AimdLimit],
  ['gradient', GradientLimit],
] as const)('%s', (_, Limit) => {
  it('is never below min nor above max, whatever it learns', () => {
    const bounds = fc
      .record({ min: fc.integer({ min: 1, max: 50 }), above: fc.integer({ min: 0, max: 200 }), initial: fc.nat(300) })
      .map(({ min, above, initial }) => ({ min, max: min + above, initial }));
    const step = fc.record({
      count: fc.integer({ min: 1, max: 300 }),
      responseMs: fc.oneof(fc.nat(1_000), fc.constant(0), fc.constant(1e9)),
      inFlight: fc.nat(500),
      isDrop: fc.boolean(),
    });
    fc.assert(
      fc.property(bounds, fc.array(step, { maxLength: 20 }), (within, steps) => {
        const limit = new Limit(within);
        const seen = new Set<number>();
        for (const { count, ...of } of steps) {
          for (let n = 0; n < count; n++) {
            limit.record(sample(of));
            seen.add(limit.limit).add(limit.found);
          }
        }
        const wrong = [...seen].filter((value) => !Number.isInteger(value) || value < within.min || value > within.max);
        expect(wrong).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('is cut once for all that were under way when the first was dropped', () => {
    const limit = new Limit(BOUNDS);
    const together = { ...sample({ isDrop: true }), endedAt: now + 10 };
    for (let n = 0; n < 50; n++) limit.record(together);
    expect(limit.found).toBe(5);
    now += 20;
    feed(limit, 1, { isDrop: true });
    expect(limit.found).toBeLessThan(5);
  });

  it('does not grow while less than half of it is in use', () => {
    const limit = new Limit(BOUNDS);
    feed(limit, 5_000, { inFlight: 4 });
    expect(limit.found).toBe(10);
    feed(limit, 5_000, { inFlight: 5 });
    expect(limit.found).toBeGreaterThan(10);
  });
});

describe('aimd', () => {
  it('doubles for as many successes as it is large, until the first drop halves it; then it adds one for them', () => {
    const limit = new AimdLimit(BOUNDS);
    expect(feed(limit, 10)).toBe(20);
    expect(feed(limit, 20)).toBe(40);
    expect(feed(limit, 1, { isDrop: true })).toBe(20);
    expect(feed(limit, 21)).toBe(21);
  });

  it('loses a tenth, one at least, with each later drop', () => {
    const limit = new AimdLimit({ ...BOUNDS, initial: 100 });
    feed(limit, 1, { isDrop: true });
    expect(feed(limit, 1, { isDrop: true })).toBe(45);
    for (let before = 45; before > 10; before = limit.limit) {
      expect(feed(limit, 1, { isDrop: true })).toBeLessThanOrEqual(Math.min(before - 1, before * 0.9 + 1));
    }
  });

  it('warms up again from min', () => {
    const limit = new AimdLimit(BOUNDS);
    expect(feed(limit, 30, { isDrop: true })).toBe(2);
    expect(feed(limit, 2)).toBe(4);
    expect(feed(limit, 4)).toBe(8);
  });

  it('knows no baseline, and does not mind slow responses', () => {
    const limit = new AimdLimit(BOUNDS);
    feed(limit, 10);
    expect(feed(limit, 20, { responseMs: 10_000 })).toBe(40);
    expect(limit.baselineMs).toBeUndefined();
  });
});

describe('gradient', () => {
  /** Past its first baseline, of 10 ms. */
  const warm = (bounds = BOUNDS) => {
    const limit = new GradientLimit(bounds);
    while (limit.baselineMs === undefined) feed(limit, 1);
    return limit;
  };

  it('measures its first baseline with half of the initial limit', () => {
    const limit = new GradientLimit(BOUNDS);
    expect(limit.limit).toBe(5);
    expect(limit.found).toBe(10);
    feed(limit, 15, { responseMs: 30 }); // the queue of before gets empty
    while (limit.baselineMs === undefined) {
      expect(limit.limit).toBe(5);
      feed(limit, 1);
    }
    expect(limit.baselineMs).toBeLessThan(15);
    expect(limit.limit).toBe(10);
  });

  it('grows by half per window until responses become slower, and is cut then', () => {
    const limit = warm({ ...BOUNDS, max: 1_000 });
    const seen = new Set<number>();
    for (let n = 0; n < 60; n++) seen.add(feed(limit, 1));
    expect([...seen].slice(0, 4)).toEqual([10, 15, 22, 33]);
    const before = limit.limit;
    feed(limit, 60, { responseMs: 40 });
    expect(limit.limit).toBeLessThan(before);
  });

  it('halves for a moment after a hundred windows in use, and goes on where it was', () => {
    const limit = warm({ ...BOUNDS, max: 20 });
    let halved = 0;
    for (let n = 0; n < 3_000; n++) {
      feed(limit, 1);
      expect(limit.found).toBeGreaterThanOrEqual(10);
      if (limit.limit < limit.found) halved++;
    }
    expect(limit.limit).toBe(20);
    expect(halved).toBeGreaterThan(100);
    expect(halved).toBeLessThan(400);
  });

  it('loses a tenth with a drop', () => {
    const limit = warm({ min: 2, max: 1_000, initial: 100 });
    feed(limit, 1, { isDrop: true }); // ends the warm-up
    const before = limit.found;
    feed(limit, 1, { isDrop: true });
    expect(limit.found).toBe(Math.floor(before * 0.9));
  });
});
