import type { AxiosResponse } from 'axios';
import { describe, expect, it } from 'vitest';
import { responseTo, testCall } from '../../test/support/layer-contract.js';
import type { Call, Handler, Layer } from './call.js';
import { compose, type Watcher, watching } from './compose.js';

it('runs the first listed layer outermost', async () => {
  const order: string[] = [];
  const named =
    (name: string): Layer =>
    (next) =>
    async (call) => {
      order.push(`${name} in`);
      const response = await next(call);
      order.push(`${name} out`);
      return response;
    };

  await compose([named('a'), named('b')], async () => {
    order.push('terminal');
    return {} as AxiosResponse;
  })({} as Call);

  expect(order).toEqual(['a in', 'b in', 'terminal', 'b out', 'a out']);
});

it('is the terminal itself when there is no layer', () => {
  const terminal = async () => ({}) as AxiosResponse;
  expect(compose([], terminal)).toBe(terminal);
});

describe('watchers', () => {
  const order: string[] = [];
  const named = (name: string, own: Partial<Watcher<string>> = {}): Layer =>
    watching<string>({
      begin: () => {
        order.push(`${name} begins`);
        return name;
      },
      end: (_, state, response, failure) => {
        order.push(`${name} ends: ${state}, ${failure ? `failed with ${String(failure.error)}` : response?.status}`);
      },
      ...own,
    });
  const answer: Handler = async (call) => {
    order.push('sent');
    return responseTo(call);
  };
  const run = (...layers: Layer[]) => {
    order.length = 0;
    return compose(layers, answer)(testCall());
  };
  const idle = named('idle', { begin: () => undefined });

  it('see a call begin from the outside in, and end from the inside out', async () => {
    const deciding: Layer = (next) => async (call) => {
      order.push('decides');
      return next(call);
    };
    await run(named('a'), named('b'), deciding, named('c'));
    expect(order).toEqual([
      'a begins',
      'b begins',
      'decides',
      'c begins',
      'sent',
      'c ends: c, 200',
      'b ends: b, 200',
      'a ends: a, 200',
    ]);
  });

  it('are told what the call has failed with, whatever that is', async () => {
    const failing = compose([named('a'), named('b')], () => {
      throw undefined; // oxlint-disable-line no-throw-literal -- that is what it is about
    });
    order.length = 0;
    await expect(failing(testCall())).rejects.toBeUndefined();
    expect(order.slice(2)).toEqual(['b ends: b, failed with undefined', 'a ends: a, failed with undefined']);
  });

  it('cost a call nothing that they do not watch', () => {
    const answered = Promise.resolve(responseTo(testCall()));
    expect(compose([idle, idle], () => answered)(testCall())).toBe(answered);
  });

  it('are not told of the end of what they do not watch', async () => {
    await run(named('a'), idle, named('c'));
    expect(order).toEqual(['a begins', 'c begins', 'sent', 'c ends: c, 200', 'a ends: a, 200']);
  });

  it('can refuse a call, and are told of its end then', async () => {
    const refusing = named('b', {
      begin: () => {
        throw new Error('refused');
      },
    });
    await expect(run(named('a'), refusing, named('c'))).rejects.toThrow('refused');
    expect(order).toEqual([
      'a begins',
      'b ends: undefined, failed with Error: refused',
      'a ends: a, failed with Error: refused',
    ]);
  });

  it('can have the caller wait', async () => {
    let go!: () => void;
    const waited = new Promise<void>((resolve) => (go = resolve));
    let isDone = false;
    const result = run(named('a', { end: () => waited })).then(() => (isDone = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isDone).toBe(false);
    go();
    await result;
  });

  it('can carry the call on in a context of their own', async () => {
    const carrying = named('b', {
      carry: (call, state, next) => {
        order.push(`carried by ${state}`);
        return next({ ...call, attempt: 7 });
      },
    });
    const seen: number[] = [];
    const looking = named('c', { begin: ({ attempt }) => String(seen.push(attempt)) });
    await run(named('a'), carrying, looking, named('d'));
    expect(seen).toEqual([7]);
    expect(order).toEqual([
      'a begins',
      'b begins',
      'carried by b',
      'd begins',
      'sent',
      'd ends: d, 200',
      'c ends: 1, 200',
      'b ends: b, 200',
      'a ends: a, 200',
    ]);
  });

  it('can have those within get another call, and each ends with the call that it has begun with', async () => {
    const seen: string[] = [];
    const looking = (name: string): Partial<Watcher<string>> => ({
      begin: ({ attempt }) => (seen.push(`${name} begins with ${attempt}`), name),
      end: ({ attempt }) => void seen.push(`${name} ends with ${attempt}`),
    });
    const next = (from: number): Partial<Watcher<string>> => ({ derive: (call) => ({ ...call, attempt: from + 1 }) });
    await run(
      named('a', looking('a')),
      named('b', { ...looking('b'), ...next(1) }),
      named('c', { ...looking('c'), ...next(2) }),
      named('d', looking('d')),
    );
    expect(seen).toEqual([
      'a begins with 1',
      'b begins with 1',
      'c begins with 2',
      'd begins with 3',
      'd ends with 3',
      'c ends with 2',
      'b ends with 1',
      'a ends with 1',
    ]);
  });

  it('that cannot make that other call fail the call, and end', async () => {
    const failing = named('b', {
      derive: () => {
        throw new Error('refused');
      },
    });
    await expect(run(named('a'), failing, named('c'))).rejects.toThrow('refused');
    expect(order).toEqual([
      'a begins',
      'b begins',
      'b ends: b, failed with Error: refused',
      'a ends: a, failed with Error: refused',
    ]);
  });

  it('that carry no call on themselves share the frame of their neighbours', async () => {
    const carried = named('b', { carry: () => undefined });
    await run(named('a'), carried, named('c'));
    expect(order).toEqual([
      'a begins',
      'b begins',
      'c begins',
      'sent',
      'c ends: c, 200',
      'b ends: b, 200',
      'a ends: a, 200',
    ]);
  });

  it('can have a call made again, before they and those outside are told how it went', async () => {
    const repeating = named('b', {
      again: (call, state, response, failure, next) => {
        order.push(`again by ${state}: ${failure ? 'failed' : response?.status}`);
        return next(call).then((second) => ({ ...second, status: 201 }));
      },
    });
    await expect(run(named('a'), repeating, named('c'))).resolves.toMatchObject({ status: 201 });
    expect(order).toEqual([
      'a begins',
      'b begins',
      'c begins',
      'sent',
      'c ends: c, 200',
      'again by b: 200',
      'c begins',
      'sent',
      'c ends: c, 200',
      'b ends: b, 201',
      'a ends: a, 201',
    ]);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('twice'))],
    [
      'throws',
      () => {
        throw new Error('twice');
      },
    ],
  ])('fail a call that %s when it is made again', async (_, again) => {
    await expect(run(named('a'), named('b', { again }))).rejects.toThrow('twice');
    expect(order.slice(3)).toEqual(['b ends: b, failed with Error: twice', 'a ends: a, failed with Error: twice']);
  });

  it('have a call made again that has failed, and what it is answered with counts', async () => {
    const failing: Handler = async (call) => {
      order.push('sent');
      if (order.filter((step) => step === 'sent').length === 1) throw new Error('once');
      return responseTo(call);
    };
    order.length = 0;
    const repeating = named('b', { again: (call, _state, _response, failure, next) => failure && next(call) });
    await expect(compose([named('a'), repeating], failing)(testCall())).resolves.toMatchObject({ status: 200 });
    expect(order.slice(2)).toEqual(['sent', 'sent', 'b ends: b, 200', 'a ends: a, 200']);
  });
});
