import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RetryBudget } from './budget.js';

const SETTINGS = { ratio: 0.2, minPerSecond: 10 };

function start(settings: Partial<typeof SETTINGS> = {}) {
  let time = 123_456.7; // not the start of a second
  const budget = new RetryBudget({ ...SETTINGS, ...settings, now: () => time });
  return {
    pass: (ms: number) => (time += ms),
    deposit: (calls: number) => {
      for (let n = 0; n < calls; n++) budget.deposit();
    },
    /** How many can be taken now. */
    drain: () => {
      let taken = 0;
      while (budget.withdraw()) taken++;
      return taken;
    },
  };
}

describe('RetryBudget', () => {
  it('allows one second’s worth from the start', () => {
    expect(start().drain()).toBe(10);
  });

  it('allows so many each second, and keeps them for one second only', () => {
    const { pass, drain } = start();
    drain();
    pass(500);
    expect(drain()).toBe(5);
    pass(60_000);
    expect(drain()).toBe(10);
  });

  it('allows a part of the calls besides', () => {
    const { deposit, drain } = start();
    deposit(100);
    expect(drain()).toBe(10 + 20);
    deposit(4);
    expect(drain()).toBe(0);
    deposit(1);
    expect(drain()).toBe(1);
  });

  it('forgets after ten seconds what calls allowed, and what was taken of it', () => {
    const { deposit, drain, pass } = start({ minPerSecond: 0 });
    deposit(50);
    pass(5_000);
    deposit(50);
    expect(drain()).toBe(20);
    pass(4_000);
    expect(drain()).toBe(0);
    pass(1_000);
    deposit(100);
    expect(drain()).toBe(10); // 150 calls in the window, 20 taken
    pass(60_000);
    expect(drain()).toBe(0);
    for (let round = 0; round < 3; round++) {
      deposit(10);
      expect(drain()).toBe(2);
      pass(60_000);
    }
  });

  it('allows nothing without calls and without a minimum', () => {
    const { drain, pass } = start({ minPerSecond: 0 });
    expect(drain()).toBe(0);
    pass(60_000);
    expect(drain()).toBe(0);
  });

  it('allows one in two seconds where half a one is allowed in each', () => {
    const { drain, pass } = start({ minPerSecond: 0.5 });
    expect(drain()).toBe(0);
    pass(1_000);
    expect(drain()).toBe(1);
    pass(1_000);
    expect(drain()).toBe(0);
    pass(1_000);
    expect(drain()).toBe(1);
  });

  it('never allows more in any time than ratio × calls + minPerSecond × (time + 1 s)', () => {
    const step = fc.record({
      pass: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 15_000, noNaN: true })),
      calls: fc.nat(60),
      asked: fc.nat(60),
    });
    const ratio = fc.double({ min: 0, max: 1, noNaN: true });
    const property = fc.property(ratio, fc.nat(20), fc.array(step, { maxLength: 30 }), (part, perSecond, steps) => {
      let time = 0;
      const budget = new RetryBudget({ ratio: part, minPerSecond: perSecond, now: () => time });
      const seen: { time: number; calls: number; extra: number }[] = [];
      for (const { pass, calls, asked } of steps) {
        time += pass;
        for (let n = 0; n < calls; n++) budget.deposit();
        let extra = 0;
        for (let n = 0; n < asked; n++) if (budget.withdraw()) extra++;
        seen.push({ time, calls, extra });
      }
      for (const first of seen) {
        for (const last of seen.slice(seen.indexOf(first))) {
          const extra = sum(seen, first.time, last.time, 'extra');
          const calls = sum(seen, first.time - 10_000, last.time, 'calls');
          const allowed = part * calls + perSecond * ((last.time - first.time) / 1_000 + 1);
          expect(extra).toBeLessThanOrEqual(allowed + 1e-6);
        }
      }
      // From the start no earlier calls count.
      const extra = sum(seen, 0, time, 'extra');
      expect(extra).toBeLessThanOrEqual(part * sum(seen, 0, time, 'calls') + perSecond * (time / 1_000 + 1) + 1e-6);
    });
    fc.assert(property, { numRuns: 300 });
  });
});

function sum(
  seen: readonly { time: number; calls: number; extra: number }[],
  from: number,
  to: number,
  what: 'calls' | 'extra',
): number {
  let total = 0;
  for (const entry of seen) if (entry.time >= from && entry.time <= to) total += entry[what];
  return total;
}
