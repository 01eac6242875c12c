import type { AxiosResponse } from 'axios';
import type { Clock } from '../base/clock.js';
import { OriginMap } from '../base/origin-map.js';
import { ownOptions, withoutPrototype } from '../base/prototype-pollution.js';
import { proxyUrl } from '../base/proxy-url.js';
import { type Call, compose, deriveCall, type Handler, type Layer } from '../call/call.js';
import { type EventSink, HttpClientEvents } from '../call/event-sink.js';
import { checkedConfig } from '../call/values.js';
import { InvalidOptionsError } from '../errors/refusal.errors.js';
import { confinement } from '../guard/confinement.js';
import { inboundContext } from '../inbound/layer.js';
import { admission } from '../layers/admission.js';
import { areOfCaller } from '../layers/auth/credentials.js';
import { attemptTimeout } from '../layers/attempt-timeout.js';
import { circuitBreaker } from '../layers/breaker/breaker.js';
import { type CircuitBreakers, OriginBreakers, ScopedBreakers } from '../layers/breaker/breakers.js';
import { attemptEvents, callEvents } from '../layers/call-events.js';
import { coalesce } from '../layers/coalesce/coalesce.js';
import { concurrencyLimit } from '../layers/concurrency.js';
import { deadline, deadlineHeader } from '../layers/deadline.js';
import { confine, guard } from '../layers/guards.js';
import { hedge } from '../layers/hedge.js';
import { type PlacedLayer, type StackEntry, type StandardLayers, standardStack } from '../layers/order.js';
import { limitedBy, type RateLimits, Turns } from '../layers/rate-limit/rate-limit.js';
import { RetryBudget } from '../layers/retry/budget.js';
import { retry } from '../layers/retry/retry.js';
import { TRANSPORT_NAME } from '../options/defaults.js';
import { findProblems } from '../options/problems.js';
import type { OriginSettings, ResolvedClientOptions, TransportSettings } from '../options/resolve-options.js';
import { RESILIENCE_DEFAULTS, type ResolvedResilience, resolveResilience } from '../options/resolve-resilience.js';
import type { InboundSettings } from '../options/resolve-sections.js';
import { callSchema } from '../options/schema.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { type RedactionRules, redactionRules } from '../redaction/rules.js';
import { nativeTransport, type NativeTransportSettings } from '../transport/transport.js';
import { type ResolvedPlatform, resolvePlatform } from './platform.js';

/** What a stack is made of besides its options. */
export interface StackContext extends Pick<ResolvedPlatform, 'transport' | 'clock' | 'random' | 'now'> {
  readonly pool: ConnectionPool;
  readonly inbound: InboundSettings | false;
  /** undefined: none. */
  readonly auth: Layer | undefined;
  readonly placed: readonly PlacedLayer[];
  readonly events: EventSink;
  /** undefined: none. */
  readonly telemetry: Layer | undefined;
}

/** A transport by itself has neither name nor base URL. */
export type StackSettings = TransportSettings &
  Partial<Pick<ResolvedClientOptions, 'name' | 'baseURL' | 'confine' | 'axios' | 'auth'>>;

export function stackContext(
  pool: ConnectionPool,
  given: Partial<Pick<StackContext, 'inbound' | 'auth' | 'placed' | 'events' | 'telemetry'>> & {
    readonly platform?: ResolvedPlatform;
  } = {},
): StackContext {
  const own: typeof given = Object.assign(Object.create(null), given); // what is on Object.prototype is no part of it
  const { platform = resolvePlatform(), inbound = false, placed = [], events = new HttpClientEvents() } = own;
  return { ...platform, pool, inbound, placed, events, auth: own.auth, telemetry: own.telemetry };
}

/** The stack of a client: what its calls pass through, from its axios instance to the pool. */
export class ClientStack {
  readonly #client: Scope;
  /** Origin → the scope of those that differ. */
  readonly #origins: ReadonlyMap<string, Scope>;
  /** Carries a call through the layers to the pool. */
  readonly handle: Handler;
  /** Of every origin, those that differ included. */
  readonly breakers: CircuitBreakers;
  /** Of every origin, those that differ included. */
  readonly rateLimits: RateLimits;
  /** What errors must not show. */
  readonly rules: RedactionRules;
  /** What its calls are timed by. */
  readonly clock: Clock;

