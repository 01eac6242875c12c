import type { AxiosResponse } from 'axios';
import { PassThrough, type Readable, Transform, type TransformCallback } from 'node:stream';
import zlib from 'node:zlib';
import { endsWith, isReadable, onBodyEnd } from '../base/body-end.js';
import { CollectedBytes } from '../base/bytes.js';
import type { Slots } from '../base/slots.js';
import { offerUnread } from '../base/unread-body.js';
import type { BodyLimit } from '../call/body-limit.js';
import { readableOf, type WireResponse } from './engine.js';
import type { Exchange } from './exchange.js';
import { ownHeader } from './response-headers.js';

/** What may wait for a transform that is at work. */
const MAX_WAITING_BYTES = 16 * 1024;

/**
 * Has a transform read a source, at the pace at which the transform is read. What the source fails with the transform fails with; a
 * transform that ends before it closes it. Not `pipeline`: that listens up to five times for one event of a stream that callers get, and
 * hands parts on one by one, however small. Here what comes while the transform is at work goes to it together.
 * @returns the transform
 */
export function piped(source: Readable, into: Transform): Transform {
  const waiting = new CollectedBytes();
  let isAtWork = false;
  let hasEnded = false;
  let isOver = false;

  const goOn = () => {
    if (isOver || isAtWork) return;
    if (waiting.length > 0) {
      isAtWork = true;
      if (source.isPaused()) source.resume();
      into.write(waiting.take(), onWritten);
    } else if (hasEnded) into.end();
  };
  const onWritten = () => {
    isAtWork = false;
    goOn();
  };

  onBodyEnd(source, (failure) => {
    hasEnded = true;
    if (isOver) return;
    if (failure) into.destroy(failure as Error);
    else goOn();
  });
  onBodyEnd(into, () => {
    isOver = true;
    waiting.clear();
    if (!hasEnded) source.destroy();
  });
  source.on('data', (part: Buffer) => {
    if (isOver) return;
    waiting.add(part);
    if (isAtWork && waiting.length >= MAX_WAITING_BYTES) source.pause();
    goOn();
  });
  return into;
}

/** What is kept of a body in case that its caller reads it later: the explanation of a refused status, as a rule. */
const MAX_AHEAD_BYTES = 64 * 1024;

/** The same body, of which 64 KiB are read before anybody asks for them: one that is shorter gives its socket back, read or not. */
export function readAhead(body: Readable): Readable {
  const ahead = piped(body, new PassThrough({ readableHighWaterMark: MAX_AHEAD_BYTES }));
  endsWith(ahead, body);
  return ahead;
}

/**
 * Sees to it that a response that is refused for its status, and that nobody reads, keeps no other call from a socket: its body is read
 * ahead, and one that is longer is given up where its slot is wanted before anybody has begun to read.
 * @param origin whose slot it holds
 * @param giveUp gives the slot back
 */
export function yieldUnread(response: AxiosResponse, origin: string, slots: Slots, giveUp: () => void): void {
  const body: unknown = response.data;
  if (!isReadable(body)) return;
  response.data = readAhead(body);
  offerUnread(response, origin, slots, giveUp);
}

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
export function decodedBody<Response extends WireResponse>(response: Response, method: string): Readable | Response {
  const { headers } = response;
  const coding = ownHeader(headers, 'content-encoding');
  if (!coding) return response;
  const bodiless = method === 'HEAD' || response.statusCode === 204;
  const decoder = bodiless ? undefined : DECODERS.get(coding.toLowerCase());
  if (bodiless || decoder) delete headers['content-encoding'];
  if (!decoder) return response;
  return decoder().reduce<Readable>(piped, readableOf(response));
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

/**
 * Reads a body to its end. The exchange ends with it, or fails with what the decoder fails with, or with the limit's error.
 * @param body the response, decoded where it was encoded
 * @param done gets its bytes
 */
export function readBody(
  exchange: Exchange,
  body: Readable | WireResponse,
  limit: BodyLimit | undefined,
  done: (bytes: Buffer) => void,
): void {
  // Most bodies come in one part.
  let first: Buffer | undefined;
  let all: CollectedBytes | undefined;
  let length = 0;
  const source = body as WireResponse;
  source.on('data', (part: Buffer) => {
    length += part.length;
    if (limit && length > limit.maxBytes) {
      first = all = undefined;
      body.destroy();
      exchange.fail(limit.error());
      return;
    }
    if (all) all.add(part);
    else if (first) {
      all = new CollectedBytes();
      all.add(first);
      all.add(part);
    } else first = part;
    exchange.progress();
  });
  source.on('error', exchange.fail);
  source.on('end', () => {
    const bytes = all?.take() ?? first ?? EMPTY;
    first = all = undefined;
    if (exchange.isOver) return; // it has failed: what had come of the body ends all the same
    exchange.end();
    done(bytes);
  });
}

const EMPTY = Buffer.alloc(0);

/**
 * Gives a body to its caller as a stream. The exchange ends with it. Nothing coming from the upstream for as long as `bodyIdle` allows ends
 * it, and so does nobody reading what has come for as long as `readerIdle` does: a stream that is forgotten must not keep its socket.
 * @returns what the caller gets, and what is to fail when the exchange fails
 */
export function streamedBody(
  exchange: Exchange,
  response: WireResponse,
  decoded: Readable,
  limit: BodyLimit | undefined,
): { readonly given: Readable; readonly limited: Readable } {
  const isEmpty = response.complete && response.readableLength === 0; // as the answer to HEAD: nobody would read it
  const limited = limitedBody(decoded, limit);
  exchange.watchSocket(response);
  onBodyEnd(limited, (error) => {
    if (error) exchange.abandon();
    else exchange.end();
  });
  return { given: isEmpty ? readAhead(limited) : limited, limited };
}

/** A body as a stream that fails where it is larger than it may be. */
export function limitedBody(body: Readable, limit: BodyLimit | undefined): Readable {
  if (!limit) return body;
  const { maxBytes, error } = limit;
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      bytes += chunk.length;
      if (bytes > maxBytes) callback(error());
      else callback(null, chunk);
    },
  });
  return piped(body, counted);
}
