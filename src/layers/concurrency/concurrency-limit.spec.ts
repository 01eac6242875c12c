import type { AxiosResponse } from 'axios';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  itKeepsTheLayerContract,
  refusedStatus,
  responseTo,
  settle,
  testCall,
  type TestCall,
} from '../../../test/support/layer-contract.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { SILENT } from '../../../test/support/recorded-events.js';
import type { Call } from '../../call/call.js';
import { NEVER } from '../../call/waiting.js';
import { ConcurrencyLimitError } from '../../errors/refusal.errors.js';
import { DEFAULT_RULES } from '../../redaction/rules.js';
import { concurrencyLimit } from './concurrency.js';

const clock = new ManualClock();
const SILENTLY = { events: SILENT, clock, rules: DEFAULT_RULES, closing: NEVER };
const limit = (max: number, maxQueued = 1_000, per: 'client' | 'origin' = 'origin', context = SILENTLY) =>
  concurrencyLimit({ max, maxQueued, per }, context);

itKeepsTheLayerContract('concurrencyLimit with room', (context) => limit(1_000, 1_000, 'origin', context));
itKeepsTheLayerContract('concurrencyLimit without room', (context) => limit(1, 1_000, 'origin', context));

/** A terminal whose calls end when told to. */
function heldCalls() {
  const begun: TestCall[] = [];
  const ends: { resolve: (response: AxiosResponse) => void; reject: (error: unknown) => void }[] = [];
  const hold = (call: Call) =>
    new Promise<AxiosResponse>((resolve, reject) => {
      begun.push(call as TestCall);
      ends.push({ resolve, reject });
      call.cancellation.subscribe(reject);
    });
  return { begun, ends, hold };
}

describe('concurrencyLimit', () => {
  it('lets so many calls be under way, and the others wait in order', async () => {
    const { begun, ends, hold } = heldCalls();
    const handle = limit(2)(hold);
    const calls = [testCall(), testCall(), testCall(), testCall()];
    const results = calls.map(handle);
    expect(begun).toEqual(calls.slice(0, 2));
    ends[1]!.resolve(responseTo(calls[1]!));
    await settle();
    expect(begun).toEqual(calls.slice(0, 3));
    ends[0]!.reject(new Error('reset'));
    await expect(results[0]).rejects.toThrow('reset');
    expect(begun).toEqual(calls);
  });

  it('counts each origin for itself, or all calls of the client together', async () => {
    const a = testCall({ url: 'http://a.example/' });
    const b = testCall({ url: 'http://b.example/' });
    const perOrigin = heldCalls();
    const perClient = heldCalls();
    const handleByOrigin = limit(1, 5, 'origin')(perOrigin.hold);
    const handleAll = limit(1, 5, 'client')(perClient.hold);
    for (const call of [a, b, b]) {
      void handleByOrigin(call);
      void handleAll(call);
    }
    await settle();
    expect(perOrigin.begun).toEqual([a, b]);
    expect(perClient.begun).toEqual([a]);
  });

  it.each([0, 2])('refuses a call at once when %i wait already, which is as many as may', async (maxQueued) => {
    const { begun, hold } = heldCalls();
    const handle = limit(1, maxQueued)(hold);
    for (let count = 0; count < 1 + maxQueued; count++) void handle(testCall());
    const refused = testCall();
    await expect(handle(refused)).rejects.toThrow(ConcurrencyLimitError);
    expect(refused.cancellation.listeners.size).toBe(0);
    expect(begun).toHaveLength(1);
  });

  it('gives the place of a call that is cancelled to those behind it', async () => {
    const { begun, ends, hold } = heldCalls();
    const handle = limit(1, 2)(hold);
    const [first, second, third, fourth] = [testCall(), testCall(), testCall(), testCall()] as const;
    void handle(first);
    const cancelled = handle(second);
    void handle(third);
    second.cancellation.cancel(new Error('gone'));
    await expect(cancelled).rejects.toThrow('gone');
    void handle(fourth);
    ends[0]!.resolve(responseTo(first));
    await settle();
    expect(begun).toEqual([first, third]);
  });

  it.each([
    ['the body of a response', (call: Call, data: unknown) => Promise.resolve({ ...responseTo(call), data })],
    [
      'the body of a status that is refused',
      (call: Call, data: unknown) => {
        const error = refusedStatus(call, 404);
        error.response!.data = data;
        return Promise.reject(error);
      },
    ],
  ])('holds the slot until %s, which is being read, has ended', async (_, answer) => {
    const body = new PassThrough().resume();
    const begun: Call[] = [];
    const handle = limit(1)((call) => {
      begun.push(call);
      return answer(call, begun.length === 1 ? body : undefined);
    });
    await handle(testCall()).catch(() => {});
    const second = handle(testCall()).catch(() => {});
    await settle();
    expect(begun).toHaveLength(1);
    body.end();
    await second;
    expect(begun).toHaveLength(2);
  });

  it.each([
    ['who waits already', 1],
    ['who comes later, where nobody may wait', 0],
  ])('gives the slot of a refused status whose body nobody has begun to read to %s', async (_, maxQueued) => {
    const body = new PassThrough();
    const handle = limit(
      1,
      maxQueued,
    )(async (call) => {
      if (body.listenerCount('close') > 0) return responseTo(call);
      const error = refusedStatus(call, 404);
      error.response!.data = body;
      throw error;
    });
    const refused = handle(testCall()).catch(() => {});
    const waiting = maxQueued ? handle(testCall()) : undefined;
    await refused;
    await settle();
    expect((await (waiting ?? handle(testCall()))).status).toBe(200);
    expect(body.errored).toMatchObject({ code: 'ECONNABORTED' });
    await handle(testCall()); // the slot was given back once
  });

  it('gives every slot back, however the call ended', async () => {
    const begun: Call[] = [];
    const handle = limit(
      1,
      0,
    )(async (call) => {
      begun.push(call);
      if (begun.length % 2) throw refusedStatus(call, 500);
      return responseTo(call);
    });
    for (let count = 0; count < 4; count++) await handle(testCall()).catch(() => {});
    expect(begun).toHaveLength(4);
  });
});
