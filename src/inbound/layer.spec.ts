import { AxiosError, AxiosHeaders, type AxiosResponse, isCancel } from 'axios';
import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { callOf } from '../../test/support/call-of.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { type Call, type Handler } from '../call/call.js';
import { DeadlineExceededError } from '../errors/refusal.errors.js';
import { InboundScope, runInScope } from './context.js';
import { inboundContext } from './layer.js';

const ANSWER = { data: 'answer' } as AxiosResponse;
const untilCancelled: Handler = ({ cancellation }) => new Promise((_, reject) => cancellation.subscribe(reject));

function setUp({ deadlineMs = Infinity, headers = {}, forwardTo = ['http://a.example'] } = {}) {
  const clock = new ManualClock();
  const source = { isOver: false, headers: headers as Record<string, string> };
  const scope = new InboundScope(source, deadlineMs, clock);
  const layer = inboundContext({ forwardTo: new Set(forwardTo) });
  /** Makes a call in the scope. */
  const make = (next: Handler, call: Call = callOf()): Promise<AxiosResponse> => {
    let result!: Promise<AxiosResponse>;
    runInScope(scope, () => {
      result = layer(next)(call);
    });
    return result;
  };
  /** What a call made in the scope comes to the next layer as. */
  const passedOn = async (call?: Call): Promise<Call> => {
    let passed!: Call;
    await make(async (given) => {
      passed = given;
      return ANSWER;
    }, call);
    return passed;
  };
  return { clock, source, scope, layer, make, passedOn };
}

