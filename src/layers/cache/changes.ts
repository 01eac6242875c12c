import type { AxiosResponse } from 'axios';
import type { Call, Layer } from '../../call/call.js';
import { type Failure, watching } from '../../call/compose.js';
import { responseOf } from '../../call/outcome.js';
import { changedUrls, isWrite, withoutQuery } from '../../call/writes.js';
import type { UnderWay } from '../coalesce/under-way.js';
import type { CacheState } from './state.js';

/**
 * Sees to it that callers read what they have written: whoever calls after a URL has changed neither gets a response to a request that began before,
 * nor waits for one.
 */
export class Changes {
  readonly #underWay: UnderWay | undefined;
  readonly #cache: () => CacheState | undefined;

  /**
   * @param underWay requests that calls share; undefined: they share none
   * @param cache undefined: nothing has been stored
   */
  constructor(underWay: UnderWay | undefined, cache: () => CacheState | undefined) {
    this.#underWay = underWay;
    this.#cache = cache;
  }

  /** Whether there is anything to forget, ever. */
  get matter(): boolean {
    return this.#underWay !== undefined || this.#cache() !== undefined;
  }

  /**
   * A call that may have changed something has ended. RFC 9111 §4.4: what is stored goes where it went well. Where it did not, it may have been carried out
   * all the same.
   * @returns what its caller is to wait for
   */
  ended(call: Call, response: AxiosResponse | undefined): Promise<void> | void {
    const isDone = response !== undefined && response.status >= 200 && response.status < 400;
    const urls = changedUrls(call, isDone ? response : undefined);
    const forgetting = urls.map((url) => (isDone ? this.#forget(url) : this.#doubt(url)));
    const pending = forgetting.filter((one) => one instanceof Promise);
    if (pending.length > 0) return Promise.all(pending).then(() => {});
  }

  #forget(url: string): Promise<void> | void {
    this.#underWay?.leave(withoutQuery(url));
    return this.#cache()?.forget(url, 'invalidated');
  }

  #doubt(url: string): void {
    this.#underWay?.leave(withoutQuery(url));
    this.#cache()?.doubt(url);
  }
}

/** Tells of calls that may have changed something, also of those that do without the cache themselves. Right outside of it. */
export function changes(of: Changes): Layer {
  return watching<true>({
    begin: (call) => (of.matter && isWrite(call) ? true : undefined),
    end: (call, _state, response, failure) => of.ended(call, response ?? refused(failure)),
  });
}

const refused = (failure: Failure | undefined) => failure && responseOf(failure.error);
