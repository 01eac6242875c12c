import type { AxiosResponse } from 'axios';
import type { Clock } from '../../base/clock.js';
import { OriginMap } from '../../base/origin-map.js';
import type { Call, Layer } from '../../call/call.js';
import { type OutcomeContext, responseOf } from '../../call/outcome.js';
import { queued, whileWaiting } from '../../call/waiting.js';
import { RateLimitError } from '../../errors/refusal.errors.js';
import type { LimitScope } from '../../options/resilience-options.js';
import { requestedPauseMs } from './headers.js';
import { fallbackRateLimiter, memoryRateLimiter, type RateLimiter } from './limiter.js';
import { ShareOfLimit } from './share.js';
import { TurnQueue } from './turn-queue.js';

export interface RateLimitSettings {
  /** Calls in `intervalMs`, and at most at once. */
  readonly max: number;
  readonly intervalMs: number;
  /** Calls that may wait, for each key. */
  readonly maxQueued: number;
  /** The longest pause that an upstream can ask for. */
  readonly maxPauseMs: number;
  /** Whose calls count together: the key is the origin, or the client's name. */
  readonly per: LimitScope;
  /** Keeps the count; undefined: in memory. While it fails, the count is kept in memory. */
  readonly limiter: RateLimiter | undefined;
  /** How many processes the limiter counts for: each keeps so small a share of it while it fails. undefined: all of it, as if it were alone. */
  readonly replicas: number | undefined;
}

export interface RateLimitContext extends OutcomeContext {
  /** The wall clock, in milliseconds since 1970, for dates in headers. */
  readonly now: () => number;
  /** Ends the waiting. */
  readonly closing: AbortSignal;
}

/** The rate limits of a client, to operate by hand. */
export interface RateLimits {
  /**
   * Ends the pause that an upstream asked for, before its time: calls that wait for its end begin as the limit alone lets them. Where one
   * limit counts for all origins (`per: 'client'`), any origin ends its pause. Nothing happens where there is no pause.
   * @param origin as `https://api.example.com`; absent: every origin
   */
  resume(origin?: string): void;
}

/**
 * Lets so many calls begin in a time; others wait for their turn, in order, where that comes before their deadline. What a
 * response asks for (see `requestedPauseMs`), up to `maxPauseMs`, it gets: no call of the same key begins for so long.
 * @throws RateLimitError at once when the turn would come too late, or as many wait as may; when a pause makes it too late;
 * while waiting, what the call is cancelled with
 */
export function rateLimit(settings: RateLimitSettings, context: RateLimitContext): Layer {
  return limitedBy(new Turns(settings, context), context);
}

/** The same with turns that somebody else holds, too. */
export function limitedBy(turns: Turns, context: RateLimitContext): Layer {
  return (next) => async (call) => {
    const key = turns.keyOf(call);
    const turn = turns.await(key, call);
    if (turn) await queued('rateLimit', turn, call, context);
    let response: AxiosResponse | undefined;
    try {
      response = await next(call);
      return response;
    } catch (error) {
      response = responseOf(error);
      throw error;
    } finally {
      if (response) turns.obey(key, response);
    }
  };
}

/** Who may begin when, for each key. */
export class Turns implements RateLimits {
  readonly #clock: Clock;
  readonly #now: () => number;
  readonly #closing: AbortSignal;
  readonly #limiter: RateLimiter;
  readonly #maxQueued: number;
  readonly #maxPauseMs: number;
  readonly #per: LimitScope;
  /** Key → when its pause ends, for keys that are paused or were lately. */
  readonly #pauses = new OriginMap<{ until: number }>(() => ({ until: -Infinity }));
  /** Key → those who wait, for keys that have any. */
  readonly #queues = new Map<string, TurnQueue>();

  /** @param shared counts for all replicas, and knows what to do while it cannot */
  constructor(settings: RateLimitSettings, { clock, now, closing }: RateLimitContext, shared?: RateLimiter) {
    this.#closing = closing;
    this.#now = now;
    this.#clock = clock;
    this.#limiter = shared ?? limiterOf(settings, clock);
    this.#maxQueued = settings.maxQueued;
    this.#maxPauseMs = settings.maxPauseMs;
    this.#per = settings.per;
  }

  keyOf({ origin, clientName }: Call): string {
    return this.#per === 'origin' ? origin : clientName;
  }

