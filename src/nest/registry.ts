import { Logger, type LogLevel } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { AxiosInstance } from 'axios';
import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import { HttpClientEvents, tolerantListener } from '../call/event-sink.js';
import { authLayer, tokenClientName } from '../client/auth.js';
import { createHttpClient, type HttpClientInterceptor } from '../client/create-client.js';
import { type HttpClientPlatform, openPool, type ResolvedPlatform, resolvePlatform } from '../client/platform.js';
import { ClientStack, type StackContext, stackContext } from '../client/stack.js';
import { TooManyClientsError } from '../errors/too-many-clients.error.js';
import type { PlacedLayer } from '../layers/order.js';
import type {
  HttpClientModuleOptions,
  NamedHttpClientOptions,
  RuntimeHttpClientOptions,
} from '../options/http-client-options.js';
import {
  type ResolvedClientOptions,
  type ResolvedModuleOptions,
  resolveModuleOptions,
  resolveNamedOptions,
  resolveRuntimeOptions,
} from '../options/resolve-options.js';
import type { OpenSharedState, SharedStateChange } from '../options/shared-state.js';
import type { InboundSettings } from '../options/resolve-sections.js';
import { ClientGate } from '../client/client-gate.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { Admission } from '../pool/in-flight.js';
import { redactionRules } from '../redaction/rules.js';
import { ClientTelemetry } from '../telemetry/client-telemetry.js';
import { logAddresses, serviceHints } from './balance-log.js';
import { findStrangers, type Stranger, strangersLine } from './strangers.js';
import { closedLine, drainingLine, logCalls, openLine, messagesFor, sharedLine, tlsLine } from './log.js';
import {
  baseOriginOf,
  type ClientGates,
  nameTaken,
  type RegisteredClient,
  type RuntimeClient,
  sourcesOf,
} from './registered-client.js';
import { RuntimeClients } from './runtime-clients.js';

interface LogEntry {
  readonly level: LogLevel;
  readonly line: string;
  readonly fields: object | undefined;
}

/** What a client is made of besides its options. */
interface ClientParts extends Pick<RegisteredClient, 'sources'> {
  readonly interceptors: readonly HttpClientInterceptor[];
  readonly layers: readonly PlacedLayer[];
  readonly apis?: RegisteredClient['apis'] | undefined;
  /** undefined: it is closed with the app. */
  readonly gates?: ClientGates;
}

/** What to look at before a client is made at run time. */
interface RuntimeCheck {
  /** With it, found already. */
  readonly problems: readonly string[];
  /** Such clients that there are. */
  readonly openCount: number;
}

