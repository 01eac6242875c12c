import { describe, expect, it } from 'vitest';
import { deadlineMsOf, pickHeaders } from './middleware.js';

describe('deadlineMsOf', () => {
  it.each([
    ['1', 1],
    ['1500', 1_500],
    ['0100', 100],
    ['2147483647', 2_147_483_647],
  ])('reads %o', (value, ms) => {
    expect(deadlineMsOf(value)).toBe(ms);
  });

  it.each([
    [undefined],
    [''],
    ['0'],
    ['-5'],
    ['+5'],
    ['1.5'],
    ['1e3'],
    ['0x10'],
    [' 5'],
    ['5s'],
    ['5, 6'],
    ['NaN'],
    ['Infinity'],
    ['٣'],
    ['2147483648'],
    ['9999999999'],
    ['00000000001'],
    [['5', '6']],
  ])('ignores %o', (value) => {
    expect(deadlineMsOf(value)).toBe(Infinity);
  });
});

describe('pickHeaders', () => {
  it('takes those that there are, and no others', () => {
    const headers = { 'x-request-id': 'r-1', baggage: '', cookie: 'secret', 'set-cookie': ['a', 'b'] };
    expect(pickHeaders(headers, ['x-request-id', 'traceparent', 'baggage', 'set-cookie'])).toEqual({
      'x-request-id': 'r-1',
    });
  });
});
