import type { AxiosHeaders } from 'axios';
import { canParse } from '../../base/can-parse.js';
import { digest } from '../../base/digest.js';
import type { Call } from '../../call/call.js';
import { headerOf } from '../../call/headers.js';
import { isDelegated, requestTarget, urlOf } from '../../call/target.js';
import { directivesOf } from './directives.js';
import { NO_DIRECTIVES, type RequestDirectives, requestDirectives } from './freshness.js';
import type { CredentialKind } from './storable.js';
import type { HeaderValues } from './vary.js';
import type { Conditions } from './validation.js';

/** What a call asks the cache. */
export interface CacheRequest {
  /** As it is sent: without its fragment, and not decoded. It may contain secrets. */
  readonly url: string;
  readonly isHead: boolean;
  readonly directives: RequestDirectives;
  /** Who asks: a digest of all credentials, '' for none. */
  readonly audience: string;
  readonly credentials: CredentialKind;
  /** What else keeps calls apart, whatever `Vary` says. */
  readonly apart: string;
  /** Its own conditions; undefined: none. */
  readonly conditions: Conditions | undefined;
  readonly valueOf: HeaderValues;
}

/**
 * What the cache does with a call:
 * - a request: look for its response
 * - `bypass`: leave it alone
 * - `invalidate`: leave it alone, and forget what is stored for its URL when it goes well
 */
export type CacheUse = CacheRequest | 'bypass' | 'invalidate';

/** Methods that change nothing (RFC 9110 §9.2.1), but whose responses are not stored. */
const SAFE: ReadonlySet<string> = new Set(['OPTIONS', 'TRACE', 'QUERY', 'SEARCH', 'PROPFIND', 'REPORT']);

/** What upstreams may take for the method: then a GET is none. */
const METHOD_OVERRIDES: ReadonlySet<string> = new Set(['x-http-method-override', 'x-http-method', 'x-method-override']);

/** Asks for a part, or under a condition that is not for a cache. */
const NOT_FOR_CACHES: ReadonlySet<string> = new Set(['range', 'if-match', 'if-unmodified-since', 'if-range']);

/** What upstreams may take for the address of the request, though it is not in it, and few of them say so in `Vary`. */
const ADDRESS = /^(?:host|forwarded|x-forwarded-.*|x-(?:original|rewrite)-.*|x-host|x-real-ip)$/;

/** Not the caller's: a proxy's. */
const NO_CREDENTIALS: ReadonlySet<string> = new Set(['proxy-authorization']);

/** What the layer knows of its client. */
export interface RequestRules {
  /** Whether a layer within adds credentials for the caller at hand. */
  readonly hasUnknownCredentials: boolean;
  /** What the responses of this layer must not be mixed with. */
  readonly selector: string;
  readonly isSecretHeader: (name: string) => boolean;
}

export function cacheUse(call: Call, { hasUnknownCredentials, selector, isSecretHeader }: RequestRules): CacheUse {
  const { method, config } = call;
  if (method !== 'GET' && method !== 'HEAD') return SAFE.has(method) ? 'bypass' : 'invalidate';
  const { headers, data } = config;
  if ((data !== undefined && data !== null) || isDelegated(config)) return 'bypass';
  let cacheControl: unknown;
  let noneMatch: string | undefined;
  let modifiedSince: string | undefined;
  let secrets = '';
  let apart = config.decompress === false ? `${selector}raw` : selector;
  for (const given of Object.keys(headers)) {
    const value = headers[given];
    if (value === undefined || value === null || value === false) continue;
    const name = given.toLowerCase();
    if (NOT_FOR_CACHES.has(name)) return 'bypass';
    if (METHOD_OVERRIDES.has(name)) return 'invalidate';
    if (name === 'cache-control') cacheControl = value;
    else if (name === 'if-none-match') noneMatch = String(value);
    else if (name === 'if-modified-since') modifiedSince = String(value);
    else if (ADDRESS.test(name)) apart += part(name, value);
    else if (isSecretHeader(name) && !NO_CREDENTIALS.has(name)) secrets += part(name, value);
  }
  const { auth, socketPath } = config;
  if (auth) secrets += part('auth', `${auth.username}:${auth.password}`);
  const target = requestTarget(config);
  if (!target) return 'bypass';
  if (target.credentials !== '') secrets += part('userinfo', target.credentials);
  const url = urlOf(target);
  return {
    url: socketPath ? `${socketPath} ${url}` : url,
    isHead: method === 'HEAD',
    directives: cacheControl === undefined ? NO_DIRECTIVES : requestDirectives(directivesOf(cacheControl)),
    audience: secrets === '' ? '' : digest(sorted(secrets)),
    credentials: hasUnknownCredentials ? 'unknown' : secrets === '' ? 'none' : 'known',
    apart: apart === selector ? selector : sorted(apart),
    conditions: noneMatch === undefined && modifiedSince === undefined ? undefined : { noneMatch, modifiedSince },
    valueOf: valuesOf(headers),
  };
}

const valuesOf =
  (headers: AxiosHeaders): HeaderValues =>
  (name) =>
    headerOf(headers, name);

/** Says itself where it ends. */
function part(name: string, value: unknown): string {
  const text = [value].flat().join(', ');
  return `\n${name}:${text.length}:${JSON.stringify(text)}`;
}

/** In whatever order the headers were given. */
const sorted = (parts: string): string => parts.split('\n').toSorted().join('\n');

/** The URL that a call invalidates, and those that its response names, of the same origin (RFC 9111 §4.4). */
export function invalidatedUrls(call: Call, headers: Readonly<Record<string, unknown>>): string[] {
  const target = requestTarget(call.config);
  if (!target) return [];
  const url = urlOf(target);
  const prefix = call.config.socketPath ? `${call.config.socketPath} ` : '';
  const named = ['location', 'content-location'].flatMap((name) => {
    const value = headers[name];
    if (typeof value !== 'string' || !canParse(value, url)) return [];
    const other = new URL(value, url);
    other.hash = '';
    return other.origin === new URL(url).origin ? [other.href] : [];
  });
  return [url, ...named].map((one) => prefix + one);
}
