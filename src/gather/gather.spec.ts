import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { gather } from './gather.js';
import type { GatherCallOptions, GatherEntry, GatherProgress } from './types.js';

/** A call that ends when the test says so, and not because it is aborted. */
function openCall<Value>() {
  const { promise, resolve, reject } = withResolvers<Value>();
  const call = vi.fn<(options: GatherCallOptions) => Promise<Value>>(() => promise);
  return { call, resolve, reject, signal: () => call.mock.calls[0]![0].signal };
}

function withResolvers<Value>() {
  let resolve!: (value: Value) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<Value>((...settle) => ([resolve, reject] = settle));
  return { promise, resolve, reject };
}

const hangs = () => new Promise<never>(() => {});
const fails = (message: string) => async (): Promise<string> => {
  throw new Error(message);
};

let clock: ManualClock;
beforeEach(() => {
  clock = new ManualClock();
});
afterEach(() => {
  expect(clock.pending).toBe(0);
});

describe('gather', () => {
  it('gives what a record of calls gave, under the same names', async () => {
    const { results, values, complete, counts } = await gather({ a: async () => 1, b: () => 'two' }, { clock });
    expect(values).toEqual({ a: 1, b: 'two' });
    expect(results).toEqual({
      a: { status: 'fulfilled', value: 1, durationMs: 0 },
      b: { status: 'fulfilled', value: 'two', durationMs: 0 },
    });
    expect(complete).toBe(true);
    expect(counts).toEqual({ total: 2, fulfilled: 2, missed: 0, pending: 0 });
  });

  it('gives what a list of calls gave, in their order, whichever comes first', async () => {
    const [slow, fast] = [openCall<string>(), openCall<string>()];
    const result = gather([slow.call, fast.call], { clock });
    fast.resolve('fast');
    await setImmediate();
    slow.resolve('slow');
    expect((await result).values).toEqual(['slow', 'fast']);
    expect((await result).results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  });

  it('measures how long each took', async () => {
    const [a, b] = [openCall<number>(), openCall<number>()];
    const result = gather({ a: a.call, b: b.call }, { clock });
    clock.tick(10);
    a.resolve(1);
    await setImmediate();
    clock.tick(20);
    b.reject(new Error('reset'));
    expect((await result).results).toMatchObject({ a: { durationMs: 10 }, b: { durationMs: 30 } });
  });

  it('does not reject because a call does: it is missed, with its error', async () => {
    const throwing = (): Promise<string> => {
      throw new Error('threw');
    };
    const { results, values, complete, counts } = await gather(
      { rejects: fails('rejected'), throws: throwing, works: async () => 1 },
      { clock },
    );
    expect(results).toEqual({
      rejects: { status: 'missed', reason: 'failed', error: new Error('rejected'), durationMs: 0 },
      throws: { status: 'missed', reason: 'failed', error: new Error('threw'), durationMs: 0 },
      works: { status: 'fulfilled', value: 1, durationMs: 0 },
    });
    expect(values).toEqual({ works: 1 });
    expect(complete).toBe(false);
    expect(counts).toEqual({ total: 3, fulfilled: 1, missed: 2, pending: 0 });
  });

  it('leaves what failed out of the values of a list', async () => {
    const { values, results } = await gather([async () => 1, fails('no'), async () => 3], { clock });
    expect(values).toEqual([1, 3]);
    expect(results).toHaveLength(3);
  });

  it('starts the calls at once, before it returns', () => {
    const call = vi.fn<() => Promise<number>>(async () => 1);
    void gather([call], { clock });
    expect(call).toHaveBeenCalledOnce();
  });

  it.each([
    ['record', {}, {}],
    ['list', [], []],
  ])('of an empty %s is complete and empty', async (_, calls, empty) => {
    expect(await gather(calls, { clock, deadlineMs: 100 })).toEqual({
      results: empty,
      values: empty,
      complete: true,
      counts: { total: 0, fulfilled: 0, missed: 0, pending: 0 },
    });
  });

  it('keeps a name that means something else to objects', async () => {
    const calls = Object.fromEntries([['__proto__', async () => 1]]);
    const { results, values } = await gather(calls, { clock });
    expect(Object.keys(results)).toEqual(['__proto__']);
    expect(Object.entries(values)).toEqual([['__proto__', 1]]);
  });

  it('leaves the signals of calls that are over alone, and gives each its own', async () => {
    const [fast, slow] = [openCall<number>(), openCall<number>()];
    const result = gather([fast.call, slow.call], { clock, deadlineMs: 100 });
    fast.resolve(1);
    await setImmediate();
    clock.tick(100);
    await result;
    expect(fast.signal().aborted).toBe(false);
    expect(slow.signal().aborted).toBe(true);
  });
});

describe('the deadline', () => {
  it('ends what is under way, and keeps what has come', async () => {
    const hanging = openCall<number>();
    const result = gather({ fast: async () => 1, hanging: hanging.call }, { clock, deadlineMs: 300 });
    await setImmediate();
    clock.tick(299);
    expect(hanging.signal().aborted).toBe(false);
    clock.tick(1);
    expect(await result).toEqual({
      results: {
        fast: { status: 'fulfilled', value: 1, durationMs: 0 },
        hanging: { status: 'missed', reason: 'deadline', durationMs: 300 },
      },
      values: { fast: 1 },
      complete: false,
      counts: { total: 2, fulfilled: 1, missed: 1, pending: 0 },
    });
    expect(hanging.signal().reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('is one for all: what waits for its turn does not get more time', async () => {
    const [first, second] = [openCall<number>(), openCall<number>()];
    const result = gather([first.call, second.call], { clock, deadlineMs: 300, concurrency: 1 });
    clock.tick(200);
    first.resolve(1);
    await setImmediate();
    clock.tick(100);
    expect((await result).results[1]).toEqual({ status: 'missed', reason: 'deadline', durationMs: 100 });
  });

  it('of 0 ms starts nothing', async () => {
    const call = vi.fn<() => Promise<number>>(async () => 1);
    const { results } = await gather([call], { clock, deadlineMs: 0 });
    expect(results).toEqual([{ status: 'missed', reason: 'not-started', durationMs: 0 }]);
    expect(call).not.toHaveBeenCalled();
  });

  it.each([2 ** 31, 1e300, Infinity])('of %d ms ends nothing at once', async (deadlineMs) => {
    const later = () => new Promise((resolve) => setTimeout(resolve, 5, 'in time')); // a timer that is too long takes 1 ms
    expect(await gather([later], { deadlineMs })).toMatchObject({ values: ['in time'], complete: true });
  });

  it('makes what comes late count for nothing, whether it is fulfilled or fails', async () => {
    const onProgress = vi.fn<() => void>();
    const [late, failing] = [openCall<number>(), openCall<number>()];
    const result = gather([late.call, failing.call], { clock, deadlineMs: 1, onProgress });
    clock.tick(1);
    late.resolve(1);
    failing.reject(new Error('would be unhandled'));
    await setImmediate();
    expect((await result).values).toEqual([]);
    expect(onProgress).not.toHaveBeenCalled();
  });
});

describe('concurrency', () => {
  it('starts no more than so many, in order, and the next when one is over', async () => {
    const calls = [openCall<number>(), openCall<number>(), openCall<number>()];
    const started = () => calls.map(({ call }) => call.mock.calls.length);
    const result = gather(
      calls.map(({ call }) => call),
      { clock, concurrency: 2 },
    );
    expect(started()).toEqual([1, 1, 0]);
    calls[1]!.reject(new Error('no'));
    await setImmediate();
    expect(started()).toEqual([1, 1, 1]);
    calls[0]!.resolve(0);
    calls[2]!.resolve(2);
    expect((await result).values).toEqual([0, 2]);
  });

  it('copes with thousands of calls that throw, one at a time', async () => {
    const calls = Array.from({ length: 20_000 }, () => (): number => {
      throw new Error('no');
    });
    expect((await gather(calls, { clock, concurrency: 1 })).counts.missed).toBe(20_000);
  });
});

describe('a quorum', () => {
  it('ends it; what is under way is not needed and aborted, what waits is not started', async () => {
    const [a, b, c, d] = [openCall<string>(), openCall<string>(), openCall<string>(), openCall<string>()];
    const options = { clock, settle: 'quorum', quorum: 2, concurrency: 2, deadlineMs: 100 } as const;
    const result = gather({ a: a.call, b: b.call, c: c.call, d: d.call }, options);
    a.resolve('a');
    await setImmediate();
    c.resolve('c');
    expect(await result).toMatchObject({
      results: { b: { status: 'missed', reason: 'not-needed' }, d: { status: 'missed', reason: 'not-started' } },
      values: { a: 'a', c: 'c' },
      complete: true,
      counts: { total: 4, fulfilled: 2, missed: 2, pending: 0 },
    });
    expect(b.signal().reason).toMatchObject({ name: 'AbortError' });
    b.reject(new Error('would be unhandled'));
    await setImmediate();
  });

  it('counts only those that are fulfilled', async () => {
    const last = openCall<string>();
    const result = gather([fails('1'), last.call, fails('2')], { clock, settle: 'quorum', quorum: 1 });
    await setImmediate();
    last.resolve('last');
    expect((await result).values).toEqual(['last']);
  });

  it('that cannot be reached any more does not end it: the rest may be worth having', async () => {
    const last = openCall<string>();
    const result = gather([fails('1'), fails('2'), last.call], { clock, settle: 'quorum', quorum: 2 });
    await setImmediate();
    last.resolve('last');
    expect(await result).toMatchObject({ values: ['last'], complete: false });
  });
});

describe('the first', () => {
  it('that is fulfilled ends it', async () => {
    const [a, b] = [openCall<number>(), openCall<number>()];
    const result = gather({ a: a.call, failing: fails('no'), b: b.call }, { clock, settle: 'first' });
    await setImmediate();
    b.resolve(2);
    expect(await result).toMatchObject({ values: { b: 2 }, complete: true, results: { a: { reason: 'not-needed' } } });
    expect(a.signal().aborted).toBe(true);
  });

  it('is none where all fail', async () => {
    const result = await gather([fails('a'), fails('b')], { clock, settle: 'first' });
    expect(result).toMatchObject({ values: [], complete: false, counts: { missed: 2 } });
  });
});

describe('the signal of the caller', () => {
  const reason = new Error('the client went away');

  it('rejects with its reason, and aborts what is under way with it', async () => {
    const controller = new AbortController();
    const [call, waiting] = [openCall<number>(), openCall<number>()];
    const { signal } = controller;
    const result = gather([call.call, waiting.call], { clock, signal, deadlineMs: 100, concurrency: 1 });
    controller.abort(reason);
    await expect(result).rejects.toBe(reason);
    expect(call.signal().reason).toBe(reason);
    call.reject(new Error('would be unhandled'));
    await setImmediate();
    expect(waiting.call).not.toHaveBeenCalled();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('starts nothing where it has aborted before', async () => {
    const call = vi.fn<() => Promise<number>>(async () => 1);
    await expect(gather([call], { clock, signal: AbortSignal.abort(reason), deadlineMs: 100 })).rejects.toBe(reason);
    expect(call).not.toHaveBeenCalled();
  });

  it('that a call aborts as it starts keeps the next from starting', async () => {
    const controller = new AbortController();
    const next = vi.fn<() => Promise<number>>(async () => 1);
    const aborting = () => controller.abort(reason);
    await expect(gather([aborting, next], { clock, signal: controller.signal })).rejects.toBe(reason);
    expect(next).not.toHaveBeenCalled();
  });

  it.each<[string, () => unknown]>([
    ['everything has come', async () => 1],
    ['the deadline has passed', hangs],
  ])('is not listened to once %s', async (_, call) => {
    const { signal } = new AbortController();
    const result = gather([call], { clock, signal, deadlineMs: 10 });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await setImmediate();
    clock.tick(10);
    await result;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('onProgress', () => {
  it('is told of each call as it is fulfilled or fails', async () => {
    const events: GatherProgress<{ a: () => Promise<number>; b: () => Promise<string> }>[] = [];
    const a = openCall<number>();
    const result = gather({ a: a.call, b: fails('no') }, { clock, onProgress: (event) => events.push(event) });
    await setImmediate();
    clock.tick(5);
    a.resolve(1);
    await result;
    expect(events).toEqual([
      {
        key: 'b',
        result: { status: 'missed', reason: 'failed', error: new Error('no'), durationMs: 0 },
        counts: { total: 2, fulfilled: 0, missed: 1, pending: 1 },
      },
      {
        key: 'a',
        result: { status: 'fulfilled', value: 1, durationMs: 5 },
        counts: { total: 2, fulfilled: 1, missed: 1, pending: 0 },
      },
    ]);
  });

  it('has the places of a list', async () => {
    const keys: number[] = [];
    await gather([async () => 1, async () => 2], { clock, onProgress: ({ key }) => keys.push(key) });
    expect(keys).toEqual([0, 1]);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('broken listener');
      },
    ],
    ['rejects', fails('broken listener')],
  ])('costs no result where it %s', async (_, onProgress) => {
    const { values } = await gather([async () => 1, async () => 2], { clock, onProgress });
    expect(values).toEqual([1, 2]);
  });

  it('may abort the whole', async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('enough'));
    const result = gather([async () => 1, hangs], { clock, signal: controller.signal, onProgress, deadlineMs: 10 });
    await expect(result).rejects.toThrow('enough');
  });
});

describe('bad input', () => {
  it.each<[unknown, unknown, string]>([
    [undefined, {}, 'gather: calls: expected a record or a list of functions, got undefined'],
    [null, {}, 'gather: calls: expected a record or a list of functions, got null'],
    [{ a: 1 }, {}, 'gather: calls["a"]: expected a function, got number'],
    [[Promise.resolve(1)], {}, 'gather: calls[0]: expected a function, got object'],
    [[], null, 'gather: options: expected an object, got null'],
    [[], { deadlineMs: '300' }, 'gather: deadlineMs: expected a number from 0 to Infinity, got "300"'],
    [[], { deadlineMs: 300n }, 'gather: deadlineMs: expected a number from 0 to Infinity, got bigint'],
    [[], { deadlineMs: null }, 'gather: deadlineMs: expected a number from 0 to Infinity, got null'],
    [[], { concurrency: true }, 'gather: concurrency: expected a whole number from 1 to Infinity, got boolean'],
    [[], { signal: {} }, 'gather: signal: expected an AbortSignal, got object'],
    [[], { onProgress: 1 }, 'gather: onProgress: expected a function, got number'],
    [[], { settle: 'any' }, `gather: settle: expected 'all', 'first' or 'quorum', got "any"`],
    [[hangs], { settle: 'quorum' }, 'gather: quorum: expected a whole number from 1 to 1, got undefined'],
    [[hangs], { quorum: 1 }, "gather: quorum is only for settle 'quorum', not 'all'"],
  ])('%o with %o is a TypeError', async (calls, options, message) => {
    await expect(gather(calls as [], options as object)).rejects.toThrow(new TypeError(message));
  });

  it.each<[unknown, string]>([
    [{ deadlineMs: -1 }, 'gather: deadlineMs: expected a number from 0 to Infinity, got -1'],
    [{ deadlineMs: NaN }, 'gather: deadlineMs: expected a number from 0 to Infinity, got NaN'],
    [{ deadlineMs: -Infinity }, 'gather: deadlineMs: expected a number from 0 to Infinity, got -Infinity'],
    [{ concurrency: 0 }, 'gather: concurrency: expected a whole number from 1 to Infinity, got 0'],
    [{ concurrency: 1.5 }, 'gather: concurrency: expected a whole number from 1 to Infinity, got 1.5'],
    [{ settle: 'quorum', quorum: 3 }, 'gather: quorum: expected a whole number from 1 to 2, got 3'],
    [{ settle: 'quorum', quorum: Infinity }, 'gather: quorum: expected a whole number from 1 to 2, got Infinity'],
  ])('%o for two calls is a RangeError, and none is started', async (options, message) => {
    const call = vi.fn<() => Promise<number>>(async () => 1);
    await expect(gather([call, call], options as object)).rejects.toThrow(new RangeError(message));
    expect(call).not.toHaveBeenCalled();
  });

  it('is also the first, or a quorum, of none', async () => {
    await expect(gather([], { settle: 'first' })).rejects.toThrow(
      new RangeError("gather: settle 'first' needs a call"),
    );
    await expect(gather([], { settle: 'quorum', quorum: 1 })).rejects.toThrow(
      new RangeError("gather: settle 'quorum' needs a call"),
    );
  });
});

it('knows the type of every part', async () => {
  const record = await gather(
    { a: async () => 1, b: async ({ signal }) => signal.aborted, c: () => 'text' },
    { clock },
  );
  expectTypeOf(record.results.a).toEqualTypeOf<GatherEntry<number>>();
  expectTypeOf(record.results.b).toEqualTypeOf<GatherEntry<boolean>>();
  expectTypeOf(record.values).toEqualTypeOf<{ a?: number; b?: boolean; c?: string }>();
  // @ts-expect-error -- there is no such call
  void record.results.d;

  const tuple = await gather([async () => 1, async ({ signal }) => signal.aborted], { clock });
  expectTypeOf(tuple.results).toEqualTypeOf<readonly [GatherEntry<number>, GatherEntry<boolean>]>();
  expectTypeOf(tuple.values).toEqualTypeOf<(number | boolean)[]>();

  const ids: readonly number[] = [1, 2];
  const list = await gather(
    ids.map((id) => async () => `item ${id}`),
    { clock },
  );
  expectTypeOf(list.results).toEqualTypeOf<readonly GatherEntry<string>[]>();
  expectTypeOf(list.values).toEqualTypeOf<string[]>();

  const byName: Record<string, () => Promise<number>> = { a: async () => 1 };
  const dictionary = await gather(byName, { clock });
  expectTypeOf(dictionary.values).toEqualTypeOf<{ [name: string]: number | undefined }>();

  await gather(
    { a: async () => 1, b: async () => 'text' },
    {
      clock,
      onProgress: ({ key, result }) => {
        expectTypeOf(key).toEqualTypeOf<'a' | 'b'>();
        if (result.status === 'missed') expectTypeOf(result.error).toEqualTypeOf<unknown>();
        if (key === 'a' && result.status === 'fulfilled') expectTypeOf(result.value).toEqualTypeOf<number>();
      },
    },
  );

  // @ts-expect-error -- a quorum needs its number
  gather([async () => 1], { clock, settle: 'quorum' }).catch(() => {});
});
