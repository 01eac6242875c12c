import type { Clock } from '../../base/clock.js';
import type { TokenFailure } from '../../errors/credentials.error.js';

/** What an authorization server has granted. */
export interface Grant {
  readonly token: string;
  /** How long it is good for, in milliseconds; Infinity where the server has not said. */
  readonly lifetimeMs: number;
}

/** What a renewal came to. */
type Renewal = Token | Refusal;

interface Token {
  readonly value: string;
  readonly expiresAt: number;
  /** From when on it is renewed, while calls still use it. */
  readonly renewAt: number;
  /** Until then a 401 says nothing about it: it was refused when it was new. */
  trustedUntil: number;
}

/** None can be had until the time, on the client's clock. */
export interface Refusal {
  readonly failure: TokenFailure;
  readonly until: number;
}

const EAGER_MS = 60_000;
const EAGER_SHARE = 0.2;

/** A token is renewed a minute before it expires, or when a fifth of its life is left, where that is later. @returns how long before, in milliseconds */
export const eagerMs = (lifetimeMs: number): number => Math.min(EAGER_MS, lifetimeMs * EAGER_SHARE);

/** After a renewal that failed, the next waits; twice as long after each that follows. */
const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
/** The longest that a server may ask for: one that is wrong must not keep a client without tokens for days. */
const MAX_ASKED_PAUSE_MS = 300_000;
/** How long a token that was refused when it was new is not renewed for being refused: more of them would not help. */
const TRUST_MS = 30_000;

export interface TokenSourceContext {
  readonly clock: Clock;
  /**
   * Asks for a token. Rejects with a `TokenFailure`.
   * @param refused one that an upstream has refused: another is needed
   */
  readonly fetch: (refused: string | undefined) => Promise<Grant>;
}

/** Tokens that several processes have together. */
export interface TokenShare {
  /**
   * A token that another process has got already, or one that this process gets: one of them at a time does.
   * @param fetch gets one from the authorization server
   * @param refused a token that will not do
   * @param lockMs how long `fetch` may take, with what is around it
   * @throws what `fetch` rejects with
   */
  grant(fetch: () => Promise<Grant>, refused: string | undefined, lockMs: number): Promise<Grant>;
}

/**
 * One token for all calls of a client. At most one is being asked for at a time, and nothing runs but for calls: a token that nobody uses is
 * not renewed.
 */
export class TokenSource {
  readonly #context: TokenSourceContext;
  #token: Token | undefined;
  #renewal: Promise<Renewal> | undefined;
  #refusal: Refusal | undefined;
  /** What an upstream has refused last. */
  #refused: string | undefined;
  #pauseMs = MIN_PAUSE_MS;

  constructor(context: TokenSourceContext) {
    this.#context = context;
  }

  /** A token that is good; soon before it expires another is asked for in the background. Undefined: `renewed` has to be waited for. */
  get current(): string | undefined {
    const token = this.#token;
    const now = this.#context.clock.now();
    if (!token || now >= token.expiresAt) return undefined;
    if (now >= token.renewAt) void this.#renew();
    return token.value;
  }

  /** Waits for the renewal that is under way, or begins one. */
  async renewed(): Promise<string | Refusal> {
    const renewal = await this.#renew();
    return 'failure' in renewal ? renewal : renewal.value;
  }

  /**
   * An upstream has refused a token. Where that is the current one, it is forgotten.
   * @returns whether another may do
   */
  refuse(value: string): boolean {
    const token = this.#token;
    if (!token || token.value !== value) return true;
    if (this.#context.clock.now() < token.trustedUntil) return false;
    this.#token = undefined;
    this.#refused = value;
    return true;
  }

  /** The first use of a token that was got because the one before was refused has been refused, too: it is not the token. */
  trust(value: string): void {
    if (this.#token?.value === value) this.#token.trustedUntil = this.#context.clock.now() + TRUST_MS;
  }

  #renew(): Promise<Renewal> {
    if (this.#renewal) return this.#renewal;
    const refusal = this.#refusal;
    if (refusal && this.#context.clock.now() < refusal.until) return Promise.resolve(refusal);
    const renewal = this.#fetch();
    this.#renewal = renewal;
    return renewal;
  }

  async #fetch(): Promise<Renewal> {
    const { clock, fetch } = this.#context;
    const askedAt = clock.now(); // its life has begun by the time that the answer is here
    try {
      const { token: value, lifetimeMs } = await fetch(this.#refused);
      const expiresAt = askedAt + lifetimeMs;
      const renewAt = expiresAt - eagerMs(lifetimeMs);
      this.#pauseMs = MIN_PAUSE_MS;
      this.#refusal = undefined;
      return (this.#token = { value, expiresAt, renewAt, trustedUntil: 0 });
    } catch (failure) {
      const asked = Math.min(MAX_ASKED_PAUSE_MS, (failure as TokenFailure).pauseMs);
      const until = clock.now() + Math.max(this.#pauseMs, asked);
      this.#pauseMs = Math.min(MAX_PAUSE_MS, this.#pauseMs * 2);
      return (this.#refusal = { failure: failure as TokenFailure, until });
    } finally {
      this.#renewal = undefined;
    }
  }
}
