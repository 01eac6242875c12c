import type { Clock } from '../base/clock.js';
import { type Call, deriveCall, type Handler, type Layer } from '../call/call.js';
import { type EventSink, HttpClientEvents } from '../call/event-sink.js';
import { checkedConfig } from '../call/values.js';
import { type CircuitBreakers, ScopedBreakers } from '../layers/breaker/breakers.js';
import { type ClientCache, clientCache } from '../layers/cache/by-hand.js';
import { type ConcurrencyLimits, ScopedLimits } from '../layers/concurrency/origin-limits.js';
import type { PlacedLayer, StackEntry } from '../layers/order.js';
import type { RateLimits } from '../layers/rate-limit/rate-limit.js';
import type { ResolvedClientOptions, TransportSettings } from '../options/resolve-options.js';
import type { OpenSharedState } from '../options/shared-state.js';
import type { InboundSettings } from '../options/resolve-sections.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { Admission } from '../pool/in-flight.js';
import { type RedactionRules, redactionRules } from '../redaction/rules.js';
import { type ResolvedPlatform, resolvePlatform } from './platform.js';
import { Scope } from './scope.js';

/** What a stack is made of besides its options. */
export interface StackContext extends Pick<ResolvedPlatform, 'transport' | 'clock' | 'random' | 'now'> {
  readonly pool: ConnectionPool;
  /** Where its calls are admitted. */
  readonly gate: Admission;
  readonly inbound: InboundSettings | false;
  /** undefined: none. */
  readonly auth: Layer | undefined;
  readonly placed: readonly PlacedLayer[];
  readonly events: EventSink;
  /** undefined: none. */
  readonly telemetry: Layer | undefined;
  /** What the replicas of the app share; undefined: nothing. */
  readonly shared: OpenSharedState | undefined;
}

/** A transport by itself has neither name nor base URL. */
export type StackSettings = TransportSettings &
  Partial<Pick<ResolvedClientOptions, 'name' | 'baseURL' | 'confine' | 'axios' | 'auth'>>;

export function stackContext(
  pool: ConnectionPool,
  given: Partial<Pick<StackContext, 'gate' | 'inbound' | 'auth' | 'placed' | 'events' | 'telemetry' | 'shared'>> & {
    readonly platform?: ResolvedPlatform;
  } = {},
): StackContext {
  const own: typeof given = Object.assign(Object.create(null), given); // what is on Object.prototype is no part of it
  const { platform = resolvePlatform(), gate = pool, inbound = false, placed = [] } = own;
  const { events = new HttpClientEvents() } = own;
  const { auth, telemetry, shared } = own;
  return { ...platform, pool, gate, inbound, placed, events, auth, telemetry, shared };
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
  /** Of every origin with an adaptive limit. */
  readonly concurrency: ConcurrencyLimits;
  /** Of every origin, those that differ included. */
  readonly rateLimits: RateLimits;
  /** Of every origin, those that differ included. */
  readonly cache: ClientCache;
  /** Until the engines are there; rejects with an InvalidOptionsError where one is missing. undefined: nothing has to be loaded. */
  readonly loading: Promise<unknown> | undefined;
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
      ([origin, own]) => [origin, new Scope(own, settings, scoped, origin, this.#client)] as const,
    );
    this.#origins = new Map(origins);
    const loading = [this.#client, ...this.#origins.values()].flatMap((scope) => scope.loading ?? []);
    this.loading = loading.length > 0 ? Promise.all(loading) : undefined;
    this.loading?.catch(() => {}); // whoever calls is told
    this.breakers = new ScopedBreakers(
      this.#client.breakers,
      new Map(origins.map(([origin, { breakers }]) => [origin, breakers])),
    );
    const scopes = [this.#client, ...this.#origins.values()];
    this.cache = clientCache(
      () => scopes.flatMap(({ cache }) => cache.ownState ?? []),
      scopes.flatMap((scope) => scope.underWay ?? []),
    );
    this.concurrency = new ScopedLimits(scopes.map(({ concurrency }) => concurrency));
    const turns = scopes.flatMap((scope) => scope.turns ?? []);
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
      const { resilience, timeouts, cache, checkResponse } = call.config;
      const scope = scopeOf(call);
      const isOwn =
        resilience !== undefined || timeouts !== undefined || cache !== undefined || checkResponse !== undefined;
      return isOwn ? scope.handleOwn(call) : scope.handle(call);
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

/** @throws AxiosError for a value that is wrong */
function checkedCall(call: Call): Call {
  const config = checkedConfig(call.config);
  return config === call.config ? call : deriveCall(call, { config });
}
