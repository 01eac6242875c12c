import type { Counter, Context, Histogram, Meter, MeterProvider, ObservableUpDownCounter } from '@opentelemetry/api';
import type { Clock } from '../base/clock.js';
import type { Call } from '../call/call.js';
import type { HttpClientEvents } from '../call/event-sink.js';
import type { CallEndEvent, CallEvent, QueueEndEvent, SocketCloseEvent } from '../call/events.js';
import type { CacheStatus } from '../layers/cache/stored.js';
import { type Api, SCOPE } from './api.js';
import { knownMethod, serverAttributes } from './attributes.js';
import { ActiveRequests } from './active-requests.js';
import { type Gauges, observeApp, type ObservedClient, type ObservedPool } from './gauges.js';
import { type Series, SeriesMap } from './series.js';

/** The buckets of the conventions, in seconds. */
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const CONNECTION_BUCKETS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

/** What is measured, and in which units. */
interface Instruments {
  readonly requestDuration: Histogram;
  readonly activeRequests: ObservableUpDownCounter;
  readonly connectionDuration: Histogram;
  readonly timeInQueue: Histogram;
  readonly callDuration: Histogram;
  readonly sharedStateChanges: Counter;
  readonly cachedCalls: Counter;
  readonly gauges: Gauges;
}

/**
 * THE list of metrics. Those named `http.client.` are of the semantic conventions, but for the time in the queue, which is .NET's:
 * https://opentelemetry.io/docs/specs/semconv/http/http-metrics/, https://opentelemetry.io/docs/specs/semconv/dotnet/dotnet-http-metrics/
 */
function createInstruments(meter: Meter): Instruments {
  const seconds = (name: string, description: string, explicitBucketBoundaries = REQUEST_BUCKETS) =>
    meter.createHistogram(name, { unit: 's', description, advice: { explicitBucketBoundaries } });
  return {
    requestDuration: seconds('http.client.request.duration', 'Duration of HTTP client requests.'),
    activeRequests: meter.createObservableUpDownCounter('http.client.active_requests', {
      unit: '{request}',
      description: 'Number of active HTTP requests.',
    }),
    gauges: {
      openConnections: meter.createObservableUpDownCounter('http.client.open_connections', {
        unit: '{connection}',
        description: 'Number of outbound HTTP connections that are currently active or idle on the client.',
      }),
      queuedRequests: meter.createObservableUpDownCounter('nest_outbound.queued_requests', {
        unit: '{request}',
        description: 'Number of requests that wait for a socket of the pool.',
      }),
      openBreakers: meter.createObservableUpDownCounter('nest_outbound.open_breakers', {
        unit: '{breaker}',
        description: 'Number of circuit breakers that are open or half-open.',
      }),
      addressRequests: meter.createObservableUpDownCounter('nest_outbound.address_requests', {
        unit: '{request}',
        description: 'Number of active requests to an address, of servers that have several to choose from.',
      }),
      ejectedAddresses: meter.createObservableUpDownCounter('nest_outbound.ejected_addresses', {
        unit: '{address}',
        description: 'Number of addresses that get no requests because they fail.',
      }),
      concurrencyLimits: meter.createObservableUpDownCounter('nest_outbound.concurrency_limit', {
        unit: '{call}',
        description: 'Number of calls that adaptive concurrency limits allow at once.',
      }),
    },
    connectionDuration: seconds(
      'http.client.connection.duration',
      'The duration of the successfully established outbound HTTP connections.',
      CONNECTION_BUCKETS,
    ),
    timeInQueue: seconds(
      'http.client.request.time_in_queue',
      'The amount of time requests spent on a queue waiting for an available connection.',
    ),
    callDuration: seconds(
      'nest_outbound.call.duration',
      'Duration of calls as their callers see them: waiting, retries, pauses and refusals included.',
    ),
    sharedStateChanges: meter.createCounter('nest_outbound.shared_state.changes', {
      unit: '{change}',
      description: 'Number of times that the state shared by replicas became available or unavailable.',
    }),
    cachedCalls: meter.createCounter('nest_outbound.cache.calls', {
      unit: '{call}',
      description: 'Number of calls that a cache was asked for, by what it answered.',
    }),
  };
}

const CACHE_STATUSES = ['hit', 'miss', 'stale', 'revalidated'] as const;

/** The metrics of one app's clients, as long as an SDK is registered that takes them: without, nothing is measured. */
export class ClientMetrics {
  readonly #api: Api;
  readonly #events: HttpClientEvents;
  readonly #clock: Clock;
  readonly #clients = new Map<string, ObservedClient>();
  readonly #pools = new Set<ObservedPool>();
  readonly #poolIds = new Set<string>();
  /** Client → the attributes of its calls. */
  readonly #calls = new Map<string, SeriesMap>();
  #provider: MeterProvider | undefined;
  #requests: RequestMetrics | undefined;
  #stop = () => {};

  constructor(api: Api, events: HttpClientEvents, clock: Clock) {
    this.#api = api;
    this.#events = events;
    this.#clock = clock;
  }

