import type { SharedCall } from './shared-call.js';

type ByKey = Map<string, SharedCall>;

/** Exchanges that calls may join. */
export class UnderWay {
  /** By `url` as written. One that is alone with its URL, as most are, does not need the rest of its key, which takes microseconds. */
  readonly #byUrl = new Map<string | undefined, SharedCall | ByKey>();

  /** Whether there is one with this URL as written: then those that are to be told apart need a key. */
  has(url: string | undefined): boolean {
    return this.#byUrl.has(url);
  }

  /** One that has a URL for itself. */
  addAlone(shared: SharedCall): void {
    this.#byUrl.set(shared.url, shared);
  }

  /**
   * Those with a URL, by their keys.
   * @param setKey is given one that was alone so far
   */
  byKey(url: string | undefined, setKey: (shared: SharedCall) => void): ByKey {
    const there = this.#byUrl.get(url);
    if (there instanceof Map) return there;
    const several: ByKey = new Map();
    this.#byUrl.set(url, several);
    if (!there) return several;
    setKey(there);
    if (there.key !== undefined) several.set(there.key, there);
    return several;
  }

  remove(shared: SharedCall): void {
    const { url } = shared;
    const there = this.#byUrl.get(url);
    if (there === shared) this.#byUrl.delete(url);
    if (!(there instanceof Map)) return;
    if (there.get(shared.key!) === shared) there.delete(shared.key!);
    if (there.size === 0) this.#byUrl.delete(url);
  }

  /**
   * Nobody joins any more what asks for a resource: it has changed since. Those who wait get their answer. Whatever the query is: that may be of
   * parameters that their owner has changed by now.
   * @param resource a URL without its query
   */
  leave(resource: string): void {
    for (const shared of this.#all()) if (shared.resource === resource) this.remove(shared);
  }

  leaveAll(): void {
    this.#byUrl.clear();
  }

  *#all(): Iterable<SharedCall> {
    for (const there of this.#byUrl.values()) {
      if (there instanceof Map) yield* there.values();
      else yield there;
    }
  }
}
