import axios, { type AxiosBasicCredentials, AxiosError, type InternalAxiosRequestConfig } from 'axios';
import type http from 'node:http';
import { sendablePart } from '../base/http-rules.js';
import { withoutPrototype } from '../base/prototype-pollution.js';
import type { Call } from '../call/call.js';
import type { RequestTarget } from '../call/target.js';
import { ADDRESS } from '../pool/addresses/address.js';
import { ORIGIN, SCHEDULING, type SocketWish } from '../pool/fast-lane.js';
import { inSlices, isInMemory, requestBody, streamedRequestBody } from './request-body.js';
import { supportsZstd } from './response-body.js';
import type { StreamedBody } from './streamed-body.js';

// Where the headers of a request say something else of its body than what is sent, the upstream takes the rest of one request for the
// next on that socket (RFC 9112 §11.2), or waits for bytes that never come.

/**
 * @param given a Content-Length
 * @param actual bytes of the body; `unknown` where they are counted while they are sent
 * @throws AxiosError where it is another
 */
function checkLength(given: string | string[], actual: number | 'unknown', config: InternalAxiosRequestConfig): void {
  const text = String(given);
  if (actual === 'unknown') {
    if (!/^\d+$/.test(text)) throw badFraming('Content-Length is no number of bytes; leave it out', config);
  } else if (text !== String(actual)) {
    throw badFraming(`Content-Length does not match the body, which has ${actual} bytes; leave it out`, config);
  }
}

/**
 * Chunks are the one coding that Node applies; with a length besides, upstreams would disagree about which counts.
 * @param given a Transfer-Encoding
 * @throws AxiosError where it is another, or there is a Content-Length among `all` headers
 */
function checkCoding(given: string | string[], all: object, config: InternalAxiosRequestConfig): void {
  const hasLength = Object.entries(all).some(([name, value]) => name.toLowerCase() === 'content-length' && value);
  if (String(given).toLowerCase() === 'chunked' && !hasLength) return;
  throw badFraming('Transfer-Encoding can only be "chunked", without a Content-Length; leave it out', config);
}

function badFraming(message: string, config: InternalAxiosRequestConfig): AxiosError {
  return new AxiosError(message, AxiosError.ERR_BAD_REQUEST, config);
}

const USER_AGENT = `axios/${axios.VERSION}`;
const ACCEPT_ENCODING = 'gzip, compress, deflate, br';
const ACCEPT_ENCODING_WITH_ZSTD = supportsZstd ? `${ACCEPT_ENCODING}, zstd` : ACCEPT_ENCODING;

/** Around a header value. axios leaves it out. */
const SURROUNDING_SPACE = /^[\t ]+|[\t ]+$/g;
const SENDABLE = /^[\u0021-\u007e]([\u0020-\u007e]*[\u0021-\u007e])?$/;

export type RequestHeaders = Record<string, string | string[]>;

/** Bytes of a request body; `unknown` of one that is read while it is sent, undefined where there is none. */
type BodyLength = number | 'unknown' | undefined;

/**
 * The headers axios's own adapter would send: those given, then User-Agent, Content-Length and Accept-Encoding
 * where there are none. One that is null or false is neither sent nor filled in.
 * @throws AxiosError where they say something else of the body than what is sent: see `checkLength`, `checkCoding`
 */
export function requestHeaders(
  given: Readonly<Record<string, unknown>>,
  bodyLength: BodyLength,
  config: InternalAxiosRequestConfig,
): RequestHeaders {
  const { transitional } = config;
  // What is missing so far. Not in an object by name: V8 makes a dictionary of one without prototype.
  let userAgent: string | undefined = USER_AGENT;
  let length = bodyLength === 'unknown' ? undefined : bodyLength?.toString();
  let encoding: string | undefined =
    transitional?.advertiseZstdAcceptEncoding === true ? ACCEPT_ENCODING_WITH_ZSTD : ACCEPT_ENCODING;
  const headers: RequestHeaders = withoutPrototype({});
  for (const name of Object.keys(given)) {
    let value = given[name];
    const special = specialName(name);
    if (special === 'user-agent') {
      if (value === undefined) value = userAgent;
      userAgent = undefined;
    } else if (special === 'content-length') {
      if (value === undefined) value = length;
      length = undefined;
    } else if (special === 'accept-encoding') {
      if (value === undefined) value = encoding;
      encoding = undefined;
    }
    if (value === undefined || value === null || value === false) continue;
    headers[name] = sendable(value);
    if (special === 'content-length') checkLength(headers[name], bodyLength ?? 0, config);
    else if (special === 'transfer-encoding') {
      checkCoding(headers[name], given, config);
      length = undefined;
    }
  }
  if (userAgent) headers['User-Agent'] = userAgent;
  if (length) headers['Content-Length'] = length;
  if (encoding) headers['Accept-Encoding'] = encoding;
  return headers;
}

