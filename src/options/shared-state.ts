import type { Clock } from '../base/clock.js';
import type { SharedStateEvent } from '../call/events.js';
import type { BucketLimits, RateLimiter } from '../layers/rate-limit/limiter.js';
import type { ValueStore } from '../layers/cache/shared-store.js';
import type { TokenShare } from '../layers/auth/token-source.js';

/** Whether replicas count together, or each for itself. */
export type SharedStateName = 'available' | 'unavailable';

/** What shared state needs of the app. */
export interface SharedContext {
  readonly clock: Clock;
  /** From 0, below 1. */
  readonly random: () => number;
  readonly changed: (change: SharedStateEvent) => void;
}

/** State that the replicas of an app share: the option `shared`. Made by `redisShared` of `nest-outbound/redis`. */
export interface SharedState {
  /**
   * Whether it keeps tokens: it has a key to encrypt them with.
   * @internal
   */
  readonly keepsTokens: boolean;
  /**
   * For one app. Waits for nothing.
   * @internal
   */
  open(context: SharedContext): OpenSharedState;
}

/** The shared state of one app. */
export interface OpenSharedState {
  readonly state: SharedStateName;
  /** How many replicas share a limit, as far as this one knows. */
  readonly replicas: number;
  /**
   * Counts for all replicas; while that is not possible, for this one with its share. Never fails.
   * @param name tells the limits of an app apart
   */
  rateLimiter(name: string, limits: BucketLimits): RateLimiter;
  /**
   * Tokens of one client, where they are kept.
   * @param id of what they are for: the same in all replicas, other for other credentials
   */
  tokens(id: string): TokenShare;
  /**
   * Responses of HTTP caches. While Redis is unavailable, it rejects at once.
   * @internal
   */
  readonly values: ValueStore;
  /** Ends what it does by itself. The client of the app's stays open. */
  close(): Promise<void>;
}
