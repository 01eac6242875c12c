import fc from 'fast-check';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { CollectedBytes } from './bytes.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function memory(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage(); // external includes that of array buffers
  return heapUsed + external;
}

/** What is held for these parts, in bytes. */
function heldFor(parts: Iterable<Buffer>): { readonly held: number; readonly bytes: CollectedBytes } {
  const bytes = new CollectedBytes();
  const before = memory();
  for (const part of parts) bytes.add(part);
  return { held: memory() - before, bytes };
}

function* cut(total: number, ...sizes: number[]): Generator<Buffer> {
  for (let sent = 0, i = 0; sent < total; i++) {
    const size = Math.min(sizes[i % sizes.length]!, total - sent);
    sent += size;
    yield Buffer.alloc(size, 'x');
  }
}

/** Of a larger buffer, as zlib gives them. */
function* slices(total: number, size: number): Generator<Buffer> {
  for (let sent = 0; sent < total;) {
    const block = Buffer.alloc(16 * 1024, 'x');
    for (let at = 0; at + size <= block.length && sent < total; at += size, sent += size) {
      yield block.subarray(at, at + size);
    }
  }
}

describe('CollectedBytes', () => {
  it('gives back what it was given, in whatever parts', () => {
    const sizes = fc.array(fc.oneof(fc.nat(3), fc.integer({ min: 1_000, max: 5_000 }), fc.constant(70_000)), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(sizes, (lengths) => {
        const given = lengths.map((length, i) => Buffer.alloc(length, i + 1));
        const bytes = new CollectedBytes();
        for (const part of given) bytes.add(part);
        const expected = Buffer.concat(given);
        expect(bytes.length).toBe(expected.length);
        expect(bytes.take().equals(expected)).toBe(true);
        expect(bytes.length).toBe(0);
        expect(bytes.take()).toHaveLength(0);
      }),
      { numRuns: 50 },
    );
  });

  it('does not copy what came in one part', () => {
    const bytes = new CollectedBytes();
    const part = Buffer.from('all of it');
    bytes.add(part);
    expect(bytes.take()).toBe(part);
  });

  const TOTAL = 400_000;
  it.each([
    ['one byte', () => cut(TOTAL, 1)],
    ['100 bytes', () => cut(TOTAL, 100)],
    ['one byte less than what is kept as it is', () => cut(TOTAL, 4_095)],
    ['what is kept as it is', () => cut(TOTAL, 4_096)],
    ['one byte and large ones in turn', () => cut(TOTAL, 1, 4_096)],
    ['one byte, and just too much to fit into a block with another', () => cut(TOTAL, 1, 2_050)],
    ['nothing now and then', () => cut(TOTAL, 0, 0, 0, 1)],
    ['one byte, slices of a larger buffer', () => slices(TOTAL, 1)],
    ['5000 bytes, slices of a larger buffer', () => slices(TOTAL, 5_000)],
  ])('holds no more than twice the bytes for parts of %s', (_, given) => {
    const { held, bytes } = heldFor(given());
    expect(held).toBeLessThan(3 * TOTAL); // and what else lives in this process
    expect(bytes.length).toBe(TOTAL);
  });
});
