import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  itKeepsTheLayerContract,
  refusedStatus,
  responseTo,
  settle,
  testCall,
  type TestCall,
  untilCancelled,
} from '../../../test/support/layer-contract.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { SILENT } from '../../../test/support/recorded-events.js';
import type { Call, Handler } from '../../call/call.js';
import { NEVER } from '../../call/waiting.js';
import { RateLimitError } from '../../errors/refusal.errors.js';
import { DEFAULT_RULES } from '../../redaction/rules.js';
import { memoryRateLimiter, type RateLimiter } from './limiter.js';
import { limitedBy, rateLimit, type RateLimitSettings, Turns } from './rate-limit.js';

const SETTINGS: RateLimitSettings = {
  max: 1,
  intervalMs: 1_000,
  maxQueued: 1_000,
  maxPauseMs: 60_000,
  per: 'origin',
  limiter: undefined,
  replicas: undefined,
};
const SILENTLY = { events: SILENT, now: Date.now, rules: DEFAULT_RULES, closing: NEVER };
const FAST = { ...SETTINGS, intervalMs: 20 };

/** As a store elsewhere: it answers later. */
const remote = (limiter: RateLimiter): RateLimiter => ({
  reserve: async (...of) => limiter.reserve(...of),
  release: async (key) => limiter.release(key),
  pause: async (...of) => limiter.pause(...of),
});
const down: RateLimiter = {
  reserve: () => Promise.reject(new Error('down')),
  release: () => Promise.reject(new Error('down')),
  pause: () => {
    throw new Error('down');
  },
};

itKeepsTheLayerContract('rateLimit with room', (context) => rateLimit({ ...SETTINGS, max: 1_000 }, context));
itKeepsTheLayerContract('rateLimit without room', (context) => rateLimit(FAST, context));
itKeepsTheLayerContract(
  'rateLimit with a store',
  (context) => rateLimit({ ...FAST, limiter: remote(memoryRateLimiter(FAST, context.clock)) }, context),
  { publishes: ['queue:end'] },
);
itKeepsTheLayerContract(
  'rateLimit with a store that is down',
  (context) => rateLimit({ ...FAST, limiter: down }, context),
  { publishes: ['queue:end'] },
);

