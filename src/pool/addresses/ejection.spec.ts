import { expect, it } from 'vitest';
import { EJECTION_DEFAULTS } from '../../options/address-options.js';
import { afterFailure, afterSuccess, type Health, isPanic, maxEjected, NEW_HEALTH } from './ejection.js';

const RULES = EJECTION_DEFAULTS;

function failing(times: number, now: number, health: Health = NEW_HEALTH): Health {
  let failed = health;
  for (let i = 0; i < times; i++) failed = afterFailure(failed, now, RULES, true);
  return failed;
}

it('ejects an address after five failures in a row, for 30 s', () => {
  expect(failing(4, 100).ejectedUntil).toBeUndefined();
  expect(failing(5, 100)).toMatchObject({ ejections: 1, ejectedUntil: 30_100 });
});

it('counts failures in a row only', () => {
  const recovered = afterSuccess(failing(4, 0), 0);
  expect(failing(4, 0, recovered).ejectedUntil).toBeUndefined();
});

it('ejects none where no more may be', () => {
  const failed = afterFailure(failing(4, 0), 0, RULES, false);
  expect(failed).toMatchObject({ failures: 5, ejectedUntil: undefined });
  expect(afterFailure(failed, 7, RULES, true)).toMatchObject({ ejectedUntil: 30_007 });
});

it('leaves the time as it is where requests from before the ejection fail', () => {
  expect(failing(9, 0).ejectedUntil).toBe(30_000);
});

it('ejects for longer each time that a probe fails, up to five minutes', () => {
  let health = failing(5, 0);
  const durations: number[] = [];
  for (let i = 0; i < 12; i++) {
    const now: number = health.ejectedUntil!;
    health = afterFailure(health, now, RULES, true);
    durations.push(health.ejectedUntil! - now);
  }
  expect(durations.slice(0, 3)).toEqual([60_000, 90_000, 120_000]);
  expect(durations.at(-1)).toBe(300_000);
});

it('brings an address back with the first success, and ejects it again after five failures, not one', () => {
  const back = afterSuccess(failing(5, 0), 30_000);
  expect(back.ejectedUntil).toBeUndefined();
  expect(failing(4, 30_001, back).ejectedUntil).toBeUndefined();
  expect(failing(5, 30_001, back).ejectedUntil).toBe(30_001 + 60_000);
});

it('forgets one ejection for every 10 s that an address does well', () => {
  let health = failing(5, 0);
  health = afterFailure(health, 30_000, RULES, true);
  health = afterFailure(health, 90_000, RULES, true);
  const back = afterSuccess(health, 180_000); // after three
  expect(failing(5, 190_000, back)).toMatchObject({ ejections: 3, ejectedUntil: 190_000 + 90_000 });
  expect(failing(5, 500_000, back)).toMatchObject({ ejections: 1, ejectedUntil: 530_000 });
});

it.each([
  [1, 1],
  [5, 1],
  [19, 1],
  [20, 2],
  [35, 3],
])('of %i addresses, at most %i are ejected at the same time', (count, most) => {
  expect(maxEjected(count, RULES)).toBe(most);
});

it.each([
  [1, 1, true],
  [2, 1, false],
  [3, 2, true],
  [10, 5, false],
  [10, 6, true],
])('of %i addresses, %i ejected: panic is %s', (count, ejected, panic) => {
  expect(isPanic(count, ejected, RULES)).toBe(panic);
});
