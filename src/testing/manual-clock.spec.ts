import { describe, expect, it, vi } from 'vitest';
import { ManualClock } from './manual-clock.js';

describe('ManualClock', () => {
  it('stands still until it is told to move, and its date moves along', async () => {
    const clock = new ManualClock(new Date('2026-01-01T00:00:00Z'));
    expect([clock.now(), clock.date.toISOString()]).toEqual([0, '2026-01-01T00:00:00.000Z']);
    await clock.advance(1_500);
    expect([clock.now(), clock.date.toISOString()]).toEqual([1_500, '2026-01-01T00:00:01.500Z']);
  });

  it('fires what falls due, in order, each at its time', async () => {
    const clock = new ManualClock();
    const fired: [string, number][] = [];
    const at = (ms: number, name: string) => clock.setTimeout(() => fired.push([name, clock.now()]), ms);
    at(20, 'b');
    at(10, 'a');
    at(20, 'c');
    at(31, 'later');
    clock.clearTimeout(at(15, 'cleared'));
    await clock.advance(30);
    expect(fired).toEqual([
      ['a', 10],
      ['b', 20],
      ['c', 20],
    ]);
    expect([clock.now(), clock.pending]).toEqual([30, 1]);
  });

  it('lets promises run between two timers, so that what they set has its time from then', async () => {
    const clock = new ManualClock();
    const sleep = (ms: number) => new Promise<void>((resolve) => clock.setTimeout(resolve, ms));
    const times: number[] = [];
    const work = async () => {
      for (let turn = 0; turn < 3; turn++) {
        await sleep(10);
        await new Promise((resolve) => process.nextTick(resolve));
        times.push(clock.now());
      }
    };
    void work();
    await clock.advance(25);
    expect(times).toEqual([10, 20]);
    await clock.advance(5);
    expect(times).toEqual([10, 20, 30]);
  });

  it('lets what is ready run before the first timer', async () => {
    const clock = new ManualClock();
    let firedAt: number | undefined;
    void Promise.resolve().then(() => clock.setTimeout(() => (firedAt = clock.now()), 10));
    await clock.advance(10);
    expect(firedAt).toBe(10);
  });

  it('is not moved by the fake timers of a test runner', async () => {
    vi.useFakeTimers();
    try {
      const clock = new ManualClock();
      await clock.advance(10);
      expect(clock.now()).toBe(10);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is advanced once at a time', async () => {
    const clock = new ManualClock();
    const first = clock.advance(10);
    await expect(clock.advance(10)).rejects.toThrow('the clock is being advanced');
    await first;
    await clock.advance(10);
    expect(clock.now()).toBe(20);
  });

  it('goes on after a timer has failed', async () => {
    const clock = new ManualClock();
    clock.setTimeout(() => {
      throw new Error('a timer');
    }, 5);
    await expect(clock.advance(10)).rejects.toThrow('a timer');
    await clock.advance(5);
    expect(clock.now()).toBe(10);
  });

  it('ticks in one step, without letting promises run', () => {
    const clock = new ManualClock();
    let ran = false;
    clock.setTimeout(() => void Promise.resolve().then(() => (ran = true)), 10);
    clock.tick(10);
    expect([ran, clock.now()]).toEqual([false, 10]);
  });

  it.each([-1, NaN, Infinity])('does not move by %j', async (ms) => {
    const clock = new ManualClock();
    const told = 'expected milliseconds from 0, got ';
    await expect(clock.advance(ms)).rejects.toThrow(told);
    expect(() => clock.tick(ms)).toThrow(told);
    expect(() => clock.block(ms)).toThrow(told);
    expect(clock.now()).toBe(0);
  });
});
