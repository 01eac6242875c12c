import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TokenBucket } from '../../src/layers/rate-limit/limiter.js';
import { redisCommands } from '../../src/redis/commands.js';
import { quotaScripts, type QuotaScripts } from '../../src/redis/quota-scripts.js';
import { placeAfter, quotaAnswer, quotaArguments, type SeenState, waitFor } from '../../src/redis/quota-state.js';
import { itAtScale } from '../support/at-scale.js';
import { CLIENTS, type OpenClient } from '../support/redis-clients.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis-server.js';

/** The script with the time of the test: its last argument. */
const SCRIPTS = quotaScripts('tonumber(table.remove(ARGV))');
const START = 1_800_000_000_000.25;
const limits = (max: number) => ({ max, intervalMs: 1_000 });

/** One limit in Redis. */
class Quota {
  seen: SeenState | undefined;
  /** How much of the limit replicas use that keep to their share. */
  apart = 0;
  #seenAt = 0;
  readonly #max: number;
  readonly #run: (name: keyof QuotaScripts, args: readonly string[]) => Promise<unknown>;

  constructor(redis: OpenClient, key: string, max: number) {
    const commands = redisCommands(redis.client, 'test');
    this.#max = max;
    this.#run = (name, args) => commands.run(SCRIPTS[name], [`{${key}}:quota`, `{${key}}:free`], args);
  }

