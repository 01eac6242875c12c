import { types } from 'node:util';

/**
 * The bytes of a view (any typed array, a DataView, a Buffer) and nothing of the memory around it; all of an ArrayBuffer or a SharedArrayBuffer.
 * Nothing is copied.
 * @returns undefined for anything else
 */
export function binaryBytes(value: unknown): Buffer | undefined {
  if (Buffer.isBuffer(value)) return value;
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return types.isAnyArrayBuffer(value) ? Buffer.from(value) : undefined;
}

/** Parts from this size on are kept as they are: what an object costs besides its bytes, some 200, is little for them. */
const LARGE_BYTES = 4 * 1024;

/** So many small parts are kept as they are, too: copying them would cost the usual body more than it saves. */
const FEW_PARTS = 32;

const MIN_BLOCK_BYTES = 4 * 1024;
const MAX_BLOCK_BYTES = 256 * 1024;

/**
 * Bytes that come in parts, in memory that is a small multiple of them however small the parts are: each Buffer costs some 200 bytes
 * besides its own, so 10 MiB in parts of one byte would take 3 GB. Small parts are copied into blocks, each as large as all that came
 * before it.
 */
export class CollectedBytes {
  #length = 0;
  #parts: Buffer[] = [];
  /** Where small parts are copied to; undefined while there are few. */
  #block: Block | undefined;

  get length(): number {
    return this.#length;
  }

  /** @param part must not change any more */
  add(part: Buffer): void {
    if (part.length >= LARGE_BYTES || this.#parts.length < FEW_PARTS) {
      if (this.#block) this.#closePart();
      this.#parts.push(part);
    } else this.#copy(part);
    this.#length += part.length;
  }

  /** All bytes. None are kept here any more. */
  take(): Buffer {
    if (this.#block) this.#closePart();
    const parts = this.#parts;
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts, this.#length);
    this.clear();
    return bytes;
  }

  clear(): void {
    this.#parts = [];
    this.#length = 0;
    this.#block = undefined;
  }

  #copy(part: Buffer): void {
    if (!this.#block?.fits(part)) {
      this.#closePart();
      this.#block = new Block(Math.min(Math.max(this.#length, MIN_BLOCK_BYTES), MAX_BLOCK_BYTES));
    }
    this.#block.copy(part);
  }

  /** What comes next is not copied: it must not come before what was. */
  #closePart(): void {
    const copied = this.#block?.closePart();
    if (copied) this.#parts.push(copied);
  }
}

class Block {
  readonly #bytes: Buffer;
  /** Those copied, but in no part yet, are between these. */
  #begin = 0;
  #end = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafeSlow(size); // not from the pool: a part would keep all of that
  }

  fits({ length }: Buffer): boolean {
    return this.#end + length <= this.#bytes.length;
  }

  copy(part: Buffer): void {
    this.#bytes.set(part, this.#end);
    this.#end += part.length;
  }

  /** @returns what was copied since the last one; undefined: nothing */
  closePart(): Buffer | undefined {
    if (this.#begin === this.#end) return undefined;
    const part = this.#bytes.subarray(this.#begin, this.#end);
    this.#begin = this.#end;
    return part;
  }
}
