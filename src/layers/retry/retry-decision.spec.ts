import { AxiosError, AxiosHeaders, type AxiosResponse } from 'axios';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { FailedAttempt } from '../../options/resilience-options.js';
import { decideRetry, type DecisionTime, isFailure, type RetrySettings } from './decision.js';

const SETTINGS: RetrySettings = {
  max: 2,
  statuses: [408, 429, 500, 502, 503, 504],
  baseMs: 50,
  throttledBaseMs: 1_000,
  capMs: 20_000,
  retryIf: undefined,
  onRetry: undefined,
};
const NOW = Date.UTC(2026, 0, 1);

const failedWith = (status: number, headers: object = {}): FailedAttempt => ({
  attempt: 1,
  method: 'GET',
  origin: 'http://a.example',
  response: { status, headers } as AxiosResponse,
});

const decide = (
  failed: Partial<FailedAttempt>,
  settings: Partial<RetrySettings> = {},
  time: Partial<DecisionTime> = {},
  request: { headers?: AxiosHeaders; data?: unknown } = {},
) =>
  decideRetry(
    { ...failedWith(503), ...failed },
    { headers: new AxiosHeaders(), ...request },
    { ...SETTINGS, ...settings },
    { leftMs: Infinity, now: NOW, random: () => 0.5, ...time },
  );

const reason = (text: string) => ({ notRetried: text });

describe('decideRetry', () => {
  it('pauses for a random part of a limit that doubles', () => {
    expect(decide({})).toEqual({ delayMs: 25 });
    expect(decide({ attempt: 2 })).toEqual({ delayMs: 50 });
    expect(decide({ attempt: 2 }, { capMs: 60 })).toEqual({ delayMs: 30 });
    expect(decide(failedWith(429))).toEqual({ delayMs: 500 });
  });

  it('stops after the last attempt', () => {
    expect(decide({ attempt: 3 })).toEqual(reason('it was attempt 3 of 3'));
    expect(decide({}, { max: 0 })).toEqual(reason('it was attempt 1 of 1'));
  });

  it('does not repeat what is not transient', () => {
    expect(decide(failedWith(404))).toEqual(reason('404 is not transient'));
    const error = new AxiosError('x', 'CERT_HAS_EXPIRED');
    expect(decide({ response: undefined, error })).toEqual(reason('CERT_HAS_EXPIRED is not transient'));
  });

  it('does not repeat a POST without an Idempotency-Key', () => {
    const no = reason('POST is not idempotent; an Idempotency-Key header says that it may be repeated');
    expect(decide({ method: 'POST' })).toEqual(no);
    const headers = new AxiosHeaders({ 'idempotency-key': '1' });
    expect(decide({ method: 'POST' }, {}, {}, { headers })).toEqual({ delayMs: 25 });
  });

  it('does not repeat a stream', () => {
    const no = reason('the body is a stream, which cannot be sent twice');
    const data = Readable.from(['a']);
    expect(decide({ method: 'PUT' }, {}, {}, { data })).toEqual(no);
    expect(decide({ method: 'PUT' }, { retryIf: () => true }, {}, { data })).toEqual(no);
  });

  describe('with retryIf', () => {
    it('repeats what it wants, of any method and outcome', () => {
      const retryIf = () => true;
      expect(decide(failedWith(404), { retryIf })).toEqual({ delayMs: 25 });
      expect(decide({ method: 'POST' }, { retryIf })).toEqual({ delayMs: 25 });
    });

    it('repeats nothing that it does not want', () => {
      expect(decide({}, { retryIf: () => false })).toEqual(reason('retryIf said no'));
    });

    it.each([
      ['undefined', () => undefined],
      ['a promise', (async () => true) as never],
    ])('goes by the rules where it returns %s', (_, retryIf: () => undefined) => {
      expect(decide({}, { retryIf })).toEqual({ delayMs: 25 });
      expect(decide(failedWith(404), { retryIf })).toEqual(reason('404 is not transient'));
    });

    it('does not ask after the last attempt, and asks with the failed attempt', () => {
      const asked: FailedAttempt[] = [];
      const retryIf = (failed: FailedAttempt) => void asked.push(failed);
      const failed = failedWith(503);
      decide(failed, { retryIf });
      decide({ ...failed, attempt: 3 }, { retryIf });
      expect(asked).toEqual([failed]);
    });

    it('throws what it throws', () => {
      const retryIf = () => {
        throw new TypeError('a bug');
      };
      expect(() => decide({}, { retryIf })).toThrow('a bug');
    });
  });

  describe('with a deadline', () => {
    it('does not begin an attempt at or after it', () => {
      expect(decide({}, {}, { leftMs: 26 })).toEqual({ delayMs: 25 });
      expect(decide({}, {}, { leftMs: 25 })).toEqual(
        reason('the pause of 25 ms is longer than the 25 ms to the deadline'),
      );
    });

    it('waits for a Retry-After that leaves time, however long it is', () => {
      const failed = failedWith(503, { 'retry-after': '30' });
      expect(decide(failed, {}, { leftMs: 30_001 })).toEqual({ delayMs: 30_000 });
      expect(decide(failed, {}, { leftMs: 30_000 })).toEqual(
        reason('Retry-After of 30000 ms is longer than the 30000 ms to the deadline'),
      );
    });
  });

  describe('with Retry-After', () => {
    it.each([
      ['7', 7_000],
      ['0', 0],
      ['Thu, 01 Jan 2026 00:00:03 GMT', 3_000],
    ])('pauses for as long as %o says', (value, delayMs) => {
      expect(decide(failedWith(503, { 'retry-after': value }))).toEqual({ delayMs });
      expect(decide(failedWith(429, { 'retry-after': value }))).toEqual({ delayMs });
    });

    it('pauses as without one where it cannot be read', () => {
      expect(decide(failedWith(429, { 'retry-after': 'soon' }))).toEqual({ delayMs: 500 });
    });

    it('ends the call where it is longer than capMs and there is no deadline', () => {
      expect(decide(failedWith(503, { 'retry-after': '20' }))).toEqual({ delayMs: 20_000 });
      expect(decide(failedWith(503, { 'retry-after': '21' }))).toEqual(
        reason('Retry-After of 21000 ms is longer than capMs, 20000 ms'),
      );
    });

    it('is heeded for a response that retryIf wants repeated, too', () => {
      expect(decide(failedWith(404, { 'retry-after': '7' }), { retryIf: () => true })).toEqual({ delayMs: 7_000 });
    });
  });
});

describe('isFailure', () => {
  it.each([
    [200, false],
    [304, false],
    [400, true],
    [503, true],
    [202, true],
  ])('of status %i: %s', (status, expected) => {
    expect(isFailure({ status } as AxiosResponse, { ...SETTINGS, statuses: [202] })).toBe(expected);
  });
});
