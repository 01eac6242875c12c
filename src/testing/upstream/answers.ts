import type { OutgoingHttpHeaders } from 'node:http';
import { inspect } from 'node:util';
import { MAX_TIMER_MS } from '../../base/clock.js';
import type { UpstreamReply } from './reply.js';
import { type Answer, sendAnswer } from './send-answer.js';

/** How an answer is sent, besides what is in it. */
export interface AnswerOptions {
  /** @default 200 */
  readonly status?: number;
  /** Besides Content-Type and Content-Length, or in place of them; `undefined` leaves one out. */
  readonly headers?: OutgoingHttpHeaders;
  /**
   * What passes before the headers are sent, in milliseconds.
   * @default 0
   */
  readonly headersDelayMs?: number;
  /**
   * What passes between the headers and the body, in milliseconds.
   * @default 0
   */
  readonly bodyDelayMs?: number;
  /**
   * The body in parts of so many bytes, each so many milliseconds after the one before.
   * @default all at once
   */
  readonly drip?: {
    /** Bytes of each part. */
    readonly chunkBytes: number;
    /** Milliseconds between two parts. */
    readonly everyMs: number;
  };
  /**
   * Encodes the body, and says so.
   * @default none
   */
  readonly encoding?: 'gzip' | 'deflate' | 'br';
  /**
   * Closes the connection when the answer is sent, without having announced it: a client that keeps the socket finds it dead.
   * @default false
   */
  readonly closes?: boolean;
}

/**
 * Answers with a value as JSON.
 * @throws RangeError, as all of these, for delays that are no times, or a `drip` of no bytes
 */
export const json = (value: unknown, options: AnswerOptions = {}): UpstreamReply =>
  answer(JSON.stringify(value), 'application/json', options);

/** Answers with a text. */
export const text = (value: string, options: AnswerOptions = {}): UpstreamReply =>
  answer(value, 'text/plain; charset=utf-8', options);

/** Answers with bytes. */
export const bytes = (value: Uint8Array, options: AnswerOptions = {}): UpstreamReply =>
  answer(value, 'application/octet-stream', options);

/** Answers with a status and no body. */
export const status = (code: number, options: Omit<AnswerOptions, 'status'> = {}): UpstreamReply =>
  answer('', undefined, { ...options, status: code });

/**
 * Sends to another address, absolute or relative.
 * @param code 301, 302, 303, 307 or 308
 */
export const redirect = (location: string, code = 302): UpstreamReply => status(code, { headers: { location } });

/**
 * Asks to come again later, with Retry-After (RFC 9110 §10.2.3).
 * @param after seconds, or the moment
 * @param code 429 or 503
 */
export const retryLater = (after: number | Date, code: 429 | 503 = 429): UpstreamReply =>
  status(code, { headers: { 'retry-after': after instanceof Date ? after.toUTCString() : String(after) } });

function answer(body: string | Uint8Array, contentType: string | undefined, options: AnswerOptions): UpstreamReply {
  const { status: code = 200, headers = {}, headersDelayMs = 0, bodyDelayMs = 0, closes = false } = options;
  checkDelay('headersDelayMs', headersDelayMs);
  checkDelay('bodyDelayMs', bodyDelayMs);
  if (options.drip) {
    const { chunkBytes, everyMs } = options.drip;
    checkDelay('drip.everyMs', everyMs);
    if (!Number.isInteger(chunkBytes) || chunkBytes < 1) {
      throw new RangeError(`drip.chunkBytes: expected a whole number from 1, got ${inspect(chunkBytes)}`);
    }
  }
  const content: Answer = {
    status: code,
    headers: { 'content-type': contentType, ...headers },
    body: Buffer.from(body as Uint8Array),
    headersDelayMs,
    bodyDelayMs,
    drip: options.drip,
    encoding: options.encoding,
    closes,
  };
  return { readsBody: true, send: (exchange) => sendAnswer(content, exchange) };
}

/** Node's timers would take anything else for a moment. */
function checkDelay(name: string, ms: number): void {
  if (typeof ms === 'number' && ms >= 0 && ms <= MAX_TIMER_MS) return;
  throw new RangeError(`${name}: expected milliseconds from 0 to ${MAX_TIMER_MS}, got ${inspect(ms)}`);
}
