import type { AxiosResponse } from 'axios';
import type { KeyvLike } from '../layers/cache/shared-store.js';

/** What a single call can set, as `cache` in its config. */
export interface CallCacheOptions {
  /**
   * Whether the cache is for one user: it stores responses that are `private`, and ignores `s-maxage`. Responses for different credentials are
   * kept apart all the same.
   * @default false: as a shared cache, since a service calls for many users
   */
  private?: boolean;
  /**
   * Whether a response with `Last-Modified` but no lifetime is fresh for a tenth of its age, a day at most (RFC 9111 §4.2.2).
   * @default false
   */
  heuristic?: boolean;
  /**
   * Whether a stored JSON body is parsed once, and callers share it, frozen. It is for calls whose `transformResponse` is axios's own.
   * @default false: each caller gets its own
   */
  frozen?: boolean;
  /**
   * Tags of the responses that are stored, for `HttpClients.cache().delete({ tag })`: a list, or a function of the response. Those of a call come on top.
   * @default none
   */
  tags?: readonly string[] | ((response: AxiosResponse) => readonly string[]);
}

/**
 * HTTP cache (RFC 9111) for GET and HEAD: stores what the headers of a response allow, answers from it while it is fresh, and asks the upstream with
 * `ETag` or `Last-Modified` whether it still holds.
 */
export interface CacheOptions extends CallCacheOptions {
  /**
   * Response headers that come before `Cache-Control` for this cache, such as `CDN-Cache-Control` (RFC 9213). The first one of the list that a response has
   * counts.
   * @default none
   */
  targetedHeaders?: readonly string[];
  /**
   * A response header with the tags of the response, separated by spaces or commas, such as `Surrogate-Key` or `Cache-Tag`.
   * @default none
   */
  tagHeader?: string;
  /**
   * Where responses are stored: in the memory of each process; `'shared'`: in the `shared` state of the module (`redisShared`), for all replicas; or in a
   * [Keyv](https://keyv.org), such as that of Nest's cache manager. A shared store that is slow or gone is one without responses: no call fails with it.
   * @default 'memory'
   */
  store?: 'memory' | 'shared' | KeyvLike;
  /**
   * Memory for stored responses: bodies, headers and URLs. Those used least recently go first. Each client, and each origin with `cache` options of
   * its own, has its own memory.
   * @default 52_428_800 bytes (50 MiB)
   */
  maxBytes?: number;
  /**
   * URLs with stored responses.
   * @default 10_000
   */
  maxEntries?: number;
  /**
   * Largest body that is stored, in bytes.
   * @default 5_242_880 bytes (5 MiB)
   */
  maxEntryBytes?: number;
}

declare module 'axios' {
  interface AxiosRequestConfig {
    /**
     * For clients of nest-outbound: whether this call uses the cache, and how. `false`: neither looks nor stores. `true`, or options: also where the client
     * has none.
     */
    cache?: boolean | CallCacheOptions;
  }
}
