import type { AxiosInstance } from 'axios';
import type { Clock } from '../base/clock.js';
import type { ConcurrencySnapshot } from '../layers/concurrency/origin-limits.js';
import type { BreakerSnapshot, CircuitBreakers } from '../layers/breaker/breakers.js';
import { type ApiClass, contractOf } from '../contracts/http-api.js';
import type { ClientCache } from '../layers/cache/by-hand.js';
import { STACK_ORDER } from '../layers/order.js';
import type { RateLimits } from '../layers/rate-limit/rate-limit.js';
import { DEFAULT_CLIENT_NAME } from '../options/defaults.js';
import type { RuntimeHttpClientOptions } from '../options/http-client-options.js';
import { type ExplainedOption, explainOptions } from '../options/explain.js';
import type { DifferingOrigin } from '../options/resolve-options.js';
import type { PoolStats } from '../pool/pool-stats.js';
import type { RegisteredClient } from './registered-client.js';
import type { HttpClientRegistry } from './registry.js';
import type { ClientCloseOptions, ClientCloseReport } from './runtime-clients.js';
import type { Stranger } from './strangers.js';

/** A layer of a client's stack. */
export interface ExplainedLayer {
  readonly name: string;
  /** For the library's own: why it is where it is. */
  readonly why?: string;
}

/** An endpoint of a class that `HttpApi` has made. */
export interface ExplainedEndpoint {
  /** The name of the class. */
  readonly api: string;
  readonly name: string;
  /** Upper case. */
  readonly method: string;
  /** With its parameters in braces. */
  readonly path: string;
}

/** What a client does, and why. */
export interface Explanation {
  /** The name of the client. */
  readonly client: string;
  /** The pool whose sockets it uses. Clients without socket options of their own share the default client's. */
  readonly pool: string;
  /** Dotted path → effective option, and who set it. What may hold secrets is hidden. */
  readonly options: Readonly<Record<string, ExplainedOption>>;
  /** Outermost first; the transport follows. */
  readonly stack: readonly ExplainedLayer[];
  /** What its `apis` call. */
  readonly endpoints: readonly ExplainedEndpoint[];
  /** Modules of @nestjs/axios in the app. Their calls use the pool only where `adopt` has moved them. */
  readonly strangers: readonly Stranger[];
  /** Origins that differ. */
  readonly origins: Readonly<Record<string, Pick<Explanation, 'options' | 'stack'>>>;
}

/** What a client's calls came to. */
export interface ClientStats {
  /** Calls and sockets of its pool. */
  readonly pool: PoolStats;
  /** Origin → its circuit breaker, for those that have seen a call. */
  readonly breakers: Readonly<Record<string, BreakerSnapshot>>;
  /** Origin → its adaptive concurrency limit, for those that have seen a call. */
  readonly concurrency: Readonly<Record<string, ConcurrencySnapshot>>;
}

const WHY: ReadonlyMap<string, string> = new Map(STACK_ORDER);

/** Every client of the app, to look into and to control. Injectable wherever `HttpClientModule.forRoot` is imported. */
export class HttpClients {
  /** Not `#registry`: Nest copies the properties of instances that it makes in a circle of forwardRefs, and proxies have no private names. */
  private readonly registry: HttpClientRegistry;

  /** @internal */
  constructor(registry: HttpClientRegistry) {
    this.registry = registry;
  }

  /** What all of them are timed by, the system's or a test's: for `gather` and `runInInboundContext`, and for times of the app's own. */
  get clock(): Clock {
    return this.registry.clock;
  }

  /** The default client's is `default`. Clients that are being closed are not listed. */
  get names(): readonly string[] {
    return this.registry.names;
  }

  /** Whether a client of this name is there. */
  has(name: string): boolean {
    return this.registry.has(name);
  }

  /** @throws RangeError for a name that no client has */
  get(name: string = DEFAULT_CLIENT_NAME): AxiosInstance {
    return this.registry.get(name).instance;
  }

