import type { IncomingMessage } from 'node:http';
import { type Readable, Transform } from 'node:stream';
import type { BodyLimit } from './body-limit.js';
import { CollectedBytes } from './collected-bytes.js';
import type { Exchange } from './exchange.js';
import { onBodyEnd } from './on-body-end.js';
import { piped } from './piped.js';

/**
 * Reads a body to its end. The exchange ends with it.
 * @param body the response, decoded where it was encoded
 * @returns its bytes
 * @throws what the exchange fails with, what the decoder fails with, or the limit's error
 */
export function readBody(exchange: Exchange, body: Readable, limit: BodyLimit | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const bytes = new CollectedBytes();
    exchange.onFailure(reject);
    body.on('data', (chunk: Buffer) => {
      if (limit && bytes.length + chunk.length > limit.maxBytes) {
        bytes.clear();
        body.destroy();
        exchange.fail(limit.error());
        return;
      }
      bytes.add(chunk);
      exchange.progress();
    });
    body.on('error', exchange.fail);
    body.on('end', () => {
      exchange.end();
      resolve(bytes.take());
    });
  });
}

/**
 * Gives a body to its caller as a stream. It fails with the exchange, and the exchange ends with it. Nothing coming from
 * the upstream for as long as `bodyIdle` allows ends it, and so does nobody reading what has come for as long as `readerIdle` does: a
 * stream that is forgotten must not keep its socket.
 */
export function handOverBody(exchange: Exchange, response: IncomingMessage, body: Readable): void {
  exchange.onFailure((error) => body.destroy(error as Error));
  exchange.watchSocket(response);
  onBodyEnd(body, (error) => {
    if (error) exchange.abandon();
    else exchange.end();
  });
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