describe('rateLimit', () => {
  let clock: ManualClock;
  let begun: Call[];
  let answer: Handler;
  const layer = (settings: Partial<RateLimitSettings> = {}) =>
    rateLimit(
      { ...SETTINGS, ...settings },
      { ...SILENTLY, clock },
    )((call) => {
      begun.push(call);
      return answer(call);
    });
  const advance = async (ms: number) => {
    clock.tick(ms);
    await settle();
  };

  beforeEach(() => {
    clock = new ManualClock();
    begun = [];
    answer = async (call) => responseTo(call);
  });

  it('lets calls begin at once while there is room, the others in order when their turn comes', async () => {
    const handle = layer({ max: 2 });
    const calls = [testCall(), testCall(), testCall(), testCall()];
    for (const call of calls) void handle(call);
    expect(begun).toEqual(calls.slice(0, 2));
    await advance(499);
    expect(begun).toEqual(calls.slice(0, 2)); // a timer may be 1 ms early
    await advance(1);
    expect(begun).toEqual(calls.slice(0, 3));
    await advance(500);
    expect(begun).toEqual(calls);
    expect(clock.pending).toBe(0);
  });

  it('counts each origin for itself, or all calls of the client together', async () => {
    const a = testCall();
    const b = testCall({ url: 'http://b.example/' });
    const perOrigin = layer();
    void perOrigin(a);
    void perOrigin(b);
    expect(begun).toEqual([a, b]);
    const perClient = layer({ per: 'client' });
    void perClient(a);
    void perClient(b);
    expect(begun).toEqual([a, b, a]);
  });

  it('refuses a call at once whose turn comes after its deadline, and takes no place for it', async () => {
    const handle = layer();
    void handle(testCall());
    const refused: RateLimitError = await handle(testCall({}, 999)).then(
      () => expect.fail('not refused'),
      (error: RateLimitError) => error,
    );
    expect(refused).toBeInstanceOf(RateLimitError);
    expect(refused.retryAfterMs).toBe(1_000);
    expect(refused.message).toMatch('its turn would come in 1000 ms, after its deadline');
    const next = testCall({}, 1_000);
    void handle(next);
    await advance(1_000);
    expect(begun.at(-1)).toBe(next);
  });

  it.each([0, 2])('refuses a call at once when %i wait already, which is as many as may', async (maxQueued) => {
    const handle = layer({ maxQueued });
    for (let count = 0; count < 1 + maxQueued; count++) void handle(testCall());
    await expect(handle(testCall())).rejects.toMatchObject({
      code: 'ERR_RATE_LIMIT',
      retryAfterMs: 1_000 * (1 + maxQueued),
      message: expect.stringContaining(`${maxQueued} calls wait for their turn already`),
    });
  });

  it('lets those behind move up when a call that waits is cancelled', async () => {
    const handle = layer();
    const calls = [testCall(), testCall(), testCall(), testCall()];
    const results = calls.map((call) => handle(call).catch((error: unknown) => error));
    calls[1]!.cancellation.cancel(new Error('gone'));
    expect(await results[1]).toEqual(new Error('gone'));
    const last = testCall();
    void handle(last);
    await advance(1_000);
    expect(begun).toEqual([calls[0], calls[2]]);
    await advance(2_000);
    expect(begun).toEqual([calls[0], calls[2], calls[3], last]);
  });

  it('gives the place of the only one that waited back', async () => {
    const handle = layer();
    void handle(testCall());
    const cancelled = testCall();
    const result = handle(cancelled);
    cancelled.cancellation.cancel(new Error('gone'));
    await expect(result).rejects.toThrow('gone');
    expect(clock.pending).toBe(0);
    const next = testCall();
    void handle(next);
    await advance(1_000);
    expect(begun.at(-1)).toBe(next);
  });

  it('waits for months', async () => {
    const intervalMs = 90 * 24 * 60 * 60 * 1_000;
    const handle = layer({ intervalMs });
    void handle(testCall());
    void handle(testCall());
    await advance(intervalMs - 1);
    expect(begun).toHaveLength(1);
    await advance(1);
    expect(begun).toHaveLength(2);
  });

  describe('obeys the upstream', () => {
    it.each<[string, Handler]>([
      ['a refused status 429', (call) => Promise.reject(refusedStatus(call, 429, { 'retry-after': '5' }))],
      ['a status 429 that is accepted', async (call) => responseTo(call, 429, { 'retry-after': '5' })],
      ['a response that was the last', async (call) => responseTo(call, 200, { ratelimit: '"default";r=0;t=5' })],
    ])('%s pauses its origin, and no other', async (_, throttled) => {
      const handle = layer({ max: 100 });
      answer = throttled;
      await handle(testCall()).catch(() => {});
      answer = async (call) => responseTo(call);
      begun = [];
      void handle(testCall());
      await expect(handle(testCall({}, 4_999))).rejects.toMatchObject({ retryAfterMs: 5_000 });
      await handle(testCall({ url: 'http://b.example/' }));
      await advance(4_998);
      expect(begun).toHaveLength(1);
      await advance(2);
      expect(begun).toHaveLength(2);
    });

    it('lets nobody begin earlier for a pause that is shorter than the wait', async () => {
      const handle = layer({ intervalMs: 10_000 });
      answer = async (call) => {
        answer = async (next) => responseTo(next);
        await settle();
        return responseTo(call, 429, { 'retry-after': '5' });
      };
      const first = handle(testCall());
      void handle(testCall());
      void handle(testCall());
      await first;
      const begunAfter: number[] = [];
      for (let second = 0; second < 20; second += 5) {
        await advance(5_000);
        begunAfter.push(begun.length);
      }
      expect(begunAfter).toEqual([1, 2, 2, 3]);
    });

    it('lets those that wait already wait for the pause, too, and tells those at once for whom it is too long', async () => {
      const handle = layer();
      answer = async (call) => {
        await settle();
        return responseTo(call, 429, { 'retry-after': '10' });
      };
      const first = handle(testCall());
      const patient = testCall();
      const hurried = testCall({}, 5_000);
      const behind = testCall();
      void handle(patient);
      const refused = handle(hurried);
      void handle(behind);
      await first;
      await expect(refused).rejects.toMatchObject({ code: 'ERR_RATE_LIMIT', retryAfterMs: 11_000 });
      expect(hurried.cancellation.listeners.size).toBe(0);
      answer = async (call) => responseTo(call);
      await advance(9_999);
      expect(begun).toHaveLength(1);
      await advance(1);
      expect(begun.at(-1)).toBe(patient);
      await advance(1_000);
      expect(begun.at(-1)).toBe(behind);
    });
  });

  describe('with a store', () => {
    it('gives back the place that it takes for a call that has ended meanwhile', async () => {
      const released: string[] = [];
      let reserved!: (waitMs: number) => void;
      const limiter: RateLimiter = {
        reserve: () => new Promise((resolve) => (reserved = resolve)),
        release: (key) => void released.push(key),
        pause: () => {},
      };
      const handle = layer({ limiter });
      const cancelled = testCall();
      const result = handle(cancelled);
      cancelled.cancellation.cancel(new Error('gone'));
      await expect(result).rejects.toThrow('gone');
      reserved(0);
      await settle();
      expect(released).toEqual(['http://a.example']);
      expect(begun).toEqual([]);
    });

    it('gives nothing back where no place was taken', async () => {
      const released: string[] = [];
      const limiter: RateLimiter = {
        reserve: async () => 5_000,
        release: (key) => void released.push(key),
        pause: () => {},
      };
      await expect(layer({ limiter })(testCall({}, 100))).rejects.toMatchObject({ retryAfterMs: 5_000 });
      const cancelled = testCall({}, 100);
      const result = layer({ limiter })(cancelled);
      cancelled.cancellation.cancel(new Error('gone'));
      await expect(result).rejects.toThrow('gone');
      await settle();
      expect(released).toEqual([]);
    });

    it('lets no more wait than may, where many ask at once', async () => {
      const released: string[] = [];
      const limiter: RateLimiter = {
        reserve: async () => 1_000,
        release: (key) => void released.push(key),
        pause: () => {},
      };
      const handle = layer({ limiter, maxQueued: 2 });
      const results = Array.from({ length: 3 }, () => handle(testCall()).catch((error: unknown) => error));
      expect(await results[2]).toMatchObject({ code: 'ERR_RATE_LIMIT', retryAfterMs: 1_000 });
      expect(released).toHaveLength(1);
      await advance(1_000);
      expect(begun).toHaveLength(2);
    });

    it('lets those who came first begin first, whatever turns it gives them', async () => {
      const waits = [3_000, 1_000, 2_000];
      const limiter: RateLimiter = { reserve: async () => waits.shift()!, release: () => {}, pause: () => {} };
      const handle = layer({ limiter });
      const calls = [testCall(), testCall(), testCall()];
      for (const call of calls) void handle(call);
      await settle();
      for (const count of [1, 2, 3]) {
        await advance(1_000);
        expect(begun).toEqual(calls.slice(0, count));
      }
    });

    it('asks for no place where as many wait as may', async () => {
      const waits: number[] = [];
      const released: string[] = [];
      const limiter: RateLimiter = {
        reserve: (_, maxWaitMs) => (waits.push(maxWaitMs), 1_000),
        release: () => void released.push('a place'),
        pause: () => {},
      };
      const handle = layer({ limiter, maxQueued: 1 });
      void handle(testCall());
      await expect(handle(testCall())).rejects.toMatchObject({ code: 'ERR_RATE_LIMIT' });
      expect(waits).toEqual([Infinity, 0]);
      expect(released).toEqual([]);
    });

    it('keeps the limit in memory while the store is down', async () => {
      const handle = layer({ limiter: down, max: 2 });
      for (let count = 0; count < 3; count++) void handle(testCall());
      await settle();
      expect(begun).toHaveLength(2);
      await advance(500);
      expect(begun).toHaveLength(3);
    });

    it('lets a call begin where it answers what is no number', async () => {
      const limiter: RateLimiter = { reserve: () => Number.NaN, release: () => {}, pause: () => {} };
      await layer({ limiter })(testCall());
      expect(begun).toHaveLength(1);
    });
  });

  describe('a pause that an upstream asks for', () => {
    const asks =
      (seconds: string): Handler =>
      (call) => {
        answer = async (next) => responseTo(next);
        return Promise.resolve(responseTo(call, 429, { 'retry-after': seconds }));
      };

    it.each(['86400', '9'.repeat(400), 'Fri, 31 Dec 9999 23:59:59 GMT'])(
      'is cut to maxPauseMs: %s',
      async (seconds) => {
        answer = asks(seconds);
        const handle = layer({ max: 10, maxPauseMs: 5_000 });
        await handle(testCall());
        void handle(testCall());
        await advance(4_999 - 1);
        expect(begun).toHaveLength(1);
        await advance(2);
        expect(begun).toHaveLength(2);
      },
    );

    it.each(['in memory', 'in a store'])('ends when it is resumed: %s', async (where) => {
      const settings = { ...SETTINGS, max: 10, limiter: undefined };
      const limiter = where === 'in memory' ? undefined : memoryRateLimiter(settings, clock);
      const turns = new Turns({ ...settings, limiter }, { ...SILENTLY, clock });
      const handle = limitedBy(turns, { ...SILENTLY, clock })((call) => {
        begun.push(call);
        return answer(call);
      });
      answer = asks('50');
      await handle(testCall());
      const waiting = Array.from({ length: 3 }, () => handle(testCall()));
      turns.resume('https://elsewhere.test');
      await advance(1_000);
      expect(begun).toHaveLength(1);
      turns.resume(testCall().origin);
      await advance(1);
      expect(begun).toHaveLength(4);
      await Promise.all(waiting);
      await handle(testCall());
      expect(begun).toHaveLength(5);
      turns.resume(); // nothing is paused
      expect(clock.pending).toBe(0);
    });

    it('ends for all origins where one limit counts for all', async () => {
      const turns = new Turns({ ...SETTINGS, max: 10, per: 'client' }, { ...SILENTLY, clock });
      const handle = limitedBy(turns, { ...SILENTLY, clock })((call) => {
        begun.push(call);
        return answer(call);
      });
      answer = asks('50');
      await handle(testCall());
      void handle(testCall());
      turns.resume('https://elsewhere.test');
      await advance(1);
      expect(begun).toHaveLength(2);
    });
  });

  it('never lets more begin in a span of time than the limit at once and what comes back in that span', async () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 900 }),
      action: fc.constantFrom('call', 'call', 'call', 'call', 'cancel', 'pause'),
      patienceMs: fc.integer({ min: 0, max: 4_000 }),
      index: fc.nat(20),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 40 }), async (max, steps) => {
        const time = new ManualClock();
        const pass = async (ms: number) => {
          time.tick(ms);
          for (let tick = 0; tick < 10; tick++) await Promise.resolve();
        };
        const times: number[] = [];
        let pausedUntil = 0;
        let pauseNext = 0;
        const handle = rateLimit(
          { ...SETTINGS, max, maxQueued: 5 },
          { ...SILENTLY, clock: time },
        )((call) => {
          expect(time.now()).toBeGreaterThanOrEqual(pausedUntil - 1);
          times.push(time.now());
          const seconds = pauseNext;
          pauseNext = 0;
          if (seconds === 0) return untilCancelled(call);
          pausedUntil = Math.max(pausedUntil, time.now() + seconds * 1_000);
          return Promise.resolve(responseTo(call, 503, { 'retry-after': `${seconds}` }));
        });
        const calls: TestCall[] = [];
        const results: Promise<unknown>[] = [];
        for (const { afterMs, action, patienceMs, index } of steps) {
          for (let passed = 0; passed < afterMs; passed += 50) await pass(50);
          if (action === 'call') {
            const call = testCall({}, time.now() + patienceMs);
            calls.push(call);
            results.push(handle(call).catch((error: unknown) => error));
          } else if (action === 'cancel') calls[index % calls.length]?.cancellation.cancel(new Error('gone'));
          else pauseNext = 1 + (index % 3);
        }
        for (let passed = 0; passed < 60_000 && time.pending > 0; passed += 50) await pass(50);
        expect(time.pending).toBe(0);
        for (const call of calls) call.cancellation.cancel(new Error('gone'));
        await Promise.all(results);
        for (const [i, from] of times.entries()) {
          for (const [j, to] of times.entries()) {
            // 1 ms: timers are taken as due that much before
            if (j >= i) expect(j - i + 1).toBeLessThanOrEqual(max + ((to - from + 1) * max) / 1_000 + 1e-6);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
