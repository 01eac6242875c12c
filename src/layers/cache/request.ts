import type { AxiosHeaders } from 'axios';
import { digest } from '../../base/digest.js';
import type { Call } from '../../call/call.js';
import { headerOf } from '../../call/headers.js';
import { isDelegated, requestTarget, urlOf } from '../../call/target.js';
import { isMethodOverride, socketPrefix } from '../../call/writes.js';
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
  /** Whether a redirect is followed: then one that is stored is no response to it. */
  readonly follows: boolean;
  /** Its own conditions; undefined: none. */
  readonly conditions: Conditions | undefined;
  readonly valueOf: HeaderValues;
}

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
  /** What `maxRedirects` is for a call that has none of its own. */
  readonly maxRedirects: number;
}

/** @returns undefined for a call that the cache leaves alone */
export function cacheRequest(
  call: Call,
  { hasUnknownCredentials, selector, isSecretHeader, maxRedirects }: RequestRules,
): CacheRequest | undefined {
  const { method, config } = call;
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  const { headers, data } = config;
  if ((data !== undefined && data !== null) || isDelegated(config)) return undefined;
  let cacheControl: unknown;
  let noneMatch: string | undefined;
  let modifiedSince: string | undefined;
  let secrets = '';
  let apart = config.decompress === false ? `${selector}raw` : selector;
  for (const given of Object.keys(headers)) {
    const value = headers[given];
    if (value === undefined || value === null || value === false) continue;
    const name = given.toLowerCase();
    if (NOT_FOR_CACHES.has(name) || isMethodOverride(name)) return undefined;
    if (name === 'cache-control') cacheControl = value;
    else if (name === 'if-none-match') noneMatch = String(value);
    else if (name === 'if-modified-since') modifiedSince = String(value);
    else if (ADDRESS.test(name)) apart += part(name, value);
    else if (isSecretHeader(name) && !NO_CREDENTIALS.has(name)) secrets += part(name, value);
  }
  const { auth, socketPath } = config;
  if (auth) secrets += part('auth', `${auth.username}:${auth.password}`);
  const target = requestTarget(config);
  if (!target) return undefined;
  if (target.credentials !== '') secrets += part('userinfo', target.credentials);
  const url = urlOf(target);
  return {
    url: socketPrefix(socketPath) + url,
    isHead: method === 'HEAD',
    directives: cacheControl === undefined ? NO_DIRECTIVES : requestDirectives(directivesOf(cacheControl)),
    audience: secrets === '' ? '' : digest(sorted(secrets)),
    credentials: hasUnknownCredentials ? 'unknown' : secrets === '' ? 'none' : 'known',
    apart: apart === selector ? selector : sorted(apart),
    follows: (config.maxRedirects ?? maxRedirects) > 0,
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
