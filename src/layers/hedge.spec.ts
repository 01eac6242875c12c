import { isCancel } from 'axios';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { callOf } from '../../test/support/call-of.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { RecordedEvents, SILENT } from '../../test/support/recorded-events.js';
import { scriptedHandler } from '../../test/support/scripted-handler.js';
import { OriginMap } from '../base/origin-map.js';
import { deriveCall } from '../call/call.js';
import { hedge, type HedgeContext, type HedgeSettings } from './hedge.js';

const COLD_MS = 1_000;

function start(settings: Partial<HedgeSettings> = {}, context: Partial<HedgeContext> = {}, options = {}) {
  const clock = new ManualClock();
  const { handler, requests } = scriptedHandler(options);
  const layer = hedge(
    { max: 1, percentile: 0.95, coldMs: COLD_MS, ...settings },
    { clock, budgets: undefined, events: SILENT, ...context },
  );
  return { clock, requests, handle: layer(handler) };
}

/** Answers calls of the given latencies, one after another. */
async function train({ clock, requests, handle }: ReturnType<typeof start>, ...latencies: number[]) {
  for (const ms of latencies) {
    const call = handle(callOf());
    clock.tick(ms);
    requests.pop()!.answer();
    await call;
  }
}

const budgetOf = (withdraw: () => boolean) => {
  const budget = { deposit: vi.fn<() => void>(), withdraw: vi.fn(withdraw) };
  return { budget, budgets: new OriginMap(() => budget) };
};

