import { AxiosHeaders, type AxiosResponse, CanceledError } from 'axios';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { type Call, createCall, deriveCall, type Handler } from '../call/call.js';
import { deadline } from './deadline.js';

const ANSWER = { data: 'ok' } as AxiosResponse;
const untilCancelled: Handler = ({ cancellation }) => new Promise((_, reject) => cancellation.subscribe(reject));
const newCall = () => createCall({ url: 'http://a.example/', headers: new AxiosHeaders() }, 'default');

describe('deadline', () => {
  it('ends what is within at once, and says how long the call had', async () => {
    const clock = new ManualClock();
    clock.tick(5_000);
    const result = deadline({ deadlineMs: 1_000, clock })(untilCancelled)(newCall());
    clock.tick(1_000);
    await expect(result).rejects.toMatchObject({
      name: 'DeadlineExceededError',
      code: 'ERR_DEADLINE_EXCEEDED',
      message: expect.stringContaining('not over after 1000 ms'),
    });
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['waits for its turn', 0, []],
    ['is under way', 1, [{ number: 1, outcome: 'ERR_DEADLINE_EXCEEDED' }]],
  ])('tells whether a call that %s has been attempted', async (_, requests, attempts) => {
    const clock = new ManualClock();
    const result = deadline({ deadlineMs: 1_000, clock })((call) => {
      call.journal.requests = requests;
      return untilCancelled(call);
    })(newCall());
    clock.tick(1_000);
    await expect(result).rejects.toMatchObject({ attempts });
  });

  it('does not end it a moment before', async () => {
    const clock = new ManualClock();
    let ended = false;
    const result = deadline({ deadlineMs: 1_000, clock })(untilCancelled)(newCall()).catch(() => (ended = true));
    clock.tick(999);
    await Promise.resolve();
    expect(ended).toBe(false);
    clock.tick(1);
    await result;
    expect(ended).toBe(true);
  });

  it('tells the layers within when the call must be over', async () => {
    const clock = new ManualClock();
    clock.tick(5_000);
    const seen: Call[] = [];
    await deadline({ deadlineMs: 1_000, clock })(async (call) => {
      seen.push(call);
      return ANSWER;
    })(newCall());
    expect(seen[0]!.deadline).toBe(6_000);
  });

  it.each([
    ['sooner', 300, 300],
    ['later', 3_000, 1_000],
  ])('tells them of a deadline that is %s, and leaves it to whoever has set that', async (_, outer, expected) => {
    const clock = new ManualClock();
    const call = deriveCall(newCall(), { deadline: clock.now() + outer });
    const seen: number[] = [];
    const result = deadline({ deadlineMs: 1_000, clock })((within) => {
      seen.push(within.deadline);
      return untilCancelled(within);
    })(call);
    clock.tick(999);
    expect(clock.pending).toBe(1);
    clock.tick(1);
    await expect(result).rejects.toThrow('not over after 1000 ms');
    expect(seen).toEqual([expected]);
  });

  it('leaves no timer behind, whether the call succeeds or fails', async () => {
    const clock = new ManualClock();
    const layer = deadline({ deadlineMs: 1_000, clock });
    expect(await layer(async () => ANSWER)(newCall())).toBe(ANSWER);
    const failing = layer(async () => {
      throw new Error('reset');
    });
    await expect(failing(newCall())).rejects.toThrow('reset');
    expect(clock.pending).toBe(0);
  });

  it('lets the caller end the call, and does not end the caller’s other calls', async () => {
    const clock = new ManualClock();
    const call = newCall();
    const result = deadline({ deadlineMs: 1_000, clock })(untilCancelled)(call);
    call.cancellation.cancel(new CanceledError());
    await expect(result).rejects.toMatchObject({ code: 'ERR_CANCELED' });

    const other = newCall();
    const late = deadline({ deadlineMs: 1_000, clock })(untilCancelled)(other);
    clock.tick(1_000);
    await expect(late).rejects.toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED' });
    expect(other.cancellation.reason).toBeUndefined();
  });
});
