import { describe, expect, it } from 'vitest';
import { InvalidOptionsError } from '../errors/refusal.errors.js';
import { NO_CACHE } from './resolve-cache.js';
import { resolveModuleOptions, resolveNamedOptions } from './resolve-options.js';
import {
  NO_RESILIENCE,
  RESILIENCE_DEFAULTS,
  type ResolvedResilience,
  resolveResilience,
  STANDARD_RESILIENCE,
} from './resolve-resilience.js';

const resolved = (given: Parameters<typeof resolveResilience>[0], inherited: ResolvedResilience = NO_RESILIENCE) =>
  resolveResilience(given, inherited);

describe('resolveResilience', () => {
  it('leaves everything off that nobody asks for', () => {
    expect(resolved(undefined)).toEqual(NO_RESILIENCE);
    expect(resolved({})).toEqual(NO_RESILIENCE);
  });

  it("knows one word for a deadline, retries with a budget, and a breaker: 'standard'", () => {
    expect(resolved('standard')).toEqual({
      deadlineMs: 30_000,
      retry: { max: 2, statuses: [408, 429, 500, 502, 503, 504], baseMs: 50, throttledBaseMs: 1_000, capMs: 20_000 },
      budget: { ratio: 0.2, minPerSecond: 10 },
      breaker: { failureRatio: 0.1, minCalls: 100, windowMs: 30_000, consecutiveFailures: 5, openMs: 5_000 },
      concurrency: false,
      rateLimit: false,
      hedge: false,
      coalesce: false,
    });
  });

  it('changes single options of the standard', () => {
    expect(resolved({ preset: 'standard', retry: { max: 5 }, breaker: false })).toEqual({
      ...STANDARD_RESILIENCE,
      retry: { ...RESILIENCE_DEFAULTS.retry, max: 5 },
      breaker: false,
    });
  });

  it('turns a part on with its defaults, and off', () => {
    expect(resolved({ breaker: true }).breaker).toEqual(RESILIENCE_DEFAULTS.breaker);
    expect(resolved({ retry: false }, STANDARD_RESILIENCE).retry).toBe(false);
    expect(resolved({ rateLimit: { max: 5 } }).rateLimit).toEqual({ ...RESILIENCE_DEFAULTS.rateLimit, max: 5 });
  });

  it('inherits what it does not mention, part by part and option by option', () => {
    const inherited = resolved({ preset: 'standard', retry: { max: 7, baseMs: 10 } });
    expect(resolved({ retry: { baseMs: 20 } }, inherited)).toEqual({
      ...inherited,
      retry: { ...RESILIENCE_DEFAULTS.retry, max: 7, baseMs: 20 },
    });
    expect(resolved({ retry: { max: undefined }, deadlineMs: undefined }, inherited)).toEqual(inherited);
  });

  it('gives retries and hedges a budget, unless it is switched off', () => {
    expect(resolved({ retry: true }).budget).toEqual(RESILIENCE_DEFAULTS.budget);
    expect(resolved({ hedge: true }).budget).toEqual(RESILIENCE_DEFAULTS.budget);
    const without = resolved({ retry: true, budget: false });
    expect(without.budget).toBe(false);
    expect(resolved({ retry: { max: 3 } }, without).budget).toBe(false);
    expect(resolved({ retry: false }, STANDARD_RESILIENCE).budget).toBe(false);
    expect(resolved({ retry: true, budget: { ratio: 0.5 } }).budget).toEqual({ ratio: 0.5, minPerSecond: 10 });
  });
});

