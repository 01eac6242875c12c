import type { InternalAxiosRequestConfig } from 'axios';
import { describeValue } from '../../base/argument-checks.js';
import { canParse } from '../../base/can-parse.js';
import { requestTarget, urlOf } from '../../call/target.js';
import type { UnderWay } from '../coalesce/under-way.js';
import type { CacheState } from './state.js';

/** What to delete: an absolute URL with its query, all URLs that match a pattern, or all responses with a tag. */
export type CacheSelection =
  | string
  | URL
  | RegExp
  | {
      /** As the response was stored with it. */
      readonly tag: string;
    };

/** What a cache came to since the app started, and what is in it. */
export interface CacheStats {
  /** Calls that were answered with a fresh response. */
  readonly hits: number;
  /** Calls whose response, or error, came from the upstream. */
  readonly misses: number;
  /** Calls that were answered with a stale response. */
  readonly stale: number;
  /** Calls that were answered from the cache after the upstream had confirmed the response. */
  readonly revalidated: number;
  /** Responses that were stored or updated. */
  readonly stored: number;
  /** Stored responses that were deleted: for lack of space, by unsafe requests, by hand. */
  readonly evicted: number;
  /** URLs with responses in memory now. */
  readonly entries: number;
  /** What they take. */
  readonly bytes: number;
}

/** The cache of a client, to look into and to delete from by hand. */
export interface ClientCache {
  /**
   * Deletes stored responses, of all origins of the client. Responses that are on their way are not stored, if they may be meant.
   * @throws TypeError for what selects nothing, such as a relative URL
   */
  delete(what: CacheSelection): Promise<void>;
  /** Deletes all stored responses of the client. */
  clear(): Promise<void>;
  /** Counts, and sizes in this process. */
  stats(): CacheStats;
}

/**
 * @param states of the client: one, and one for each origin with options of its own
 * @param underWay requests that calls share, which began before what is deleted now
 */
export function clientCache(states: () => readonly CacheState[], underWay: readonly UnderWay[]): ClientCache {
  const each = async (act: (state: CacheState) => void | Promise<void>) => {
    for (const requests of underWay) requests.leaveAll();
    await Promise.all(states().map(async (state) => act(state)));
  };
  return {
    async delete(what) {
      if (what instanceof RegExp) {
        const { source, flags } = what;
        return each((state) => state.purge({ kind: 'pattern', source, flags }));
      }
      if (typeof what === 'string' || what instanceof URL) {
        const url = urlAsSent(what);
        return each((state) => state.forget(url, 'deleted'));
      }
      const tag: unknown = (what as { tag?: unknown } | undefined)?.tag;
      if (typeof tag !== 'string') throw wrong(what);
      return each((state) => state.purge({ kind: 'tag', tag }));
    },
    clear: () => each((state) => state.purge({ kind: 'all' })),
    stats() {
      const sum = { hits: 0, misses: 0, stale: 0, revalidated: 0, stored: 0, evicted: 0, entries: 0, bytes: 0 };
      for (const { counts, memory } of states()) {
        for (const [name, count] of Object.entries(counts)) sum[name as keyof typeof sum] += count as number;
        sum.entries += memory.size;
        sum.bytes += memory.bytes;
      }
      return sum;
    },
  };
}

function urlAsSent(url: string | URL): string {
  const text = String(url);
  if (!canParse(text)) throw wrong(url);
  const target = requestTarget({ url: text } as InternalAxiosRequestConfig);
  if (!target) throw wrong(url);
  return urlOf(target);
}

const wrong = (what: unknown) =>
  new TypeError(
    `HttpClients.cache().delete: expected an absolute http or https URL, a RegExp or { tag }, got ${describeValue(what)}`,
  );