  constructor(settings: StackSettings, context: StackContext) {
    this.rules = redactionRules(settings.redact);
    this.clock = context.clock;
    const scoped = { ...context, rules: this.rules };
    this.#client = new Scope(settings, settings, scoped);
    const origins = Object.entries(settings.origins).map(
      ([origin, own]) => [origin, new Scope(own, settings, scoped)] as const,
    );
    this.#origins = new Map(origins);
    this.breakers = new ScopedBreakers(
      this.#client.breakers,
      new Map(origins.map(([origin, { breakers }]) => [origin, breakers])),
    );
    const turns = [this.#client, ...this.#origins.values()].flatMap((scope) => scope.turns ?? []);
    this.rateLimits = {
      resume: (origin) => {
        for (const of of turns) of.resume(origin);
      },
    };
    const scopeOf = origins.length === 0 ? () => this.#client : (call: Call) => this.#scope(call.origin);
    this.handle = (given) => {
      let call: Call;
      try {
        call = checkedCall(given);
      } catch (error) {
        return this.#client.refuse(given, error);
      }
      const { resilience, timeouts } = call.config;
      const scope = scopeOf(call);
      return resilience === undefined && timeouts === undefined ? scope.handle(call) : scope.handleOwn(call);
    };
  }

  /** The layers that calls to an origin pass through, outermost first. */
  entries(origin?: string): readonly StackEntry[] {
    return this.#scope(origin).entries;
  }

  #scope(origin: string | undefined): Scope {
    return (origin !== undefined && this.#origins.get(origin)) || this.#client;
  }
}

interface ScopeContext extends StackContext {
  readonly rules: RedactionRules;
}

/** Calls whose settings are the same: a client's, or those of it to one origin. */
class Scope {
  readonly entries: readonly StackEntry[];
  readonly handle: Handler;
  readonly breakers: OriginBreakers | undefined;
  readonly turns: Turns | undefined;
  readonly #settings: OriginSettings;
  readonly #context: ScopeContext;
  readonly #layers: StandardLayers;
  readonly #transport: Handler;
  readonly #budgets: OriginMap<RetryBudget>;

  /** @param client what holds for every origin; its attempt timeout is what `config.timeout` is for calls that bring none */
  constructor(settings: OriginSettings, client: StackSettings, context: ScopeContext) {
    const { name = TRANSPORT_NAME, baseURL, confine: within = false } = client;
    const { resilience, timeouts } = settings;
    const { pool, clock, now, inbound, events, rules } = context;
    this.#settings = settings;
    this.#context = context;
    this.#transport = transportOf(settings, client, context);
    const budget = { ...(resilience.budget || RESILIENCE_DEFAULTS.budget), now: () => clock.now() };
    this.#budgets = new OriginMap(() => new RetryBudget(budget));
    this.breakers = resilience.breaker ? new OriginBreakers(resilience.breaker, { clock, name, events }) : undefined;
    const waiting = { events, clock, now, rules, closing: pool.closing };
    this.turns = resilience.rateLimit ? new Turns(resilience.rateLimit, waiting) : undefined;
    this.#layers = {
      callEvents: callEvents(context),
      admission: admission(pool, rules, clock),
      confine: within && baseURL !== undefined ? confine(confinement({ baseURL, within })) : undefined,
      guard: pool.guard && guard(pool.guard),
      inboundContext: inbound ? inboundContext(inbound) : undefined,
      coalesce: resilience.coalesce && !(client.auth && areOfCaller(client.auth)) ? coalesce() : undefined,
      concurrency: resilience.concurrency ? concurrencyLimit(resilience.concurrency, waiting) : undefined,
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
    this.handle = this.#composed(this.entries);
  }

  /**
   * Carries a call that sets something itself.
   * @returns rejects with an InvalidOptionsError where that is wrong
   */
  handleOwn(call: Call): Promise<AxiosResponse> {
    const { resilience: given, timeouts } = ownOptions(call.config);
    const problems = findProblems(callSchema, withoutPrototype({ resilience: given, timeouts }));
    if (problems.length > 0) return this.refuse(call, InvalidOptionsError.ofCall(call, problems));
    if (given === undefined) return this.handle(call);
    const { resilience } = this.#settings;
    const own = resolveResilience(given, resilience);
    const layers = { ...this.#layers };
    for (const name of SHARED) if (!own[name]) layers[name] = undefined;
    Object.assign(layers, this.#repeating(own));
    return this.#composed(standardStack(layers, this.#context.placed))(call);
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

  #composed(entries: readonly StackEntry[]): Handler {
    return compose(
      entries.map(({ layer }) => layer),
      this.#transport,
    );
  }
}

/** @throws AxiosError for a value that is wrong */
function checkedCall(call: Call): Call {
  const config = checkedConfig(call.config);
  return config === call.config ? call : deriveCall(call, { config });
}

/** Layers whose state calls share: a call may do without, but not have one of its own. */
const SHARED = ['coalesce', 'concurrency', 'rateLimit', 'hedge', 'breaker'] as const;

function transportOf(
  { timeouts, limits, redirects }: OriginSettings,
  client: StackSettings,
  context: ScopeContext,
): Handler {
  const { pool, clock, rules, events, transport } = context;
  const { proxy } = withoutPrototype(client.axios ?? {});
  const settings: NativeTransportSettings = {
    pool,
    clock,
    rules,
    events,
    poolWaitMs: timeouts.poolWaitMs,
    phases: {
      connect: timeouts.connectMs,
      response: timeouts.responseMs,
      bodyIdle: timeouts.bodyIdleMs,
      readerIdle: timeouts.readerIdleMs,
    },
    clientTimeout: client.name === undefined ? undefined : client.timeouts.attemptMs || 0,
    maxResponseBytes: limits.maxResponseBytes,
    maxHeaderBytes: limits.maxHeaderBytes,
    redirects: { max: redirects.max || 0, allowDowngrade: redirects.allowDowngrade },
    ownProxy: proxy ? proxyUrl(proxy) : undefined,
  };
  return transport(nativeTransport(settings), settings);
}
