import { AxiosError } from 'axios';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  itKeepsTheLayerContract,
  refusedStatus,
  responseTo,
  testCall,
  untilCancelled,
} from '../../test/support/layer-contract.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { InFlight } from '../pool/in-flight.js';
import { DEFAULT_RULES } from '../redaction/rules.js';
import { admission } from './admission.js';

const clock = new ManualClock();
const poolOf = (inFlight: InFlight) => ({ admit: (abort: () => void) => inFlight.admit(abort) }) as ConnectionPool;

itKeepsTheLayerContract('admission', () => admission(poolOf(new InFlight()), DEFAULT_RULES, clock), {
  marksErrors: true,
});

describe('admission', () => {
  it('refuses a call to a closed pool', async () => {
    const inFlight = new InFlight();
    inFlight.close();
    const handle = admission(poolOf(inFlight), DEFAULT_RULES, clock)(async (call) => responseTo(call));
    await expect(handle(testCall())).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED', attempts: [] });
  });

  it('ends a call that is under way when the pool aborts it', async () => {
    const inFlight = new InFlight();
    const result = admission(poolOf(inFlight), DEFAULT_RULES, clock)(untilCancelled)(testCall());
    inFlight.abortAll();
    await expect(result).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED', attempts: [{ number: 1 }] });
    expect(inFlight.size).toBe(0);
  });

  it.each([
    ['before a request is made', 0, []],
    ['after one', 1, undefined],
  ])('tells what is known of the attempts where a layer fails %s', async (_, requests, attempts) => {
    const failure = new AxiosError('no', 'ERR_LAYER');
    const handle = admission(
      poolOf(new InFlight()),
      DEFAULT_RULES,
      clock,
    )(async ({ journal }) => {
      journal.requests += requests;
      throw failure;
    });
    await expect(handle(testCall())).rejects.toBe(failure);
    expect(failure.attempts).toEqual(attempts);
  });

  it.each([false, true])('counts a call until its body has ended (its status refused: %s)', async (refused) => {
    const inFlight = new InFlight();
    const data = new PassThrough();
    const handle = admission(
      poolOf(inFlight),
      DEFAULT_RULES,
      clock,
    )(async (call) => {
      if (!refused) return { ...responseTo(call), data };
      const error = refusedStatus(call, 404);
      error.response!.data = data;
      throw error;
    });
    await handle(testCall()).catch(() => {});
    expect(inFlight.size).toBe(1);
    const ended = new Promise((resolve) => data.once('close', resolve));
    data.destroy();
    await ended;
    expect(inFlight.size).toBe(0);
  });
});
