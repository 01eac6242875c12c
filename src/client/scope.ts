import type { AxiosResponse } from 'axios';
import { contentKey } from '../base/content-key.js';
import { OriginMap } from '../base/origin-map.js';
import { ownOptions, withoutPrototype } from '../base/prototype-pollution.js';
import type { Call, Handler, Layer } from '../call/call.js';
import { compose } from '../call/compose.js';
import { InvalidOptionsError } from '../errors/refusal.errors.js';
import { confinement } from '../guard/confinement.js';
import { inboundContext } from '../inbound/layer.js';
import { admission } from '../layers/admission.js';
import { areOfCaller } from '../layers/auth/credentials.js';
import { attemptTimeout } from '../layers/attempt-timeout.js';
import { Changes, changes } from '../layers/cache/changes.js';
import { circuitBreaker } from '../layers/breaker/breaker.js';
import { OriginBreakers } from '../layers/breaker/breakers.js';
import { attemptEvents, callEvents } from '../layers/call-events.js';
import { coalesce } from '../layers/coalesce/coalesce.js';
import { UnderWay } from '../layers/coalesce/under-way.js';
import { adaptiveConcurrencyLimit, concurrencyLimit } from '../layers/concurrency/concurrency.js';
import { OriginLimits } from '../layers/concurrency/origin-limits.js';
import { concurrencySample } from '../layers/concurrency/sample.js';
import { deadline, deadlineHeader } from '../layers/deadline.js';
import { confine, guard } from '../layers/guards.js';
import { hedge } from '../layers/hedge.js';
import { type StackEntry, type StandardLayers, standardStack } from '../layers/order.js';
import type { BucketLimits, RateLimiter } from '../layers/rate-limit/limiter.js';
import { limitedBy, type RateLimitContext, Turns } from '../layers/rate-limit/rate-limit.js';
import { responseCheck } from '../layers/response-check.js';
import { RetryBudget } from '../layers/retry/budget.js';
import { retry } from '../layers/retry/retry.js';
import { TRANSPORT_NAME } from '../options/defaults.js';
import type { CallCacheOptions } from '../options/cache-options.js';
import { findProblems } from '../options/problems.js';
import type { CallResilienceOptions } from '../options/resilience-options.js';
import type { OriginSettings } from '../options/resolve-options.js';
import { cacheWith } from '../options/resolve-cache.js';
import { RESILIENCE_DEFAULTS, type ResolvedResilience, resolveResilience } from '../options/resolve-resilience.js';
import { callSchema } from '../options/schema.js';
import type { RedactionRules } from '../redaction/rules.js';
import { ScopeCache } from './scope-cache.js';
import type { StackContext, StackSettings } from './stack.js';
import { engineOf, terminalOf } from './terminal.js';

/** Of what calls set themselves, which is often the same. */
const MAX_OWN = 100;

export interface ScopeContext extends StackContext {
  readonly rules: RedactionRules;
}

/** Calls whose settings are the same: a client's, or those of it to one origin. */
export class Scope {
  readonly entries: readonly StackEntry[];
  readonly handle: Handler;
  readonly breakers: OriginBreakers | undefined;
  /** Undefined without a limit that is adaptive. */
  readonly concurrency: OriginLimits | undefined;
  readonly turns: Turns | undefined;
  /** Requests that calls share; undefined: they share none. */
  readonly underWay: UnderWay | undefined;
  /** However a call sets its options, it shares the store with all others. */
  readonly cache: ScopeCache;
  /** Of its engine. */
  readonly loading: Promise<unknown> | undefined;
  readonly #settings: OriginSettings;
  readonly #context: ScopeContext;
  readonly #layers: StandardLayers;
  readonly #changes: Layer;
  readonly #terminal: Handler;
  readonly #budgets: OriginMap<RetryBudget>;
  /** What calls set themselves → what carries them. To judge it and to stack the layers takes 190 us. */
  readonly #own = new Map<string, Handler>();

