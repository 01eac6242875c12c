import { AxiosHeaders, type AxiosResponse } from 'axios';
import fc from 'fast-check';
import { Keyv } from 'keyv';
import { randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { callOf } from '../../../test/support/call-of.js';
import { startCache } from '../../../test/support/cache-start.js';
import { settle } from '../../../test/support/layer-contract.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { decoded, encoded } from './codec.js';
import { keyvValues, SharedStore, type ValueStore } from './shared-store.js';
import type { StoredResponse } from './stored.js';

const fresh = (data: unknown = 'text', headers: Record<string, string> = {}): Partial<AxiosResponse> => ({
  status: 200,
  data,
  headers: new AxiosHeaders({ 'cache-control': 'max-age=60', ...headers }),
});

/** What a Redis is to the store. */
class Values implements ValueStore {
  readonly all = new Map<string, Buffer>();

  async get(key: string) {
    return this.all.get(key);
  }

  async set(key: string, value: Buffer) {
    this.all.set(key, value);
  }

  async delete(key: string) {
    this.all.delete(key);
  }

  async claim(key: string) {
    if (this.all.has(key)) return false;
    this.all.set(key, Buffer.from('1'));
    return true;
  }
}

function startReplica(values: ValueStore, namespace = 'app', laterMs = 0, coalesces = false) {
  const clock = new ManualClock();
  const now = () => Date.UTC(2026, 0, 1) + laterMs;
  const store = new SharedStore(values, { clock, now, namespace });
  return { ...startCache({}, { store, coalesces }), store, storeClock: clock };
}

/** Lets digests, compression and the store have their turns. */
async function until(isSo: () => boolean): Promise<void> {
  await expect.poll(isSo).toBe(true);
}

describe('replicas that share a store', () => {
  it('give one another’s responses', async () => {
    const values = new Values();
    const [one, other] = [startReplica(values), startReplica(values)];
    const first = one.handle(callOf());
    await until(() => one.requests.length === 1);
    one.requests[0]!.answer(fresh('a'.repeat(5_000)));
    await first;
    const second = await other.handle(callOf());
    expect(second).toMatchObject({ data: 'a'.repeat(5_000), cache: { status: 'hit' } });
    expect(other.requests).toHaveLength(0);
    expect(values.all.size).toBe(1);
    expect([...values.all.values()][0]!.length).toBeLessThan(1_500); // compressed
  });

  it('wait for the one that asks the upstream', async () => {
    const values = new Values();
    const [one, other] = [startReplica(values), startReplica(values)];
    const first = one.handle(callOf());
    await until(() => one.requests.length === 1);
    const second = other.handle(callOf());
    await until(() => other.storeClock.pending > 0);
    one.requests[0]!.answer(fresh());
    await first;
    await until(() => {
      other.storeClock.tick(25);
      return other.events.of('cache:hit').length === 1;
    });
    expect((await second).data).toBe('text');
    expect(other.requests).toHaveLength(0);
  });

  it('do not wait long', async () => {
    const values = new Values();
    const other = startReplica(values);
    values.claim = async () => false;
    void other.handle(callOf());
    await until(() => {
      other.storeClock.tick(25);
      return other.requests.length === 1;
    });
  });

  it('share nothing with another app, nor with other credentials of the client', async () => {
    const values = new Values();
    const [one, other] = [startReplica(values, 'a'), startReplica(values, 'b')];
    const first = one.handle(callOf());
    await until(() => one.requests.length === 1);
    one.requests[0]!.answer(fresh());
    await first;
    void other.handle(callOf());
    await until(() => other.requests.length === 1);
  });

  it('delete for all, also by tag and pattern', async () => {
    const values = new Values();
    const [one, other] = [startReplica(values), startReplica(values)];
    const fill = async () => {
      const call = one.handle(callOf({ cache: { tags: ['x'] } }));
      await until(() => one.requests.length > 0);
      one.requests.pop()!.answer(fresh());
      await call;
      expect(await other.store.get('http://a.example/')).toHaveLength(1);
    };
    for (const purge of [
      { kind: 'tag', tag: 'x' },
      { kind: 'pattern', source: 'a\\.example', flags: 'g' },
      { kind: 'all' },
    ] as const) {
      values.all.clear();
      await fill();
      await other.store.purge({ kind: 'tag', tag: 'y' });
      expect(await one.store.get('http://a.example/')).toHaveLength(1);
      await other.store.purge(purge);
      expect(await one.store.get('http://a.example/')).toBeUndefined();
    }
    values.all.clear();
    await fill();
    await other.state.forget('http://a.example/', 'deleted');
    expect(await one.store.get('http://a.example/')).toBeUndefined();
  });

  it('do not keep what another has deleted since it was asked for, but what was asked for later', async () => {
    const values = new Values();
    const [one, other] = [startReplica(values), startReplica(values, 'app', 1_000)];
    const get = async (data: string) => {
      const before = one.requests.length;
      const answer = one.handle(callOf());
      await until(() => one.requests.length === before + 1);
      return async () => {
        one.requests.at(-1)!.answer(fresh(data));
        await answer;
      };
    };
    const answerOld = await get('old');
    await other.state.forget('http://a.example/', 'invalidated');
    await answerOld();
    one.pass(2);
    await (
      await get('new')
    )();
    expect(await other.handle(callOf())).toMatchObject({ data: 'new', cache: { status: 'hit' } });
  });

  it.each([false, true])(
    'do not wait for what began before another has written (with coalesce: %s)',
    async (coalesces) => {
      const values = new Values();
      const [one, other] = [startReplica(values, 'app', 0, coalesces), startReplica(values, 'app', 1_000)];
      const before = one.handle(callOf());
      await until(() => one.requests.length === 1);
      await other.state.forget('http://a.example/', 'invalidated');
      one.pass(2);
      const get = vi.spyOn(one.store, 'get');
      const after = one.handle(callOf());
      await get.mock.results[0]!.value; // it has looked, and waits
      await settle();
      one.requests[0]!.answer(fresh('old'));
      expect((await before).data).toBe('old');
      await until(() => one.requests.length === 2);
      one.requests[1]!.answer(fresh('new'));
      expect((await after).data).toBe('new');
    },
  );

  it('have no secrets of URLs in their keys', async () => {
    const values = new Values();
    const { handle, requests } = startReplica(values);
    const call = handle(callOf({ url: 'http://a.example/?token=s3cret' }));
    await until(() => requests.length === 1);
    requests[0]!.answer(fresh());
    await call;
    expect([...values.all.keys()].join()).not.toContain('s3cret');
  });
});

describe('a store that', () => {
  const failing = (act: () => Promise<never>): ValueStore => ({ get: act, set: act, delete: act, claim: act });

  it.each<[string, ValueStore]>([
    ['is gone', failing(() => Promise.reject(new Error('gone')))],
    ['throws', failing(() => { throw new Error('a bug'); })], // prettier-ignore
    ['never answers', failing(() => new Promise(() => {}))],
  ])('%s fails no call', async (_, values) => {
    const { handle, requests, storeClock, store } = startReplica(values);
    const call = handle(callOf());
    const ticking = setInterval(() => storeClock.tick(300), 1);
    try {
      await until(() => requests.length === 1);
      requests[0]!.answer(fresh());
      expect(await call).toMatchObject({ data: 'text', cache: { status: 'miss' } });
      await store.purge({ kind: 'all' });
      await store.delete('http://a.example/');
    } finally {
      clearInterval(ticking);
    }
  });

  it('is slow is left alone for a second, but for deletions', async () => {
    const asked: string[] = [];
    const hang = (what: string) => () => {
      asked.push(what);
      return new Promise<never>(() => {});
    };
    const values = { get: hang('get'), set: hang('set'), delete: hang('delete'), claim: hang('claim') };
    const { store, storeClock } = startReplica(values);
    const first = store.get('http://a.example/');
    storeClock.tick(250);
    expect(await first).toBeUndefined();
    expect(asked.splice(0)).toEqual(['get', 'get', 'get']);
    expect(await store.get('http://a.example/')).toBeUndefined();
    expect(asked).toEqual([]);
    const deleting = store.delete('http://a.example/');
    storeClock.tick(250);
    await settle();
    storeClock.tick(250);
    await deleting;
    expect(asked.splice(0)).toEqual(['set', 'delete']);
    storeClock.tick(1_000);
    void store.get('http://a.example/');
    expect(asked).toEqual(['get', 'get', 'get']);
  });

  it('does not say what was deleted gives nothing, and forgets no deletion', async () => {
    const values = new Values();
    const [one, other] = [startReplica(values), startReplica(values)];
    const call = one.handle(callOf());
    await until(() => one.requests.length === 1);
    one.requests[0]!.answer(fresh());
    await call;
    await one.store.purge({ kind: 'pattern', source: 'example', flags: '' });
    let isBroken = true;
    const get = values.get.bind(values);
    values.get = async (key) => {
      if (isBroken && key.endsWith(':purges')) throw new Error('gone');
      return get(key);
    };
    expect(await other.store.get('http://a.example/')).toBeUndefined();
    await other.store.purge({ kind: 'tag', tag: 'x' });
    isBroken = false;
    expect(await other.store.get('http://a.example/')).toBeUndefined();
  });

  it('is slow keeps no call that is given up', async () => {
    const { handle } = startReplica(failing(() => new Promise(() => {})));
    const call = callOf();
    const answer = handle(call);
    call.cancellation.cancel(new Error('gone'));
    await expect(answer).rejects.toThrow('gone');
    await settle();
  });

  it('has broken values has none', async () => {
    const stored: StoredResponse = {
      url: 'http://a.example/',
      status: 200,
      statusText: 'OK',
      headers: { a: '1', list: ['1', '2'] },
      body: Buffer.concat([Buffer.alloc(2_000), randomBytes(2_000)]),
      isText: false,
      lifetime: {
        statedMs: undefined,
        heuristicMs: 0,
        initialAgeMs: Infinity,
        noCache: false,
        mustRevalidate: true,
        whileRevalidateMs: 0,
        ifErrorMs: 0,
      },
      requestedAt: 1,
      respondedAt: 2,
      selectors: [
        ['a', undefined],
        ['b', '1'],
      ],
      audience: undefined,
      apart: 'x',
      tags: ['t'],
    };
    const value = await encoded([stored, { ...stored, body: Buffer.alloc(0) }]);
    expect(await decoded(value)).toEqual([stored, { ...stored, body: Buffer.alloc(0) }]);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: value.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const broken = Buffer.from(value);
        broken[at]! ^= by;
        expect(await decoded(broken)).toBeUndefined();
        expect(await decoded(value.subarray(0, at))).toBeUndefined();
      }),
      { numRuns: 200 },
    );
    expect(await decoded(Buffer.from('NOC0'))).toBeUndefined();
    expect(await decoded(Buffer.alloc(100))).toBeUndefined();
  });
});

it('a Keyv keeps bytes', async () => {
  const values = keyvValues(new Keyv());
  const bytes = randomBytes(100);
  await values.set('a', bytes, 60_000);
  expect(await values.get('a')).toEqual(bytes);
  expect(await values.claim('b', 60_000)).toBe(true);
  expect(await values.claim('b', 60_000)).toBe(false);
  await values.delete('a');
  expect(await values.get('a')).toBeUndefined();
});
