import { AxiosError, CanceledError } from 'axios';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { noTimings } from '../../base/timings.js';
import { HttpClientEvents } from '../../call/event-sink.js';
import type { CallEndEvent } from '../../call/events.js';
import { type LoggingOptions, resolveLogging } from '../../options/resolve-sections.js';
import { logCalls } from './calls.js';

const CALL: CallEndEvent = {
  callId: 1,
  client: 'payments',
  origin: 'https://api.example',
  method: 'GET',
  urlTemplate: '/users/{id}',
  durationMs: 1_234.5,
  status: undefined,
  error: undefined,
  requests: 1,
  queuedMs: 0,
  timings: undefined,
};
const refused = (status: number) =>
  new AxiosError('refused', status < 500 ? 'ERR_BAD_REQUEST' : 'ERR_BAD_RESPONSE', undefined, undefined, {
    status,
  } as never);
const reset = new AxiosError('socket hang up', 'ECONNRESET');

function start(options?: LoggingOptions | false) {
  const events = new HttpClientEvents();
  const clock = new ManualClock();
  const lines: [level: string, line: string, fields?: object][] = [];
  const end = logCalls(events, resolveLogging(options), clock, (...line) => lines.push(line));
  const ended = (changes: Partial<CallEndEvent>) => {
    const event = { ...CALL, ...changes };
    if (event.error !== undefined) events.publish('call:fail', event);
    events.publish('call:end', event);
  };
  return { events, clock, lines, end, ended };
}

