import { type IncomingHttpHeaders, validateHeaderName } from 'node:http';
import type { IncomingHttpHeaders as Http2Headers, OutgoingHttpHeaders } from 'node:http2';
import { basicAuthorization } from '../../base/http-rules.js';
import type { RequestTarget } from '../../call/target.js';
import type { ExchangeRequest } from '../request.js';

/** What says how HTTP/1.1 uses a connection, and must not be sent (RFC 9113 §8.2.2). */
const OF_CONNECTIONS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'host', // it becomes :authority
]);

const TOKEN = /^[\w!#$%&'*+\-.^`|~]+$/;
const UNSENDABLE_IN_PATH = /[^\u0021-\u00ff]/;

/** The value of a header, whatever the case of its name. */
export function headerOf({ headers }: Pick<ExchangeRequest, 'headers'>, name: string): string | string[] | undefined {
  for (const own of Object.keys(headers)) {
    if (own.length === name.length && own.toLowerCase() === name) return headers[own];
  }
  return undefined;
}

/** `host:port`, without the port that the scheme has anyway. */
export function authorityOf({ hostname, port }: RequestTarget): string {
  const host = hostname.includes(':') ? `[${hostname}]` : hostname;
  return port ? `${host}:${port}` : host;
}

/**
 * The headers of a request as HTTP/2 has them: pseudo-headers first, names in lower case, nothing about the connection. Each name is there once:
 * values of names that differ in case only are joined.
 * @throws the error that `node:http` has for a method, a path or a name that cannot be sent
 */
export function http2Headers(request: ExchangeRequest): OutgoingHttpHeaders {
  const { method, target, headers, auth } = request;
  if (!TOKEN.test(method)) {
    throw coded(new TypeError(`Method must be a valid HTTP token ["${method}"]`), 'ERR_INVALID_HTTP_TOKEN');
  }
  if (UNSENDABLE_IN_PATH.test(target.path)) {
    throw coded(new TypeError('Request path contains unescaped characters'), 'ERR_UNESCAPED_CHARACTERS');
  }
  const host = headerOf(request, 'host');
  const sent: Record<string, string | string[]> = Object.create(null);
  sent[':method'] = method;
  sent[':scheme'] = target.secure ? 'https' : 'http';
  sent[':authority'] = host === undefined ? authorityOf(target) : String(host);
  sent[':path'] = target.path;
  const named = connectionOptions(request);
  for (const name of Object.keys(headers)) {
    validateHeaderName(name);
    const lowerCase = name.toLowerCase();
    if (OF_CONNECTIONS.has(lowerCase) || named?.has(lowerCase)) continue;
    const value = headers[name]!;
    if (lowerCase === 'te' && !/^\s*trailers\s*$/i.test(String(value))) continue;
    add(sent, lowerCase, value);
  }
  if (auth) sent['authorization'] = basicAuthorization(auth);
  return sent;
}

/** Node takes most headers once, and joins cookies itself. */
function add(sent: Record<string, string | string[]>, name: string, value: string | string[]): void {
  const known = sent[name];
  if (known === undefined && !Array.isArray(value)) {
    sent[name] = value;
    return;
  }
  const values = [...(known === undefined ? [] : [known].flat()), ...[value].flat()];
  sent[name] = SINGLE.has(name) ? values[0]! : values.join(name === 'cookie' ? '; ' : ', ');
}

/** Of these, the first counts, as upstreams have it that get several by HTTP/1.1. */
const SINGLE = new Set([
  'authorization',
  'content-length',
  'content-type',
  'content-location',
  'date',
  'etag',
  'expires',
  'from',
  'if-modified-since',
  'if-unmodified-since',
  'max-forwards',
  'proxy-authorization',
  'range',
  'referer',
  'user-agent',
]);

/** Headers that a Connection header says are about the connection, too. */
function connectionOptions(request: ExchangeRequest): ReadonlySet<string> | undefined {
  const connection = headerOf(request, 'connection');
  if (connection === undefined) return undefined;
  return new Set(
    String(connection)
      .split(',')
      .map((name) => name.trim().toLowerCase()),
  );
}

/** A response's headers without its pseudo-headers; Node has applied the rules for repeated ones. */
export function responseHeaders(received: Http2Headers): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = Object.create(null);
  for (const name of Object.keys(received)) if (!name.startsWith(':')) headers[name] = received[name];
  return headers;
}

/** The same of names and values in turn. */
export function withoutPseudo(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < raw.length; i += 2) if (!raw[i]!.startsWith(':')) kept.push(raw[i]!, raw[i + 1]!);
  return kept;
}

/** Bytes of a header list as RFC 9113 §6.5.2 counts them. */
export function headerBytes(raw: readonly string[]): number {
  let bytes = 0;
  for (let i = 0; i < raw.length; i += 2) bytes += raw[i]!.length + raw[i + 1]!.length + 32;
  return bytes;
}

export function coded<Thrown extends Error>(error: Thrown, code: string): Thrown & { readonly code: string } {
  return Object.assign(error, { code });
}
