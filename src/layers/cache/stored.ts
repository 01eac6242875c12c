import { AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { Readable } from 'node:stream';
import { noTimings, rounded } from '../../base/timings.js';
import { bodyLimit } from '../../call/body-limit.js';
import type { Call } from '../../call/call.js';
import { axiosTransform, decodeData, isParsedAsJson, keptBody, noteJson, settled } from '../../call/response-data.js';
import { transformsOf } from '../../call/transforms.js';
import type { Lifetime } from './freshness.js';
import type { ParsedBodies } from './parsed-bodies.js';
import type { CacheRequest } from './request.js';
import { isSelected, type Selector } from './vary.js';
import { headersOf304, isUnchanged, type StoredHeaders } from './validation.js';

/** A response as it is stored. Never changed. */
export interface StoredResponse {
  /** The URL that it is for. It may contain secrets. */
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  /** In lower case. */
  readonly headers: StoredHeaders;
  /** Decoded, unless it was asked for otherwise. */
  readonly body: Buffer;
  /** Whether the bytes were made of text, so that they may not be the upstream's. */
  readonly isText: boolean;
  readonly lifetime: Lifetime;
  /** On the wall clock, in milliseconds since 1970. */
  readonly requestedAt: number;
  readonly respondedAt: number;
  readonly selectors: readonly Selector[];
  /** Whom it is for: a digest of credentials; undefined: everybody. */
  readonly audience: string | undefined;
  readonly apart: string;
  readonly tags: readonly string[];
}

/** What a response of a client with a cache says of it. */
export interface CacheStatus {
  /**
   * `hit`: from the cache, fresh. `miss`: from the upstream. `stale`: from the cache, no longer fresh. `revalidated`: from the cache, and the upstream
   * has just confirmed it.
   */
  readonly status: 'hit' | 'miss' | 'stale' | 'revalidated';
  /** How old the response is. */
  readonly ageMs: number;
  /** How long it is fresh from now on; negative: how long it has been stale. Undefined: it was not stored. */
  readonly ttlMs: number | undefined;
}

declare module 'axios' {
  interface AxiosResponse {
    /** For clients of nest-outbound with `cache`: where the response comes from. Undefined where the cache was not asked. */
    cache?: CacheStatus;
  }
}

/** The stored response that a request selects, the newest first; undefined: none matches (RFC 9111 §4). */
export function selected(
  stored: readonly StoredResponse[] | undefined,
  request: CacheRequest,
  config: InternalAxiosRequestConfig,
  isSecret: (name: string) => boolean,
): StoredResponse | undefined {
  if (!stored) return undefined;
  for (const one of stored) {
    if (one.apart !== request.apart || (one.audience !== undefined && one.audience !== request.audience)) continue;
    if (request.credentials === 'unknown' && one.audience !== undefined) continue;
    if (one.isText && !readsText(config) && !request.isHead) continue;
    if (request.follows && isRedirect(one)) continue;
    if (isSelected(one.selectors, request.valueOf, isSecret)) return one;
  }
  return undefined;
}

/** A call that follows no redirects may have stored one. */
const isRedirect = ({ status, headers }: StoredResponse): boolean =>
  REDIRECTS.has(status) && headers['location'] !== undefined;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const readsText = ({ responseType }: InternalAxiosRequestConfig): boolean =>
  responseType !== 'arraybuffer' && responseType !== 'stream';

/** Those stored, with one in place of what it replaces: what the same requests select. */
export function withStored(
  stored: readonly StoredResponse[] | undefined,
  added: StoredResponse,
  max: number,
): readonly StoredResponse[] {
  const others = (stored ?? []).filter((one) => !isSameVariant(one, added));
  return [added, ...others].slice(0, max);
}

/**
 * Whether the same requests select one that was asked for later: an upstream may answer the first of two requests last. Not one from the future: the clock
 * was set back.
 */
export function isOutdated(
  added: StoredResponse,
  stored: readonly StoredResponse[] | undefined,
  nowMs: number,
): boolean {
  return (stored ?? []).some(
    (one) => one.requestedAt > added.requestedAt && one.respondedAt <= nowMs && isSameVariant(one, added),
  );
}

function isSameVariant(one: StoredResponse, other: StoredResponse): boolean {
  return (
    one.apart === other.apart &&
    one.audience === other.audience &&
    JSON.stringify(one.selectors) === JSON.stringify(other.selectors)
  );
}

/** A body to be stored, of its own; undefined: data of a kind that cannot be. */
export function bodyToStore(response: AxiosResponse): { readonly body: Buffer; readonly isText: boolean } | undefined {
  const { data, config } = response as { readonly data: unknown; readonly config: InternalAxiosRequestConfig };
  const kept = keptBody(response);
  if (kept && (Buffer.isBuffer(data) ? kept.equals(data) : decodeData(kept, config) === data)) {
    return { body: ownBytes(kept), isText: false };
  }
  if (Buffer.isBuffer(data)) return { body: ownBytes(data), isText: false };
  if (data === undefined || data === null || data === '') return { body: Buffer.alloc(0), isText: false };
  if (typeof data !== 'string') return undefined;
  return { body: ownBytes(Buffer.from(data, config.responseEncoding as BufferEncoding | undefined)), isText: true };
}

/** Not a part of a larger buffer, which it would keep. */
export function ownBytes(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

/** Bodies that were parsed once for all callers, frozen. */
const frozenBodies = new WeakMap<StoredResponse, unknown>();

/** How a stored response is given. */
export interface Giving {
  readonly status: CacheStatus;
  /** Whether callers share one parsed body, which is frozen. */
  readonly frozen: boolean;
  /** Texts that are parsed once, for callers who get data of their own. */
  readonly parsed: ParsedBodies | undefined;
  /** When, on the client's clock. */
  readonly nowMs: number;
  /** Of a body, where the call has no `maxContentLength`; false: no limit. */
  readonly maxResponseBytes: number | false;
}

/**
 * A response of the call's own, made of a stored one: also 304, where that is what its conditions ask for.
 * @throws AxiosError, where the call does not accept the status, or takes no body as large; BodyTooLargeError
 */
export function responseOf(stored: StoredResponse, call: Call, request: CacheRequest, giving: Giving): AxiosResponse {
  const { config, journal } = call;
  const isUnmodified = request.conditions !== undefined && isUnchanged(request.conditions, stored);
  const isEmpty = isUnmodified || request.isHead;
  const isStream = config.responseType === 'stream';
  const limit = isEmpty ? undefined : bodyLimit(call, undefined, !isStream && giving.maxResponseBytes);
  const tooLarge = limit && stored.body.length > limit.maxBytes ? limit.error() : undefined;
  if (tooLarge && !isStream) throw tooLarge;
  const json = isEmpty ? undefined : jsonOf(stored, config, giving);
  const response: AxiosResponse = {
    data: tooLarge
      ? failing(tooLarge)
      : isEmpty
        ? emptyData(config)
        : (json?.text ?? dataOf(stored, config, giving.frozen)),
    status: isUnmodified ? 304 : stored.status,
    statusText: isUnmodified ? 'Not Modified' : stored.statusText,
    headers: ownHeaders(isUnmodified ? headersOf304(stored.headers) : stored.headers, giving.status),
    config,
    request: undefined,
    timings: { ...noTimings(), queueMs: rounded(journal.queuedMs), totalMs: rounded(giving.nowMs - journal.startedAt) },
    attempts: [],
    cache: giving.status,
  };
  if (json) noteJson(response, json);
  return settled(response);
}

/** Name by name: AxiosHeaders would compare each name with all before it. RFC 9111 §5.1: a response from a cache has an `Age`. */
export function ownHeaders(stored: StoredHeaders, { ageMs }: CacheStatus): AxiosResponse['headers'] {
  const headers = new AxiosHeaders();
  for (const name of Object.keys(stored)) {
    const value = stored[name]!;
    headers[name] = typeof value === 'string' ? value : [...value];
  }
  headers['age'] = String(Math.floor(ageMs / 1_000));
  return headers;
}

/** The data of a response without a body, in the shape that a call wants. */
export const emptyData = (config: InternalAxiosRequestConfig): unknown =>
  config.responseType === 'stream' ? Readable.from([]) : decodeData(Buffer.alloc(0), config);

/** Its reader finds out. */
const failing = (error: Error): Readable =>
  new Readable({
    read() {
      this.destroy(error);
    },
  });

function dataOf(stored: StoredResponse, config: InternalAxiosRequestConfig, frozen: boolean): unknown {
  const { body } = stored;
  if (config.responseType === 'stream')
    return Readable.from(body.length > 0 ? [Buffer.from(body)] : [], { objectMode: false });
  if (config.responseType === 'arraybuffer') return Buffer.from(body);
  return frozen && isParsedByAxios(config) ? frozenData(stored, config) : decodeData(body, config);
}

/** A text that others are given, too. Layers see the text; whoever parses it as axios does need not. */
function jsonOf(stored: StoredResponse, config: InternalAxiosRequestConfig, { parsed, frozen }: Giving) {
  if (!parsed || frozen || !isUtf8(config) || !isParsedAsJson(config)) return undefined;
  return parsed.of(stored, () => decodeData(stored.body, config) as string);
}

const isUtf8 = ({ responseEncoding }: InternalAxiosRequestConfig): boolean =>
  !responseEncoding || responseEncoding === 'utf8';

/** Whether axios's own transform is all that reads it: others may expect a text. */
function isParsedByAxios(config: InternalAxiosRequestConfig): boolean {
  const transforms = transformsOf(config.transformResponse);
  return transforms.length === 1 && transforms[0] === axiosTransform && isUtf8(config) && isParsedAsJson(config);
}

function frozenData(stored: StoredResponse, config: InternalAxiosRequestConfig): unknown {
  const known = frozenBodies.get(stored);
  if (known !== undefined) return known;
  const text = decodeData(stored.body, config);
  let data: unknown = text;
  try {
    const value: unknown = JSON.parse(text as string);
    // A text in JSON would be parsed once more, by axios.
    if (typeof value === 'object' && value !== null) data = deepFrozen(value);
  } catch {
    // axios says what is wrong with it, or gives the text
  }
  frozenBodies.set(stored, data);
  return data;
}

function deepFrozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) deepFrozen(part);
  return Object.freeze(value);
}
