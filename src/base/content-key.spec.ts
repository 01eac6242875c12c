import { describe, expect, it } from 'vitest';
import { contentKey } from './content-key.js';

const retryIf = () => true;

describe('contentKey', () => {
  it.each([
    ['groups', () => ({ retry: { max: 2, statuses: [500, 503], retryIf }, deadlineMs: false })],
    ['words', () => 'standard'],
    ['what has no prototype', () => Object.assign(Object.create(null), { a: 1 })],
    ['nothing', () => undefined],
  ])('is the same for the same contents: %s', (_, make: () => unknown) => {
    expect(contentKey(make())).toBe(contentKey(make()));
  });

  it('tells different contents apart', () => {
    const values = [
      undefined,
      null,
      false,
      0,
      NaN,
      Infinity,
      '',
      '0',
      'false',
      'null',
      [],
      [0],
      ['0'],
      [undefined],
      {},
      { a: undefined },
      { a: null },
      { a: 1 },
      { b: 1 },
      { a: { b: 1 } },
      { a: [1] },
      { 'a":1,"b': 1 },
      { a: 1, b: 1 },
      retryIf,
      () => true,
    ];
    expect(new Set(values.map((value) => contentKey(value))).size).toBe(values.length);
  });

  it('is that of what a value contains now', () => {
    const value = { retry: { max: 2 } };
    const before = contentKey(value);
    value.retry.max = 3;
    expect(contentKey(value)).not.toBe(before);
  });

  const circle: Record<string, unknown> = {};
  circle['itself'] = circle;
  it.each([
    ['an instance of a class', { limiter: new (class Limiter {})() }],
    ['a map', new Map()],
    ['a symbol', { a: Symbol('a') }],
    ['what contains itself', circle],
  ])('there is none for %s', (_, value) => {
    expect(contentKey(value)).toBeUndefined();
  });
});
