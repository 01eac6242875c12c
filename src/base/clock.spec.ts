import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_TIMER_MS, systemClock } from './clock.js';

const DAY = 86_400_000;

describe("the system's clock", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.restoreAllMocks(); // first: one that is restored later puts a fake timer back, in whichever file shares the process
    vi.useRealTimers();
  });

  it.each([
    ['as long as one of Node’s timers takes', MAX_TIMER_MS],
    ['longer by a millisecond', MAX_TIMER_MS + 1],
    ['of 100 days and a fraction', 100 * DAY + 0.5],
    ['of two whole timers', 2 * MAX_TIMER_MS],
  ])('fires a timer once, when its time is over, %s', (_, ms) => {
    const fired = vi.fn();
    systemClock.setTimeout(fired, ms);
    vi.advanceTimersByTime(Math.floor(ms) - 1);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fired).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([Infinity, NaN, 1e300])('never fires one of %s, and gives Node no such delay', (ms) => {
    const delays = vi.spyOn(globalThis, 'setTimeout');
    const fired = vi.fn();
    const timer = systemClock.setTimeout(fired, ms);
    vi.advanceTimersByTime(365 * DAY);
    expect(fired).not.toHaveBeenCalled();
    expect(delays.mock.calls.every(([, delay]) => delay! <= MAX_TIMER_MS)).toBe(true);
    systemClock.clearTimeout(timer);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('clears a long timer before and after it was set anew', () => {
    const fired = vi.fn();
    systemClock.clearTimeout(systemClock.setTimeout(fired, 100 * DAY));
    const later = systemClock.setTimeout(fired, 100 * DAY);
    vi.advanceTimersByTime(60 * DAY);
    systemClock.clearTimeout(later);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(100 * DAY);
    expect(fired).not.toHaveBeenCalled();
  });
});
