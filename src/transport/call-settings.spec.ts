import type { AxiosRequestConfig } from 'axios';
import { describe, expect, it } from 'vitest';
import type { Call } from '../call/call.js';
import { callSettings } from './call-settings.js';

const settings = {
  poolWaitMs: 50,
  phases: { connect: 50, response: 100, bodyIdle: 200, readerIdle: 60_000 },
  clientTimeout: 1_000,
} as const;
const phasesFor = (config: AxiosRequestConfig, of: object = settings) => {
  const { poolWaitMs, phases } = callSettings({ ...settings, ...of }, {
    config: { timeout: 1_000, ...config },
  } as Call);
  const { connect, response, bodyIdle, readerIdle } = phases;
  return [poolWaitMs, connect, response, bodyIdle, readerIdle];
};
const OF_CLIENT = [50, 50, 100, 200, 60_000];

describe('callSettings', () => {
  it('are the very settings of the client for a call that says nothing', () => {
    expect(callSettings(settings, { config: { timeout: 1_000 } } as Call)).toBe(settings);
  });

  it.each<[string, AxiosRequestConfig, unknown[]]>([
    ["the client's own timeout", { timeout: 1_000 }, OF_CLIENT],
    ['a timeout shorter than all phases', { timeout: 10 }, OF_CLIENT],
    ['a timeout longer than some', { timeout: 150 }, [false, false, false, 200, 60_000]],
    ['a timeout longer than all', { timeout: 5_000 }, [false, false, false, false, 60_000]],
    ['no timeout', { timeout: 0 }, [false, false, false, false, 60_000]],
    [
      'a timeout that a stream has for its headers',
      { timeout: 0, responseType: 'stream' },
      [false, false, false, 200, 60_000],
    ],
    ['phases of its own', { timeouts: { responseMs: 7, readerIdleMs: 8 } }, [50, 50, 7, 200, 8]],
    ['phases of its own that are off', { timeouts: { responseMs: false } }, [50, 50, false, 200, 60_000]],
    [
      'a phase of its own beside a timeout',
      { timeout: 0, timeouts: { connectMs: 7 } },
      [false, 7, false, false, 60_000],
    ],
    ['a time for the attempt', { timeouts: { attemptMs: 150 } }, [false, false, false, 200, 60_000]],
    [
      'a stream with a limit of its own',
      { responseType: 'stream', timeouts: { bodyIdleMs: 9 } },
      [50, 50, 100, 9, 60_000],
    ],
  ])('for %s', (_, config, expected) => {
    expect(phasesFor(config)).toEqual(expected);
  });

  it('take no timeout for a call’s own where that of the client is not known', () => {
    expect(phasesFor({ timeout: 5_000 }, { clientTimeout: undefined })).toEqual(OF_CLIENT);
    expect(phasesFor({ timeouts: { responseMs: 1 } }, { clientTimeout: undefined })).toEqual([50, 50, 1, 200, 60_000]);
  });

  it('leave a phase off that is off', () => {
    expect(phasesFor({ timeout: 10 }, { poolWaitMs: false })[0]).toBe(false);
  });
});
