import type { Clock } from '../base/clock.js';
import { OriginMap } from '../base/origin-map.js';
import type { BucketLimits, RateLimiter, WaitingTurns } from '../layers/rate-limit/limiter.js';
import { ShareOfLimit } from '../layers/rate-limit/share.js';
import type { Availability } from './availability.js';
import type { RedisCommands } from './commands.js';
import { Places, placesOf } from './places.js';
import { quotaScripts } from './quota-scripts.js';
import { quotaAnswer, type QuotaAnswer, quotaArguments, type SeenState } from './quota-state.js';
import type { Script } from './script.js';

/** How often it looks whether another replica was told to pause, while calls wait. */
const LOOK_MS = 100;

export interface QuotaContext {
  readonly commands: RedisCommands;
  readonly availability: Availability;
  readonly clock: Clock;
  readonly random: () => number;
  readonly prefix: string;
  readonly replicas: () => number;
  /** How much of the limit replicas use that Redis is too slow for, from 0, below 1. */
  readonly apartShare: () => number;
}

/** Calls that asked for a place in one turn of the event loop. */
interface Batch {
  readonly maxWaits: number[];
  /** How long each has to wait. */
  readonly answer: Promise<readonly number[]>;
}

/** What is known of one key. */
interface Quota {
  readonly key: string;
  readonly redisKeys: readonly string[];
  readonly places: Places;
  batch: Batch | undefined;
  queue: WaitingTurns | undefined;
  /** Those who wait get turns of Redis. */
  moving: Promise<void> | undefined;
  /** Since then replicas count together again: they had used all up. */
  emptySince: number;
}

const SCRIPTS = quotaScripts();

/**
 * A rate limit that replicas have together, counted in Redis. While Redis is unavailable each counts its share. When that changes, calls that
 * wait get turns of the other kind: what was given out before and what is given out from now on must not add up. Who leaves Redis begins no call sooner
 * than Redis has said, and who returns gives back what it has not used.
 */
export class SharedRateLimiter implements RateLimiter {
  readonly #name: string;
  readonly #limits: BucketLimits;
  readonly #context: QuotaContext;
  readonly #share: ShareOfLimit;
  readonly #quotas = new OriginMap((key) => this.#quota(key));
  /** Those with calls that wait. */
  readonly #followed = new Set<Quota>();
  /** Of the availability: those that were acted upon. */
  #changes: number;
  #endListening = () => {};

  constructor(name: string, limits: BucketLimits, context: QuotaContext) {
    this.#name = name;
    this.#limits = limits;
    this.#context = context;
    this.#share = new ShareOfLimit(limits, context.replicas, context);
    this.#changes = context.availability.changes;
  }