  /**
   * @param client what holds for every origin; its attempt timeout is what `config.timeout` is for calls that bring none
   * @param origin of calls that differ from the client's
   * @param ofClient for other origins: an origin without cache options of its own shares its responses
   */
  constructor(
    settings: OriginSettings,
    client: StackSettings,
    context: ScopeContext,
    origin?: string,
    ofClient?: Scope,
  ) {
    const { name = TRANSPORT_NAME, baseURL, confine: within = false } = client;
    const { resilience, timeouts } = settings;
    const { pool, gate, clock, now, inbound, events, rules } = context;
    this.#settings = settings;
    this.#context = context;
    this.cache = new ScopeCache(settings, client, context, ofClient?.cache);
    const engine = engineOf(settings);
    this.loading = engine.loading;
    this.#terminal = terminalOf(settings, engine, client, context);
    const budget = { ...(resilience.budget || RESILIENCE_DEFAULTS.budget), now: () => clock.now() };
    this.#budgets = new OriginMap(() => new RetryBudget(budget));
    this.breakers = resilience.breaker ? new OriginBreakers(resilience.breaker, { clock, name, events }) : undefined;
    const waiting = { events, clock, now, rules, closing: pool.closing };
    this.turns = turnsOf(resilience.rateLimit, waiting, (limits) =>
      context.shared?.rateLimiter(origin === undefined ? name : `${name} for ${origin}`, limits),
    );
    const { concurrency } = resilience;
    const { adaptive } = concurrency || { adaptive: false };
    this.concurrency =
      concurrency && adaptive ? new OriginLimits({ ...concurrency, adaptive }, { clock, name, events }) : undefined;
    this.underWay = resilience.coalesce && !(client.auth && areOfCaller(client.auth)) ? new UnderWay() : undefined;
    this.#changes = changes(new Changes(this.underWay, () => this.cache.knownState));
    this.#layers = {
      callEvents: callEvents(context),
      admission: admission(gate, rules, clock),
      confine: within && baseURL !== undefined ? confine(confinement({ baseURL, within })) : undefined,
      guard: pool.guard && guard(pool.guard),
      inboundContext: inbound ? inboundContext(inbound) : undefined,
      cache: this.cache.layer(settings.cache, this.underWay !== undefined),
      coalesce: this.underWay && coalesce(this.underWay),
      concurrency: this.concurrency
        ? adaptiveConcurrencyLimit(this.concurrency, waiting)
        : concurrency
          ? concurrencyLimit(concurrency, waiting)
          : undefined,
      concurrencySample: this.concurrency && concurrencySample(this.concurrency, clock),
      auth: context.auth,
      rateLimit: this.turns && limitedBy(this.turns, waiting),
      hedge: resilience.hedge
        ? hedge(resilience.hedge, { clock, budgets: this.#budgetsOf(resilience), events })
        : undefined,
      breaker: this.breakers && circuitBreaker(this.breakers, clock),
      inboundDeadline:
        inbound && inbound.deadlineHeader && inbound.forwardTo.size > 0
          ? deadlineHeader({ header: inbound.deadlineHeader, to: inbound.forwardTo }, clock)
          : undefined,
      telemetry: context.telemetry,
      attemptEvents: attemptEvents(context),
      attemptTimeout: attemptTimeout(clock, { ofClient: client.timeouts.attemptMs, ofOrigin: timeouts.attemptMs }),
      ...this.#repeating(resilience),
    };
    this.entries = standardStack(this.#layers, context.placed);
    this.handle = this.#composed(this.#layers);
  }

  /**
   * Carries a call that sets something itself.
   * @returns rejects with an InvalidOptionsError where that is wrong
   */
  handleOwn(call: Call): Promise<AxiosResponse> {
    const given = withoutPrototype(ownOptions(call.config));
    const { resilience, checkResponse } = given;
    if (isOfCacheInterceptor(given.cache)) given.cache = undefined;
    const cacheOptions = withoutTags(given.cache);
    const key = contentKey([resilience, given.timeouts, cacheOptions, checkResponse !== undefined]);
    const known = key === undefined ? undefined : this.#own.get(key);
    if (known) return known(call);
    const problems = findProblems(
      callSchema,
      withoutPrototype({ resilience, timeouts: given.timeouts, cache: given.cache }),
    );
    if (problems.length > 0) return this.refuse(call, InvalidOptionsError.ofCall(call, problems));
    const isPlain = resilience === undefined && checkResponse === undefined && given.cache === undefined;
    const handle = isPlain ? this.handle : this.#handleWith(resilience, cacheOptions, checkResponse && responseCheck());
    if (key !== undefined) {
      if (this.#own.size === MAX_OWN) this.#own.clear();
      this.#own.set(key, handle);
    }
    return handle(call);
  }

  #handleWith(
    given: CallResilienceOptions | undefined,
    cacheOptions: boolean | CallCacheOptions | undefined,
    check: Layer | undefined,
  ): Handler {
    const own = resolveResilience(given, this.#settings.resilience);
    const layers = { ...this.#layers, responseCheck: check };
    for (const name of SHARED) if (!own[name]) layers[name] = undefined;
    const { cache: ofScope, cacheWhenOn } = this.#settings;
    const cached = cacheOptions === undefined ? ofScope : cacheOptions && cacheWith(cacheOptions, cacheWhenOn);
    layers.cache = this.cache.layer(cached, layers.coalesce !== undefined);
    if (!own.concurrency) layers.concurrencySample = undefined; // it counts no calls that take no place
    Object.assign(layers, this.#repeating(own));
    return this.#composed(layers);
  }

  /** Seen by those who watch calls, and given back whatever it holds, like a call that a layer refuses. */
  refuse(call: Call, error: unknown): Promise<AxiosResponse> {
    const { callEvents: events, admission: admitted } = this.#layers;
    const layers = standardStack({ callEvents: events, admission: admitted }).map(({ layer }) => layer);
    return compose(layers, () => Promise.reject(error))(call);
  }

  /** The layers that hold no state between calls but the budget. */
  #repeating(resilience: ResolvedResilience): Pick<StandardLayers, 'deadline' | 'retry'> {
    const { clock, random, now, pool, events } = this.#context;
    const { deadlineMs } = resilience;
    const budgets = this.#budgetsOf(resilience);
    return {
      deadline: deadlineMs === false ? undefined : deadline({ deadlineMs, clock }),
      retry: resilience.retry
        ? retry(resilience.retry, { clock, random, now, budgets, events, closing: pool.closing })
        : undefined,
    };
  }

  #budgetsOf({ budget }: ResolvedResilience): OriginMap<RetryBudget> | undefined {
    return budget ? this.#budgets : undefined;
  }

  /** What a call changes is told of in the place of the cache, also where the call itself does without: others may not. */
  #composed({ cache: cached, ...layers }: StandardLayers): Handler {
    const inPlace: Layer = cached ? (next) => this.#changes(cached(next)) : this.#changes;
    const entries = standardStack({ ...layers, cache: inPlace }, this.#context.placed);
    return compose(
      entries.map(({ layer }) => layer),
      this.#terminal,
    );
  }
}

function turnsOf(
  settings: ResolvedResilience['rateLimit'],
  context: RateLimitContext,
  shared: (limits: BucketLimits) => RateLimiter | undefined,
): Turns | undefined {
  if (!settings) return undefined;
  return new Turns(settings, context, settings.shared ? shared(settings) : undefined);
}

/** axios-cache-interceptor, which has its own cache around the client, gives each call its settings under the same name. */
function isOfCacheInterceptor(given: unknown): boolean {
  return typeof given === 'object' && given !== null && 'cachePredicate' in given;
}

/** The layer reads those of the call itself: they are often of one call only. */
function withoutTags(given: boolean | CallCacheOptions | undefined): boolean | CallCacheOptions | undefined {
  return typeof given === 'object' && given.tags !== undefined ? { ...given, tags: undefined } : given;
}

/** Layers whose state calls share: a call may do without, but not have one of its own. */
const SHARED = ['coalesce', 'concurrency', 'rateLimit', 'hedge', 'breaker'] as const;