  /**
   * Makes a client while the app runs, as for a tenant: see docs/tenants.md. It is like one of `forFeature`: it inherits from the module, uses its
   * pool and is drained with it. It can be made as soon as this class is injected (but with classes only once Nest has made these), and also while the
   * app drains. Once the app is closed, its calls are refused like all others.
   * @throws InvalidOptionsError that lists every wrong option, a name that is in use and classes that no module provides; TooManyClientsError when there are
   * `maxRuntimeClients` already
   */
  create(options: RuntimeHttpClientOptions): AxiosInstance {
    return this.registry.runtime.create(options);
  }

  /**
   * Closes a client that `create` has made. From now on it refuses calls with `ClientClosedError`, and is not listed any more. Calls in flight can finish
   * until `drainMs` have passed, then they fail with `ClientClosedError`. After that, its sockets are closed, nothing is kept of it, and
   * its name is free again. Sockets of the shared pool stay open if another client has the same `baseURL`, or else until they have been idle for `pool.idleMs`.
   * Safe to call again.
   * @param client the client, or its name
   * @returns what became of the calls in flight
   * @throws RangeError for a client or a name that `create` has not made; InvalidOptionsError for a wrong `drainMs`
   */
  close(client: AxiosInstance | string, options?: ClientCloseOptions): Promise<ClientCloseReport> {
    return this.registry.runtime.close(client, options);
  }

  /**
   * Every effective option of a client with where it came from, and its layers in order.
   * @throws RangeError for a name that no client has
   */
  explain(name: string = DEFAULT_CLIENT_NAME): Explanation {
    const { options, stack, pool, sources, apis } = this.registry.get(name);
    const { origins, ...own } = options;
    return {
      client: name,
      pool: pool.id,
      options: explainOptions(withoutInternals(own), sources, stack.rules),
      stack: layersOf(stack.entries()),
      endpoints: apis.flatMap(endpointsOf),
      strangers: this.registry.strangers,
      origins: Object.fromEntries(
        Object.entries(origins).map(([origin, settings]) => [
          origin,
          {
            options: explainOptions(
              withoutCacheWhenOn(settings),
              sources.flatMap(({ from, options: given }) => [
                { from: `${from}, origin ${origin}`, options: given.origins?.[origin] },
                { from, options: given },
              ]),
              stack.rules,
            ),
            stack: layersOf(stack.entries(origin)),
          },
        ]),
      ),
    };
  }

  /**
   * Sockets, circuit breakers and adaptive concurrency limits of a client.
   * @throws RangeError for a name that no client has
   */
  stats(name: string = DEFAULT_CLIENT_NAME): ClientStats {
    const { pool, stack } = this.registry.get(name);
    return { pool: pool.stats(), breakers: stack.breakers.snapshot(), concurrency: stack.concurrency.snapshot() };
  }

  /**
   * The circuit breakers of a client, to open and close by hand.
   * @throws RangeError for a name that no client has
   */
  breakers(name: string = DEFAULT_CLIENT_NAME): CircuitBreakers {
    return this.registry.get(name).stack.breakers;
  }

  /**
   * The rate limits of a client, whose pauses can be ended by hand.
   * @throws RangeError for a name that no client has
   */
  rateLimits(name: string = DEFAULT_CLIENT_NAME): RateLimits {
    return this.registry.get(name).stack.rateLimits;
  }

  /**
   * The HTTP cache of a client, to delete from by hand. Without the option `cache` it is empty.
   * @throws RangeError for a name that no client has
   */
  cache(name: string = DEFAULT_CLIENT_NAME): ClientCache {
    return this.registry.get(name).stack.cache;
  }
}

function layersOf(entries: readonly { readonly name: string }[]): ExplainedLayer[] {
  return entries.map(({ name }) => ({ name, ...(WHY.has(name) && { why: WHY.get(name)! }) }));
}

function endpointsOf(api: ApiClass): ExplainedEndpoint[] {
  const endpoints = Object.entries(contractOf(api)?.endpoints ?? {});
  return endpoints.map(([name, { method, path }]) => ({ api: api.name, name, method, path }));
}

function withoutInternals({
  name: _name,
  ownsPool: _ownsPool,
  shared: _shared,
  cacheWhenOn: _cacheWhenOn,
  ...options
}: RegisteredClientOptions): object {
  return options;
}

const withoutCacheWhenOn = ({ cacheWhenOn: _cacheWhenOn, ...options }: DifferingOrigin): object => options;

type RegisteredClientOptions = Omit<RegisteredClient['options'], 'origins'>;
