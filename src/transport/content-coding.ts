import { type Readable, Transform, type TransformCallback } from 'node:stream';
import zlib from 'node:zlib';
import type { IncomingMessage } from 'node:http';
import { piped } from './piped.js';
import { ownHeader } from './response-headers.js';

// Node has zstd from 22.15 on; @types/node 20 does not know it.
const withZstd = zlib as typeof zlib & { createZstdDecompress: (options: object) => Transform };

export const supportsZstd = 'createZstdDecompress' in zlib;

// As axios: what has arrived of a truncated body is decoded, not refused.
const ZLIB = { flush: zlib.constants.Z_SYNC_FLUSH, finishFlush: zlib.constants.Z_SYNC_FLUSH };
const BROTLI = { flush: zlib.constants.BROTLI_OPERATION_FLUSH, finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH };
const ZSTD_FLUSH = 1; // ZSTD_e_flush
const ZSTD = { flush: ZSTD_FLUSH, finishFlush: ZSTD_FLUSH };

const unzip = () => [zlib.createUnzip(ZLIB)];
/** A map: with an object, an upstream could name what every object has. */
const DECODERS: ReadonlyMap<string, () => Transform[]> = new Map([
  ['gzip', unzip],
  ['x-gzip', unzip],
  ['compress', unzip],
  ['x-compress', unzip],
  ['deflate', () => [new ZlibHeader(), zlib.createUnzip(ZLIB)]],
  ['br', () => [zlib.createBrotliDecompress(BROTLI)]],
  ...(supportsZstd ? [['zstd', () => [withZstd.createZstdDecompress(ZSTD)]] as const] : []),
]);

/**
 * The response's body as the caller wants it: decoded where its Content-Encoding is known, which is then taken off the
 * headers, because it no longer holds. Of one coding: a list of them, which could multiply what a few bytes grow to, is left
 * to the caller as it is.
 */
export function decodedBody(response: IncomingMessage, method: string): Readable {
  const { headers } = response;
  const coding = ownHeader(headers, 'content-encoding');
  if (!coding) return response;
  const bodiless = method === 'HEAD' || response.statusCode === 204;
  const decoder = bodiless ? undefined : DECODERS.get(coding.toLowerCase());
  if (bodiless || decoder) delete headers['content-encoding'];
  if (!decoder) return response;
  return decoder().reduce<Readable>(piped, response);
}

/** Some servers send raw deflate data for `deflate`, which lacks the header that zlib looks for (RFC 9110 §8.4.1.2). */
class ZlibHeader extends Transform {
  #first = true;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    if (this.#first && chunk.length > 0) {
      this.#first = false;
      if (chunk[0] !== 0x78) this.push(Buffer.from([0x78, 0x9c]));
    }
    callback(null, chunk);
  }
}