/** Every client of one app, and the pools they share: made together, drained together. */
export class HttpClientRegistry {
  readonly #logger = new Logger('HttpClientModule');
  readonly #log = tolerantListener<LogEntry>('logging', ({ level, line, fields }) =>
    this.#logger[level](...messagesFor(this.#logger.localInstance, line, fields)),
  );
  /** What happens in any of them. */
  readonly events = new HttpClientEvents();
  /** Those that are made and closed while the app runs. */
  readonly runtime: RuntimeClients;
  readonly #telemetry: ClientTelemetry;
  readonly #options: ResolvedModuleOptions;
  readonly #given: HttpClientModuleOptions;
  readonly #platform: ResolvedPlatform;
  readonly #clients = new Map<string, RegisteredClient>();
  readonly #pools = new Set<ConnectionPool>();
  readonly #rootPool: ConnectionPool;
  readonly #endCallLog: () => void;
  /** What the replicas of the app share; undefined: nothing. */
  readonly shared: OpenSharedState | undefined;
  #closed: Promise<void> | undefined;
  #drainStartedAt: number | undefined;

  /** @throws InvalidOptionsError that lists every wrong option */
  constructor(given: HttpClientModuleOptions, modules: ModulesContainer, platform?: HttpClientPlatform) {
    this.runtime = new RuntimeClients(this, modules);
    this.#given = given;
    this.#platform = resolvePlatform(platform);
    this.#options = resolveModuleOptions(given);
    this.#telemetry = new ClientTelemetry(this.events, this.#platform.clock);
    this.#endCallLog = logCalls(this.events, this.#options.logging, this.#platform.clock, (...line) =>
      this.#write(...line),
    );
    const { lifecycle } = this.#options.logging;
    if (lifecycle) {
      this.events.on('tls:reload', (event) =>
        this.#write(event.failure === undefined ? lifecycle : 'warn', tlsLine(event)),
      );
      logAddresses(this.events, lifecycle, (...line) => this.#write(...line));
    }
    this.#rootPool = this.#openPool(this.#options.client);
    const { clock, random } = this.#platform;
    this.shared = this.#options.client.shared?.open({
      clock,
      random,
      changed: (change) => this.#sharedChanged(change),
    });
  }

  #sharedChanged(change: SharedStateChange): void {
    if (this.events.wants('shared:state')) this.events.publish('shared:state', change);
    const { lifecycle } = this.#options.logging;
    if (lifecycle) this.#write(change.to === 'unavailable' ? 'warn' : lifecycle, sharedLine(change));
  }

  /** What all its clients are timed by. */
  get clock(): Clock {
    return this.#platform.clock;
  }

  /** What calls take over from inbound requests. */
  get inbound(): InboundSettings | false {
    return this.#options.inbound;
  }

  /** How long calls may take once their client closes. */
  get drainMs(): number {
    return this.#options.shutdown.drainMs;
  }

  get names(): readonly string[] {
    return [...this.#clients.keys()];
  }

  has(name: string): boolean {
    return this.#clients.has(name);
  }

  /** Whether it is an instance of a client that has not been closed. */
  owns(instance: AxiosInstance): boolean {
    return Array.from(this.#clients.values()).some((client) => client.instance === instance);
  }

  /** @throws RangeError for a name that no client has */
  get(name: string): RegisteredClient {
    const client = this.#clients.get(name);
    if (!client) throw new RangeError(`no client is named ${JSON.stringify(name)}; there are ${this.names.join(', ')}`);
    return client;
  }

  /** Makes the client of `forRoot`. */
  addRoot(interceptors: readonly HttpClientInterceptor[], layers: readonly PlacedLayer[]): RegisteredClient {
    const sources = [{ from: 'module', options: this.#given }];
    return this.#add(this.#options.client, this.#rootPool, { sources, interceptors, layers });
  }

  /**
   * Makes a named client.
   * @throws InvalidOptionsError when an option is wrong or the name is taken
   */
  addNamed(
    options: NamedHttpClientOptions,
    interceptors: readonly HttpClientInterceptor[],
    layers: readonly PlacedLayer[],
  ): RegisteredClient {
    const resolved = resolveNamedOptions(options, this.#options.client);
    const sources = sourcesOf(options.name, options, this.#given);
    return this.#add(resolved, this.#poolOf(resolved), { sources, interceptors, layers, apis: options.apis });
  }

  /**
   * Makes a client that can be closed before the app is.
   * @throws InvalidOptionsError that lists every problem; TooManyClientsError
   */
  addRuntime(
    options: RuntimeHttpClientOptions,
    { problems, openCount, ...parts }: Pick<ClientParts, 'interceptors' | 'layers'> & RuntimeCheck,
  ): RuntimeClient {
    const resolved = resolveRuntimeOptions(options, this.#options.client, problems);
    const { maxRuntimeClients } = this.#options;
    if (openCount >= maxRuntimeClients) throw new TooManyClientsError(maxRuntimeClients);
    const pool = this.#poolOf(resolved);
    const gates = { calls: new ClientGate(pool), tokens: new ClientGate(pool) };
    const sources = sourcesOf(options.name, options, this.#given);
    try {
      return { ...this.#add(resolved, pool, { ...parts, sources, apis: options.apis, gates }), gates };
    } catch (error) {
      void this.release({ options: resolved, pool }); // a layer makes no handler
      throw error;
    }
  }

  /** From here on nobody finds the client. */
  forget(name: string): void {
    this.#clients.delete(name);
  }

  /**
   * Lets go of a client that nobody finds and that has no call in flight. Closes its pool, or where that is not its own the idle sockets to its
   * base URL, unless another client has the same.
   * @returns how many sockets
   */
  async release({ options, pool }: Pick<RegisteredClient, 'options' | 'pool'>): Promise<number> {
    const isOwn = pool !== this.#rootPool;
    const closed = isOwn ? await this.#closePool(pool) : this.#closeIdle(baseOriginOf(options));
    for (const name of [options.name, tokenClientName(options.name)]) {
      this.#telemetry.remove({ name, pool: isOwn ? pool : undefined });
    }
    return closed;
  }

  #closeIdle(origin: string | undefined): number {
    const clients = Array.from(this.#clients.values());
    const isShared = clients.some(({ options }) => baseOriginOf(options) === origin);
    return origin === undefined || isShared ? 0 : this.#rootPool.closeIdle(origin);
  }

  async #closePool(pool: ConnectionPool): Promise<number> {
    const report = await pool.close();
    if (this.#pools.delete(pool)) this.tell(closedLine(pool, report)); // once, where the app closes meanwhile
    return report.socketsClosed;
  }

  /** @returns the name, or with a number where a client has it already */
  freeName(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.#clients.has(name); number++) name = `${wanted} ${number}`;
    return name;
  }

  /** Modules of @nestjs/axios, for `explain()`. */
  strangers: readonly Stranger[] = [];

  /** Whether Nest has made every provider. */
  isStarted = false;

  /** Looks for modules of @nestjs/axios, once every provider is there: adopts them, or warns. */
  meet(modules: ModulesContainer): void {
    this.isStarted = true;
    this.strangers = findStrangers(modules, this.#options.adopt ? (name) => this.#adopted(name) : undefined);
    const line = strangersLine(this.strangers);
    if (line && this.#options.logging.lifecycle) this.#write('warn', line);
  }

  #adopted(wanted: string): { readonly name: string; readonly instance: AxiosInstance } {
    const name = this.freeName(wanted);
    return { name, instance: this.addNamed({ name }, [], []).instance };
  }

  /** Stops keeping sockets and waits for the calls in flight, at most until the drain deadline. */
  async drain(): Promise<void> {
    this.#drainStartedAt ??= this.clock.now();
    this.#platform.draining();
    await Promise.all(
      Array.from(this.#pools, (pool) => {
        if (pool.state === 'open') this.tell(drainingLine(pool, this.#options.shutdown.drainMs));
        return pool.drain();
      }),
    );
  }

  /** Refuses calls, waits for the rest until the same deadline, aborts what is left and closes every socket. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all(Array.from(this.#pools, (pool) => this.#closePool(pool)));
    await this.shared?.close();
    this.#endCallLog();
    this.#telemetry.close(); // after the pools: it measures what they close
    this.events.complete();
    await this.#platform.closed();
  }

  #add(
    options: ResolvedClientOptions,
    pool: ConnectionPool,
    { sources, interceptors, layers, apis = [], gates }: ClientParts,
  ): RegisteredClient {
    const { name } = options;
    if (this.#clients.has(name)) throw nameTaken(name);
    const auth = authLayer(options, {
      clock: this.clock,
      closing: pool.closing,
      events: this.events,
      shared: this.shared,
      tokenClient: (own) => createHttpClient(own, this.#stackOf(own, pool, { gate: gates?.tokens }), []),
    });
    const stack = this.#stackOf(options, pool, { auth, placed: layers, gate: gates?.calls });
    const instance = createHttpClient(options, stack, interceptors);
    const client = { instance, pool, stack, options, apis, sources };
    this.#clients.set(name, client);
    this.tell(openLine(randomUUID().slice(0, 8), options, pool));
    for (const line of serviceHints(options, sources)) this.tell(line);
    return client;
  }

  /**
   * Resolves once what the engines of the clients need is there.
   * @throws InvalidOptionsError where it is missing
   */
  async whenLoaded(): Promise<void> {
    await Promise.all(Array.from(this.#clients.values()).flatMap(({ stack }) => stack.loading ?? []));
  }

  #stackOf(
    options: ResolvedClientOptions,
    pool: ConnectionPool,
    { gate = pool, ...own }: { readonly gate: Admission | undefined } & Partial<Pick<StackContext, 'auth' | 'placed'>>,
  ): ClientStack {
    const { inbound } = this.#options;
    const { name, telemetry: settings } = options;
    const breakers = () => stack.breakers.snapshot();
    const telemetry = this.#telemetry.layerFor({
      name,
      settings,
      pool,
      breakers,
      limits: () => stack.concurrency.snapshot(),
      rules: redactionRules(options.redact),
    });
    const { events, shared } = this;
    const given = { ...own, gate, inbound, events, telemetry, shared, platform: this.#platform };
    const stack: ClientStack = new ClientStack(options, stackContext(pool, given));
    return stack;
  }

  /** About clients and pools. */
  tell(line: string): void {
    const { lifecycle } = this.#options.logging;
    if (lifecycle) this.#write(lifecycle, line);
  }

  #write(level: LogLevel, line: string, fields?: object): void {
    // A logger that throws must not keep pools from being drained.
    this.#log({ level, line, fields });
  }

  #poolOf(options: ResolvedClientOptions): ConnectionPool {
    return options.ownsPool ? this.#openPool(options) : this.#rootPool;
  }

  #openPool(options: ResolvedClientOptions): ConnectionPool {
    const { drainMs } = this.#options.shutdown;
    const drainedMs = this.#drainStartedAt === undefined ? 0 : this.clock.now() - this.#drainStartedAt;
    const left = Math.max(0, drainMs - drainedMs);
    const pool = openPool(options, left, { platform: this.#platform, events: this.events });
    this.#pools.add(pool);
    // Of a module that is loaded lazily: it comes too late to be drained, or closed, with the others.
    if (this.#closed) void pool.close();
    else if (this.#drainStartedAt !== undefined) void pool.drain();
    return pool;
  }
}
