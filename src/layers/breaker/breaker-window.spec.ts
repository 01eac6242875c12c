import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BreakerWindow } from './state.js';

const ratioOnly = { failureRatio: 0.5, minCalls: 4, windowMs: 1_000, consecutiveFailures: false } as const;

describe('BreakerWindow', () => {
  it('has too many failures when their part of enough calls is as large as the ratio', () => {
    const window = new BreakerWindow(ratioOnly);
    expect([true, true, true].map((failed) => window.record(failed, 0))).toEqual([false, false, false]);
    expect(window.record(true, 0)).toBe(true);
  });

  it('has not where the part is smaller', () => {
    const window = new BreakerWindow(ratioOnly);
    const outcomes = [false, false, false, true, true];
    expect(outcomes.map((failed) => window.record(failed, 0))).toEqual([false, false, false, false, false]);
    expect(window.record(true, 0)).toBe(true);
  });

  it('has never too many with a success', () => {
    const window = new BreakerWindow(ratioOnly);
    for (let count = 0; count < 3; count++) window.record(true, 0);
    expect(window.record(false, 0)).toBe(false);
  });

  it('has too many when so many come one after another, however few they are', () => {
    const window = new BreakerWindow({ ...ratioOnly, minCalls: 100, consecutiveFailures: 3 });
    const outcomes = [true, true, false, true, true, true];
    expect(outcomes.map((failed) => window.record(failed, 0))).toEqual([false, false, false, false, false, true]);
  });

  it('forgets what is older than itself, a tenth at a time', () => {
    const window = new BreakerWindow(ratioOnly);
    window.record(true, 0);
    window.record(false, 150);
    expect(window.counts(999)).toEqual({ calls: 2, failures: 1 });
    expect(window.counts(1_000)).toEqual({ calls: 1, failures: 0 });
    expect(window.counts(1_100)).toEqual({ calls: 0, failures: 0 });
  });

  it('counts before the start of a clock, too', () => {
    const window = new BreakerWindow(ratioOnly);
    for (const now of [-250, -150, 50]) window.record(true, now);
    expect(window.counts(50)).toEqual({ calls: 3, failures: 3 });
    expect(window.counts(800)).toEqual({ calls: 1, failures: 1 });
  });

  it.each([
    ['far ahead', 1e15],
    ['back', 0],
  ])('begins anew when the clock jumps %s', (_, time) => {
    const window = new BreakerWindow({ ...ratioOnly, minCalls: 2 });
    window.record(true, 50_000);
    expect(window.record(true, time)).toBe(false);
    expect(window.counts(time)).toEqual({ calls: 1, failures: 1 });
  });

  it('counts what a list of the last calls would, to a tenth of its length', () => {
    const step = fc.record({ after: fc.integer({ min: 0, max: 400 }), failed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const window = new BreakerWindow(ratioOnly);
        const all: { at: number; failed: boolean }[] = [];
        let now = 0;
        for (const { after, failed } of steps) {
          now += after;
          all.push({ at: now, failed });
          window.record(failed, now);
          const slot = (time: number) => Math.floor(time / 100);
          const inWindow = all.filter(({ at }) => slot(now) - slot(at) < 10);
          const failures = inWindow.filter((call) => call.failed).length;
          expect(window.counts(now)).toEqual({ calls: inWindow.length, failures });
        }
      }),
    );
  });
});
