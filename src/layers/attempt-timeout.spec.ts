import { type AxiosResponse } from 'axios';
import { describe, expect, it } from 'vitest';
import { callOf } from '../../test/support/call-of.js';
import { itKeepsTheLayerContract } from '../../test/support/layer-contract.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { type Handler } from '../call/call.js';
import { attemptTimeout } from './attempt-timeout.js';

const untilCancelled: Handler = ({ cancellation }) => new Promise((_, reject) => cancellation.subscribe(reject));

const none = { ofClient: false, ofOrigin: false } as const;

itKeepsTheLayerContract('attemptTimeout', ({ clock }) => attemptTimeout(clock, none));

describe('attemptTimeout', () => {
  it('ends an attempt that takes too long with the error that axios itself would give', async () => {
    const clock = new ManualClock();
    const result = attemptTimeout(clock, none)(untilCancelled)(callOf({ timeout: 100 }));
    clock.tick(100);
    await expect(result).rejects.toMatchObject({ code: 'ECONNABORTED', message: 'timeout of 100ms exceeded' });
  });

  it('uses the code and the message that the config asks for', async () => {
    const clock = new ManualClock();
    const config = { timeout: 100, timeoutErrorMessage: 'too slow', transitional: { clarifyTimeoutError: true } };
    const result = attemptTimeout(clock, none)(untilCancelled)(callOf(config));
    clock.tick(100);
    await expect(result).rejects.toMatchObject({ code: 'ETIMEDOUT', message: 'too slow' });
  });

  it('leaves no timer behind, whether the attempt succeeds or fails', async () => {
    const clock = new ManualClock();
    const answer = {} as AxiosResponse;
    expect(await attemptTimeout(clock, none)(async () => answer)(callOf({ timeout: 100 }))).toBe(answer);
    const failing = attemptTimeout(
      clock,
      none,
    )(async () => {
      throw new Error('reset');
    });
    await expect(failing(callOf({ timeout: 100 }))).rejects.toThrow('reset');
    expect(clock.pending).toBe(0);
  });

  it("takes the origin's time instead of the client's, unless the call brings one of its own", async () => {
    const clock = new ManualClock();
    const layer = attemptTimeout(clock, { ofClient: 100, ofOrigin: 500 })(untilCancelled);
    const results = Promise.allSettled([layer(callOf({ timeout: 100 })), layer(callOf({ timeout: 50 }))]);
    clock.tick(499);
    expect(clock.pending).toBe(1);
    clock.tick(1);
    const messages = (await results).map((result) => 'reason' in result && (result.reason as Error).message);
    expect(messages).toEqual(['timeout of 500ms exceeded', 'timeout of 50ms exceeded']);
    void attemptTimeout(clock, { ofClient: 100, ofOrigin: false })(untilCancelled)(callOf({ timeout: 100 }));
    expect(clock.pending).toBe(0);
  });

  it('sets no timer for a call without a timeout', () => {
    const clock = new ManualClock();
    void attemptTimeout(clock, none)(untilCancelled)(callOf({ timeout: 0 }));
    expect(clock.pending).toBe(0);
  });
});
