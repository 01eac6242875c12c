import { expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { memoryRateLimiter } from './limiter.js';

it('counts each key for itself', () => {
  const clock = new ManualClock();
  const limiter = memoryRateLimiter({ max: 1, intervalMs: 1_000 }, clock);
  expect(limiter.reserve('a', 0)).toBe(0);
  expect(limiter.reserve('a', 0)).toBe(1_000);
  expect(limiter.reserve('b', 0)).toBe(0);
  clock.tick(1_000);
  expect(limiter.reserve('a', 0)).toBe(0);
});

it('takes a place back, and pauses a key', () => {
  const clock = new ManualClock();
  const limiter = memoryRateLimiter({ max: 1, intervalMs: 1_000 }, clock);
  void limiter.reserve('a', 0);
  void limiter.release('a');
  void limiter.release('never asked for');
  void limiter.pause('a', 300);
  expect(limiter.reserve('a', 0)).toBe(300);
  expect(limiter.reserve('b', 0)).toBe(0);
});

it('knows the thousand keys asked for last', () => {
  const limiter = memoryRateLimiter({ max: 1, intervalMs: 1_000 }, new ManualClock());
  for (let key = 0; key <= 1_000; key++) void limiter.reserve(`${key}`, 0);
  expect(limiter.reserve('1', 0)).toBe(1_000);
  expect(limiter.reserve('0', 0)).toBe(0);
});
