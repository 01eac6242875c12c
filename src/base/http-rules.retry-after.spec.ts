import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryAfterMs } from './http-rules.js';

const NOW = Date.UTC(1994, 10, 6, 8, 49, 0);

describe('retryAfterMs', () => {
  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 5 ', 5_000],
    ['-5', 0],
    ['1.5', 1_500],
    ['2.997', 2_997],
    ['0.0001', 1],
    ['.5', 500],
    ['3.', 3_000],
  ])('reads %o as seconds', (header, expected) => {
    expect(retryAfterMs(header, NOW)).toBe(expected);
  });

  it.each([
    ['IMF-fixdate', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT'],
    ['asctime', 'Sun Nov  6 08:49:37 1994'],
  ])('reads a date in the format of %s', (_, header) => {
    expect(retryAfterMs(header, NOW)).toBe(37_000);
    expect(retryAfterMs(header, NOW + 38_000)).toBe(0);
  });

  it('takes a leap second', () => {
    const now = Date.UTC(2016, 11, 31, 23, 59, 50);
    expect(retryAfterMs('Sat, 31 Dec 2016 23:59:60 GMT', now)).toBe(10_000);
  });

  it.each([
    ['this century', 'Friday, 01-Jan-27 00:00:00 GMT', Date.UTC(2026, 11, 31, 23, 59, 59), 1_000],
    ['this century, 50 years ahead', 'Wednesday, 01-Jan-76 00:00:00 GMT', Date.UTC(2026, 0, 1), Date.UTC(2076, 0, 1)],
    ['the past, more than 50 years ahead', 'Friday, 02-Jan-76 00:00:00 GMT', Date.UTC(2026, 0, 1), 0],
    ['this century, to the second', 'Wednesday, 01-Jan-76 00:00:01 GMT', Date.UTC(2026, 0, 1), 0],
  ])('takes a year of two digits for one of %s', (_, header, now, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected > 1_000 ? expected - now : expected);
  });

  it.each([
    undefined,
    '',
    'soon',
    '1e3',
    '+5',
    '5 s',
    '2026-01-01T00:00:00Z',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:00 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT',
    'Sunday, 31-Feb-94 08:49:37 GMT',
    ['5'],
  ])('does not understand %o', (header) => {
    expect(retryAfterMs(header, NOW)).toBeUndefined();
  });

  it('reads every date that JavaScript writes in this format', () => {
    const seconds = fc.integer({ min: 0, max: 250_000_000_000 });
    const property = fc.property(seconds, seconds, (at, now) => {
      expect(retryAfterMs(new Date(at * 1_000).toUTCString(), now * 1_000)).toBe(Math.max(0, at - now) * 1_000);
    });
    fc.assert(property);
  });
});
