import { AxiosError, AxiosHeaders, type AxiosResponse, CanceledError, type InternalAxiosRequestConfig } from 'axios';
import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { RecordedEvents } from '../../../test/support/recorded-events.js';
import { OriginMap } from '../../base/origin-map.js';
import { type Call, createCall, deriveCall, type Handler } from '../../call/call.js';
import { CircuitOpenError, ClientClosedError } from '../../errors/refusal.errors.js';
import { ResponseTimeoutError } from '../../errors/timeout.errors.js';
import type { FailedAttempt, RetryEvent } from '../../options/resilience-options.js';
import { RetryBudget } from './budget.js';
import type { RetrySettings } from './decision.js';
import { retry } from './retry.js';

const SETTINGS: RetrySettings = {
  max: 2,
  statuses: [408, 429, 500, 502, 503, 504],
  baseMs: 50,
  throttledBaseMs: 1_000,
  capMs: 20_000,
  retryIf: undefined,
  onRetry: undefined,
};

const answer = (status: number, more: object = {}) => ({ status, headers: {}, data: '', ...more }) as AxiosResponse;
const refused = (status: number, more: object = {}) => {
  const message = `Request failed with status code ${status}`;
  return new AxiosError(message, AxiosError.ERR_BAD_RESPONSE, undefined, undefined, answer(status, more));
};
const reset = () => new AxiosError('read ECONNRESET', 'ECONNRESET');

