import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { onBodyEnd } from '../base/body-end.js';
import type { Call } from '../call/call.js';
import { targetOf, urlOf } from '../call/target.js';
import { BodyConsumedError } from '../errors/body.errors.js';
import { canParse } from '../base/can-parse.js';
import { secretHeaders } from '../redaction/headers.js';
import type { RedactionRules } from '../redaction/rules.js';
import { readableOf, type WireRequest, type WireResponse } from './engine.js';
import type { Exchange } from './exchange.js';
import type { ExchangeRequest } from './request.js';
import { ownHeader } from './response-headers.js';
import { StreamedBody } from './streamed-body.js';

/** What a redirect turns a request into. */
interface RedirectedRequest {
  readonly url: URL;
  readonly method: string;
  /** Whether the body goes along. */
  readonly keepsBody: boolean;
}

/** 300 offers a choice, 304 answers a condition, 305 and 306 are out of use (RFC 9110 §15.4): a user agent follows none of them. */
const FOLLOWED = new Set([301, 302, 303, 307, 308]);

/** Bytes that are not ASCII, which Node hands over as Latin-1. */
// oxlint-disable-next-line no-control-regex
const RAW_BYTES = /[^\u0000-\u007f]/g;

/** Whether a user agent follows a response to its Location. */
function isRedirect(status: number, location: string | undefined): location is string {
  return FOLLOWED.has(status) && Boolean(location);
}

/**
 * A Location for the URL parser. It would take each byte of a UTF-8 path for a character and encode it again, so the bytes are encoded as they
 * came, whatever their encoding is.
 */
