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

/** Puts what is given on top of what is inherited, option by option. */
export function resolveCache(
  given: boolean | CacheOptions | CallCacheOptions | undefined,
  inherited: CacheSettings | false,
): CacheSettings | false {
  if (given === undefined) return inherited;
  if (given === false) return false;
  const base = inherited || CACHE_DEFAULTS;
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