describe('inboundContext', () => {
  it('passes a call on as it is outside any context, and gives its answer', async () => {
    const call = callOf();
    let passed: unknown;
    const next: Handler = async (given) => {
      passed = given;
      return ANSWER;
    };
    expect(await setUp().layer(next)(call)).toBe(ANSWER);
    expect(passed).toBe(call);
  });

  it('passes a call on as it is in a context that says nothing', async () => {
    const call = callOf();
    expect(await setUp().passedOn(call)).toBe(call);
  });

  describe('with an inbound client that hangs up', () => {
    it('ends the call', async () => {
      const { scope, make } = setUp();
      const result = make(untilCancelled);
      scope.abort('the inbound client has gone');
      const error: unknown = await result.catch((reason: unknown) => reason);
      expect(isCancel(error)).toBe(true);
      expect(error).toMatchObject({
        message: 'the inbound client has gone',
        code: 'ERR_CANCELED',
        name: 'CanceledError',
      });
    });

    it('ends every call under way, each with an error of its own', async () => {
      const { scope, make } = setUp();
      const results = [make(untilCancelled, callOf({ url: '/a' })), make(untilCancelled, callOf({ url: '/b' }))];
      scope.abort('gone');
      const errors = (await Promise.allSettled(results)).map((result) => (result as PromiseRejectedResult).reason);
      expect(errors.map(({ config }) => config.url)).toEqual(['/a', '/b']);
    });

    it('refuses calls to come', async () => {
      const { scope, make } = setUp();
      scope.abort('gone');
      let made = false;
      const next: Handler = async () => {
        made = true;
        return ANSWER;
      };
      await expect(make(next)).rejects.toThrow('gone');
      expect(made).toBe(false);
    });

    it('leaves calls alone once the request has been answered', async () => {
      const { source, scope, make } = setUp();
      let answer!: (response: AxiosResponse) => void;
      const result = make(({ cancellation }) => {
        cancellation.subscribe(() => answer({ data: 'cancelled' } as AxiosResponse));
        return new Promise((resolve) => (answer = resolve));
      });
      source.isOver = true;
      scope.abort('gone');
      answer(ANSWER);
      expect(await result).toBe(ANSWER);
      expect(await make(async () => ANSWER)).toBe(ANSWER);
    });

    it.each([
      ['of an answer', async (data: PassThrough) => ({ data }) as unknown as AxiosResponse],
      [
        'of a refused status',
        async (data: PassThrough) => {
          throw new AxiosError('refused', undefined, undefined, undefined, { data } as unknown as AxiosResponse);
        },
      ],
    ])('ends a body %s that is still being read, but not one that was', async (_, answer) => {
      for (const isRead of [false, true]) {
        const { scope, make } = setUp();
        const body = new PassThrough();
        const call = callOf();
        const reasons: unknown[] = [];
        call.cancellation.subscribe((reason) => reasons.push(reason));
        // oxlint-disable-next-line no-await-in-loop -- one case after the other
        await make(async () => answer(body), call).catch(() => {});
        // oxlint-disable-next-line no-await-in-loop
        if (isRead) await body.end('whole').toArray();
        scope.abort('gone');
        expect(reasons).toHaveLength(isRead ? 0 : 1);
      }
    });

    it('leaves a call alone that has failed', async () => {
      const { scope, make } = setUp();
      const call = callOf();
      const reasons: unknown[] = [];
      call.cancellation.subscribe((reason) => reasons.push(reason));
      const failure = new Error('reset');
      await expect(make(async () => Promise.reject(failure), call)).rejects.toBe(failure);
      scope.abort('gone');
      expect(reasons).toEqual([]);
    });
  });

  describe('with an inbound deadline', () => {
    it("is the call's deadline where that is later", async () => {
      const { passedOn } = setUp({ deadlineMs: 100 });
      expect((await passedOn()).deadline).toBe(100);
    });

    it('ends the calls under way when it passes', async () => {
      const { clock, make } = setUp({ deadlineMs: 100 });
      clock.tick(60);
      const requested: Handler = (call) => {
        call.journal.requests++;
        return untilCancelled(call);
      };
      const results = [make(requested), make(requested)];
      expect(clock.pending).toBe(1);
      const settled = Promise.allSettled(results);
      clock.tick(39);
      await nextTurn();
      clock.tick(1);
      for (const result of await settled) {
        const { reason } = result as PromiseRejectedResult;
        expect(reason).toBeInstanceOf(DeadlineExceededError);
        expect(reason).toMatchObject({
          message: 'GET http://a.example: not over after 100 ms, the deadline of the inbound request it was made for',
          attempts: [{ number: 1, outcome: 'ERR_DEADLINE_EXCEEDED' }],
        });
      }
      expect(clock.pending).toBe(0);
    });

    it('refuses a call at once that is made after it', async () => {
      const { clock, make } = setUp({ deadlineMs: 100 });
      clock.tick(100);
      const result = make(async () => ANSWER);
      await expect(result).rejects.toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED', attempts: [] });
      expect(clock.pending).toBe(0);
    });

    it('leaves no timer behind, whether the call succeeds or fails, and sets it anew for the next', async () => {
      const { clock, make } = setUp({ deadlineMs: 100 });
      await make(async () => ANSWER);
      expect(clock.pending).toBe(0);
      await make(async () => Promise.reject(new Error('reset'))).catch(() => {});
      expect(clock.pending).toBe(0);
      const result = make(untilCancelled);
      clock.tick(100);
      await expect(result).rejects.toBeInstanceOf(DeadlineExceededError);
    });

    it('keeps the timer while another call is under way', async () => {
      const { clock, make } = setUp({ deadlineMs: 100 });
      const result = make(untilCancelled);
      await make(async () => ANSWER);
      clock.tick(100);
      await expect(result).rejects.toBeInstanceOf(DeadlineExceededError);
    });

    it('limits nothing once the request has been answered', async () => {
      const { clock, source, make, passedOn } = setUp({ deadlineMs: 100 });
      let answer!: (response: AxiosResponse) => void;
      const result = make(({ cancellation }) => {
        cancellation.subscribe(() => answer({ data: 'cancelled' } as AxiosResponse));
        return new Promise((resolve) => (answer = resolve));
      });
      source.isOver = true;
      clock.tick(100);
      answer(ANSWER);
      expect(await result).toBe(ANSWER);
      expect((await passedOn()).deadline).toBe(Infinity);
      expect(clock.pending).toBe(0);
    });
  });

  describe('with headers to forward', () => {
    const headers = { 'x-request-id': 'r-1', baggage: 'b' };

    it('adds them for an origin that may know, to a copy', async () => {
      const call = callOf({ headers: new AxiosHeaders({ Accept: 'text/plain' }), sensitiveHeaders: ['x-key'] });
      const { config } = await setUp({ headers }).passedOn(call);
      expect(config.headers.toJSON()).toEqual({ Accept: 'text/plain', ...headers });
      expect(config.headers).toBeInstanceOf(AxiosHeaders);
      expect(config.sensitiveHeaders).toEqual(['x-key', 'x-request-id', 'baggage']);
      expect(Object.getPrototypeOf(config)).toBeNull();
      expect(call.config.headers.toJSON()).toEqual({ Accept: 'text/plain' });
      expect(call.config.sensitiveHeaders).toEqual(['x-key']);
    });

    it.each([
      ['a value', 'own'],
      ['null', null],
      ['false', false],
    ])('leaves a header that the call sets to %s', async (_, own) => {
      const call = callOf({ headers: new AxiosHeaders({ 'X-Request-ID': own }) });
      const { config } = await setUp({ headers }).passedOn(call);
      expect(Object.entries(config.headers)).toEqual(Object.entries({ 'X-Request-ID': own, baggage: 'b' }));
    });

    it('adds them after the request has been answered, too', async () => {
      const { source, passedOn } = setUp({ headers });
      source.isOver = true;
      expect((await passedOn()).config.headers['x-request-id']).toBe('r-1');
    });

    it.each([
      ['another host', 'http://b.example'],
      ['a host that begins the same', 'http://a.example.evil.example'],
      ['another scheme', 'https://a.example'],
      ['another port', 'http://a.example:8080'],
    ])('adds none for %s', async (_, url) => {
      const call = callOf({ url });
      expect(await setUp({ headers }).passedOn(call)).toBe(call);
    });

    it('adds none where no origin may know', async () => {
      const call = callOf();
      expect(await setUp({ headers, forwardTo: [] }).passedOn(call)).toBe(call);
    });
  });
});
