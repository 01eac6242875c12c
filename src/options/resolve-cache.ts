import type { CacheSettings } from '../layers/cache/settings.js';
import type { CacheOptions, CallCacheOptions } from './cache-options.js';

/** Of a cache that is on. */
export const CACHE_DEFAULTS: CacheSettings = Object.freeze({
  private: false,
  heuristic: false,
  frozen: false,
  tags: undefined,
  targetedHeaders: Object.freeze([]),
  tagHeader: undefined,
  store: 'memory',
  maxBytes: 50 * 1024 * 1024,
  maxEntries: 10_000,
  maxEntryBytes: 5 * 1024 * 1024,
});

/** Whether there is a cache, and how it is, or would be: who turns it off keeps the store for whom turns it on again, as a single call. */
export interface CacheChoice {
  readonly cache: CacheSettings | false;
  readonly cacheWhenOn: CacheSettings;
}

export const NO_CACHE: CacheChoice = Object.freeze({ cache: false, cacheWhenOn: CACHE_DEFAULTS });

/** Puts what is given on top of what is inherited, option by option. */
export function resolveCache(given: boolean | CacheOptions | undefined, inherited: CacheChoice): CacheChoice {
  const { cache, cacheWhenOn } = inherited;
  if (given === undefined) return { cache, cacheWhenOn };
  if (given === false) return { cache: false, cacheWhenOn };
  const settings = cacheWith(given, cacheWhenOn);
  return { cache: settings, cacheWhenOn: settings };
}

/** @param base what is not given is as in these */
export function cacheWith(given: boolean | CacheOptions | CallCacheOptions, base: CacheSettings): CacheSettings {
  if (typeof given !== 'object' || given === null) return base; // anything else has its problem listed
  const chosen: CacheOptions = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const { targetedHeaders, tagHeader } = chosen;
  return Object.freeze({
    ...base,
    ...chosen,
    ...(Array.isArray(targetedHeaders) && {
      targetedHeaders: targetedHeaders.map((name) => String(name).toLowerCase()),
    }),
    ...(typeof tagHeader === 'string' && { tagHeader: tagHeader.toLowerCase() }),
  } as CacheSettings);
}

/** Options that cannot be right together, each as `path: expected …, got …`. */
export function cacheProblems(cache: CacheSettings | false, hasShared: boolean, path = ''): string[] {
  if (!cache) return [];
  if (cache.store === 'shared' && !hasShared) {
    return [`${path}cache.store: expected the option shared of the module beside 'shared', got none`];
  }
  if (!(cache.maxEntryBytes > cache.maxBytes)) return [];
  return [
    `${path}cache.maxEntryBytes: expected at most cache.maxBytes (${cache.maxBytes}), got ${cache.maxEntryBytes}`,
  ];
}
