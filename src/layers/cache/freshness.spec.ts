import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { directivesOf } from './directives.js';
import {
  ageMs,
  freshMs,
  lifetimeOf,
  mayServeOnError,
  NO_DIRECTIVES,
  requestDirectives,
  type ResponseHeaders,
  verdictOn,
} from './freshness.js';

const NOW = Date.UTC(2026, 0, 1);
const date = (seconds: number) => new Date(NOW + seconds * 1_000).toUTCString();

function lifetime(headers: ResponseHeaders, { isShared = true, delayMs = 0 } = {}) {
  const directives = directivesOf(headers['cache-control']);
  return lifetimeOf(headers, directives, isShared, { requestedAt: NOW - delayMs, respondedAt: NOW });
}

describe('how long a response is fresh (RFC 9111 §4.2.1)', () => {
  it.each<[string, ResponseHeaders, number | undefined]>([
    ['max-age', { 'cache-control': 'max-age=60' }, 60],
    ['s-maxage before max-age', { 'cache-control': 'max-age=60, s-maxage=10' }, 10],
    ['max-age before Expires', { 'cache-control': 'max-age=0', expires: date(60) }, 0],
    ['Expires minus Date', { expires: date(60), date: date(20) }, 40],
    ['Expires minus now, where Date is none', { expires: date(60), date: 'x' }, 60],
    ['an Expires that has passed', { expires: date(-60), date: date(0) }, 0],
    ['an Expires that is none', { expires: '0' }, 0],
    ['nothing', {}, undefined],
  ])('as %s says', (_, headers, seconds) => {
    expect(lifetime(headers).statedMs).toBe(seconds && seconds * 1_000);
  });

  it('in a private cache without s-maxage', () => {
    expect(lifetime({ 'cache-control': 'max-age=60, s-maxage=10' }, { isShared: false }).statedMs).toBe(60_000);
  });

  it('may be assumed to be a tenth of the time since the last change, a day at most (§4.2.2)', () => {
    const assumed = (seconds: number) => freshMs(lifetime({ 'last-modified': date(-seconds), date: date(0) }), true);
    expect(assumed(1_000)).toBe(100_000);
    expect(assumed(10 ** 9)).toBe(24 * 3_600_000);
    expect(assumed(-1_000)).toBe(0);
    expect(freshMs(lifetime({ 'last-modified': date(-1_000) }), false)).toBe(0);
  });
});

describe('how old a response is (RFC 9111 §4.2.3)', () => {
  it.each<[string, ResponseHeaders, number]>([
    ['its Age', { age: '30' }, 30],
    ['how long its Date is past', { date: date(-40) }, 40],
    ['the greater of both', { age: '30', date: date(-40) }, 40],
    ['not less than nothing, where the Date is ahead', { date: date(40) }, 0],
    ['endless, where its Age cannot be read', { age: 'x' }, Infinity],
    ['endless, where it has several', { age: '0, 0' }, Infinity],
    ['endless, where its Age is negative', { age: '-1' }, Infinity],
  ])('is %s', (_, headers, seconds) => {
    expect(lifetime(headers).initialAgeMs).toBe(seconds * 1_000);
  });

  it('counts what the request took, and the time since', () => {
    const stored = lifetime({ age: '30' }, { delayMs: 2_000 });
    expect(ageMs(stored, NOW, NOW + 5_000)).toBe(37_000);
    expect(ageMs(stored, NOW, NOW - 5_000)).toBe(32_000);
  });
});

describe('what a request takes (RFC 9111 §5.2.1)', () => {
  const verdict = (asked: string, age: number, response = 'max-age=60, stale-while-revalidate=30') =>
    verdictOn(lifetime({ 'cache-control': response }), age * 1_000, false, requestDirectives(directivesOf(asked)));

  it.each<[string, number, string]>([
    ['', 59, 'fresh'],
    ['', 60, 'revalidate'],
    ['', 89, 'revalidate'],
    ['', 90, 'validate'],
    ['no-cache', 1, 'validate'],
    ['max-age=0', 0, 'validate'],
    ['max-age=10', 10, 'fresh'],
    ['max-age=10', 11, 'validate'],
    ['min-fresh=20', 40, 'fresh'],
    ['min-fresh=20', 41, 'validate'],
    ['min-fresh=20, max-stale', 70, 'validate'],
    ['max-stale=10', 70, 'stale'],
    ['max-stale=10', 71, 'revalidate'],
    ['max-stale', 10_000, 'stale'],
    ['max-stale, max-age=100', 101, 'validate'],
  ])('%j, of one that is %i s old: %s', (asked, age, expected) => {
    expect(verdict(asked, age)).toBe(expected);
  });

  it.each([['no-cache'], ['must-revalidate'], ['proxy-revalidate'], ['s-maxage=60']])(
    'is never one that is stale, where the response says %s',
    (directive) => {
      const response = `max-age=60, stale-while-revalidate=99, stale-if-error=99, ${directive}`;
      expect(verdict('max-stale', 70, response)).toBe('validate');
      expect(verdict('', 70, response)).toBe('validate');
      const stored = lifetime({ 'cache-control': response });
      expect(mayServeOnError(stored, 70_000, false, NO_DIRECTIVES)).toBe(false);
    },
  );
});