  /** In Redis, where one round trip is for all calls that ask in the same turn of the event loop; where that fails, of this process's share. */
  reserve(key: string, maxWaitMs: number): number | Promise<number> {
    if (!this.#isShared) return this.#share.reserve(key, maxWaitMs);
    return this.#reserve(this.#quotas.get(key), maxWaitMs).catch(() => this.#ownPlace(key, maxWaitMs));
  }

  /** Gives back the last place that this process has. */
  release(key: string): void {
    if (!this.#isShared) return this.#share.release(key);
    const quota = this.#quotas.get(key);
    this.#giveBack(quota, quota.places.takeLast(1));
  }

  /** For all replicas: they hear of it with their next call, and those with calls that wait within 100 ms. */
  async pause(key: string, ms: number): Promise<void> {
    const quota = this.#quotas.get(key);
    try {
      await this.#run(quota, SCRIPTS.pause, [String(ms)]);
    } catch {
      quota.queue?.shift(this.#share.bucket(key).pause(this.#context.clock.now(), ms));
    }
  }

  /** For all replicas. */
  async resume(key: string): Promise<void> {
    const quota = this.#quotas.get(key);
    try {
      await this.#run(quota, SCRIPTS.resume, []);
    } catch {
      quota.queue?.shift(-this.#share.bucket(key).resume(this.#context.clock.now()));
    }
  }

  follow(key: string, queue: WaitingTurns): () => void {
    const { clock } = this.#context;
    const quota = this.#quotas.get(key);
    quota.queue = queue;
    if (this.#followed.size === 0) this.#endListening = this.#context.availability.onChange(() => this.#catchUp());
    this.#followed.add(quota);
    const look = () => {
      timer = clock.setTimeout(look, LOOK_MS);
      const isFresh = quota.places.seenMs(clock.now()) < LOOK_MS;
      if (!isFresh && this.#isShared) this.#run(quota, SCRIPTS.look, []).catch(() => {});
    };
    let timer = clock.setTimeout(look, LOOK_MS);
    return () => {
      clock.clearTimeout(timer);
      quota.queue = undefined;
      this.#followed.delete(quota);
      if (this.#followed.size === 0) this.#endListening();
    };
  }

  /** Acts upon what has changed before it is asked for. */
  get #isShared(): boolean {
    this.#catchUp();
    return this.#context.availability.state === 'available';
  }

  #ownPlace(key: string, maxWaitMs: number): number {
    this.#catchUp();
    return this.#share.reserve(key, maxWaitMs);
  }

  #quota(key: string): Quota {
    const tag = `${this.#context.prefix}:{${this.#name} ${key}}`;
    return {
      key,
      redisKeys: [`${tag}:quota`, `${tag}:free`],
      places: new Places(),
      batch: undefined,
      queue: undefined,
      moving: undefined,
      emptySince: -Infinity,
    };
  }

  async #reserve(quota: Quota, maxWaitMs: number): Promise<number> {
    if (quota.moving) await quota.moving;
    const batch = (quota.batch ??= this.#openBatch(quota));
    const place = batch.maxWaits.push(maxWaitMs) - 1;
    return (await batch.answer)[place]!;
  }

  #openBatch(quota: Quota): Batch {
    const maxWaits: number[] = [];
    const answer = Promise.resolve().then(() => {
      quota.batch = undefined;
      return this.#take(quota, maxWaits);
    });
    return { maxWaits, answer };
  }

  /** @returns how long each has to wait */
  async #take(quota: Quota, maxWaits: readonly number[]): Promise<readonly number[]> {
    const { intervalMs } = this.#limits;
    const emptyMs = intervalMs - (this.#context.clock.now() - quota.emptySince);
    const debtMs = Math.max(emptyMs, intervalMs * this.#context.apartShare());
    const args = [debtMs, ...maxWaits.map((ms) => Math.min(ms, Number.MAX_VALUE))].map(String);
    const answer = await this.#run(quota, SCRIPTS.reserve, args, (late) =>
      this.#giveBack(quota, placesOf(late, maxWaits)),
    );
    if (!this.#isShared) {
      this.#giveBack(quota, placesOf(answer, maxWaits));
      throw new Error('Redis has become unavailable meanwhile');
    }
    quota.places.add(placesOf(answer, maxWaits), answer.state);
    return answer.rest;
  }

  /** @param late called with an answer that nobody waits for any more */
  async #run(
    quota: Quota,
    { text, sha }: Script,
    further: readonly string[],
    late?: (answer: QuotaAnswer) => void,
  ): Promise<QuotaAnswer> {
    const { availability, commands, clock, apartShare } = this.#context;
    const { seen } = quota.places;
    const args = [...quotaArguments(this.#limits, seen, quota.places.seenMs(clock.now()), apartShare()), ...further];
    const noted = (written: unknown) => {
      const answer = quotaAnswer(written);
      this.#note(quota, answer.state);
      return answer;
    };
    const asked = () => commands.run({ text, sha }, quota.redisKeys, args);
    return noted(await availability.ask(asked, (written) => late?.(noted(written))));
  }

  #note(quota: Quota, state: SeenState): void {
    const { places, queue } = quota;
    const noted = places.note(state, this.#context.clock.now());
    if (!noted || !queue || quota.moving) return; // those who move get turns that have it in them
    if (!this.#isShared) this.#pauseShare(quota, state.paused - state.at);
    else if (noted.shiftMs === undefined) this.#followPlaces(places, queue);
    else if (noted.shiftMs !== 0) queue.shift(noted.shiftMs);
  }

  /** An answer that came too late for anything else. */
  #pauseShare({ key, queue }: Quota, ms: number): void {
    if (ms > 0) queue?.shift(this.#share.bucket(key).pause(this.#context.clock.now(), ms));
  }

  #followPlaces(places: Places, queue: WaitingTurns): void {
    const waits = places.waitsOf(queue.size);
    if (waits) queue.replace(waits);
  }

  /** All places of one turn of the event loop together; where Redis is unavailable, when it is back. */
  #giveBack(quota: Quota, places: readonly number[]): void {
    const isFirst = quota.places.giveBack(places);
    if (isFirst && this.#isShared) queueMicrotask(() => void this.#giveBackAll(quota));
  }

  /** Once: where Redis does not answer, it may have taken them back. Nobody begins in their time, then. */
  async #giveBackAll(quota: Quota): Promise<void> {
    if (!this.#isShared) return;
    const places = quota.places.takeReturned();
    if (places.length > 0) await this.#run(quota, SCRIPTS.release, places.map(String)).catch(() => {});
  }

  #catchUp(): void {
    const { availability } = this.#context;
    if (availability.changes === this.#changes) return;
    this.#changes = availability.changes;
    if (availability.state === 'unavailable') this.#toShare(availability.changedAt);
    else this.#toRedis(availability.changedAt);
  }

  #toShare(since: number): void {
    const now = this.#context.clock.now();
    this.#share.begin(since);
    for (const [key, { places }] of this.#quotas.entries()) {
      const pausedMs = places.pausedMs(now);
      if (pausedMs > 0) this.#share.pause(key, pausedMs);
    }
    for (const quota of this.#followed) {
      const { key, queue } = quota;
      const bucket = this.#share.bucket(key);
      const places = quota.places.waiting(now);
      // None sooner than it had: those are the turns of others. What is further ahead than a full bucket is no longer so.
      const waits = Array.from({ length: queue?.size ?? 0 }, (_, index) => {
        bucket.skipTo(now + Math.min(places[index]?.waitMs ?? 0, this.#limits.intervalMs));
        return bucket.reserve(now, Infinity);
      });
      queue?.replace(waits);
    }
  }

  #toRedis(since: number): void {
    const now = this.#context.clock.now();
    for (const quota of this.#followed) quota.emptySince = since;
    for (const [key, quota] of this.#quotas.entries()) {
      quota.emptySince = since;
      this.#giveBack(quota, quota.places.takeAll(now));
      const pausedMs = this.#share.bucket(key).pausedMs(now);
      if (pausedMs > 0) void this.pause(key, pausedMs);
      void this.#giveBackAll(quota);
    }
    for (const quota of this.#followed) {
      // Behind what the loop above has sent.
      quota.moving = Promise.resolve()
        .then(() => this.#moveToRedis(quota))
        .catch(() => {}) // their turns stay as they are
        .finally(() => (quota.moving = undefined));
    }
  }

  async #moveToRedis(quota: Quota): Promise<void> {
    const { queue } = quota;
    if (!queue) return;
    const waits = await this.#take(
      quota,
      Array.from({ length: queue.size }, () => Infinity),
    );
    this.#giveBack(quota, quota.places.takeLast(waits.length - queue.size));
    if (queue.size > 0) queue.replace(waits);
  }
}