  async #do(name: keyof QuotaScripts, now: number, ...args: number[]): Promise<readonly number[]> {
    const known = quotaArguments(limits(this.#max), this.seen, now - this.#seenAt, this.apart);
    const { state, rest } = quotaAnswer(await this.#run(name, [...known, ...args.map(String), String(START + now)]));
    this.seen = state;
    this.#seenAt = now;
    return rest;
  }

  async reserve(now: number, ...maxWaits: number[]): Promise<readonly { wait: number; place: number }[]> {
    const waits = await this.#do('reserve', now, 0, ...maxWaits);
    return waits.map((wait) => ({ wait, place: placeAfter(wait, this.seen!) }));
  }
  release = (now: number, ...places: number[]) => this.#do('release', now, ...places);
  pause = (now: number, ms: number) => this.#do('pause', now, ms);
  resume = (now: number) => this.#do('resume', now);
  look = (now: number) => this.#do('look', now);
}

describeWithRedis('the script of a shared rate limit', () => {
  let server: RedisServer;
  let redis: OpenClient;
  let count = 0;
  const quota = (max: number, key = `k${count++}`) => new Quota(redis, key, max);
  beforeAll(async () => {
    server = await startRedis();
    redis = CLIENTS['ioredis 6']!(server.port);
  });
  afterAll(async () => {
    redis.close();
    await server.stop();
  });

  const step = fc.record({
    afterMs: fc.double({ min: 0, max: 600, noNaN: true }),
    action: fc.constantFrom('reserve', 'reserve', 'reserve', 'give back', 'pause', 'resume'),
    ms: fc.integer({ min: 0, max: 1_500 }),
  });

  itAtScale('counts as the bucket in memory does: $n times', 40, 600, async (numRuns) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 7 }), fc.array(step, { maxLength: 40 }), async (max, steps) => {
        const shared = quota(max);
        const bucket = new TokenBucket(limits(max));
        let last: number | undefined;
        let now = 0;
        for (const { afterMs, action, ms } of steps) {
          now += afterMs;
          if (action === 'reserve') {
            const [taken] = await shared.reserve(now, ms);
            expect(taken!.wait).toBeCloseTo(bucket.reserve(now, ms), 2);
            last = taken!.wait <= ms ? taken!.place : undefined;
          } else if (action === 'give back') {
            if (last === undefined) continue; // of a bucket in memory, it is the last place that is given back
            await shared.release(now, last);
            bucket.release();
            last = undefined;
          } else if (action === 'pause') {
            await shared.pause(now, ms);
            bucket.pause(now, ms);
          } else {
            await shared.resume(now);
            bucket.resume(now);
          }
        }
      }),
      { numRuns },
    );
  });

  it('takes as many places at once as one by one', async () => {
    const waits = (taken: readonly { wait: number }[]) => taken.map(({ wait }) => Math.round(wait));
    expect(waits(await quota(4).reserve(0, 1e300, 1e300, 1e300, 1e300, 1e300, 300, 300, 1e300))).toEqual([
      0, 0, 0, 0, 250, 500, 500, 500,
    ]);
  });

  it('gives a place that was given back to who asks next, where it was, and to nobody twice', async () => {
    const shared = quota(1);
    const taken = await shared.reserve(0, ...Array<number>(5).fill(1e300));
    await shared.release(10, taken[2]!.place);
    const next = await shared.reserve(20, 1e300, 1e300);
    expect(next.map(({ wait }) => wait)).toEqual([1_980, 4_980]);
  });

  it('takes all of those at the end back', async () => {
    const shared = quota(1);
    const taken = await shared.reserve(0, ...Array<number>(5).fill(1e300));
    await shared.release(10, ...[3, 2, 4].map((index) => taken[index]!.place));
    expect((await shared.reserve(20, 1e300))[0]!.wait).toBe(1_980);
  });

  it('lets nobody have one whose time has passed', async () => {
    const shared = quota(1);
    const taken = await shared.reserve(0, ...Array<number>(3).fill(1e300));
    await shared.release(10, taken[1]!.place);
    expect((await shared.reserve(1_500, 1e300))[0]!.wait).toBe(1_500);
  });

  itAtScale('never lets more fall due than the limit, whoever gives back what: $n times', 40, 400, async (numRuns) => {
    const turn = fc.record({
      afterMs: fc.integer({ min: 0, max: 400 }),
      action: fc.constantFrom('reserve', 'reserve', 'reserve', 'give back'),
      which: fc.nat(30),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(turn, { maxLength: 60 }), async (max, turns) => {
        const shared = quota(max);
        let due: { time: number; place: number }[] = [];
        let now = 0;
        for (const { afterMs, action, which } of turns) {
          now += afterMs;
          if (action === 'reserve') {
            const [{ wait, place }] = (await shared.reserve(now, 1e300)) as [{ wait: number; place: number }];
            due.push({ time: now + wait, place });
          } else {
            const waiting = due.filter(({ time }) => time > now);
            const given = waiting[which % waiting.length];
            if (!given) continue;
            due = due.filter((other) => other !== given);
            await shared.release(now, given.place);
          }
        }
        const times = due.map(({ time }) => time).toSorted((a, b) => a - b);
        for (const [i, from] of times.entries()) {
          for (const [j, to] of times.entries()) {
            if (j >= i) expect(j - i + 1).toBeLessThanOrEqual(max + ((to - from) * max) / 1_000 + 1e-3);
          }
        }
      }),
      { numRuns },
    );
  });

  describe('of which some replicas keep to their share', () => {
    const rounded = (taken: readonly { wait: number }[]) => taken.map(({ wait }) => Math.round(wait));
    const forever = (calls: number) => Array<number>(calls).fill(1e300);

    it('leaves them that, and what was given out moves with it', async () => {
      const shared = quota(4);
      const taken = await shared.reserve(0, ...forever(8));
      expect(rounded(taken)).toEqual([0, 0, 0, 0, 250, 500, 750, 1_000]);
      shared.apart = 0.5;
      expect(rounded(await shared.reserve(100, 1e300))).toEqual([2_300]);
      const waits = (at: number) => taken.slice(5).map(({ place }) => Math.round(at + waitFor(place, shared.seen!)));
      expect(waits(100)).toEqual([900, 1_400, 1_900]);
      await shared.look(500);
      expect(waits(500)).toEqual([900, 1_400, 1_900]);
      shared.apart = 0;
      await shared.reserve(900, 0);
      expect(waits(900)).toEqual([900, 1_150, 1_400]);
    });

    it('gives places that were given back to who asks next, as ever', async () => {
      const shared = quota(1);
      const taken = await shared.reserve(0, ...forever(4));
      shared.apart = 0.75;
      await shared.release(0, taken[3]!.place, taken[1]!.place);
      expect(rounded(await shared.reserve(0, ...forever(2)))).toEqual([4_000, 12_000]);
    });

    it('stands still in a pause', async () => {
      const shared = quota(1);
      shared.apart = 0.5;
      await shared.reserve(0, ...forever(2));
      await shared.pause(0, 10_000);
      expect(rounded(await shared.reserve(4_000, 1e300))).toEqual([6_000 + 4_000]);
      expect(rounded(await shared.reserve(11_000, 1e300))).toEqual([5_000]);
      await shared.resume(11_000);
      expect(rounded(await shared.reserve(12_000, 1e300))).toEqual([6_000]);
    });
  });

  it('goes on with what a process has seen last where Redis has forgotten it', async () => {
    const key = `k${count++}`;
    const [first, second, newcomer] = [quota(1, key), quota(1, key), quota(1, key)];
    await first.reserve(0, 1e300, 1e300);
    await second.reserve(1, 1e300);
    await first.pause(2, 5_000);
    await (redis.client as unknown as { flushall(): Promise<void> }).flushall();
    expect((await newcomer.reserve(3, 1e300))[0]!.wait).toBe(0); // nobody has told it
    expect((await first.reserve(4, 1e300))[0]!.wait).toBeCloseTo(7_996, 2);
    expect((await second.reserve(5, 1e300))[0]!.wait).toBeCloseTo(8_995, 2);
    expect((await newcomer.reserve(6, 1e300))[0]!.wait).toBeCloseTo(9_994, 2);
  });

  it('goes on with what each process has seen, however much others have done since Redis has forgotten it', async () => {
    const key = `k${count++}`;
    const [first, newcomer] = [quota(1, key), quota(1, key)];
    const taken = await first.reserve(0, ...Array<number>(5).fill(1e300));
    await (redis.client as unknown as { flushall(): Promise<void> }).flushall();
    await newcomer.reserve(1, ...Array<number>(2).fill(1e300));
    for (let looks = 0; looks < 10; looks++) await newcomer.pause(2, 0); // oxlint-disable-line no-await-in-loop -- each is a change
    await first.release(3, taken[4]!.place); // nobody can tell whose that is now
    expect((await newcomer.reserve(4, 1e300))[0]!.wait).toBeCloseTo(4_996, 2);
    expect((await first.reserve(5, 1e300))[0]!.wait).toBeCloseTo(5_995, 2);
  });

  it('waits no longer for a Redis whose clock is an hour behind', async () => {
    const shared = quota(1);
    await shared.reserve(3_600_000, 1e300);
    expect((await shared.reserve(0, 1e300))[0]!.wait).toBeCloseTo(1_000, 2);
  });
});
