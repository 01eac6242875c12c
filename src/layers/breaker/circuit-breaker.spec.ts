import { AxiosError, CanceledError } from 'axios';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  itKeepsTheLayerContract,
  refusedStatus,
  responseTo,
  testCall,
  untilCancelled,
} from '../../../test/support/layer-contract.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { RecordedEvents } from '../../../test/support/recorded-events.js';
import type { Call, Handler } from '../../call/call.js';
import { type CircuitOpenError, DeadlineExceededError } from '../../errors/refusal.errors.js';
import { circuitBreaker } from './breaker.js';
import { type BreakerChange, OriginBreakers } from './breakers.js';

const SETTINGS = {
  failureRatio: 0.5,
  minCalls: 100,
  windowMs: 30_000,
  consecutiveFailures: 2,
  openMs: 5_000,
  onStateChange: undefined,
} as const;

itKeepsTheLayerContract('circuitBreaker', ({ clock, events }) =>
  circuitBreaker(new OriginBreakers(SETTINGS, { clock, events, name: 'default' }), clock),
);

const A = 'http://a.example';

describe('circuitBreaker', () => {
  let clock: ManualClock;
  let breakers: OriginBreakers;
  let events: RecordedEvents;
  let changes: string[];
  let answer: Handler;
  let made: number;
  const handle = (call: Call = testCall()) =>
    circuitBreaker(
      breakers,
      clock,
    )((inner) => {
      made++;
      return answer(inner);
    })(call);
  const succeed: Handler = async (call) => responseTo(call);
  const fail: Handler = (call) => Promise.reject(refusedStatus(call, 503));
  const outcome = (result: Promise<unknown>) =>
    result.then(
      () => 'response',
      (error: AxiosError) => error.code,
    );
  const open = async () => {
    answer = fail;
    await outcome(handle());
    await outcome(handle());
    answer = succeed;
  };
  /** Opens it, and waits until it is half-open. */
  const halfOpen = async () => {
    await open();
    clock.tick(5_000);
  };

  beforeEach(() => {
    clock = new ManualClock();
    changes = [];
    const onStateChange = ({ origin, from, to }: BreakerChange) => changes.push(`${origin} ${from} → ${to}`);
    events = new RecordedEvents();
    breakers = new OriginBreakers({ ...SETTINGS, onStateChange }, { clock, events, name: 'orders' });
    answer = succeed;
    made = 0;
  });

  it('opens for an origin that fails, and no other', async () => {
    await open();
    await expect(handle()).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN', retryAfterMs: 5_000, attempts: [] });
    expect(made).toBe(2);
    expect(await outcome(handle(testCall({ url: 'http://b.example/' })))).toBe('response');
    expect(changes).toEqual([`${A} closed → open`]);
  });

  it('counts a status 503 that validateStatus accepts', async () => {
    answer = async (call) => responseTo(call, 503);
    await handle();
    await handle();
    expect(breakers.state(A)).toBe('open');
  });

  it('says how long it stays open', async () => {
    await open();
    clock.tick(4_000);
    const error: CircuitOpenError = await handle().then(
      () => expect.fail('not refused'),
      (refusal: CircuitOpenError) => refusal,
    );
    expect(error.retryAfterMs).toBe(1_000);
    expect(error.message).toBe('GET http://a.example: the circuit breaker of this origin is open for another 1000 ms');
  });

  it('lets exactly one call try once it was open for long enough, and refuses the others', async () => {
    await halfOpen();
    expect(breakers.state(A)).toBe('half-open');
    answer = untilCancelled;
    const probe = testCall();
    void handle(probe).catch(() => {});
    expect(await outcome(handle())).toBe('ERR_CIRCUIT_OPEN');
    expect(await outcome(handle())).toBe('ERR_CIRCUIT_OPEN');
    expect(made).toBe(3);
    await expect(handle()).rejects.toMatchObject({ retryAfterMs: 5_000 });
  });

  it('closes when the probe succeeds, and forgets what was', async () => {
    await halfOpen();
    await handle();
    expect(breakers.snapshot()[A]).toEqual({
      state: 'closed',
      isolated: false,
      calls: 0,
      failures: 0,
      openedAt: undefined,
    });
    answer = fail;
    await outcome(handle());
    expect(breakers.state(A)).toBe('closed');
    expect(changes).toEqual([`${A} closed → open`, `${A} open → half-open`, `${A} half-open → closed`]);
  });

  it('opens again, for as long, when the probe fails', async () => {
    await halfOpen();
    answer = fail;
    await outcome(handle());
    clock.tick(4_999);
    expect(await outcome(handle())).toBe('ERR_CIRCUIT_OPEN');
    clock.tick(1);
    answer = succeed;
    expect(await outcome(handle())).toBe('response');
  });

  it.each([
    ['cancelled by the caller', new CanceledError()],
    ['cut by a deadline after a short time', new DeadlineExceededError(testCall(), 10)],
  ])('lets another call try when the probe is %s', async (_, reason) => {
    await halfOpen();
    answer = untilCancelled;
    const probe = testCall();
    const result = outcome(handle(probe));
    probe.cancellation.cancel(reason);
    expect(await result).toBe(reason.code);
    answer = succeed;
    expect(await outcome(handle())).toBe('response');
    expect(breakers.state(A)).toBe('closed');
  });

  it('opens when deadlines cut calls that ran for a second', async () => {
    answer = untilCancelled;
    for (let count = 0; count < 2; count++) {
      const call = testCall();
      const result = outcome(handle(call));
      clock.tick(1_000);
      call.cancellation.cancel(new DeadlineExceededError(call, 1_000));
      await result;
    }
    expect(breakers.state(A)).toBe('open');
  });

  it('does not count what says nothing about the origin', async () => {
    answer = fail;
    await outcome(handle());
    answer = () => Promise.reject(new CanceledError());
    await outcome(handle());
    await outcome(handle());
    expect(breakers.snapshot()[A]).toMatchObject({ state: 'closed', calls: 1, failures: 1 });
  });

  it.each([
    ['fails late', fail, 'half-open'],
    ['succeeds late', succeed, 'half-open'],
  ])('is not flipped by a call from before it opened that %s', async (_, late, expected) => {
    let finish!: () => void;
    const gate = new Promise<void>((resolve) => (finish = resolve));
    answer = async (call) => {
      await gate;
      return late(call);
    };
    const early = [testCall(), testCall(), testCall()].map((call) => outcome(handle(call)));
    await halfOpen();
    answer = untilCancelled;
    void handle().catch(() => {}); // the probe
    finish();
    await Promise.all(early);
    expect(breakers.state(A)).toBe(expected);
    expect(await outcome(handle())).toBe('ERR_CIRCUIT_OPEN');
  });

  it('stays open no longer than it may when the clock goes back', async () => {
    clock.tick(60_000);
    await open();
    const now = clock.now.bind(clock);
    clock.now = () => now() - 50_000;
    expect(await outcome(handle())).toBe('ERR_CIRCUIT_OPEN');
    clock.tick(5_000);
    expect(await outcome(handle())).toBe('response');
  });

  it('publishes each change, also those by hand, with the name of the client', async () => {
    await open();
    breakers.close(A);
    breakers.isolate(A);
    breakers.isolate(A);
    breakers.close(A);
    breakers.close(A);
    const change = { name: 'breaker', client: 'orders', origin: A };
    expect(events.all).toEqual([
      { ...change, from: 'closed', to: 'open' },
      { ...change, from: 'open', to: 'closed' },
      { ...change, from: 'closed', to: 'open' },
      { ...change, from: 'open', to: 'closed' },
    ]);
  });

  it('is none the worse for a listener that throws', async () => {
    breakers = new OriginBreakers(
      {
        ...SETTINGS,
        onStateChange: () => {
          throw new Error('listener');
        },
      },
      { clock, events, name: 'orders' },
    );
    await open();
    expect(await outcome(handle())).toBe('ERR_CIRCUIT_OPEN');
  });

  it('forgets origins beyond a thousand', async () => {
    for (let count = 0; count < 3_000; count++) await handle(testCall({ url: `http://${count}.example/` }));
    expect(Object.keys(breakers.snapshot())).toHaveLength(1_000);
  });

  describe('by hand', () => {
    it('opens an origin until it is closed', async () => {
      breakers.isolate(A);
      breakers.isolate(A);
      clock.tick(3_600_000);
      await expect(handle()).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN', retryAfterMs: Infinity });
      expect(breakers.state(A)).toBe('open');
      expect(breakers.snapshot()).toEqual({
        [A]: { state: 'open', isolated: true, calls: 0, failures: 0, openedAt: 0 },
      });
      breakers.close(A);
      expect(await outcome(handle())).toBe('response');
      expect(changes).toEqual([`${A} closed → open`, `${A} open → closed`]);
    });

    it('keeps it open where thousands of other origins are called', async () => {
      await handle();
      breakers.isolate(A);
      for (let count = 0; count < 3_000; count++) await handle(testCall({ url: `http://${count}.example/` }));
      expect(await outcome(handle())).toBe('ERR_CIRCUIT_OPEN');
    });

    it('closes a breaker that is open, for good', async () => {
      await open();
      breakers.close(A);
      expect(breakers.state(A)).toBe('closed');
      answer = fail;
      await outcome(handle());
      expect(breakers.state(A)).toBe('closed');
    });

    it('tells nobody of a breaker that was closed already', async () => {
      await handle();
      breakers.close(A);
      expect(changes).toEqual([]);
    });

    it('knows nothing of an origin that was never called', () => {
      expect(breakers.state(A)).toBe('closed');
      breakers.close(A);
      expect(breakers.snapshot()).toEqual({});
    });

    it('closes without what was known before it was isolated', async () => {
      answer = fail;
      await outcome(handle());
      breakers.isolate(A);
      breakers.close(A);
      await outcome(handle());
      expect(breakers.state(A)).toBe('closed');
    });
  });
});
