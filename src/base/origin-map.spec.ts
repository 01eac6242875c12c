import { expect, it } from 'vitest';
import { OriginMap } from './origin-map.js';

it('makes one value for each origin', () => {
  const map = new OriginMap((origin) => ({ origin }));
  expect(map.get('a')).toBe(map.get('a'));
  expect(map.get('b')).not.toBe(map.get('a'));
  expect(map.peek('c')).toBeUndefined();
  expect([...map.entries()].map(([origin]) => origin)).toEqual(['b', 'a']);
});

it('forgets the origin that was not asked for longest', () => {
  const map = new OriginMap((origin) => ({ origin }), 2);
  const a = map.get('a');
  const b = map.get('b');
  map.get('a');
  map.get('c');
  expect(map.peek('b')).toBeUndefined();
  expect(map.get('a')).toBe(a);
  expect(map.get('b')).not.toBe(b);
});
