import { AxiosHeaders, CanceledError } from 'axios';
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createCall } from '../layers/create-call.js';
import { currentInboundContext, detached, currentScope, runInInboundContext } from './inbound-context.js';

const callOf = () => createCall({ url: 'http://a.example/', headers: new AxiosHeaders() }, 'default');

/** Enters a call into the current scope. */
function enter() {
  const call = callOf();
  const reasons: unknown[] = [];
  call.cancellation.subscribe((reason) => reasons.push(reason));
  currentScope()!.enter(call);
  return reasons;
}

it('runs detached work outside of any context, and what it goes on to do', async () => {
  await runInInboundContext({ deadlineMs: 1_000 }, async () => {
    expect(detached(() => currentInboundContext())).toBeUndefined();
    const later = await detached(async () => {
      await Promise.resolve();
      return currentInboundContext();
    });
    expect(later).toBeUndefined();
    expect(currentInboundContext()).toBeDefined();
  });
});

describe('runInInboundContext', () => {
  it('gives the work a context, wherever it has got to, and nothing outside it', async () => {
    const seen = await runInInboundContext({ deadlineMs: 5_000, headers: { 'X-Request-ID': 'r-1' } }, async () => {
      await new Promise(setImmediate);
      return { ...currentInboundContext(), context: currentInboundContext(), left: currentInboundContext()!.deadline };
    });
    expect(seen.context!.headers).toEqual({ 'x-request-id': 'r-1' });
    expect(seen.left - performance.now()).toBeGreaterThan(4_000);
    expect(seen.left - performance.now()).toBeLessThanOrEqual(5_000);
    expect(currentInboundContext()).toBeUndefined();
  });

  it.each<[unknown, typeof TypeError | typeof RangeError, string]>([
    [{ deadlineMs: NaN }, RangeError, 'deadlineMs: expected a number, got NaN'],
    [{ deadlineMs: '5000' }, TypeError, 'deadlineMs: expected a number of milliseconds, got "5000"'],
    [{ deadlineMs: 5_000n }, TypeError, 'deadlineMs: expected a number of milliseconds, got bigint'],
    [{ deadlineMs: null }, TypeError, 'deadlineMs: expected a number of milliseconds, got null'],
    [{ deadlineMs: false }, TypeError, 'deadlineMs: expected a number of milliseconds, got boolean'],
    [{ deadlineMs: {} }, TypeError, 'deadlineMs: expected a number of milliseconds, got object'],
    [{ signal: new AbortController() }, TypeError, 'signal: expected an AbortSignal, got object'],
    [{ headers: null }, TypeError, 'headers: expected an object, got null'],
    [{ clock: {} }, TypeError, 'clock: expected a clock, got object'],
  ])('refuses %o before the work begins', (init, kind, message) => {
    let hasBegun = false;
    const work = () => void (hasBegun = true);
    expect(() => runInInboundContext(init as object, work)).toThrow(new kind(`runInInboundContext: ${message}`));
    expect(hasBegun).toBe(false);
  });

  it.each([0, -0.5, -5, -Infinity])('is over at once with a deadline of %d ms', (deadlineMs) => {
    expect(() => runInInboundContext({ deadlineMs }, enter)).toThrow(
      /not over after 0 ms, the deadline of the inbound/,
    );
  });

  it.each([2 ** 31, 1e12, Infinity])('ends no call at once with a deadline of %d ms', async (deadlineMs) => {
    await runInInboundContext({ deadlineMs }, async () => {
      const reasons = enter();
      await new Promise((resolve) => setTimeout(resolve, 5)); // a timer of Node's that is too long takes 1 ms
      expect(reasons).toEqual([]);
    });
  });

  it('returns and throws what the work does', async () => {
    expect(runInInboundContext({}, () => 'done')).toBe('done');
    await expect(runInInboundContext({}, async () => 'done later')).resolves.toBe('done later');
    const fail = () => {
      throw new Error('failed');
    };
    expect(() => runInInboundContext({}, fail)).toThrow('failed');
    await expect(runInInboundContext({}, async () => fail())).rejects.toThrow('failed');
  });

  it('aborts the calls under way, and those to come', async () => {
    const controller = new AbortController();
    await runInInboundContext({ signal: controller.signal }, async () => {
      const reasons = enter();
      controller.abort();
      expect(reasons).toHaveLength(1);
      expect(reasons[0]).toBeInstanceOf(CanceledError);
      expect(reasons[0]).toMatchObject({ message: 'the work that the call was made for was aborted' });
      expect(() => enter()).toThrow('the work that the call was made for was aborted');
    });
  });

  it('refuses calls where the signal has aborted before', () => {
    expect(() => runInInboundContext({ signal: AbortSignal.abort() }, enter)).toThrow(CanceledError);
  });

  it.each([
    ['returned', () => {}],
    ['resolved', async () => {}],
    ['rejected', async () => Promise.reject(new Error('failed'))],
  ])('is over once the work has %s: neither deadline nor signal count any more', async (_, finish) => {
    const controller = new AbortController();
    let context: ReturnType<typeof currentInboundContext>;
    let reasons: unknown[] = [];
    const result = runInInboundContext({ deadlineMs: 5_000, signal: controller.signal }, () => {
      context = currentInboundContext();
      reasons = enter();
      return finish();
    });
    await Promise.allSettled([Promise.resolve(result)]);
    expect(context).toMatchObject({ isOver: true, deadline: Infinity });
    controller.abort();
    expect(reasons).toEqual([]);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('listens to the signal no longer where the work throws', () => {
    const { signal } = new AbortController();
    const fail = () => {
      throw new Error('failed');
    };
    expect(() => runInInboundContext({ signal }, fail)).toThrow('failed');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('takes the place of a context around it, which detaches work', () => {
    runInInboundContext({ deadlineMs: 5_000, headers: { a: '1' } }, () =>
      runInInboundContext({}, () => expect(currentInboundContext()).toMatchObject({ deadline: Infinity, headers: {} })),
    );
  });
});
