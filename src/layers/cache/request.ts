import type { AxiosHeaders, InternalAxiosRequestConfig } from 'axios';
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

/**
 * What the cache makes of a header of a request:
 * - `other`: nothing; `Vary` may name it
 * - `bypass`: it asks for a part, under a condition that is not for a cache, or for another method
 * - `address`: what upstreams may take for the address of the request, though it is not in it, and few of them say so in `Vary`
 * - `secret`: who asks
 */
type HeaderKind = 'other' | 'bypass' | 'address' | 'secret' | 'cache-control' | 'if-none-match' | 'if-modified-since';

const KINDS: ReadonlyMap<string, HeaderKind> = new Map<string, HeaderKind>([
  ['range', 'bypass'],
  ['if-match', 'bypass'],
  ['if-unmodified-since', 'bypass'],
  ['if-range', 'bypass'],
  ['cache-control', 'cache-control'],
  ['if-none-match', 'if-none-match'],
  ['if-modified-since', 'if-modified-since'],
  ['proxy-authorization', 'other'], // not the caller's: a proxy's
]);
const ADDRESS = /^(?:host|forwarded|x-forwarded-.*|x-(?:original|rewrite)-.*|x-host|x-real-ip)$/;

/** Names as written and addresses as written: more of them are begun anew. */
const MAX_KNOWN = 1_000;
const MAX_KNOWN_LENGTH = 2_048;

function remember<Value>(known: Map<string, Value>, key: string, value: Value): Value {
  if (key.length > MAX_KNOWN_LENGTH) return value;
  if (known.size === MAX_KNOWN) known.clear();
  known.set(key, value);
  return value;
}

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

/** Reads what calls ask of the cache. What many of them have alike, it works out once. */
export class RequestReader {
  readonly #rules: RequestRules;
  /** Name as written → what it is. */
  readonly #kinds = new Map<string, HeaderKind>();
  /** Absolute URL as written → as it is sent. */
  readonly #urls = new Map<string, string>();
  /** The same for URLs with a base URL. */
  readonly #based = new Map<string, string>();

  constructor(rules: RequestRules) {
    this.#rules = rules;
  }

  /**
   * @returns undefined for a call that the cache leaves alone
   * @throws what axios throws for an address that is none
   */
  read(call: Call): CacheRequest | undefined {
    const { method, config } = call;
    if (method !== 'GET' && method !== 'HEAD') return undefined;
    const { headers, data } = config;
    if ((data !== undefined && data !== null) || isDelegated(config)) return undefined;
    const { hasUnknownCredentials, selector, maxRedirects } = this.#rules;
    let cacheControl: unknown;
    let noneMatch: string | undefined;
    let modifiedSince: string | undefined;
    let secrets = '';
    let apart = config.decompress === false ? `${selector}raw` : selector;
    for (const given of Object.keys(headers)) {
      const kind = this.#kinds.get(given) ?? this.#kindOf(given);
      if (kind === 'other') continue;
      const value = headers[given];
      if (value === undefined || value === null || value === false) continue;
      if (kind === 'bypass') return undefined;
      if (kind === 'cache-control') cacheControl = value;
      else if (kind === 'if-none-match') noneMatch = String(value);
      else if (kind === 'if-modified-since') modifiedSince = String(value);
      else if (kind === 'address') apart += part(given.toLowerCase(), value);
      else secrets += part(given.toLowerCase(), value);
    }
    const { auth, socketPath } = config;
    if (auth) secrets += part('auth', `${auth.username}:${auth.password}`);
    const known = config.baseURL ? this.#based : this.#urls;
    const written = asWritten(config);
    let url = written === undefined ? undefined : known.get(written);
    if (url === undefined) {
      const target = requestTarget(config);
      if (!target) return undefined;
      if (target.credentials !== '') secrets += part('userinfo', target.credentials);
      url = urlOf(target);
      if (written !== undefined && target.credentials === '') remember(known, written, url);
    }
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

  #kindOf(given: string): HeaderKind {
    const name = given.toLowerCase();
    const kind =
      KINDS.get(name) ??
      (isMethodOverride(name)
        ? 'bypass'
        : ADDRESS.test(name)
          ? 'address'
          : this.#rules.isSecretHeader(name)
            ? 'secret'
            : 'other');
    return remember(this.#kinds, given, kind);
  }
}

/**
 * What makes the address: it differs for two that may be sent to different URLs.
 * @returns undefined where it is not all in texts: parameters may be objects that their owner changes
 */
function asWritten(config: InternalAxiosRequestConfig): string | undefined {
  const { url, baseURL, allowAbsoluteUrls, params, socketPath } = config;
  if (typeof url !== 'string' || params || socketPath) return undefined;
  if (!baseURL) return url;
  return typeof baseURL === 'string' ? `${String(allowAbsoluteUrls)} ${baseURL.length} ${baseURL}${url}` : undefined;
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
