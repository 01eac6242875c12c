import { LRUCache } from 'lru-cache';
import { type EvictionReason, isCondemned, type Purge, type ResponseStore } from './store.js';
import type { StoredResponse } from './stored.js';

export interface MemoryLimits {
  /** Of bodies, headers and URLs. */
  readonly maxBytes: number;
  /** URLs. */
  readonly maxEntries: number;
}

/** What a response costs besides its bytes: its object, its headers, its place in the map. Measured: 1 M of them, in memory-store.spec.ts. */
const OVERHEAD_BYTES = 1_024;

/** Told of responses that are deleted, and how large they were together. */
export type OnEvict = (
  url: string,
  responses: readonly StoredResponse[],
  bytes: number,
  reason: EvictionReason,
) => void;

/** Responses in this process: those used least recently go first where there is no place. */
export class MemoryStore implements ResponseStore {
  readonly #limits: MemoryLimits;
  readonly #onEvict: OnEvict;
  /** Made when it is needed: it takes the memory of its places at once. */
  #entries: LRUCache<string, readonly StoredResponse[]> | undefined;
  #reason: EvictionReason = 'size';

  constructor(limits: MemoryLimits, onEvict: OnEvict = () => {}) {
    this.#limits = limits;
    this.#onEvict = onEvict;
  }

  /** URLs that have a response. */
  get size(): number {
    return this.#entries?.size ?? 0;
  }

  /** What they take. */
  get bytes(): number {
    return this.#entries?.calculatedSize ?? 0;
  }

  get(url: string): readonly StoredResponse[] | undefined {
    return this.#entries?.get(url);
  }

  set(url: string, responses: readonly StoredResponse[]): boolean {
    this.#reason = 'size';
    (this.#entries ??= this.#made()).set(url, responses);
    return true;
  }

  delete(url: string, reason: EvictionReason): void {
    this.#reason = reason;
    this.#entries?.delete(url);
  }

  purge(purge: Purge): void {
    for (const [url, responses] of this.#entries?.entries() ?? []) {
      const kept = responses.filter((one) => !isCondemned(purge, one));
      if (kept.length === responses.length) continue;
      this.delete(url, 'deleted');
      if (kept.length > 0) this.set(url, kept);
    }
  }

  #made() {
    const { maxBytes, maxEntries } = this.#limits;
    return new LRUCache<string, readonly StoredResponse[]>({
      max: maxEntries,
      maxSize: maxBytes,
      sizeCalculation: bytesOf,
      dispose: (responses, url, why) => {
        if (why !== 'set')
          this.#onEvict(url, responses, bytesOf(responses, url), why === 'evict' ? 'size' : this.#reason);
      },
    });
  }
}

/** What responses take in memory, about. */
export function bytesOf(responses: readonly StoredResponse[], url: string): number {
  let bytes = url.length;
  for (const { body, headers, selectors } of responses) {
    bytes += OVERHEAD_BYTES + body.length + textLength(Object.entries(headers).flat(2)) + textLength(selectors.flat());
  }
  return bytes;
}

const textLength = (texts: readonly (string | undefined)[]): number =>
  texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