describe('a second request', () => {
  it('is sent when the first has no answer after coldMs, and its answer counts', async () => {
    const { clock, requests, handle } = start();
    const call = handle(callOf());
    clock.tick(COLD_MS - 1);
    expect(requests).toHaveLength(1);
    clock.tick(1);
    expect(requests).toHaveLength(2);
    requests[1]!.answer({ data: 'second' });
    expect((await call).data).toBe('second');
    expect(requests[0]!.cancelledWith).toMatchObject({ message: 'a hedged request was answered first' });
    expect(isCancel(requests[0]!.cancelledWith)).toBe(true);
    expect(requests[1]!.cancelledWith).toBeUndefined();
  });

  it('is published with the time that the first has taken by then', async () => {
    const events = new RecordedEvents();
    const { clock, requests, handle } = start({ max: 2 }, { events });
    const call = callOf();
    const answer = handle(call);
    expect(events.all).toEqual([]);
    clock.tick(2 * COLD_MS);
    const { id: callId } = call.journal;
    expect(events.all).toMatchObject([
      { name: 'hedge', callId, attempt: 1, afterMs: COLD_MS },
      { name: 'hedge', callId, attempt: 1, afterMs: 2 * COLD_MS },
    ]);
    expect(requests).toHaveLength(3);
    requests[0]!.answer();
    await answer;
    expect(events.all).toHaveLength(2);
  });

  it('that the budget does not allow is not published', () => {
    const events = new RecordedEvents();
    const { clock, handle } = start({}, { events, ...budgetOf(() => false) });
    void handle(callOf());
    clock.tick(COLD_MS);
    expect(events.all).toEqual([]);
  });

  it('is cancelled when the first is answered after all', async () => {
    const { clock, requests, handle } = start();
    const call = handle(callOf());
    clock.tick(COLD_MS);
    requests[0]!.answer({ data: 'first' });
    expect((await call).data).toBe('first');
    expect(isCancel(requests[1]!.cancelledWith)).toBe(true);
    expect(requests[0]!.cancelledWith).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  it('is not sent for a call that is answered in time, and no timer stays', async () => {
    const { clock, requests, handle } = start();
    const call = handle(callOf());
    clock.tick(COLD_MS - 1);
    requests[0]!.answer();
    await call;
    expect(clock.pending).toBe(0);
    expect(requests).toHaveLength(1);
  });

  it('leaves the call, its config and its attempt as they are', () => {
    const { clock, requests, handle } = start();
    const call = deriveCall(callOf(), { attempt: 2, deadline: 5_000 });
    void handle(call);
    clock.tick(COLD_MS);
    for (const request of requests) {
      expect(request.call).toMatchObject({ config: call.config, attempt: 2, deadline: 5_000 });
      expect(request.call.cancellation).not.toBe(call.cancellation);
    }
  });

  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])('is sent for %s', (method) => {
    const { clock, requests, handle } = start();
    void handle(callOf({ method, data: method === 'QUERY' ? 'body' : undefined }));
    clock.tick(COLD_MS);
    expect(requests).toHaveLength(2);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('is never sent for %s', (method) => {
    const { clock, requests, handle } = start();
    void handle(callOf({ method }));
    expect(clock.pending).toBe(0);
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['a body that cannot be sent again', { method: 'QUERY', data: Readable.from(['body']) }],
    ['a listener for its download', { onDownloadProgress: () => {} }],
    ['a listener for its upload', { method: 'QUERY', onUploadProgress: () => {} }],
  ])('is not sent for a call with %s', (_, config) => {
    const { clock, requests, handle } = start();
    void handle(callOf(config));
    expect(clock.pending).toBe(0);
    expect(requests).toHaveLength(1);
  });

  it('is not sent when the wait would reach the deadline', () => {
    const { clock, requests, handle } = start();
    void handle(deriveCall(callOf(), { deadline: COLD_MS }));
    expect(clock.pending).toBe(0);
    void handle(deriveCall(callOf(), { deadline: COLD_MS + 1 }));
    clock.tick(COLD_MS);
    expect(requests).toHaveLength(3);
  });

  it('is not sent for a call that was cancelled, even where the first goes on', () => {
    const { clock, requests, handle } = start({}, {}, { ignoresCancellation: true });
    const call = callOf();
    void handle(call);
    call.cancellation.cancel(new Error('gave up'));
    clock.tick(COLD_MS);
    expect(requests).toHaveLength(1);
  });
});

describe('more requests than one', () => {
  it('are sent one delay after another, as many as allowed, and all but the winner are cancelled', async () => {
    const { clock, requests, handle } = start({ max: 2 });
    const call = handle(callOf());
    clock.tick(2 * COLD_MS - 1);
    expect(requests).toHaveLength(2);
    clock.tick(10 * COLD_MS);
    expect(requests).toHaveLength(3);
    requests[1]!.answer({ data: 'second' });
    expect((await call).data).toBe('second');
    expect(requests.map(({ cancelledWith }) => isCancel(cancelledWith))).toEqual([true, false, true]);
    expect(clock.pending).toBe(0);
  });

  it('are not sent once one has failed', async () => {
    const { clock, requests, handle } = start({ max: 2 });
    const call = handle(callOf());
    clock.tick(COLD_MS);
    requests[1]!.fail(new Error('reset'));
    await setImmediate();
    clock.tick(COLD_MS);
    expect(requests).toHaveLength(2);
    requests[0]!.answer({ data: 'first' });
    expect((await call).data).toBe('first');
  });
});

describe('the budget', () => {
  it('of the call decides where it has one, and the layer leaves its own alone', () => {
    const { budget, budgets } = budgetOf(() => true);
    const { clock, requests, handle } = start({}, { budgets });
    const mayRepeat = vi.fn(() => false);
    void handle(deriveCall(callOf(), { mayRepeat }));
    clock.tick(COLD_MS);
    expect(requests).toHaveLength(1);
    expect(mayRepeat).toHaveBeenCalledOnce();
    expect(budget.deposit).not.toHaveBeenCalled();
    expect(budget.withdraw).not.toHaveBeenCalled();
  });

  it('of the origin decides otherwise: each call deposits, each further request withdraws', () => {
    const { budget, budgets } = budgetOf(() => budget.withdraw.mock.calls.length === 1);
    const { clock, requests, handle } = start({ max: 5 }, { budgets });
    void handle(callOf({ method: 'POST' }));
    void handle(callOf());
    expect(budget.deposit).toHaveBeenCalledTimes(2);
    expect(budget.withdraw).not.toHaveBeenCalled();
    clock.tick(10 * COLD_MS);
    expect(budget.withdraw).toHaveBeenCalledTimes(2);
    expect(requests).toHaveLength(3);
    expect(clock.pending).toBe(0);
  });

  it('gets one deposit for a call, not one for each attempt', () => {
    const { budget, budgets } = budgetOf(() => true);
    const { handle } = start({}, { budgets });
    void handle(deriveCall(callOf(), { attempt: 2 }));
    expect(budget.deposit).not.toHaveBeenCalled();
  });
});

describe('a failure', () => {
  it('before the wait is over fails the call at once', async () => {
    const { clock, requests, handle } = start();
    const call = handle(callOf());
    requests[0]!.fail(new Error('reset'));
    await expect(call).rejects.toThrow('reset');
    expect(clock.pending).toBe(0);
  });

  it.each([0, 1])('of request %i waits for the other', async (failing) => {
    const { clock, requests, handle } = start();
    const call = handle(callOf());
    clock.tick(COLD_MS);
    requests[failing]!.fail(new Error('reset'));
    await setImmediate();
    requests[1 - failing]!.answer({ data: 'other' });
    expect((await call).data).toBe('other');
  });

  it.each([
    [0, 1],
    [1, 0],
  ])('of all is that of the first request, also when they end in the order %i, %i', async (...order) => {
    const { clock, requests, handle } = start();
    const failure = expect(handle(callOf())).rejects.toThrow('failure of 0');
    clock.tick(COLD_MS);
    for (const index of order) {
      requests[index]!.fail(new Error(`failure of ${index}`));
      await setImmediate();
    }
    await failure;
  });

  it('is also a response with a transient status that the call accepts', async () => {
    const { clock, requests, handle } = start();
    const call = handle(callOf());
    clock.tick(COLD_MS);
    requests[1]!.answer({ status: 503 });
    await setImmediate();
    requests[0]!.answer({ data: 'first' });
    expect((await call).data).toBe('first');
  });

  it('of all with such a response is that response', async () => {
    const { clock, requests, handle } = start();
    const call = handle(callOf());
    clock.tick(COLD_MS);
    requests[0]!.answer({ status: 503, data: 'busy' });
    requests[1]!.fail(new Error('reset'));
    expect(await call).toMatchObject({ status: 503, data: 'busy' });
  });

  it('is also a response whose body broke off', async () => {
    const { clock, requests, handle } = start();
    const call = handle(callOf());
    clock.tick(COLD_MS);
    requests[0]!.fail(Object.assign(new Error('aborted'), { code: 'ERR_BAD_RESPONSE', response: { status: 200 } }));
    await setImmediate();
    requests[1]!.answer({ data: 'second' });
    expect((await call).data).toBe('second');
  });

  it('is not a conclusive status that is refused: that is an answer', async () => {
    const { clock, requests, handle } = start();
    const call = handle(callOf());
    clock.tick(COLD_MS);
    requests[1]!.refuse(404);
    await expect(call).rejects.toThrow('status 404');
    expect(isCancel(requests[0]!.cancelledWith)).toBe(true);
  });
});

describe('a cancelled call', () => {
  it('ends every request with its reason, and leaves no timer', async () => {
    const { clock, requests, handle } = start({ max: 2 });
    const call = callOf();
    const result = handle(call);
    clock.tick(COLD_MS);
    const reason = new Error('gave up');
    call.cancellation.cancel(reason);
    await expect(result).rejects.toBe(reason);
    expect(requests.map(({ cancelledWith }) => cancelledWith)).toEqual([reason, reason]);
    await setImmediate();
    expect(clock.pending).toBe(0);
  });
});

describe('a stream', () => {
  it('of the winner stays open when the loser is cancelled, and ends with the call', async () => {
    const { clock, requests, handle } = start();
    const call = callOf({ responseType: 'stream' });
    const result = handle(call);
    clock.tick(COLD_MS);
    const body = new PassThrough();
    requests[1]!.call.cancellation.subscribe((reason) => body.destroy(reason as Error));
    requests[1]!.answer({ data: body });
    expect((await result).data).toBe(body);
    expect(body.destroyed).toBe(false);
    body.on('error', () => {});
    call.cancellation.cancel(new Error('gave up'));
    expect(body.destroyed).toBe(true);
  });

  it.each<[string, (request: ReturnType<typeof start>['requests'][number], data: Readable) => void]>([
    ['answered', (request, data) => request.answer({ data })],
    ['refused', (request, data) => request.refuse(500, data)],
  ])('of a loser that is %s all the same is destroyed', async (_, settle) => {
    const { clock, requests, handle } = start({}, {}, { ignoresCancellation: true });
    const call = handle(callOf({ responseType: 'stream' }));
    clock.tick(COLD_MS);
    requests[1]!.answer({ data: new PassThrough() });
    await call;
    const late = new PassThrough();
    settle(requests[0]!, late);
    await setImmediate();
    expect(late.destroyed).toBe(true);
    expect(() => late.emit('error', new Error('aborted'))).not.toThrow();
  });

  it.each([0, 1])(
    'of a transient status, answered to request %i, is destroyed when the other wins',
    async (failing) => {
      const { clock, requests, handle } = start();
      const call = handle(callOf({ responseType: 'stream' }));
      clock.tick(COLD_MS);
      const busy = new PassThrough();
      requests[failing]!.answer({ status: 503, data: busy });
      await setImmediate();
      const data = new PassThrough();
      requests[1 - failing]!.answer({ data });
      expect((await call).data).toBe(data);
      expect(busy.destroyed).toBe(true);
      expect(data.destroyed).toBe(false);
    },
  );
});

describe('the delay', () => {
  const TWENTY = Array.from({ length: 20 }, (_, index) => 10 * (index + 1));

  it('is the percentile of the origin’s latest latencies once 20 are known', async () => {
    const started = start();
    await train(started, ...TWENTY);
    const { clock, requests, handle } = started;
    void handle(callOf());
    clock.tick(189);
    expect(requests).toHaveLength(1);
    clock.tick(1);
    expect(requests).toHaveLength(2);
  });

  it('is each origin’s own', async () => {
    const started = start();
    await train(started, ...TWENTY);
    const { clock, requests, handle } = started;
    void handle(callOf({ url: 'http://b.example/' }));
    clock.tick(COLD_MS - 1);
    expect(requests).toHaveLength(1);
  });

  it('is not learnt from failures, nor from transient statuses, that come fast', async () => {
    const { clock, requests, handle } = start();
    for (let n = 0; n < 40; n++) {
      const call = handle(callOf()).catch(() => {});
      if (n % 2 === 0) requests.pop()!.fail(new Error('refused'));
      else requests.pop()!.answer({ status: 503 });
      await call;
    }
    void handle(callOf());
    clock.tick(COLD_MS - 1);
    expect(requests).toHaveLength(1);
  });

  it('is as if failures before it had not been', async () => {
    const started = start({ percentile: 0.75 });
    const { clock, requests, handle } = started;
    await train(started, ...Array<number>(12).fill(10), ...Array<number>(8).fill(100));
    for (let n = 0; n < 100; n++) {
      const call = handle(callOf()).catch(() => {});
      requests.pop()!.fail(new Error('refused'));
      await call;
    }
    await train(started, ...Array<number>(20).fill(10));
    requests.length = 0;
    void handle(callOf());
    clock.tick(10);
    expect(requests).toHaveLength(2);
  });

  it('is learnt also where the deadline leaves no room for a second request', async () => {
    const { clock, requests, handle } = start();
    for (let n = 0; n < 20; n++) {
      const call = handle(deriveCall(callOf(), { deadline: clock.now() + 500 }));
      clock.tick(10);
      requests.pop()!.answer();
      await call;
    }
    void handle(callOf());
    clock.tick(10);
    expect(requests).toHaveLength(2);
  });

  it.each<[string, (requests: ReturnType<typeof start>['requests']) => void]>([
    ['answered later', (requests) => requests.at(-1)!.answer()],
    [
      'failed',
      (requests) => {
        requests.at(-2)!.fail(new Error('timeout'));
        requests.at(-1)!.answer();
      },
    ],
  ])('stays where it was while slow requests are %s than their hedges', async (_, end) => {
    const started = start({ percentile: 0.75 });
    const { clock, requests, handle } = started;
    await train(started, ...Array<number>(12).fill(10), ...Array<number>(8).fill(100));
    for (let n = 0; n < 200; n++) {
      const call = handle(callOf());
      if (n % 5 < 3) {
        clock.tick(10);
        requests.at(-1)!.answer();
      } else {
        clock.tick(101);
        end(requests);
      }
      await call;
    }
    requests.length = 0;
    void handle(callOf());
    clock.tick(99);
    expect(requests).toHaveLength(1);
    clock.tick(1);
    expect(requests).toHaveLength(2);
  });

  it('rises with latencies that a hedge does not help', async () => {
    const started = start({ percentile: 0.75 });
    const { clock, requests, handle } = started;
    await train(started, ...Array<number>(20).fill(10));
    for (let n = 0; n < 128; n++) {
      const call = handle(callOf());
      clock.tick(50);
      (requests.at(-2) ?? requests.at(-1))!.answer();
      await call;
      requests.length = 0;
    }
    void handle(callOf());
    clock.tick(49);
    expect(requests).toHaveLength(1);
    clock.tick(1);
    expect(requests).toHaveLength(2);
  });
});
