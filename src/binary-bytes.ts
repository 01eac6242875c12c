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