  /** From here on a client's calls are measured, the sockets of its pool, its breakers and its adaptive limits. */
  add(
    client: string,
    pool: ObservedPool,
    breakers: ObservedClient['breakers'],
    limits: ObservedClient['limits'] = () => ({}),
  ): void {
    this.#clients.set(client, { breakers, limits });
    this.#pools.add(pool);
    this.#poolIds.add(pool.id);
    this.#current(); // where an SDK is registered already, the first call is measured, too
  }

  /** From here on they are not. */
  remove(client: string, pool: ObservedPool | undefined): void {
    this.#clients.delete(client);
    this.#calls.delete(client);
    if (!pool) return;
    this.#pools.delete(pool);
    this.#poolIds.delete(pool.id);
  }

  /**
   * Begins to measure a request.
   * @param context with its span
   * @returns undefined where no SDK is registered
   */
  start(call: Call, context: Context | undefined): RequestMeasurement | undefined {
    const metrics = this.#current();
    if (!metrics) return undefined;
    const { method, origin, config } = call; // the origin is found out for it
    return new RequestMeasurement(metrics, metrics.series.of(method, origin, config.urlTemplate), context, this.#clock);
  }

  /** Measures nothing any more but what is under way. */
  close(): void {
    this.#stop();
    this.#requests = undefined;
  }

  /**
   * The metrics of the SDK that is registered now. The API has no proxy for meters: instruments made before an SDK is registered
   * would measure nothing for ever.
   */
  #current(): RequestMetrics | undefined {
    const provider = this.#api.metrics.getMeterProvider();
    if (provider !== this.#provider) this.#open(provider);
    return this.#requests;
  }

  #open(provider: MeterProvider): void {
    this.close();
    this.#provider = provider;
    const meter = provider.getMeter(SCOPE);
    if (meter === this.#api.createNoopMeter()) return;
    const instruments = createInstruments(meter);
    const ends = [
      observeApp(provider, meter, instruments.gauges, { pools: this.#pools, clients: this.#clients }),
      this.#events.on('call:end', (event) => this.#recordCall(instruments, event)),
      this.#events.on('queue:end', (event) => this.#recordWait(instruments, event)),
      this.#events.on('shared:state', ({ to }) =>
        instruments.sharedStateChanges.add(1, { 'nest_outbound.shared_state': to }),
      ),
      this.#events.on('socket:close', (event) => this.#recordConnection(instruments, event)),
      ...CACHE_STATUSES.map((status) =>
        this.#events.on(`cache:${status}`, (event) => this.#countCached(instruments, status, event)),
      ),
    ];
    this.#requests = {
      duration: instruments.requestDuration,
      active: ActiveRequests.of(provider, instruments.activeRequests),
      series: new SeriesMap(),
    };
    this.#stop = () => {
      for (const end of ends) end();
    };
  }

  #recordCall({ callDuration }: Instruments, event: CallEndEvent): void {
    const { client, method, origin, urlTemplate, status, error, durationMs } = event;
    if (!this.#clients.has(client)) return;
    let series = this.#calls.get(client);
    if (!series) this.#calls.set(client, (series = new SeriesMap(client)));
    callDuration.record(durationMs / 1_000, series.of(method, origin, urlTemplate).ended(status, error));
  }

  #countCached({ cachedCalls }: Instruments, status: CacheStatus['status'], { client, origin }: CallEvent): void {
    if (!this.#clients.has(client)) return;
    const attributes = { 'nest_outbound.client': client, 'nest_outbound.cache.status': status };
    cachedCalls.add(1, { ...attributes, ...serverAttributes(origin) });
  }

  #recordWait({ timeInQueue }: Instruments, { client, queue, method, origin, waitedMs }: QueueEndEvent): void {
    if (queue !== 'pool' || !this.#clients.has(client)) return;
    timeInQueue.record(waitedMs / 1_000, { 'http.request.method': knownMethod(method), ...serverAttributes(origin) });
  }

  #recordConnection({ connectionDuration }: Instruments, { pool, origin, openMs }: SocketCloseEvent): void {
    if (this.#poolIds.has(pool)) connectionDuration.record(openMs / 1_000, serverAttributes(origin));
  }
}

/** What requests are measured with. */
interface RequestMetrics {
  readonly duration: Histogram;
  readonly active: ActiveRequests;
  readonly series: SeriesMap;
}

/** One request under way. */
export class RequestMeasurement {
  readonly #metrics: RequestMetrics;
  readonly #series: Series;
  readonly #context: Context | undefined;
  readonly #clock: Clock;
  readonly #startedAt: number;

  constructor(metrics: RequestMetrics, series: Series, context: Context | undefined, clock: Clock) {
    this.#metrics = metrics;
    this.#series = series;
    this.#context = context;
    this.#clock = clock;
    this.#startedAt = clock.now();
    metrics.active.begin(series);
  }

  end(status: number | undefined, error: unknown): void {
    const { active, duration } = this.#metrics;
    active.end(this.#series);
    const seconds = (this.#clock.now() - this.#startedAt) / 1_000;
    duration.record(seconds, this.#series.ended(status, error), this.#context);
  }
}