it('stands in for an upstream that fails as long as stale-if-error says (RFC 5861 §4)', () => {
  const may = (age: number, asked = '') =>
    mayServeOnError(
      lifetime({ 'cache-control': 'max-age=60, stale-if-error=30' }),
      age * 1_000,
      false,
      requestDirectives(directivesOf(asked)),
    );
  expect([may(89), may(90), may(90, 'stale-if-error=31'), may(70, 'no-cache'), may(70, 'max-age=65')]).toEqual([
    true,
    false,
    true,
    false,
    false,
  ]);
});

/** What the RFC says, in seconds and without a thought for speed. */
function modelIsFresh(c: Case): boolean {
  if (c.noCache || c.asked.noCache) return false;
  const lifetimeS = c.sMaxage ?? c.maxAge ?? (c.expires === undefined ? 0 : Math.max(0, c.expires));
  const age = Math.max(c.age ?? 0, -Math.min(0, c.date)) + c.elapsed;
  if (c.asked.maxAge !== undefined && age > c.asked.maxAge) return false;
  return age < lifetimeS && lifetimeS - age >= (c.asked.minFresh ?? 0);
}

interface Case {
  readonly maxAge: number | undefined;
  readonly sMaxage: number | undefined;
  readonly expires: number | undefined;
  readonly age: number | undefined;
  readonly date: number;
  readonly elapsed: number;
  readonly noCache: boolean;
  readonly asked: {
    readonly noCache: boolean;
    readonly maxAge: number | undefined;
    readonly minFresh: number | undefined;
  };
}

it('never takes a response for fresh that a model of the RFC does not', () => {
  const seconds = fc.option(fc.nat({ max: 100 }), { nil: undefined });
  const cases = fc.record<Case>({
    maxAge: seconds,
    sMaxage: seconds,
    expires: fc.option(fc.integer({ min: -50, max: 100 }), { nil: undefined }),
    age: seconds,
    date: fc.integer({ min: -60, max: 0 }),
    elapsed: fc.nat({ max: 120 }),
    noCache: fc.boolean(),
    asked: fc.record({ noCache: fc.boolean(), maxAge: seconds, minFresh: seconds }),
  });
  fc.assert(
    fc.property(cases, (c) => {
      const directives = [
        c.maxAge !== undefined && `max-age=${c.maxAge}`,
        c.sMaxage !== undefined && `s-maxage=${c.sMaxage}`,
        c.noCache && 'no-cache',
      ].filter(Boolean);
      const headers = {
        date: date(c.date),
        ...(directives.length > 0 && { 'cache-control': directives.join(', ') }),
        ...(c.expires !== undefined && { expires: date(c.date + c.expires) }),
        ...(c.age !== undefined && { age: String(c.age) }),
      };
      const asked = [
        c.asked.noCache && 'no-cache',
        c.asked.maxAge !== undefined && `max-age=${c.asked.maxAge}`,
        c.asked.minFresh !== undefined && `min-fresh=${c.asked.minFresh}`,
      ].filter(Boolean);
      const stored = lifetime(headers);
      const age = ageMs(stored, NOW, NOW + c.elapsed * 1_000);
      const given = verdictOn(stored, age, false, requestDirectives(directivesOf(asked.join(', '))));
      if (given === 'fresh') expect(modelIsFresh(c)).toBe(true);
      // Nor does it ask for what it need not, but for a max-age of 0.
      else if (c.asked.maxAge !== 0) expect(modelIsFresh(c)).toBe(false);
    }),
    { numRuns: 3_000 },
  );
});