/** Takes 10 ms and settles with each of these in turn; the last one again and again. */
function upstream(clock: ManualClock, outcomes: readonly (AxiosResponse | Error)[]) {
  const calls: Call[] = [];
  const handle: Handler = async (call) => {
    calls.push(call);
    clock.tick(10);
    const outcome = outcomes[Math.min(calls.length, outcomes.length) - 1]!;
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  return { calls, handle };
}

describe('retry', () => {
  let clock: ManualClock;
  let budgets: OriginMap<RetryBudget> | undefined;
  let published: RecordedEvents;

  beforeEach(() => {
    clock = new ManualClock();
    budgets = undefined;
    published = new RecordedEvents();
  });

  const newCall = (config: Partial<InternalAxiosRequestConfig> = {}) =>
    createCall({ url: 'http://a.example/', headers: new AxiosHeaders(), ...config }, 'default');

  const layerOf = (handle: Handler, settings: Partial<RetrySettings> = {}) =>
    retry({ ...SETTINGS, ...settings }, { clock, random: () => 0.5, now: () => 0, budgets, events: published })(handle);

  /** Lets time pass for as long as it is waited for. */
  async function settled(result: Promise<AxiosResponse>): Promise<AxiosResponse> {
    const state = { pending: true };
    const stop = () => (state.pending = false);
    result.then(stop, stop);
    while (state.pending) {
      for (let tick = 0; tick < 20; tick++) await Promise.resolve();
      if (clock.pending > 0) clock.tick(1);
    }
    return result;
  }

  /** Until the call is in a pause. */
  async function paused(): Promise<void> {
    while (clock.pending === 0) await Promise.resolve();
  }

  describe('of a call that goes well', () => {
    it('tells how long the attempt took to the microsecond', async () => {
      const handle: Handler = async () => {
        clock.tick(10.123_456_789);
        return answer(200);
      };
      const { attempts } = await layerOf(handle)(newCall());
      expect(attempts).toEqual([{ number: 1, outcome: 200, durationMs: 10.123 }]);
    });

    it('makes one attempt and leaves nothing behind', async () => {
      const { calls, handle } = upstream(clock, [answer(200)]);
      const { status, attempts } = await layerOf(handle)(newCall());
      expect(status).toBe(200);
      expect(attempts).toEqual([{ number: 1, outcome: 200, durationMs: 10 }]);
      expect(calls).toHaveLength(1);
      expect(calls[0]).toMatchObject({ attempt: 1, deadline: Infinity, mayRepeat: undefined });
      expect(clock.pending).toBe(0);
    });
  });

  describe('of a call that fails', () => {
    it('makes it again until it goes well', async () => {
      const { calls, handle } = upstream(clock, [refused(503), reset(), answer(200)]);
      const response = await settled(layerOf(handle)(newCall()));
      expect(response).toMatchObject({
        status: 200,
        attempts: [
          { number: 1, outcome: 503, durationMs: 10, delayMs: 25 },
          { number: 2, outcome: 'ECONNRESET', durationMs: 10, delayMs: 50 },
          { number: 3, outcome: 200, durationMs: 10 },
        ],
      });
      expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      expect(clock.now()).toBe(10 + 25 + 10 + 50 + 10);
      expect(clock.pending).toBe(0);
    });

    it('leaves a frozen response as it is', async () => {
      const frozen = Object.freeze(answer(200));
      const { handle } = upstream(clock, [reset(), frozen]);
      expect(await settled(layerOf(handle)(newCall()))).toBe(frozen);
    });

    it('makes it again when one attempt takes too long, which ends that attempt alone', async () => {
      const { calls, handle } = upstream(clock, [answer(200)]);
      const slowOnce: Handler = (call) => {
        if (call.attempt > 1) return handle(call);
        call.cancellation.cancel(new ResponseTimeoutError(call, 100));
        return Promise.reject(call.cancellation.reason);
      };
      expect((await settled(layerOf(slowOnce)(newCall()))).status).toBe(200);
      expect(calls[0]!.cancellation.reason).toBeUndefined();
    });

    it('fails as its last attempt did, and tells what each of them saw and why there is no other', async () => {
      const last = refused(502);
      const { handle } = upstream(clock, [refused(503), reset(), last]);
      const error: unknown = await settled(layerOf(handle)(newCall())).catch((reason: unknown) => reason);
      expect(error).toBe(last);
      expect(error).toMatchObject({
        attempts: [
          { number: 1, outcome: 503, durationMs: 10, delayMs: 25 },
          { number: 2, outcome: 'ECONNRESET', durationMs: 10, delayMs: 50 },
          { number: 3, outcome: 502, durationMs: 10, notRetried: 'it was attempt 3 of 3' },
        ],
      });
    });

    it('tells so for an error of the client’s own', async () => {
      const error = new ResponseTimeoutError(newCall(), 100);
      const { handle } = upstream(clock, [error]);
      await expect(settled(layerOf(handle, { max: 1 })(newCall()))).rejects.toBe(error);
      expect(error.attempts).toEqual([
        { number: 1, outcome: 'ERR_RESPONSE_TIMEOUT', durationMs: 10, delayMs: 25 },
        { number: 2, outcome: 'ERR_RESPONSE_TIMEOUT', durationMs: 10, notRetried: 'it was attempt 2 of 2' },
      ]);
    });

    it('leaves a frozen error as it is, and one that is nobody’s', async () => {
      const frozen = Object.freeze(refused(404));
      await expect(layerOf(upstream(clock, [frozen]).handle)(newCall())).rejects.toBe(frozen);
      expect(frozen).not.toHaveProperty('attempts');
      const bug = new TypeError('a bug');
      await expect(layerOf(upstream(clock, [bug]).handle)(newCall())).rejects.toBe(bug);
      expect(bug).not.toHaveProperty('attempts');
    });

    it('lists no attempt for a call that the client refused before the first, and lists a refusal of a later one', async () => {
      const refuse: Handler = (call) => Promise.reject(new CircuitOpenError(call, 1_000));
      await expect(layerOf(refuse)(newCall())).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN', attempts: [] });
      const later: Handler = (call) => (call.attempt === 1 ? Promise.reject(reset()) : refuse(call));
      await expect(settled(layerOf(later)(newCall()))).rejects.toMatchObject({
        attempts: [
          { number: 1, outcome: 'ECONNRESET' },
          { number: 2, outcome: 'ERR_CIRCUIT_OPEN', notRetried: 'ERR_CIRCUIT_OPEN is not transient' },
        ],
      });
      const closed: Handler = (call) => Promise.reject(call.attempt === 1 ? reset() : ClientClosedError.refused(call));
      await expect(settled(layerOf(closed)(newCall()))).rejects.toMatchObject({
        attempts: [{ outcome: 'ECONNRESET' }, { outcome: 'ERR_CLIENT_CLOSED' }],
      });
    });

    it('does not repeat a POST', async () => {
      const { calls, handle } = upstream(clock, [refused(503)]);
      await expect(layerOf(handle)(newCall({ method: 'post' }))).rejects.toMatchObject({
        attempts: [{ outcome: 503, notRetried: expect.stringContaining('POST is not idempotent') }],
      });
      expect(calls).toHaveLength(1);
    });
  });

  describe('of a status that validateStatus accepts', () => {
    it('makes the call again, and returns the last response as it is', async () => {
      const last = answer(503);
      const { calls, handle } = upstream(clock, [answer(503), answer(503), last]);
      expect(await settled(layerOf(handle)(newCall()))).toBe(last);
      expect(last.attempts).toMatchObject([{}, {}, { number: 3, outcome: 503, notRetried: 'it was attempt 3 of 3' }]);
      expect(calls).toHaveLength(3);
    });

    it('asks retryIf about one that is no success, and only then', async () => {
      const asked: FailedAttempt[] = [];
      const retryIf = (failed: FailedAttempt) => asked.push(failed) < 2;
      const missing = answer(404);
      const { calls, handle } = upstream(clock, [missing]);
      expect(await settled(layerOf(handle, { retryIf })(newCall()))).toBe(missing);
      expect(calls).toHaveLength(2);
      expect(asked[0]).toEqual({ attempt: 1, method: 'GET', origin: 'http://a.example', response: missing });
      await layerOf(upstream(clock, [answer(200)]).handle, { retryIf })(newCall());
      expect(asked).toHaveLength(2);
    });
  });

  describe('of responses that are not returned', () => {
    it.each([
      ['accepted', (data: unknown) => answer(503, { data })],
      ['refused', (data: unknown) => refused(503, { data })],
    ])('discards the stream of one whose status is %s, before the pause', async (_, outcome) => {
      const body = new PassThrough();
      const returned = new PassThrough();
      const result = layerOf(upstream(clock, [outcome(body), answer(200, { data: returned })]).handle)(newCall());
      await paused();
      expect(body.destroyed).toBe(true);
      await settled(result);
      expect(returned.destroyed).toBe(false);
    });

    it('discards none that the caller gets, with an error or without', async () => {
      const bodies = [new PassThrough(), new PassThrough()];
      await layerOf(upstream(clock, [answer(503, { data: bodies[0] })]).handle, { max: 0 })(newCall());
      const failing = layerOf(upstream(clock, [refused(503, { data: bodies[1] })]).handle, { max: 0 });
      await expect(failing(newCall())).rejects.toThrow('503');
      expect(bodies.map(({ destroyed }) => destroyed)).toEqual([false, false]);
    });

    it('does not fail when a discarded stream does', async () => {
      const body = new PassThrough({ destroy: (_, done) => done(new Error('reset')) });
      const { handle } = upstream(clock, [answer(503, { data: body }), answer(200)]);
      expect((await settled(layerOf(handle)(newCall()))).status).toBe(200);
      expect(body.errored).toMatchObject({ message: 'reset' });
    });
  });

  describe('of a call that is ended', () => {
    it('ends a pause at once, leaves no timer, and tells what came before', async () => {
      const { calls, handle } = upstream(clock, [refused(503)]);
      const call = newCall();
      const result = layerOf(handle)(call);
      await paused();
      call.cancellation.cancel(new CanceledError());
      expect(clock.pending).toBe(0);
      await expect(result).rejects.toMatchObject({
        code: 'ERR_CANCELED',
        attempts: [
          { number: 1, outcome: 503, durationMs: 10, notRetried: 'the call ended in the pause before the next' },
        ],
      });
      expect(calls).toHaveLength(1);
    });

    it('makes no other attempt, and does not ask whether to', async () => {
      const call = newCall();
      let asked = 0;
      const abort: Handler = () => {
        call.cancellation.cancel(new CanceledError());
        return Promise.reject(reset());
      };
      const retryIf = () => ++asked > 0;
      await expect(layerOf(abort, { retryIf })(call)).rejects.toMatchObject({
        attempts: [{ outcome: 'ECONNRESET', notRetried: 'the call had ended' }],
      });
      expect(asked).toBe(0);
    });

    it('ends the attempt that is under way', async () => {
      const call = newCall();
      const result = layerOf(({ cancellation }) => new Promise((_, reject) => cancellation.subscribe(reject)))(call);
      call.cancellation.cancel(new CanceledError());
      await expect(result).rejects.toMatchObject({ attempts: [{ number: 1, outcome: 'ERR_CANCELED' }] });
    });
  });

  it('begins no attempt that would begin after the deadline', async () => {
    const { calls, handle } = upstream(clock, [refused(503)]);
    const result = layerOf(handle)(deriveCall(newCall(), { deadline: 70 }));
    await expect(settled(result)).rejects.toMatchObject({
      attempts: [
        { outcome: 503, delayMs: 25 },
        { outcome: 503, notRetried: 'the pause of 50 ms is longer than the 25 ms to the deadline' },
      ],
    });
    expect(calls).toHaveLength(2);
    expect(clock.now()).toBe(45);
  });

  describe('with a budget', () => {
    const withBudget = (ratio: number, minPerSecond: number) =>
      (budgets = new OriginMap(() => new RetryBudget({ ratio, minPerSecond, now: () => clock.now() })));

    it('makes no more retries than it allows, and says so', async () => {
      withBudget(0.5, 0);
      const { calls, handle } = upstream(clock, [reset()]);
      const layer = layerOf(handle);
      await expect(settled(layer(newCall()))).rejects.toMatchObject({
        attempts: [{ number: 1, notRetried: 'the retry budget of this origin is used up' }],
      });
      await expect(settled(layer(newCall()))).rejects.toMatchObject({ attempts: { length: 2 } });
      expect(calls).toHaveLength(3);
    });

    it('counts each origin by itself', async () => {
      withBudget(1, 0);
      const { calls, handle } = upstream(clock, [reset()]);
      const layer = layerOf(handle);
      for (const url of ['http://a.example/', 'http://b.example/']) {
        await expect(settled(layer(newCall({ url })))).rejects.toMatchObject({ attempts: { length: 2 } });
      }
      expect(calls.map(({ origin }) => origin.at(7))).toEqual(['a', 'a', 'b', 'b']);
    });

    it('takes nothing for a call that is not repeated anyway', async () => {
      withBudget(0.5, 0);
      const { handle } = upstream(clock, [reset()]);
      const layer = layerOf(handle);
      await expect(settled(layer(newCall({ method: 'post' })))).rejects.toThrow('ECONNRESET');
      await expect(settled(layer(newCall()))).rejects.toMatchObject({ attempts: { length: 2 } });
    });

    it('lets the layers within take from it', async () => {
      withBudget(1, 0);
      const allowed: unknown[] = [];
      await layerOf(async ({ mayRepeat }) => {
        allowed.push(mayRepeat?.(), mayRepeat?.());
        return answer(200);
      })(newCall());
      expect(allowed).toEqual([true, false]);
    });
  });

  it('publishes each pause, before it', async () => {
    const { handle } = upstream(clock, [refused(503), reset(), answer(200)]);
    const call = newCall();
    await settled(layerOf(handle)(call));
    const { id: callId } = call.journal;
    expect(published.all).toMatchObject([
      { name: 'retry', callId, client: 'default', method: 'GET', attempt: 1, outcome: 503, delayMs: 25 },
      { name: 'retry', callId, attempt: 2, outcome: 'ECONNRESET', delayMs: 50 },
    ]);
  });

  it('publishes nothing of a call that is not made again', async () => {
    const { handle } = upstream(clock, [refused(404)]);
    await expect(settled(layerOf(handle)(newCall()))).rejects.toThrow('404');
    expect(published.all).toEqual([]);
  });

  describe('onRetry', () => {
    it('is told before each pause', async () => {
      const events: RetryEvent[] = [];
      const onRetry = (event: RetryEvent) => {
        expect(clock.pending).toBe(0);
        events.push(event);
      };
      const first = refused(503);
      const { handle } = upstream(clock, [first, answer(503), answer(200)]);
      await settled(layerOf(handle, { onRetry })(newCall()));
      const attempts = [
        { number: 1, outcome: 503, durationMs: 10, delayMs: 25 },
        { number: 2, outcome: 503, durationMs: 10, delayMs: 50 },
      ];
      const common = { method: 'GET', origin: 'http://a.example' };
      expect(events).toEqual([
        { ...common, attempt: 1, error: first, response: first.response, delayMs: 25, attempts: attempts.slice(0, 1) },
        { ...common, attempt: 2, response: answer(503), delayMs: 50, attempts },
      ]);
    });

    it.each([
      [
        'throws',
        () => {
          throw new Error('a bug');
        },
      ],
      [
        'rejects',
        (async () => {
          throw new Error('a bug');
        }) as () => never,
      ],
    ])('does not fail the call when it %s', async (_, onRetry) => {
      const { handle } = upstream(clock, [refused(503), answer(200)]);
      expect((await settled(layerOf(handle, { onRetry })(newCall()))).status).toBe(200);
    });
  });

  it('rejects with what retryIf throws, and discards the response', async () => {
    const body = new PassThrough();
    const { handle } = upstream(clock, [answer(503, { data: body })]);
    const retryIf = () => {
      throw new TypeError('a bug');
    };
    await expect(layerOf(handle, { retryIf })(newCall())).rejects.toThrow(new TypeError('a bug'));
    expect(body.destroyed).toBe(true);
  });
});
