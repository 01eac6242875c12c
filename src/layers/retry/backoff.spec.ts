import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fullJitter } from './decision.js';

describe('fullJitter', () => {
  it.each([
    [1, 50],
    [2, 100],
    [3, 200],
    [10, 20_000],
    [10_000, 20_000],
  ])('pauses before retry %i for a random part of %i ms', (retry, limit) => {
    expect(fullJitter(retry, 50, 20_000, () => 0.5)).toBe(limit / 2);
    expect(fullJitter(retry, 50, 20_000, () => 0)).toBe(0);
  });

  it('is never negative, never longer than its cap, and whole', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const property = fc.property(fc.nat(), fc.nat(), fc.nat(), random, (retry, base, cap, part) => {
      const pause = fullJitter(retry + 1, base, cap, () => part);
      expect(pause).toBeGreaterThanOrEqual(0);
      expect(pause).toBeLessThanOrEqual(cap);
      expect(Number.isInteger(pause)).toBe(true);
    });
    fc.assert(property);
  });
});