describe('logCalls', () => {
  it('writes a line about a call that failed, with fields for those who search', () => {
    const { lines, ended } = start();
    ended({ error: new AxiosError('timed out', 'ERR_RESPONSE_TIMEOUT'), requests: 3 });
    expect(lines).toMatchObject([
      [
        'warn',
        'Client "payments": GET https://api.example/users/{id} failed: ERR_RESPONSE_TIMEOUT (response), after 3 requests, in 1235 ms',
        {
          client: 'payments',
          method: 'GET',
          origin: 'https://api.example',
          urlTemplate: '/users/{id}',
          code: 'ERR_RESPONSE_TIMEOUT',
          phase: 'response',
          requests: 3,
          durationMs: 1_235,
        },
      ],
    ]);
  });

  it('says what a call was doing, by its timings, whose error may come from anywhere', () => {
    const { lines, ended } = start();
    ended({ error: reset, timings: { ...noTimings(), connectMs: 3 } });
    ended({ error: reset, timings: { ...noTimings(), connectMs: 3, firstByteMs: 20 } });
    expect(lines.map(([, line]) => /failed: (.*),/.exec(line)![1])).toEqual([
      'ECONNRESET (connect)',
      'ECONNRESET (response)',
    ]);
    expect(lines.map(([, , fields]) => (fields as { phase: string }).phase)).toEqual(['connect', 'response']);
  });

  it('names the status where that is what failed', () => {
    const { lines, ended } = start();
    const response = { status: 503 } as never;
    ended({ status: 503, error: new AxiosError('refused', 'ERR_BAD_RESPONSE', undefined, undefined, response) });
    expect(lines[0]![1]).toContain('failed: status 503');
    expect(lines[0]![2]).toMatchObject({ status: 503, phase: 'response' });
  });

  it.each([
    [400, 'debug'],
    [404, 'debug'],
    [499, 'debug'],
    [408, 'warn'],
    [429, 'warn'],
    [500, 'warn'],
    [503, 'warn'],
    [304, 'warn'],
  ])('writes about an answer of %i at the level %s', (status, level) => {
    const { lines, ended } = start();
    ended({ status, error: refused(status) });
    expect(lines).toMatchObject([[level, expect.stringContaining(`failed: status ${status}`), { status }]]);
  });

  it('takes an answer that could not be read, and what a proxy says, for no error of the client', () => {
    const { lines, ended } = start();
    const response = { status: 404 } as never;
    ended({ status: 404, error: new AxiosError('reset', 'ECONNRESET', undefined, undefined, response) });
    ended({ status: undefined, error: refused(407) });
    expect(lines.map(([level]) => level)).toEqual(['warn', 'warn']);
  });

  it('writes about errors of the client at the level asked for, or not at all, as about other failures', () => {
    const levelsOf = (options: LoggingOptions) => {
      const { lines, ended } = start(options);
      for (const status of [404, 503]) ended({ status, error: refused(status) });
      return lines.map(([level]) => level);
    };
    expect(levelsOf({ clientErrors: 'error' })).toEqual(['error', 'warn']);
    expect(levelsOf({ clientErrors: false })).toEqual(['warn']);
    expect(levelsOf({ failedCalls: 'error' })).toEqual(['debug', 'error']);
    expect(levelsOf({ failedCalls: false })).toEqual([]);
    expect(levelsOf({ failedCalls: false, clientErrors: 'log' })).toEqual(['log']);
  });

  it('tells of what was held back at the level of the lines', () => {
    const { lines, ended, end } = start();
    for (let n = 0; n < 2; n++) ended({ status: 404, error: refused(404) });
    end();
    expect(lines.map(([level]) => level)).toEqual(['debug', 'debug']);
  });

  it('writes nothing about calls that went well, or that were given up', () => {
    const { lines, ended } = start();
    ended({ status: 200 });
    ended({ error: new CanceledError() });
    expect(lines).toEqual([]);
  });

  it('writes a line about a slow call where it is asked to', () => {
    const { lines, ended } = start({ slowCalls: { afterMs: 1_000, level: 'log' } });
    ended({ status: 200, durationMs: 1_000 });
    ended({ status: 200, durationMs: 1_001 });
    expect(lines).toMatchObject([
      ['log', 'Client "payments": GET https://api.example/users/{id} was slow, in 1001 ms', { durationMs: 1_001 }],
    ]);
  });

  it('holds back lines that say the same, and tells how many', () => {
    const { lines, ended, clock, end } = start();
    for (let n = 0; n < 4; n++) ended({ error: reset, durationMs: n });
    expect(lines).toHaveLength(1);
    clock.tick(10_000);
    ended({ error: reset });
    expect(lines[1]![1]).toMatch(/; 3 more since the last such line$/);
    expect(lines[1]![2]).toMatchObject({ heldBack: 3 });
    ended({ error: reset });
    ended({ error: new AxiosError('', 'EPIPE') });
    expect(lines).toHaveLength(3);
    end();
    expect(lines[3]).toEqual([
      'warn',
      'Client "payments": GET https://api.example/users/{id} failed: ECONNRESET; 1 more',
    ]);
  });

  it('writes at the level debug what a cache stores, what it does not, and why, but holds back what it has just said', () => {
    const { lines, events, end } = start();
    const { callId, client, origin, method, urlTemplate } = CALL;
    const decided = (stored: boolean, reason: string) =>
      events.publish('cache:decision', { callId, client, origin, method, urlTemplate, stored, reason });
    decided(false, 'no-store');
    decided(true, 'fresh for 30 s');
    decided(false, 'no-store');
    end();
    const about = 'Client "payments": GET https://api.example/users/{id}';
    const fields = { client: 'payments', method: 'GET', origin: 'https://api.example', urlTemplate: '/users/{id}' };
    expect(lines).toEqual([
      ['debug', `${about} not stored: no-store`, { ...fields, stored: false, reason: 'no-store' }],
      ['debug', `${about} stored: fresh for 30 s`, { ...fields, stored: true, reason: 'fresh for 30 s' }],
      ['debug', `${about} not stored: no-store; 1 more`],
    ]);
  });

  it('writes nothing of a cache where it is not to, and wants no event of it', () => {
    expect(start({ cacheDecisions: false }).events.wants('cache:decision')).toBe(false);
    expect(start(false).events.wants('cache:decision')).toBe(false);
    expect(start().events.wants('cache:decision')).toBe(true);
  });

  it('writes every line where none is to be held back', () => {
    const { lines, ended } = start({ repeatAfterMs: false });
    for (let n = 0; n < 3; n++) ended({ error: reset });
    expect(lines).toHaveLength(3);
  });

  it('wants no events where nothing is to be written', () => {
    const wanted = ({ events }: ReturnType<typeof start>) =>
      (['call:fail', 'call:end'] as const).filter((name) => events.wants(name));
    expect(wanted(start({ failedCalls: false }))).toEqual([]);
    expect(wanted(start(false))).toEqual([]);
    const started = start();
    expect(wanted(started)).toEqual(['call:fail']);
    started.end();
    expect(wanted(started)).toEqual([]);
    expect(wanted(start({ failedCalls: false, slowCalls: { afterMs: 1 } }))).toEqual(['call:end']);
  });
});
