import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { structureKeys } from './keys.js';

const { keyOf, keyOfObject } = structureKeys();

/** Few characters, of those that keys are made of: collisions would be likely. */
const hostileText = fc.string({
  unit: fc.constantFrom('1', '2', ':', '{', '}', '[', ']', ';', '=', '-', 'f', 'u'),
  maxLength: 6,
});
const structures = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    hostileText,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('value'), { maxLength: 3 }),
  object: fc.dictionary(hostileText, tie('value'), { maxKeys: 3 }),
})).value;

describe('the keys of two values', () => {
  it('are the same only if the values are', () => {
    fc.assert(
      fc.property(structures, structures, (a, b) => {
        if (keyOf(a) === keyOf(b)) expect(a).toEqual(b);
      }),
      { numRuns: 2_000 },
    );
  });

  it('are the same if the values are copies', () => {
    fc.assert(
      fc.property(structures, (value) => {
        expect(keyOf(structuredClone(value))).toBe(keyOf(value));
      }),
    );
  });

  it('stay apart when they are joined', () => {
    fc.assert(
      fc.property(structures, structures, structures, structures, (a, b, c, d) => {
        const isSame = `${keyOf(a)}${keyOf(b)}` === `${keyOf(c)}${keyOf(d)}`;
        if (isSame) expect([a, b]).toEqual([c, d]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('differ wherever a text is split into entries', () => {
    const splits = fc.tuple(hostileText, fc.nat({ max: 6 }), fc.nat({ max: 6 }));
    fc.assert(
      fc.property(splits, ([whole, i, j]) => {
        const [a, b] = [i, j].map((at) => [whole.slice(0, at), whole.slice(at)] as const);
        const [asEntry, asOther] = [a, b].map((entry) => Object.fromEntries([entry!]));
        const isSame = a![0] === b![0];
        expect(keyOf(a) === keyOf(b)).toBe(isSame);
        expect(keyOf(asEntry) === keyOf(asOther)).toBe(isSame);
        expect(keyOf([whole]) === keyOf(a)).toBe(false);
      }),
    );
  });

  it.each([
    ['other names', { a: 1 }, { b: 1 }],
    ['a name that ends as a length begins', { a1: '', bbbbbb: 'xy' }, { a: 'bbbbbb2:xy' }],
    ['a number and its text', 1, '1'],
    ['true and its text', true, 'true'],
    ['null and its text', null, 'null'],
    ['nothing and null', undefined, null],
    ['a list and its only entry', ['a'], 'a'],
    ['a list and the text it would become', ['a', 'b'], 'a,b'],
    ['entries that are grouped otherwise', [['a'], 'b'], [['a', 'b']]],
    ['two dates', new Date(1), new Date(2)],
    ['two lists of parameters', new URLSearchParams('a=1'), new URLSearchParams('a=2')],
    ['two functions that look alike', () => 1, () => 1],
    ['a number and a bigint', 1, 1n],
  ])('differ for %s', (_, a, b) => {
    expect(keyOf(a)).toBeDefined();
    expect(keyOf(b)).toBeDefined();
    expect(keyOf(a)).not.toBe(keyOf(b));
  });

  it.each([
    ['a function', Math.max, Math.max],
    ['a date', new Date(1), new Date(1)],
    ['parameters', new URLSearchParams('a=1&b=2'), new URLSearchParams({ a: '1', b: '2' })],
    ['an entry that is undefined and none', { a: 1, b: undefined }, { a: 1 }],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ])('are the same for %s', (_, a, b) => {
    expect(keyOf(a)).toBe(keyOf(b));
  });
});

describe('there is no key', () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;

  it.each<[string, unknown]>([
    ['for an instance of a class', new Map()],
    ['for bytes', Buffer.from('a')],
    ['for a symbol', Symbol.iterator],
    ['for what turns in circles', circle],
    ['for a subclass, which may have more to it', new (class extends Date {})()],
  ])('%s, alone or nested', (_, value) => {
    expect(keyOf(value)).toBeUndefined();
    expect(keyOf({ a: [value] })).toBeUndefined();
    expect(keyOfObject({ a: value }, new Set())).toBeUndefined();
  });
});

it('leaves out the entries that are to be skipped', () => {
  expect(keyOfObject({ a: 1, b: new Map() }, new Set(['b']))).toBe(keyOfObject({ a: 1 }, new Set()));
});
