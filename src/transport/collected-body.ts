import type { Readable } from 'node:stream';
import type { BodyLimit } from './body-limit.js';
import { CollectedBytes } from './collected-bytes.js';
import { onBodyEnd } from './on-body-end.js';

/**
 * Reads a stream to its end, in memory that is a small multiple of its bytes.
 * @throws what it fails with, or the limit's error
 */
export function collectedBody(body: Readable, limit?: BodyLimit): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const bytes = new CollectedBytes();
    body.on('data', (part: Buffer) => {
      if (limit && bytes.length + part.length > limit.maxBytes) {
        bytes.clear();
        reject(limit.error());
        body.destroy();
      } else bytes.add(part);
    });
    onBodyEnd(body, (failure) => {
      if (failure) reject(failure);
      else resolve(bytes.take());
    });
  });
}
