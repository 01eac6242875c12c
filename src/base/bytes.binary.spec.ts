import { describe, expect, it } from 'vitest';
import { binaryBytes } from './bytes.js';

const MEMORY = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);

describe('binaryBytes', () => {
  it.each<[string, unknown, number[]]>([
    ['a Uint8Array', MEMORY.subarray(1, 3), [2, 3]],
    ['a Uint16Array', new Uint16Array(MEMORY.buffer, 2, 2), [3, 4, 5, 6]],
    ['a BigInt64Array', new BigInt64Array(MEMORY.buffer), [...MEMORY]],
    ['a DataView', new DataView(MEMORY.buffer, 6, 1), [7]],
    ['an empty view', MEMORY.subarray(4, 4), []],
    ['a part of a Buffer', Buffer.from(MEMORY).subarray(7), [8]],
    ['an ArrayBuffer', MEMORY.buffer, [...MEMORY]],
    ['a SharedArrayBuffer', new SharedArrayBuffer(2), [0, 0]],
    ['a view of a SharedArrayBuffer', new Uint8Array(new SharedArrayBuffer(4), 1, 2), [0, 0]],
  ])('has the bytes of %s only', (_, value, expected) => {
    expect([...binaryBytes(value)!]).toEqual(expected);
  });

  it.each([['text'], [[1, 2]], [{ byteLength: 1 }], [null], [undefined]])('has none of %j', (value) => {
    expect(binaryBytes(value)).toBeUndefined();
  });
});
