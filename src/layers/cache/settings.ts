import type { AxiosResponse } from 'axios';
import type { KeyvLike } from './shared-store.js';

/** How a cache behaves, with nothing left to default. */
export interface CacheSettings {
  readonly private: boolean;
  readonly heuristic: boolean;
  readonly frozen: boolean;
  /** In lower case. */
  readonly targetedHeaders: readonly string[];
  /** In lower case; undefined: none. */
  readonly tagHeader: string | undefined;
  readonly tags: readonly string[] | TagFunction | undefined;
  readonly store: 'memory' | 'shared' | KeyvLike;
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly maxEntryBytes: number;
}

/** Names the tags of a response that is about to be stored, with its data as it came: a text, bytes, or undefined for a stream. */
export type TagFunction = (response: AxiosResponse) => readonly string[];