const SPECIAL_NAMES = ['user-agent', 'content-length', 'accept-encoding', 'transfer-encoding'] as const;

/** The name in lower case, where it is one of those that are filled in or checked: their lengths are seldom those of others. */
function specialName(name: string): (typeof SPECIAL_NAMES)[number] | undefined {
  for (const special of SPECIAL_NAMES) {
    if (name.length === special.length && name.toLowerCase() === special) return special;
  }
  return undefined;
}

function sendable(value: unknown): string | string[] {
  if (Array.isArray(value)) return value.map((entry) => sendable(entry) as string);
  const text = String(value);
  return SENDABLE.test(text) ? text : sendablePart(text).replace(SURROUNDING_SPACE, '');
}

/** One request as it goes on the wire. */
export interface ExchangeRequest {
  readonly target: RequestTarget;
  readonly method: string;
  readonly headers: RequestHeaders;
  /** `user:password` for basic authentication; empty for none. */
  readonly auth: string;
  readonly family: number | undefined;
  readonly body: Buffer | StreamedBody | undefined;
}

/** Options of a request that an agent reads. */
export type SocketOptions = http.RequestOptions & {
  [ORIGIN]?: string;
  [ADDRESS]?: SocketWish['address'];
  [SCHEDULING]?: SocketWish['scheduling'];
};

/** Tells an agent which socket a request is for. */
export function chooseSocket(options: SocketOptions, { address, scheduling }: SocketWish): void {
  options[SCHEDULING] = scheduling;
  if (!address) return;
  options[ORIGIN] = address.lane;
  options[ADDRESS] = address;
}

/**
 * The request that a call asks for: a promise where its body takes time to prepare.
 * @throws AxiosError for a body or headers that cannot be sent
 */
export function firstRequest(call: Call, target: RequestTarget): ExchangeRequest | Promise<ExchangeRequest> {
  return isInMemory(call.config.data) ? requestWithBytes(call, target) : requestWithStream(call, target);
}

function requestWithBytes(call: Call, target: RequestTarget): ExchangeRequest {
  const { config } = call;
  const body = requestBody(config);
  const headers = requestHeaders(config.headers, body?.length, config);
  return requestWith(headers, body && inSlices(body, call), call, target);
}

async function requestWithStream(call: Call, target: RequestTarget): Promise<ExchangeRequest> {
  const streamed = await streamedRequestBody(call);
  if (!streamed) return requestWithBytes(call, target); // it has the error for what is neither
  const headers = requestHeaders(streamed.headers, 'unknown', call.config);
  return requestWith(headers, streamed.body, call, target);
}

function requestWith(
  headers: RequestHeaders,
  body: ExchangeRequest['body'],
  { config, method }: Call,
  target: RequestTarget,
): ExchangeRequest {
  const auth = config.auth ? `${own(config.auth, 'username')}:${own(config.auth, 'password')}` : target.credentials;
  if (auth) for (const name of Object.keys(headers)) if (name.toLowerCase() === 'authorization') delete headers[name];
  return { target, method, headers, auth, family: config.family, body };
}

/** Not what somebody has put on `Object.prototype`, which only looks like a part of it. */
function own(auth: Partial<AxiosBasicCredentials>, name: keyof AxiosBasicCredentials): string {
  return (Object.hasOwn(auth, name) && auth[name]) || '';
}
