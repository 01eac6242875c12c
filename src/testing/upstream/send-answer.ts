import { once } from 'node:events';
import type { OutgoingHttpHeaders } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import zlib from 'node:zlib';
import type { UpstreamExchange } from './reply.js';

/** What is sent, and when. */
export interface Answer {
  readonly status: number;
  /** Lower case → value; undefined: not sent. */
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
  readonly headersDelayMs: number;
  readonly bodyDelayMs: number;
  readonly drip: { readonly chunkBytes: number; readonly everyMs: number } | undefined;
  readonly encoding: 'gzip' | 'deflate' | 'br' | undefined;
  readonly closes: boolean;
}

const ENCODERS = {
  gzip: (bytes: Buffer) => zlib.gzipSync(bytes),
  deflate: (bytes: Buffer) => zlib.deflateSync(bytes),
  br: (bytes: Buffer) => zlib.brotliCompressSync(bytes),
} as const;

/** Sends an answer. Rejects with an AbortError when nobody waits for it any more. */
export async function sendAnswer(answer: Answer, exchange: UpstreamExchange): Promise<void> {
  const { response, ended, request } = exchange;
  const { encoding, headersDelayMs, bodyDelayMs, drip } = answer;
  const body = encoding ? ENCODERS[encoding](answer.body) : answer.body;
  if (headersDelayMs > 0) await delay(headersDelayMs, undefined, { signal: ended });
  response.writeHead(answer.status, headersOf(answer, body.length));
  if (bodyDelayMs > 0) {
    response.flushHeaders();
    await delay(bodyDelayMs, undefined, { signal: ended });
  }
  if (drip) {
    for (let at = 0; at < body.length; at += drip.chunkBytes) {
      // oxlint-disable-next-line no-await-in-loop -- one part after the other
      if (at > 0) await delay(drip.everyMs, undefined, { signal: ended });
      response.write(body.subarray(at, at + drip.chunkBytes));
    }
    response.end();
  } else {
    response.end(body);
  }
  if (answer.closes) {
    if (!response.writableFinished) await once(response, 'finish', { signal: ended });
    request.socket.destroy();
  }
}

/** Of a status that has no body (RFC 9110 §8.6) the length is not told. */
function headersOf({ status, headers, encoding }: Answer, length: number): OutgoingHttpHeaders {
  const bodiless = status === 204 || status === 304;
  const all: OutgoingHttpHeaders = {
    ...(!bodiless && headers['transfer-encoding'] === undefined && { 'content-length': length }),
    ...(encoding && { 'content-encoding': encoding }),
    ...headers,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