export function encodedLocation(location: string): string {
  return location.replace(RAW_BYTES, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * Where a response redirects to (RFC 9110 §15.4), as user agents do it: 303 turns every method but HEAD into GET, 301 and
 * 302 turn POST into GET, the others repeat the request.
 * @returns undefined when the response is no redirect
 * @throws TypeError when its Location is no URL
 */
export function redirectOf(
  status: number,
  location: string | undefined,
  method: string,
  from: string,
): RedirectedRequest | undefined {
  if (!isRedirect(status, location)) return undefined;
  const becomesGet =
    (status === 303 && method !== 'GET' && method !== 'HEAD') ||
    ((status === 301 || status === 302) && method === 'POST');
  return { url: new URL(encodedLocation(location), from), method: becomesGet ? 'GET' : method, keepsBody: !becomesGet };
}

/**
 * The headers that go along. Host is the new target's own; headers about a body, its framing included, stay with it; secrets do not
 * leave the origin they were meant for.
 * @param secret names, in lower case, of those that stay behind: none where the origin is the same
 */
export function redirectedHeaders<Value>(
  headers: Readonly<Record<string, Value>>,
  keepsBody: boolean,
  secret: ReadonlySet<string>,
): Record<string, Value> {
  const kept: Record<string, Value> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    const lowerCase = name.toLowerCase();
    if (lowerCase === 'host') continue;
    if (!keepsBody && (lowerCase.startsWith('content-') || lowerCase === 'transfer-encoding')) continue;
    if (secret.has(lowerCase)) continue;
    kept[name] = value;
  }
  return kept;
}

/** An exchange whose response has begun. */
export interface Opened {
  /** Whose slot it holds. */
  readonly origin: string;
  readonly exchange: Exchange;
  readonly response: WireResponse;
}

/**
 * Nobody waits any more for what is left of a response that redirects: it may never come.
 * @returns once its slot is free, or a promise of it where that takes a tick
 */
export function leave({ exchange, response }: Opened): void | Promise<void> {
  if (!response.complete || !exchange.request.writableFinished) exchange.abandon();
  if (!exchange.isOver) return new Promise((resolve) => onBodyEnd(readableOf(response), () => resolve()));
}

interface RedirectOptions {
  /** Redirects followed for one call, where it sets no maxRedirects itself. */
  readonly max: number;
  /** Whether https may redirect to http. */
  readonly allowDowngrade: boolean;
}

export interface RedirectSettings {
  readonly redirects: RedirectOptions;
  /** What must not reach another origin. */
  readonly rules: RedactionRules;
}

/** Why a redirect is refused. */
export const DOWNGRADE = 'from https to http; see redirects.allowDowngrade';

const NONE: ReadonlySet<string> = new Set();

/** A redirect's own body up to this size is read, so that its socket can be used again; a larger one costs more than a socket. */
const MAX_DISCARDED_BYTES = 64 * 1024;

/**
 * The request that a response redirects to; the response is done with.
 * @returns undefined when it is no redirect
 * @throws AxiosError for a Location that is no URL, for several, a scheme other than http and https, or a downgrade that is not allowed
 * @throws BodyConsumedError where the body is to be sent again and cannot be
 */
export function redirectedRequest(
  from: ExchangeRequest,
  redirect: Opened,
  call: Call,
  settings: RedirectSettings,
): ExchangeRequest | undefined {
  const { statusCode, headers } = redirect.response;
  if (!FOLLOWED.has(statusCode!)) return undefined; // as a rule
  const location = ownHeader(headers, 'location');
  return location ? requestTo(location, from, redirect, call, settings) : undefined;
}

function requestTo(
  location: string,
  from: ExchangeRequest,
  { exchange, response }: Opened,
  call: Call,
  { redirects: { allowDowngrade }, rules }: RedirectSettings,
): ExchangeRequest {
  const { config } = call;
  const refuse = (reason: string): never => {
    exchange.abandon();
    const message = `Redirected request failed: ${reason}`;
    throw new AxiosError(message, 'ERR_FR_REDIRECTION_FAILURE', config, exchange.request);
  };
  if (!canParse(encodedLocation(location), urlOf(from.target))) return refuse('its Location is no URL');
  const redirect = redirectOf(response.statusCode!, location, from.method, urlOf(from.target))!;
  if (new Set(response.headersDistinct['location']).size > 1) return refuse('it has several Locations');
  const { url, method, keepsBody } = redirect;
  const target = targetOf(url);
  if (!target) return refuse(`Unsupported protocol ${url.protocol}`);
  if (from.target.secure && !target.secure && !allowDowngrade) {
    return refuse(DOWNGRADE);
  }
  if (keepsBody && from.body instanceof StreamedBody && !from.body.canBeSentAgain) {
    exchange.abandon();
    throw BodyConsumedError.byRedirect(call, response.statusCode!);
  }
  discard(exchange, response, from.method, keepsBody);
  const sameOrigin = target.origin === from.target.origin;
  return {
    target: from.target.socketPath && sameOrigin ? { ...target, socketPath: from.target.socketPath } : target,
    method,
    headers: redirectedHeaders(from.headers, keepsBody, sameOrigin ? NONE : secretHeaders(from.headers, config, rules)),
    auth: target.credentials || (sameOrigin ? from.auth : ''),
    family: from.family,
    body: keepsBody ? from.body : undefined,
  };
}

export function tooManyRedirects(config: InternalAxiosRequestConfig, request: WireRequest): AxiosError {
  const code = AxiosError.ERR_FR_TOO_MANY_REDIRECTS;
  const error = new AxiosError('Maximum number of redirects exceeded', code, config, request);
  error.name = `Error [${code}]`; // as axios takes it over from follow-redirects
  return error;
}

function discard(exchange: Exchange, response: WireResponse, method: string, keepsBody: boolean): void {
  // The answer to HEAD has the length of a body that does not follow.
  const hasBody = method !== 'HEAD' && !response.complete;
  const announced = hasBody ? Number(ownHeader(response.headers, 'content-length') ?? 0) : 0;
  response.on('error', () => {}); // of no interest any more
  if (!exchange.handOver(keepsBody) || announced > MAX_DISCARDED_BYTES) {
    exchange.abandon();
    return;
  }
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_DISCARDED_BYTES) exchange.abandon();
  });
  response.on('end', () => exchange.end());
}
