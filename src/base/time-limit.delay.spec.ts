import { describe, expect, it } from 'vitest';
import { delayNote, isLate } from './time-limit.js';

describe('isLate', () => {
  it.each([
    [0, false],
    [1, false],
    [1.5, true],
    [300, true],
  ])('of a timer that fired %d ms late: %s', (delayMs, late) => {
    expect(isLate(delayMs)).toBe(late);
  });
});

describe('delayNote', () => {
  it.each([
    ['10 % of the limit', 50, 500],
    ['100 ms of a long one', 100, 30_000],
    ['10 ms of a short one', 10, 20],
  ])('says for how long the loop was blocked from %s on', (_, delayMs, limitMs) => {
    expect(delayNote(delayMs, limitMs)).toContain(`blocked for at least ${delayMs} ms`);
    expect(delayNote(delayMs - 1, limitMs)).toBe('');
  });
});
