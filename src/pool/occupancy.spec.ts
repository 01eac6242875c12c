import { expect, it } from 'vitest';
import { Occupancy } from './occupancy.js';

it('has room for so many exchanges of each origin, and again when one has left', () => {
  const occupancy = new Occupancy(2);
  expect([occupancy.enter('a'), occupancy.enter('a'), occupancy.enter('a')]).toEqual([true, true, false]);
  expect(occupancy.enter('b')).toBe(true);
  occupancy.leave('a');
  expect(occupancy.enter('a')).toBe(true);
  expect(occupancy.enter('a')).toBe(false);
});
