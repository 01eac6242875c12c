import type { Call } from '../../call/call.js';
import type { StoredResponse } from './stored.js';

/** Why a response is no longer stored. */
export type EvictionReason = 'size' | 'invalidated' | 'deleted';

/** What deletes many at once. */
export type Purge =
  | { readonly kind: 'all' }
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'pattern'; readonly source: string; readonly flags: string };

/** Where responses are: those of one URL together, so that they are invalidated together. Answers at once where it can. */
export interface ResponseStore {
  /** @returns undefined for none, and for whatever cannot be read */
  get(url: string): readonly StoredResponse[] | undefined | Promise<readonly StoredResponse[] | undefined>;
  /**
   * @param keepMs after this they are of no use
   * @returns whether they were kept: false where another replica has deleted the URL since they were asked for
   */
  set(url: string, responses: readonly StoredResponse[], keepMs: number): boolean | Promise<boolean>;
  delete(url: string, reason: EvictionReason): void | Promise<void>;
  purge(purge: Purge): void | Promise<void>;
  /** Where replicas share it: waits for one that asks the upstream for the same. Undefined: it is up to this one. */
  awaitOther?(
    asked: string,
    url: string,
    call: Call,
    find: (stored: readonly StoredResponse[] | undefined) => StoredResponse | undefined,
  ): Promise<StoredResponse | undefined>;
  /** The others need not wait any more. */
  release?(asked: string): Promise<void>;
}

/** Whether a purge is for a response. */
export function isCondemned(purge: Purge, { url, tags }: Pick<StoredResponse, 'url' | 'tags'>): boolean {
  switch (purge.kind) {
    case 'all':
      return true;
    case 'tag':
      return tags.includes(purge.tag);
    default:
      return new RegExp(purge.source, purge.flags.replace(/[gy]/g, '')).test(url);
  }
}
