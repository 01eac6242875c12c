import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyWindow } from './hedge.js';

const filled = (fraction: number, samples: Iterable<number>) => {
  const window = new LatencyWindow(fraction);
  for (const sample of samples) window.add(sample);
  return window;
};

const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);

describe('the percentile of a latency window', () => {
  it('is unknown while there are fewer than 20 samples', () => {
    expect(filled(0.95, upTo(19)).percentile).toBeUndefined();
    expect(filled(0.95, upTo(20)).percentile).toBe(19);
  });

  it('is at least as large as its part of the samples, and no smaller one of them is', () => {
    const samples = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 20, maxLength: 128 });
    const percents = fc.integer({ min: 1, max: 100 });
    fc.assert(
      fc.property(samples, percents, (latencies, percent) => {
        const percentile = filled(percent / 100, latencies).percentile!;
        const partBelow = latencies.filter((latency) => latency < percentile).length / latencies.length;
        const partWithin = latencies.filter((latency) => latency <= percentile).length / latencies.length;
        expect(latencies).toContain(percentile);
        expect(partWithin).toBeGreaterThanOrEqual(percent / 100);
        expect(partBelow).toBeLessThan(percent / 100);
      }),
    );
  });

  it('is the 7th of 100 at 7 %, whatever floating point makes of it', () => {
    expect(filled(0.07, upTo(100)).percentile).toBe(7);
  });

  it('compares latencies as numbers, of any number of digits', () => {
    expect(filled(0.5, [...Array<number>(15).fill(9), ...Array<number>(15).fill(10.5)]).percentile).toBe(9);
  });

  it('is of the latest 128 samples', () => {
    expect(filled(1, [1_000, ...upTo(127)]).percentile).toBe(1_000);
    expect(filled(1, [1_000, ...upTo(128)]).percentile).toBe(128);
  });

  it('follows new samples, 16 of them at a time', () => {
    const window = filled(1, upTo(20));
    expect(window.percentile).toBe(20);
    for (let n = 0; n < 15; n++) window.add(50);
    expect(window.percentile).toBe(20);
    window.add(50);
    expect(window.percentile).toBe(50);
  });
});