describe('the options', () => {
  const problems = (options: object): readonly string[] => {
    try {
      resolveModuleOptions(options);
    } catch (error) {
      if (error instanceof InvalidOptionsError) return error.problems;
      throw error;
    }
    return [];
  };

  it('come from the module where a named client or an origin says nothing else', () => {
    const root = resolveModuleOptions({
      resilience: 'standard',
      timeouts: { attemptMs: 9_000 },
      origins: { 'https://slow.test': { timeouts: { attemptMs: 20_000 }, resilience: { retry: false } } },
    }).client;
    expect(root.origins['https://slow.test']).toEqual({
      timeouts: { ...root.timeouts, attemptMs: 20_000 },
      limits: root.limits,
      redirects: root.redirects,
      resilience: { ...STANDARD_RESILIENCE, retry: false, budget: false },
      pool: { scheduling: 'lifo' },
      addresses: false,
      ...NO_CACHE,
      engine: 'node:http',
      http2: false,
    });
    const named = resolveNamedOptions({ name: 'github', resilience: { deadlineMs: 12_000 } }, root);
    expect(named.resilience).toEqual({ ...STANDARD_RESILIENCE, deadlineMs: 12_000 });
    expect(named.origins).toEqual(root.origins);
  });

  it('are all checked at once, with the path of each', () => {
    expect(
      problems({
        timeouts: { attemptMs: 5_000 },
        resilience: {
          deadlineMs: 1_000,
          retry: { max: -1, statuses: [200, 501], baseMs: 9_000, capMs: 1_000, attempts: 3 },
          breaker: 'yes',
          concurrency: { maxQueued: -1 },
          rateLimit: true,
          hedge: { percentile: 95 },
          budget: { ratio: Infinity },
        },
        origins: { 'api.test': {}, 'https://b.test/path': {} },
      }),
    ).toEqual([
      'resilience.retry.max: expected a whole number from 1, got -1',
      'resilience.retry.statuses.0: expected a status from 400 to 599, but 501, which is final, got 200',
      'resilience.retry.statuses.1: expected a status from 400 to 599, but 501, which is final, got 501',
      'resilience.retry.attempts: expected one of the options max, statuses, baseMs, throttledBaseMs, capMs, retryIf, onRetry, got an unknown option; did you mean resilience.retry.max?',
      'resilience.budget.ratio: expected a number from 0 to 1, got Infinity',
      'resilience.breaker: expected an object, true or false, got "yes"',
      'resilience.concurrency.max: expected a value, got undefined',
      'resilience.concurrency.maxQueued: expected a whole number from 0, got -1',
      'resilience.rateLimit: expected an object or false, got true',
      'resilience.hedge.percentile: expected a number from 0 to 1, got 95',
      'origins.api.test: expected an origin, as \'https://api.example.com\', got "api.test"',
      'origins.https://b.test/path: expected an origin, as \'https://api.example.com\', got "https://b.test/path"',
      'timeouts.attemptMs: expected at most resilience.deadlineMs (1000), got 5000',
      'resilience.retry.baseMs: expected at most retry.capMs (1000), got 9000',
    ]);
  });

  it.each([
    [{ adaptive: 'aimd' }, []],
    [{ adaptive: 'gradient', max: 50, min: 2, initial: 90, per: 'client' }, []],
    [{ max: 5, adaptive: false }, []],
    [{ adaptive: 'vegas' }, ["resilience.concurrency.adaptive: expected 'aimd', 'gradient' or false, got \"vegas\""]],
    [{ adaptive: false }, ['resilience.concurrency.max: expected a value, got undefined']],
    [{ adaptive: 'aimd', min: 9, max: 4 }, ['resilience.concurrency.min: expected at most concurrency.max (4), got 9']],
    [{ adaptive: 'aimd', min: 300 }, ['resilience.concurrency.min: expected at most concurrency.max (200), got 300']],
    [{ max: 5, min: 1 }, ['resilience.concurrency.min: expected nothing without concurrency.adaptive, got 1']],
  ])('of a concurrency limit that finds itself: %o', (concurrency, expected) => {
    expect(problems({ resilience: { concurrency } as never })).toEqual(expected);
  });

  it('are checked for each origin, too', () => {
    const origins = {
      'https://a.test': { resilience: 'strong' },
      'https://b.test': { resilience: { deadlineMs: 10 }, timeouts: { attemptMs: 20 } },
    };
    expect(problems({ origins })).toEqual([
      'origins.https://a.test.resilience: expected \'standard\', got "strong"',
      'origins.https://b.test.timeouts.attemptMs: expected at most resilience.deadlineMs (10), got 20',
    ]);
  });

  it.each([[null], [5], [[]], ['weak']])('refuse %o for resilience', (resilience) => {
    expect(problems({ resilience })).toHaveLength(1);
  });

  it('have no quarrel with the default attempt timeout', () => {
    expect(problems({ resilience: { deadlineMs: 1_000 } })).toEqual([]);
  });
});