  /** @returns undefined where the call may begin at once */
  await(key: string, call: Call): Promise<void> | undefined {
    const maxWaitMs = this.#isFull(key) ? 0 : Math.max(0, call.deadline - this.#clock.now());
    const wait = this.#limiter.reserve(key, maxWaitMs);
    if (typeof wait === 'number') return this.#afterReserving(key, call, wait, maxWaitMs);
    if (this.#limiter.follow) this.#pauses.get(key);
    const giveBack = (ms: number) => this.#giveBack(key, ms);
    return unlessEnded(wait, maxWaitMs, call, this.#closing, giveBack).then((ms) =>
      this.#afterReserving(key, call, ms, maxWaitMs),
    );
  }

  obey(key: string, { status, headers }: AxiosResponse): void {
    const ms = Math.min(requestedPauseMs(status, headers, this.#now()), this.#maxPauseMs);
    if (ms === 0) return;
    const until = this.#clock.now() + ms;
    const pause = this.#pauses.get(key);
    pause.until = Math.max(pause.until, until);
    void this.#limiter.pause(key, ms);
    if (!this.#limiter.follow) this.#queues.get(key)?.pauseUntil(until);
  }

  resume(origin?: string): void {
    const now = this.#clock.now();
    const isFollowed = this.#limiter.follow !== undefined;
    for (const [key, pause] of this.#pauses.entries()) {
      if (origin !== undefined && this.#per === 'origin' && key !== origin) continue;
      const leftMs = pause.until - now;
      if (leftMs <= 0 && !isFollowed) continue; // another process may have been told to pause
      pause.until = Math.min(now, pause.until);
      void this.#limiter.resume?.(key);
      if (!isFollowed) this.#queues.get(key)?.moveUp(leftMs);
    }
  }

  #giveBack(key: string, wait: number): void {
    const queue = this.#queues.get(key);
    if (queue) queue.spare(this.#clock.now() + wait);
    else void this.#limiter.release(key);
  }

  #isFull(key: string): boolean {
    return (this.#queues.get(key)?.size ?? 0) >= this.#maxQueued;
  }

  #afterReserving(key: string, call: Call, wait: number, maxWaitMs: number): Promise<void> | undefined {
    if (wait > maxWaitMs) return Promise.reject(this.#refusal(key, call, wait));
    const isNow = !(wait > 0); // also where a store answers what is no number
    let queue = this.#queues.get(key);
    if (isNow && !queue) return undefined;
    if (this.#isFull(key)) {
      this.#giveBack(key, wait);
      return Promise.reject(this.#refusal(key, call, wait));
    }
    if (!queue) {
      queue = new TurnQueue({
        clock: this.#clock,
        closing: this.#closing,
        release: () => void this.#limiter.release(key),
        emptied: () => {
          this.#queues.delete(key);
          unfollow?.();
        },
      });
      this.#queues.set(key, queue);
      const unfollow = this.#limiter.follow?.(key, queue);
    }
    return queue.join(call, this.#clock.now() + (isNow ? 0 : wait));
  }

  #refusal(key: string, call: Call, wait: number): RateLimitError {
    const reason = this.#isFull(key)
      ? `${this.#maxQueued} calls wait for their turn already`
      : `its turn would come in ${Math.ceil(wait)} ms, after its deadline`;
    return new RateLimitError(call, wait, reason);
  }
}

function limiterOf(settings: RateLimitSettings, clock: Clock): RateLimiter {
  const { limiter, replicas } = settings;
  if (!limiter) return memoryRateLimiter(settings, clock);
  if (replicas === undefined) return fallbackRateLimiter(limiter, memoryRateLimiter(settings, clock));
  return fallbackRateLimiter(limiter, new ShareOfLimit(settings, () => replicas, { clock, random: Math.random }));
}

/** What a store answers, unless the call ends first: then the place that it took is given back. */
function unlessEnded(
  answer: Promise<number>,
  maxWaitMs: number,
  call: Call,
  closing: AbortSignal,
  giveBack: (wait: number) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const stop = whileWaiting(call, closing, (reason) => {
      isOver = true;
      reject(reason);
    });
    void answer.then(
      (wait) => {
        stop();
        if (!isOver) resolve(wait);
        else if (wait <= maxWaitMs) giveBack(wait);
      },
      (error: unknown) => {
        stop();
        reject(error);
      },
    );
  });
}
