import type { AxiosResponse } from 'axios';
import type { Call } from '../../call/call.js';
import type { Settled } from '../../call/outcome.js';
import { SharedCall } from '../coalesce/shared-call.js';
import type { StoredResponse } from './stored.js';

/** One request that fills the cache, or validates what is in it, and the calls that wait for it: they are served from the cache then. */
export class Flight extends SharedCall {
  /** Those who wait, but the first. */
  readonly #followers = new Set<Call>();
  #outcome: Settled = {};
  /** What was stored; undefined: nothing. */
  stored: StoredResponse | undefined;
  /** What the upstream has failed with; undefined: it has not answered with a failure. */
  failure: StoredResponse | undefined;
  /** Whether what was stored was there before, and the upstream has failed. */
  isStale = false;

  constructor(first: Call, onOver: () => void) {
    super(first, '', onOver);
  }

  /**
   * Waits until it is over.
   * @returns how it went, for the first call; the async context is the caller's own
   * @throws what the call is cancelled with
   */
  async follow(call: Call): Promise<Settled> {
    this.#followers.add(call);
    await this.join(call);
    return this.#outcome;
  }

  /** Notes what those who wait may have. */
  filled(stored: StoredResponse | undefined, failure: StoredResponse | undefined, isStale: boolean): void {
    this.stored = stored;
    this.failure = failure;
    this.isStale = isStale;
  }

  protected override outcomeFor(call: Call, outcome: Settled, isShared: boolean): AxiosResponse {
    if (!this.#followers.has(call)) return super.outcomeFor(call, outcome, isShared && outcome.response === undefined);
    this.#outcome = outcome;
    return undefined as never; // `follow` has the outcome for it
  }
}
