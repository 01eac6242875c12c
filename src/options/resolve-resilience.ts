import type {
  AdaptiveConcurrencyOptions,
  BreakerOptions,
  BudgetOptions,
  CallResilienceOptions,
  HedgeOptions,
  RateLimitOptions,
  ResilienceOptions,
  RetryOptions,
} from './resilience-options.js';
import type { SharedState } from './shared-state.js';

type Complete<Options, Optional extends keyof Options = never> = Readonly<
  Required<Omit<Options, Optional>> & { [Name in Optional & string]: Options[Name] | undefined }
>;

/** `max` of a limit that is not adaptive is always given. */
type ResolvedConcurrency = Complete<Omit<AdaptiveConcurrencyOptions, 'adaptive'>> & {
  readonly adaptive: AdaptiveConcurrencyOptions['adaptive'] | false;
};

/** With nothing left to default; false: off. */
export interface ResolvedResilience {
  readonly deadlineMs: number | false;
  readonly retry: Complete<RetryOptions, 'retryIf' | 'onRetry'> | false;
  readonly budget: Complete<BudgetOptions> | false;
  readonly breaker: Complete<BreakerOptions, 'onStateChange'> | false;
  readonly concurrency: ResolvedConcurrency | false;
  readonly rateLimit: Complete<RateLimitOptions, 'limiter' | 'replicas'> | false;
  readonly hedge: Complete<HedgeOptions> | false;
  readonly coalesce: boolean;
}

/** What each part is where it is turned on. Their sources are in the options' doc comments. */
export const RESILIENCE_DEFAULTS = Object.freeze({
  retry: Object.freeze({
    max: 2,
    statuses: Object.freeze([408, 429, 500, 502, 503, 504]),
    baseMs: 50,
    throttledBaseMs: 1_000,
    capMs: 20_000,
    retryIf: undefined,
    onRetry: undefined,
  }),
  budget: Object.freeze({ ratio: 0.2, minPerSecond: 10 }),
  breaker: Object.freeze({
    failureRatio: 0.1,
    minCalls: 100,
    windowMs: 30_000,
    consecutiveFailures: 5,
    openMs: 5_000,
    onStateChange: undefined,
  }),
  concurrency: Object.freeze({ max: 200, maxQueued: 1_000, per: 'origin', adaptive: false, min: 1, initial: 20 }),
  rateLimit: Object.freeze({
    intervalMs: 1_000,
    maxQueued: 1_000,
    maxPauseMs: 60_000,
    per: 'origin',
    limiter: undefined,
    shared: false,
    replicas: undefined,
  }),
  hedge: Object.freeze({ max: 1, percentile: 0.95, coldMs: 2_000 }),
} as const);

/** Nothing is done unless asked for. */
export const NO_RESILIENCE: ResolvedResilience = Object.freeze({
  deadlineMs: false,
  retry: false,
  budget: false,
  breaker: false,
  concurrency: false,
  rateLimit: false,
  hedge: false,
  coalesce: false,
});

/** What `'standard'` stands for: .NET's standard resilience handler, with a budget for its retries. */
export const STANDARD_RESILIENCE: ResolvedResilience = Object.freeze({
  ...NO_RESILIENCE,
  deadlineMs: 30_000,
  retry: RESILIENCE_DEFAULTS.retry,
  budget: RESILIENCE_DEFAULTS.budget,
  breaker: RESILIENCE_DEFAULTS.breaker,
});

/** Puts what is given on top of what is inherited, part by part and option by option. */
export function resolveResilience(
  given: 'standard' | ResilienceOptions | CallResilienceOptions | undefined,
  inherited: ResolvedResilience,
): ResolvedResilience {
  const options: ResilienceOptions | undefined = given === 'standard' ? { preset: 'standard' } : given;
  if (typeof options !== 'object' || options === null) return inherited; // anything else has its problem listed
  const base = options.preset === 'standard' ? STANDARD_RESILIENCE : inherited;
  const part = <Name extends keyof typeof RESILIENCE_DEFAULTS>(name: Name) =>
    resolvePart(options[name], base[name], RESILIENCE_DEFAULTS[name]) as ResolvedResilience[Name];
  const retry = part('retry');
  const hedge = part('hedge');
  const repeats = retry !== false || hedge !== false;
  return Object.freeze({
    deadlineMs: options.deadlineMs ?? base.deadlineMs,
    retry,
    hedge,
    budget: !repeats ? false : options.budget === undefined ? base.budget || budgetOf(base) : part('budget'),
    breaker: part('breaker'),
    concurrency: part('concurrency'),
    rateLimit: part('rateLimit'),
    coalesce: options.coalesce ?? base.coalesce,
  });
}

/** Retries have a budget unless somebody who had them has switched it off. */
function budgetOf(base: ResolvedResilience): ResolvedResilience['budget'] {
  const wasSwitchedOff = (base.retry || base.hedge) && !base.budget;
  return wasSwitchedOff ? false : RESILIENCE_DEFAULTS.budget;
}

function resolvePart(given: object | boolean | undefined, inherited: object | false, defaults: object): object | false {
  if (given === undefined) return inherited;
  if (given === false) return false;
  const chosen = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.freeze({ ...(inherited || defaults), ...Object.fromEntries(chosen) });
}

/** Options that cannot be right together, each as `path: expected …, got …`. */
export function resilienceProblems(
  { deadlineMs, retry, concurrency, rateLimit }: ResolvedResilience,
  attemptMs: number | false | undefined,
  { path = '', shared }: { readonly path?: string; readonly shared: SharedState | undefined },
): string[] {
  const problems: string[] = [];
  if (rateLimit) problems.push(...rateLimitProblems(rateLimit, `${path}resilience.rateLimit.`, shared));
  if (deadlineMs && attemptMs && attemptMs > deadlineMs) {
    problems.push(
      `${path}timeouts.attemptMs: expected at most resilience.deadlineMs (${deadlineMs}), got ${attemptMs}`,
    );
  }
  if (retry && retry.baseMs > retry.capMs) {
    problems.push(`${path}resilience.retry.baseMs: expected at most retry.capMs (${retry.capMs}), got ${retry.baseMs}`);
  }
  if (concurrency && concurrency.adaptive && concurrency.min > concurrency.max) {
    problems.push(
      `${path}resilience.concurrency.min: expected at most concurrency.max (${concurrency.max}), got ${concurrency.min}`,
    );
  }
  return problems;
}

function rateLimitProblems(
  { shared, limiter, replicas }: Complete<RateLimitOptions, 'limiter' | 'replicas'>,
  path: string,
  state: SharedState | undefined,
): string[] {
  const problems: string[] = [];
  if (shared && !state) problems.push(`${path}shared: expected the module's option shared beside it, got none`);
  if (shared && limiter) problems.push(`${path}limiter: expected to be left out with rateLimit.shared`);
  if (replicas !== undefined && !limiter) {
    problems.push(`${path}replicas: expected rateLimit.limiter beside it, got none; the module's shared has its own`);
  }
  return problems;
}
