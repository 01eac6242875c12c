import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { limitedBy, type RateLimitSettings, Turns } from '../../src/layers/rate-limit/rate-limit.js';
import { DEFAULT_RULES } from '../../src/redaction/rules.js';
import { NEVER } from '../../src/call/waiting.js';
import type { Handler } from '../../src/call/call.js';
import type { IoredisClient } from '../../src/redis/client-shape.js';
import { redisShared, type RedisSharedOptions } from '../../src/redis/redis-shared.js';
import type { SharedStateEvent } from '../../src/call/events.js';
import type { OpenSharedState } from '../../src/options/shared-state.js';
import { responseTo, testCall } from '../support/layer-contract.js';
import { ManualClock } from '../support/manual-clock.js';
import { SILENT } from '../support/recorded-events.js';
import { CLIENTS, type OpenClient } from '../support/redis-clients.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis-server.js';
import { mostWithin } from '../support/replicas.js';
import { SimulatedRedis, type Weather } from '../support/simulated-redis.js';

const SETTINGS: RateLimitSettings = {
  max: 100,
  intervalMs: 1_000,
  maxQueued: 1_000,
  maxPauseMs: 60_000,
  per: 'origin',
  limiter: undefined,
  replicas: undefined,
};

describeWithRedis('replicas that share a rate limit', () => {
  let server: RedisServer;
  let real: OpenClient;
  let clock: ManualClock;
  let redis: SimulatedRedis;
  let opened: OpenSharedState[];
  /** When each call began, of all replicas. */
  let begun: number[];
  let failures: unknown[];
  let changes: SharedStateEvent[];
  let changedAt: number[];
  let answer: Handler;

  beforeAll(async () => {
    server = await startRedis();
    real = CLIENTS['ioredis 6']!(server.port);
  });
  afterAll(async () => {
    real.close();
    await server.stop();
  });

  const flush = () => (real.client as unknown as { flushall(): Promise<unknown> }).flushall();

  beforeEach(async () => {
    await flush();
    clock = new ManualClock();
    redis = new SimulatedRedis(() => real.client as IoredisClient, clock);
    opened = [];
    begun = [];
    failures = [];
    changes = [];
    changedAt = [];
    answer = async (call) => responseTo(call);
    return async () => {
      redis.weather = 'up';
      await Promise.all(opened.map((one) => one.close()));
    };
  });

  let seed = 1;
  const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;

  function replica(
    options: RedisSharedOptions = {},
    { settings = {}, weather }: { settings?: Partial<RateLimitSettings>; weather?: () => Weather | undefined } = {},
  ) {
    const all = { ...SETTINGS, ...settings };
    const shared = redisShared(redis.client(weather), { replicas: 4, ...options }).open({
      clock,
      random,
      changed: (change) => {
        changes.push(change);
        changedAt.push(clock.now());
      },
    });
    opened.push(shared);
    const context = { events: SILENT, now: Date.now, rules: DEFAULT_RULES, closing: NEVER, clock };
    const turns = new Turns(all, context, shared.rateLimiter('client', all));
    const handle = limitedBy(
      turns,
      context,
    )((call) => {
      begun.push(clock.now());
      return answer(call);
    });
    const call = (deadline = Infinity) => {
      const made = testCall({}, deadline);
      const result = handle(made).catch((error: unknown) => (failures.push(error), error));
      return { cancellation: made.cancellation, result };
    };
    /** Calls one after another, so many at the same time. */
    const load = (callers: number) => {
      const next = (): void => void call().result.then(next);
      for (let count = 0; count < callers; count++) next();
    };
    return { shared, turns, call, load };
  }

  const busy = (count: number, options: RedisSharedOptions = {}) =>
    Array.from({ length: count }, () => {
      const one = replica({ replicas: count, ...options });
      one.load(Math.ceil(120 / count));
      return one;
    });
  const since = (ms: number) => begun.filter((time) => time > ms);
  const rate = (from: number, to: number) =>
    begun.filter((time) => time > from && time <= to).length / ((to - from) / 1_000);

  it.each([4, 20])('send as much as one may, evenly: %i of them', async (count) => {
    busy(count);
    await redis.pass(1_000);
    await redis.pass(5_000);
    expect(rate(1_000, 6_000)).toBeGreaterThanOrEqual(98);
    expect(mostWithin(since(1_000), 1_000)).toBeLessThanOrEqual(102);
    expect(mostWithin(begun, 6_000)).toBeLessThanOrEqual(100 + 600);
    expect(failures).toEqual([]);
  });

  it.each<[string, Weather]>([
    ['is gone', 'down'],
    ['says nothing', 'silent'],
    ['answers in 200 ms', { delayMs: 200 }],
  ])('never send more than they may together when Redis %s, and when it is back', async (_, weather) => {
    const replicas = busy(4);
    await redis.pass(3_000);
    redis.weather = weather;
    await redis.pass(4_000);
    expect(replicas.map(({ shared }) => shared.state)).toEqual(Array(4).fill('unavailable'));
    expect(rate(4_200, 7_000)).toBeGreaterThan(95);
    redis.weather = 'up';
    await redis.pass(6_000);
    expect(replicas.map(({ shared }) => shared.state)).toEqual(Array(4).fill('available'));
    expect(rate(11_500, 13_000)).toBeGreaterThan(95);
    expect(mostWithin(since(1_000), 1_000)).toBeLessThanOrEqual(108);
    expect(failures).toEqual([]);
    expect(changes.map(({ to }) => to)).toEqual([...Array(4).fill('unavailable'), ...Array(4).fill('available')]);
  });

  describe.each<[string, RegExp, string[], string[]]>([
    ['is full', /OOM/, ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
    ['became a replica', /READONLY/, ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
    [
      'has lost its own replicas',
      /NOREPLICAS/,
      ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
      ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
    ],
    [
      'forbids scripts',
      /NOPERM/,
      ['ACL', 'SETUSER', 'default', '-@scripting'],
      ['ACL', 'SETUSER', 'default', '+@scripting'],
    ],
  ])('keep to their share while Redis %s, and go back once', (_, reason, refuse, allow) => {
    const send = ([command, ...args]: string[]) => (real.client as IoredisClient).call(command!, ...args);

    it.each([1, 4])('%i of them', async (count) => {
      const replicas = busy(count);
      await redis.pass(2_000);
      await send(refuse);
      await redis.pass(6_000).finally(() => void send(allow));
      expect(replicas.map(({ shared }) => shared.state)).toEqual(Array(count).fill('unavailable'));
      await redis.pass(6_000);
      expect(replicas.map(({ shared }) => shared.state)).toEqual(Array(count).fill('available'));
      expect(changes.map(({ to }) => to)).toEqual([
        ...Array(count).fill('unavailable'),
        ...Array(count).fill('available'),
      ]);
      expect(changes.slice(0, count).map((change) => change.reason)).toEqual(
        Array(count).fill(expect.stringMatching(reason)),
      );
      expect(mostWithin(since(1_000), 1_000)).toBeLessThanOrEqual(108);
      expect(failures).toEqual([]);
    });
  });

  it('let calls that waited in one of them begin as fast as all may, once Redis is back', async () => {
    const [lonely] = [replica(), replica(), replica(), replica()];
    lonely.load(200);
    await redis.pass(2_000);
    redis.weather = 'down';
    await redis.pass(3_000);
    redis.weather = 'up';
    await redis.pass(3_500);
    const from = clock.now();
    await redis.pass(1_000);
    expect(lonely.shared.state).toBe('available');
    expect(since(from).length).toBeGreaterThan(90);
    expect(mostWithin(since(1_000), 1_000)).toBeLessThanOrEqual(104);
  });

  it('send no more when Redis forgets everything', async () => {
    busy(4);
    await redis.pass(3_000);
    await flush();
    await redis.pass(2_000);
    expect(mostWithin(since(1_000), 1_000)).toBeLessThanOrEqual(104);
    expect(rate(1_000, 5_000)).toBeGreaterThan(97);
    expect(changes).toEqual([]);
  });

  it('go on where one has ended without a word', async () => {
    const weather: { here: Weather | undefined } = { here: undefined };
    busy(3, { replicas: 4 });
    const killed = replica({}, { weather: () => weather.here });
    for (let count = 0; count < 30; count++) void killed.call();
    await redis.pass(2_000);
    weather.here = 'silent';
    await redis.pass(3_000);
    expect(rate(3_000, 5_000)).toBeGreaterThan(95);
  });

  it('that one of them which alone has lost Redis adds its share, and goes back at once', async () => {
    let here: Weather | undefined;
    busy(3, { replicas: 4 });
    const one = replica({}, { weather: () => here });
    one.load(30);
    await redis.pass(2_000);
    here = 'down';
    await redis.pass(3_000);
    expect(one.shared.state).toBe('unavailable');
    expect(mostWithin(since(1_000), 1_000)).toBeLessThanOrEqual(130);
    here = undefined;
    await redis.pass(300);
    expect(one.shared.state).toBe('available');
    await redis.pass(1_000);
    const from = clock.now();
    await redis.pass(2_000);
    expect(mostWithin(since(from), 1_000)).toBeLessThanOrEqual(103);
  });

  it('leave one of them its share for which alone Redis is slow', async () => {
    let here: Weather | undefined;
    busy(3, { replicas: 4 });
    const one = replica({}, { weather: () => here });
    one.load(30);
    await redis.pass(2_000);
    here = { delayMs: 80 };
    await redis.pass(2_000);
    expect(one.shared.state).toBe('unavailable');
    const from = clock.now();
    await redis.pass(3_000);
    expect(one.shared.state).toBe('unavailable');
    expect(mostWithin(since(from), 1_000)).toBeLessThanOrEqual(106);
    expect(rate(from, from + 3_000)).toBeGreaterThan(94);
    here = undefined;
    await redis.pass(2_500);
    expect(one.shared.state).toBe('available');
    const again = clock.now();
    await redis.pass(2_000);
    expect(rate(again, again + 2_000)).toBeGreaterThan(95);
  });

  it('send no more in the long run where one after another loses Redis for a moment', async () => {
    const here: (Weather | undefined)[] = [];
    for (let index = 0; index < 4; index++) replica({}, { weather: () => here[index] }).load(15);
    await redis.pass(1_000);
    for (let second = 0; second < 12; second++) {
      here[second % 4] = { delayMs: 60 };
      await redis.pass(100); // oxlint-disable-line no-await-in-loop -- one after another
      here[second % 4] = undefined;
      await redis.pass(900); // oxlint-disable-line no-await-in-loop
    }
    expect(changes.length).toBeGreaterThanOrEqual(18);
    expect(rate(1_000, 13_000)).toBeLessThan(102);
    expect(mostWithin(since(1_000), 1_000)).toBeLessThanOrEqual(112);
    expect(rate(1_000, 13_000)).toBeGreaterThan(85);
  });

  it.each<[string, 'delayMs' | 'answerMs', number, number]>([
    ['answers in about timeoutMs', 'answerMs', 40, 60],
    ['hears in about timeoutMs', 'delayMs', 30, 55],
    ['answers in time nearly always', 'answerMs', 10, 51],
  ])('send about what they may, and all come back, where Redis %s', async (_, kind, least, most) => {
    let slow: Weather | undefined;
    const weather = () => slow && { [kind]: least + Math.floor(random() * (most - least + 1)) };
    const replicas = Array.from({ length: 4 }, () => replica({}, { weather }));
    for (const one of replicas) one.load(30);
    await redis.pass(2_000);
    slow = 'up';
    await redis.pass(15_000);
    const flips = changes.filter(({ to }) => to === 'unavailable').length;
    expect(flips).toBeGreaterThanOrEqual(4);
    expect(flips).toBeLessThanOrEqual(16); // each holds on twice as long as the last time
    expect(rate(2_000, 17_000)).toBeLessThan(102);
    expect(rate(2_000, 17_000)).toBeGreaterThan(75);
    expect(mostWithin(since(1_000), 1_000)).toBeLessThanOrEqual(120);
    slow = undefined;
    await redis.pass(12_000);
    expect(replicas.map(({ shared }) => shared.state)).toEqual(Array(4).fill('available'));
    const from = clock.now();
    await redis.pass(2_000);
    expect(rate(from, from + 2_000)).toBeGreaterThan(97);
    expect(mostWithin(since(from), 1_000)).toBeLessThanOrEqual(102);
    expect(failures).toEqual([]);
  });

  it('go back though Redis answered something else in time when a command failed', async () => {
    let here: Weather | undefined;
    const one = replica({ replicas: 1 }, { weather: () => here });
    await redis.settled();
    here = { delayMs: 30 };
    await redis.pass(480);
    here = { answerMs: 60 };
    const call = one.call(); // fails after 50 ms, and meanwhile the beat is answered
    await redis.pass(20);
    here = { delayMs: 40 };
    await redis.pass(100);
    await call.result;
    expect(changes.map(({ to }) => to)).toEqual(['unavailable']);
    here = undefined;
    await redis.pass(3_000);
    expect(one.shared.state).toBe('available');
  });

  it('keep to their share longer and longer where Redis is lost again soon, but not for ever', async () => {
    let here: Weather | undefined;
    const one = replica({ replicas: 1 }, { weather: () => here });
    await redis.pass(1_000);
    for (let times = 0; times < 4; times++) {
      here = 'down';
      await redis.pass(600); // oxlint-disable-line no-await-in-loop -- one after another
      here = undefined;
      for (let steps = 0; steps < 200 && one.shared.state === 'unavailable'; steps++) await redis.pass(100); // oxlint-disable-line no-await-in-loop
    }
    await redis.pass(90_000, 40);
    here = 'down';
    await redis.pass(600);
    here = undefined;
    await redis.pass(2_000);
    const times = changedAt.flatMap((at, index) =>
      index % 2 ? [Math.round((at - changedAt[index - 1]!) / 1_000)] : [],
    );
    expect(times).toEqual([1, 2, 4, 8, 1]);
  });

  it('wait no longer than timeoutMs for Redis, and then not at all', async () => {
    redis.weather = 'silent';
    const one = replica({ replicas: 1, timeoutMs: 30 }, { settings: { max: 1_000 } });
    const first = one.call();
    await redis.pass(29, 1);
    expect(one.shared.state).toBe('available');
    await redis.pass(3, 1);
    expect(one.shared.state).toBe('unavailable');
    await first.result;
    expect(begun).toHaveLength(1);
    const { commands } = redis;
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        await one.call().result;
      }).concat(redis.pass(40, 1)),
    );
    expect(begun).toHaveLength(21);
    expect(redis.commands).toBe(commands);
    expect(changes).toEqual([{ from: 'available', to: 'unavailable', reason: 'no answer within 30 ms', replicas: 1 }]);
  });

  it('start without Redis with no more than their share, beginning with none', async () => {
    redis.weather = 'down';
    busy(4);
    await redis.pass(2_000);
    expect(mostWithin(begun, 1_000)).toBeLessThanOrEqual(104);
    expect(failures).toEqual([]);
  });

  it('give back the places of answers that come too late', async () => {
    const limits = { max: 1, intervalMs: 60_000 };
    const [one, other] = [replica(), replica()].map(({ shared }) => shared.rateLimiter('slow', limits));
    await redis.settled();
    redis.weather = { delayMs: 200 };
    const waits = Promise.all([1, 2, 3, 4, 5].map(async () => one!.reserve('key', Infinity)));
    await redis.pass(300);
    expect((await waits).at(-1)).toBeGreaterThan(5 * 60_000); // of its share
    redis.weather = 'up';
    await redis.pass(5_000);
    void one!.reserve('key', 0);
    await redis.settled();
    expect(await other!.reserve('key', Infinity)).toBeLessThanOrEqual(60_000);
  });

  it('go back at the same moment, though one finds Redis before the others do', async () => {
    let others: Weather | undefined;
    const replicas = [0, 1, 2, 3].map((index) => replica({}, { weather: () => (index === 0 ? undefined : others) }));
    for (const one of replicas) one.load(30);
    await redis.pass(2_000);
    redis.weather = others = 'down';
    await redis.pass(2_000);
    redis.weather = 'up';
    await redis.pass(1_500);
    others = 'up';
    await redis.pass(4_000);
    const back = changes.flatMap(({ to }, index) => (to === 'available' ? [changedAt[index]!] : []));
    expect(back).toHaveLength(4);
    expect(Math.max(...back) - Math.min(...back)).toBeLessThanOrEqual(20);
    expect(mostWithin(since(1_000), 1_000)).toBeLessThanOrEqual(108);
  });

  describe('that an upstream asks to be left alone', () => {
    const asksOnce = (seconds: number): void => {
      const usual = answer;
      answer = async (call) => {
        answer = usual;
        return responseTo(call, 429, { 'retry-after': String(seconds) });
      };
    };

    it('all pause, those with waiting calls, too', async () => {
      busy(4);
      await redis.pass(2_000);
      asksOnce(5);
      await redis.pass(200);
      const from = clock.now();
      await redis.pass(4_700);
      expect(since(from)).toEqual([]);
      await redis.pass(2_300);
      expect(rate(7_100, 9_100)).toBeGreaterThan(90);
      expect(mostWithin(since(from), 1_000)).toBeLessThanOrEqual(104);
      expect(failures).toEqual([]);
    });

    it('all go on when one is told to', async () => {
      const [first, second] = busy(2);
      await redis.pass(2_000);
      asksOnce(50);
      await redis.pass(1_000);
      const paused = begun.length;
      second!.turns.resume();
      await redis.pass(1_200);
      expect(begun.length - paused).toBeGreaterThan(90);
      expect(mostWithin(since(2_500), 1_000)).toBeLessThanOrEqual(104);
      expect(first!.shared.state).toBe('available');
    });

    it('all go on pausing when Redis is gone, and when it is back', async () => {
      busy(4);
      await redis.pass(2_000);
      asksOnce(12);
      await redis.pass(500);
      const from = clock.now();
      redis.weather = 'down';
      await redis.pass(3_000);
      redis.weather = 'up';
      await redis.pass(8_300);
      expect(since(from)).toEqual([]);
      await redis.pass(2_500);
      expect(mostWithin(since(from), 1_000)).toBeLessThanOrEqual(104);
      expect(since(from).length).toBeGreaterThan(150);
    });

    it('refuse calls for which that is too long', async () => {
      const settings = { max: 1 };
      const [first, second] = [replica({}, { settings }), replica({}, { settings })];
      let asks!: () => void;
      answer = (call) =>
        new Promise((resolve) => (asks = () => resolve(responseTo(call, 429, { 'retry-after': '30' }))));
      void first.call();
      await redis.settled();
      const waiting = second.call(clock.now() + 2_000);
      await redis.settled();
      asks();
      await redis.settled();
      clock.tick(100);
      await redis.settled();
      expect(await waiting.result).toMatchObject({
        code: 'ERR_RATE_LIMIT',
        message: expect.stringContaining('left alone'),
      });
    });
  });

  it('let those behind move up, of whichever replica, where calls are given up', async () => {
    const settings = { max: 10 };
    const [first, second] = [replica({}, { settings }), replica({}, { settings })];
    for (let count = 0; count < 10; count++) void first.call();
    const given = Array.from({ length: 10 }, () => first.call());
    await redis.settled();
    void Array.from({ length: 5 }, () => second.call());
    await redis.settled();
    for (const { cancellation } of given) cancellation.cancel(new Error('gone'));
    await redis.settled();
    const next = Array.from({ length: 10 }, () => second.call());
    await redis.pass(1_650);
    expect(next).toHaveLength(10);
    expect(begun.length).toBeGreaterThanOrEqual(25);
    expect(mostWithin(begun.slice(10), 1_000)).toBeLessThanOrEqual(11);
  });

  it('count themselves, and divide by the last number that they know', async () => {
    const replicas = busy(4, { replicas: 'auto' });
    await redis.pass(1_500);
    expect(replicas.map(({ shared }) => shared.replicas)).toEqual([4, 4, 4, 4]);
    redis.weather = 'down';
    await redis.pass(3_000);
    expect(replicas[0]!.shared.replicas).toBe(4);
    expect(mostWithin(since(1_000), 1_000)).toBeLessThanOrEqual(108);
    expect(rate(2_500, 4_500)).toBeGreaterThan(95);
  });

  it('ask Redis once for all calls of one turn of the event loop', async () => {
    const one = replica();
    await redis.settled();
    const { commands } = redis;
    const calls = Array.from({ length: 50 }, () => one.call().result);
    await Promise.all(calls);
    expect(redis.commands - commands).toBe(1);
  });

  it('keep no timer for an app that has closed', async () => {
    const one = replica();
    await redis.settled();
    await one.shared.close();
    opened = [];
    expect(clock.pending).toBe(0);
  });
});
