import { listOf, membersOf } from './directives.js';
import { dateOf, type ResponseHeaders } from './freshness.js';

/** Headers of one connection (RFC 9110 §7.6.1), and of proxies: not to be stored (RFC 9111 §3.1). */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export type StoredHeaders = Readonly<Record<string, string | readonly string[]>>;

/**
 * The headers of a response that are stored (RFC 9111 §3.1).
 * @param without names that the response wants not to be used again without validation
 */
export function storedHeaders(headers: ResponseHeaders, without: readonly string[]): StoredHeaders {
  const stored: Record<string, string | readonly string[]> = {};
  const ofConnection = listOf(headers['connection']);
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    const key = name.toLowerCase();
    if (OF_CONNECTION.has(key) || ofConnection.includes(key) || without.includes(key)) continue;
    if (typeof value === 'string') stored[key] = value;
    else if (Array.isArray(value)) stored[key] = value.map(String);
    else if (typeof value === 'number') stored[key] = String(value);
  }
  return stored;
}

/** Headers that belong to the bytes of a stored body: a 304 does not change these (RFC 9111 §3.2). */
const OF_BODY: ReadonlySet<string> = new Set(['content-encoding', 'content-length', 'content-md5', 'content-range']);

/** Stored headers with those of a 304 on top (RFC 9111 §3.2). `Age` is always the newer response's: without one, it has none. */
export function mergedHeaders(stored: StoredHeaders, update: ResponseHeaders): StoredHeaders {
  const merged = { ...stored };
  delete merged['age'];
  for (const [name, value] of Object.entries(storedHeaders(update, []))) if (!OF_BODY.has(name)) merged[name] = value;
  return merged;
}

/** What a request asks under (RFC 9110 §13.1), as far as a cache answers that. */
export interface Conditions {
  /** If-None-Match. */
  readonly noneMatch: string | undefined;
  /** If-Modified-Since; counts only without the other (RFC 9110 §13.1.3). */
  readonly modifiedSince: string | undefined;
}

/** A stored response, as far as validation looks at it. */
export interface Validatable {
  readonly headers: StoredHeaders;
  readonly respondedAt: number;
}

const opaque = (tag: string) => tag.replace(/^W\//, '');

/** Whether the answer to a conditional request is that nothing has changed (RFC 9111 §4.3.2). */
export function isUnchanged({ noneMatch, modifiedSince }: Conditions, stored: Validatable): boolean {
  const { headers, respondedAt } = stored;
  if (noneMatch !== undefined) {
    const { etag } = headers;
    if (noneMatch.trim() === '*') return true;
    if (typeof etag !== 'string') return false;
    return membersOf(noneMatch).some((tag) => opaque(tag) === opaque(etag)); // weak comparison
  }
  if (modifiedSince === undefined) return false;
  const since = dateOf(modifiedSince, respondedAt);
  const changed = dateOf(headers['last-modified'], respondedAt) ?? dateOf(headers['date'], respondedAt) ?? respondedAt;
  return since !== undefined && changed <= since;
}

/** Headers of a 304 (RFC 9110 §15.4.5): those that a stored response has, without the ones that tell of a body. */
export function headersOf304(headers: StoredHeaders): StoredHeaders {
  const kept = Object.entries(headers).filter(([name]) => !OF_BODY.has(name) && name !== 'content-type');
  return Object.fromEntries(kept);
}

/** What a conditional request validates a stored response with (RFC 9111 §4.3.1); undefined: it has no validator. */
export function validators({ headers }: Validatable): Record<string, string> | undefined {
  const { etag, 'last-modified': lastModified } = headers;
  if (typeof etag !== 'string' && typeof lastModified !== 'string') return undefined;
  return {
    ...(typeof etag === 'string' && { 'if-none-match': etag }),
    ...(typeof lastModified === 'string' && { 'if-modified-since': lastModified }),
  };
}

/** Whether a 304 is about this stored response (RFC 9111 §4.3.4): a validator that it has must not be another. */
export function confirms(update: ResponseHeaders, { headers }: Validatable): boolean {
  const { etag } = update;
  if (typeof etag === 'string') return typeof headers['etag'] === 'string' && opaque(etag) === opaque(headers['etag']);
  const changed = update['last-modified'];
  return typeof changed !== 'string' || typeof headers['etag'] === 'string' || changed === headers['last-modified'];
}

/** Whether a 200 to a HEAD tells of this stored response (RFC 9111 §4.3.5): what both have to say of the body is the same. */
export function describes(head: ResponseHeaders, { headers }: Validatable): boolean {
  return ['etag', 'last-modified', 'content-length'].every(
    (name) => head[name] === undefined || head[name] === headers[name],
  );
}
