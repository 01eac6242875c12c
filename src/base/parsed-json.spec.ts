import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { ParsedJson } from './parsed-json.js';

it('gives what JSON.parse makes of a text', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      const value: unknown = JSON.parse(text);
      const isNested = typeof value === 'object' && value !== null;
      const json = new ParsedJson(text);
      for (const copy of [json.copy(), json.copy()]) expect(copy).toStrictEqual(isNested ? value : undefined);
    }),
  );
});

it('gives each a copy of its own, all the way down', () => {
  const json = new ParsedJson('{"a":[{"b":1}]}');
  const one = json.copy() as { a: { b: number }[] };
  one.a[0]!.b = 2;
  one.a.push({ b: 3 });
  expect(json.copy()).toEqual({ a: [{ b: 1 }] });
});

it('keeps `__proto__` a property like any other', () => {
  const copy = new ParsedJson('{"__proto__":{"isAdmin":true},"a":1}').copy()!;
  expect(Object.keys(copy)).toEqual(['__proto__', 'a']);
  expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  expect((copy as { isAdmin?: boolean }).isAdmin).toBeUndefined();
});

it.each([
  ['a text', '"a"'],
  ['a number', '1'],
  ['null', 'null'],
  ['nothing', ''],
  ['no JSON', '<p>'],
  ['JSON that breaks off', '{"a":'],
  ['what is nested too deep', '['.repeat(10_000) + ']'.repeat(10_000)],
])('leaves %s to others', (_, text) => {
  expect(new ParsedJson(text).copy()).toBeUndefined();
});

describe('where Object.prototype has a property that is enumerable', () => {
  afterEach(() => Reflect.deleteProperty(Object.prototype, 'proxy'));

  it('leaves all to others', () => {
    const json = new ParsedJson('{"a":{}}');
    expect(json.copy()).toEqual({ a: {} });
    Object.assign(Object.prototype, { proxy: { host: 'evil' } });
    expect(json.copy()).toBeUndefined();
  });
});
