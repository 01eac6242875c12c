import { type ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http';
import { Stream } from 'node:stream';
import { inspect, types } from 'node:util';
import { binaryBytes } from '../base/bytes.js';
import { BodyTimeoutError, ConnectTimeoutError, ResponseTimeoutError } from '../errors/timeout.errors.js';
import { timeoutError } from '../layers/attempt-timeout.js';
import { NETWORK_ERROR_CODES, networkError } from './network-error.js';
import type { Connection } from './wire.js';

/** Headers of an answer; a list sends one several times, as `set-cookie`. */
export type ReplyHeaders = Readonly<Record<string, string | number | readonly string[]>>;

/** An answer, whole. */
export interface Reply {
  /** 200 to 599. */
  readonly status: number;
  /** A text or bytes are sent as they are; anything else as JSON, with its content type; undefined: none. */
  readonly body?: unknown;
  /** By name, in any case. */
  readonly headers?: ReplyHeaders;
}

/** A part of a streamed body: anything but text and bytes is sent as a line of JSON. */
export type StreamChunk = string | Uint8Array | object;

/** Status and headers of a streamed answer. */
export interface StreamOptions {
  /** @default 200 */
  readonly status?: number;
  /** By name, in any case. */
  readonly headers?: ReplyHeaders;
}

const ERROR_CODES = [
  ...NETWORK_ERROR_CODES,
  'ERR_CONNECT_TIMEOUT',
  'ERR_RESPONSE_TIMEOUT',
  'ERR_BODY_TIMEOUT',
  'ECONNABORTED',
] as const;

/** Failures by the code that the caller sees: of the network, or times that were over. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What is answered on. */
export interface AnswerTarget {
  readonly connection: Connection;
  readonly response: ServerResponse;
}

/** @throws Error for what no server can send */
export function checkReply(reply: Reply): void {
  if (typeof reply !== 'object' || reply === null) {
    throw new TypeError(`expected a reply, as { status: 200, body: … }, got ${inspect(reply)}`);
  }
  const { status, body, headers = {} } = reply;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new RangeError(`status: expected a whole number from 200 to 599, got ${inspect(status)}`);
  }
  checkBody(body);
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderName(name);
    for (const one of Array.isArray(value) ? value : [value]) validateHeaderValue(name, String(one));
  }
}

/** @throws TypeError for what is neither a failure that is known nor an error */
export function checkFailure(code: ErrorCode | Error): void {
  if (ERROR_CODES.some((known) => known === code) || code instanceof Error || types.isNativeError(code)) return;
  throw new TypeError(`error: expected an Error or one of ${ERROR_CODES.join(', ')}, got ${inspect(code)}`);
}

/** @throws TypeError for what has no parts */
export function checkChunks(chunks: Iterable<StreamChunk> | AsyncIterable<StreamChunk>): void {
  const parts = Object(chunks) as typeof chunks;
  if (Symbol.iterator in parts || Symbol.asyncIterator in parts) return;
  throw new TypeError(`stream: expected an iterable of chunks, or a function that makes one, got ${inspect(chunks)}`);
}

/** What would be sent as something else than it is. */
function checkBody(body: unknown): void {
  if (typeof body === 'function') throw new TypeError('body: got a function; `replyWith` takes one');
  if (types.isPromise(body)) throw new TypeError('body: got a promise; await it, or use `replyWith`');
  if (body instanceof Stream) throw new TypeError('body: got a stream; `stream` takes one');
}

export function sendReply({ response }: AnswerTarget, reply: Reply): void {
  const bytes = bodyOf(reply.body);
  writeHead(response, reply.status, reply.headers);
  if (bytes && typeof bytes === 'string' && typeof reply.body !== 'string' && !response.hasHeader('content-type')) {
    response.setHeader('content-type', 'application/json; charset=utf-8');
  }
  response.end(bytes);
}

/** Sends each part when the client has taken the one before. Where their source fails, the connection is cut. */
export async function sendStream(
  { connection, response }: AnswerTarget,
  chunks: Iterable<StreamChunk> | AsyncIterable<StreamChunk>,
  { status = 200, headers }: StreamOptions,
): Promise<void> {
  checkChunks(chunks);
  writeHead(response, status, headers);
  response.flushHeaders();
  try {
    for await (const chunk of chunks) {
      if (connection.client.destroyed) return;
      await new Promise<void>((resolve) => response.write(bytesOf(chunk), () => resolve()));
    }
    response.end();
  } catch {
    response.destroy();
  }
}

/** Ends it as if that had happened. */
export function fail(target: AnswerTarget, code: ErrorCode | Error): void {
  const { connection, response } = target;
  const { call, client, settings } = connection;
  const { config } = call;
  const { connect, response: responseMs, bodyIdle } = settings.phases;
  switch (code) {
    case 'ERR_CONNECT_TIMEOUT':
      client.destroy(new ConnectTimeoutError(call, limit(connect, 'timeouts.connectMs')));
      return;
    case 'ERR_RESPONSE_TIMEOUT':
      client.destroy(new ResponseTimeoutError(call, limit(responseMs, 'timeouts.responseMs')));
      return;
    case 'ERR_BODY_TIMEOUT': {
      const error = new BodyTimeoutError(call, limit(bodyIdle, 'timeouts.bodyIdleMs'));
      writeHead(response, 200, {});
      response.write(' ', () => client.destroy(error)); // when the client has got that far
      return;
    }
    case 'ECONNABORTED':
      call.cancellation.cancel(timeoutError(config, limit(config.timeout || false, 'timeouts.attemptMs'), 0));
      return;
    default:
      if (typeof code === 'string') client.destroy(networkError(code, connection));
      else if ('code' in code && !('isAxiosError' in code)) client.destroy(code);
      else call.cancellation.cancel(code); // a socket's would be wrapped
  }
}

function limit(ms: number | false, option: string): number {
  if (ms === false) throw new Error(`${option} is off for this client, so that it cannot end this way`);
  return ms;
}

function writeHead(response: ServerResponse, status: number, headers: ReplyHeaders = {}): void {
  // Nothing but what the test says, and what frames the body.
  response.sendDate = false;
  response.removeHeader('connection');
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) {
    response.setHeader(name, typeof value === 'object' ? [...value] : value);
  }
}

function bodyOf(body: unknown): string | Uint8Array | undefined {
  if (body === undefined || typeof body === 'string') return body;
  return binaryBytes(body) ?? JSON.stringify(body);
}

function bytesOf(chunk: StreamChunk): string | Uint8Array {
  return typeof chunk === 'string' ? chunk : (binaryBytes(chunk) ?? `${JSON.stringify(chunk)}\n`);
}
