import type { AxiosResponse } from 'axios';
import type { Call } from '../../call/call.js';
import type { Settled } from '../../call/outcome.js';
import { SharedCall } from '../coalesce/shared-call.js';
import type { StoredResponse } from './stored.js';

/** What a request came to, for those who have waited for it. */
export interface Leftover {
  /** What was stored; undefined: nothing. */
  readonly stored?: StoredResponse | undefined;
  /** What the upstream has failed with; undefined: it has not answered with a failure. */
  readonly failure?: StoredResponse | undefined;
  /** Whether what was stored was there before, and the upstream has failed. */
  readonly isStale?: boolean;
  /** Whether the response was made of a stored one that only the first call may still have. */
  readonly isOfOneCall?: boolean;
}

/** One request that fills the cache, or validates what is in it, and the calls that wait for it: they are served from the cache then. */
export class Flight extends SharedCall {
  /** Those who wait, but the first → which exchange each would share; undefined: none. */
  readonly #followers = new Map<Call, string | undefined>();
  #outcome: Settled = {};
  leftover: Leftover = {};

  /** @param exchange which exchange it is, in the terms of `coalesce`; undefined: nobody shares it */
  constructor(first: Call, exchange: string | undefined, onOver: () => void) {
    super(first, '', onOver);
    this.key = exchange;
  }

  /**
   * Waits until it is over.
   * @param exchange which one the call would share
   * @returns how it went, for the first call, and the response of the call's own where it shares one that was not stored; the async context is the
   * caller's own
   * @throws what the call is cancelled with
   */
  async follow(
    call: Call,
    exchange: string | undefined,
  ): Promise<{ outcome: Settled; own: AxiosResponse | undefined }> {
    this.#followers.set(call, exchange);
    const own = (await this.join(call)) as AxiosResponse | undefined;
    return { outcome: this.#outcome, own };
  }

  /** Whether a call would share its exchange. */
  isSameAs(exchange: string | undefined): boolean {
    return exchange !== undefined && exchange === this.key && !this.leftover.isOfOneCall;
  }

  protected override outcomeFor(call: Call, outcome: Settled, isShared: boolean): AxiosResponse {
    if (!this.#followers.has(call)) return super.outcomeFor(call, outcome, isShared && outcome.response === undefined);
    this.#outcome = outcome;
    const { stored, failure } = this.leftover;
    const shares = outcome.response && !stored && !failure && this.isSameAs(this.#followers.get(call));
    return shares ? super.outcomeFor(call, outcome, true) : (undefined as never); // `follow` has the outcome for it
  }
}
