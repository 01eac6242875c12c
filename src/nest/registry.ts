import type { ModulesContainer } from '@nestjs/core';
import type { AxiosInstance } from 'axios';
import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import { HttpClientEvents } from '../call/event-sink.js';
import { tokenClientName } from '../client/auth.js';
import type { HttpClientInterceptor } from '../client/create-client.js';
import { type HttpClientPlatform, resolvePlatform } from '../client/platform.js';
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
import type { OpenSharedState } from '../options/shared-state.js';
import type { InboundSettings } from '../options/resolve-sections.js';
import { ClientGate } from '../client/client-gate.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { ClientTelemetry } from '../telemetry/client-telemetry.js';
import { findStrangers, type Stranger, strangersLine } from './strangers.js';
import { serviceHints } from './log/balancing.js';
import { openLine } from './log/lines.js';
import { HttpClientLog } from './log/log.js';
import { type AppContext, type ClientParts, makeClient } from './make-client.js';
import { Pools } from './pools.js';
import { baseOriginOf, nameTaken, type RegisteredClient, type RuntimeClient, sourcesOf } from './registered-client.js';
import { RuntimeClients } from './runtime-clients.js';

/** What to look at before a client is made at run time. */
interface RuntimeCheck {
  /** With it, found already. */
  readonly problems: readonly string[];
  /** Such clients that there are. */
  readonly openCount: number;
}

/** Every client of one app, and the pools they share: made together, drained together. */
export class HttpClientRegistry {
  /** What happens in any of them. */
  readonly events = new HttpClientEvents();
  /** Those that are made and closed while the app runs. */
  readonly runtime: RuntimeClients;
  /** Modules of @nestjs/axios, for `explain()`. */
  strangers: readonly Stranger[] = [];
  /** Whether Nest has made every provider. */
  isStarted = false;
  readonly #options: ResolvedModuleOptions;
  readonly #given: HttpClientModuleOptions;
  readonly #app: AppContext;
  readonly #log: HttpClientLog;
  readonly #pools: Pools;
  readonly #clients = new Map<string, RegisteredClient>();
  #closed: Promise<void> | undefined;

  /** @throws InvalidOptionsError that lists every wrong option */
  constructor(given: HttpClientModuleOptions, modules: ModulesContainer, system?: HttpClientPlatform) {
    this.runtime = new RuntimeClients(this, modules);
    this.#given = given;
    this.#options = resolveModuleOptions(given);
    const { events } = this;
    const { client, inbound, logging, shutdown } = this.#options;
    const platform = resolvePlatform(system);
    const { clock, random } = platform;
    const telemetry = new ClientTelemetry(events, clock);
    this.#log = new HttpClientLog(logging, events, clock);
    this.#pools = new Pools(client, { platform, events, log: this.#log, drainMs: shutdown.drainMs });
    const shared = client.shared?.open({
      clock,
      random,
      changed: (change) => {
        if (events.wants('shared:state')) events.publish('shared:state', change);
      },
    });
    this.#app = { platform, events, telemetry, inbound, shared };
  }

  /** What all its clients are timed by. */
  get clock(): Clock {
    return this.#app.platform.clock;
  }

  /** What calls take over from inbound requests. */
  get inbound(): InboundSettings | false {
    return this.#app.inbound;
  }

  /** What the replicas of the app share; undefined: nothing. */
  get shared(): OpenSharedState | undefined {
    return this.#app.shared;
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
    return this.#add(this.#options.client, this.#pools.root, { sources, interceptors, layers });
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
    return this.#add(resolved, this.#pools.for(resolved), { sources, interceptors, layers, apis: options.apis });
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
    const pool = this.#pools.for(resolved);
    const gates = { calls: new ClientGate(pool), tokens: new ClientGate(pool) };
    const sources = sourcesOf(options.name, options, this.#given);
    try {
      return { ...this.#add(resolved, pool, { ...parts, sources, apis: options.apis, gates }), gates };
    } catch (error) {
      void this.release({ options: resolved, pool }); // a layer makes no handler
      throw error;
    }
  }

  #add(options: ResolvedClientOptions, pool: ConnectionPool, parts: ClientParts): RegisteredClient {
    const { name } = options;
    if (this.#clients.has(name)) throw nameTaken(name);
    const client = makeClient(options, pool, parts, this.#app);
    this.#clients.set(name, client);
    this.tell(openLine(randomUUID().slice(0, 8), options, pool));
    for (const line of serviceHints(options, parts.sources)) this.tell(line);
    return client;
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
    const isOwn = pool !== this.#pools.root;
    const closed = isOwn ? await this.#pools.closeOne(pool) : this.#closeIdle(baseOriginOf(options));
    for (const name of [options.name, tokenClientName(options.name)]) {
      this.#app.telemetry.remove({ name, pool: isOwn ? pool : undefined });
    }
    return closed;
  }

  #closeIdle(origin: string | undefined): number {
    const clients = Array.from(this.#clients.values());
    const isShared = clients.some(({ options }) => baseOriginOf(options) === origin);
    return origin === undefined || isShared ? 0 : this.#pools.root.idle.closeTo(origin);
  }

  /** @returns the name, or with a number where a client has it already */
  freeName(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.#clients.has(name); number++) name = `${wanted} ${number}`;
    return name;
  }

  /** Looks for modules of @nestjs/axios, once every provider is there: adopts them, or warns. */
  meet(modules: ModulesContainer): void {
    this.isStarted = true;
    this.strangers = findStrangers(modules, this.#options.adopt ? (name) => this.#adopted(name) : undefined);
    const line = strangersLine(this.strangers);
    if (line) this.#log.warn(line);
  }

  #adopted(wanted: string): { readonly name: string; readonly instance: AxiosInstance } {
    const name = this.freeName(wanted);
    return { name, instance: this.addNamed({ name }, [], []).instance };
  }

  /** Stops keeping sockets and waits for the calls in flight, at most until the drain deadline. */
  async drain(): Promise<void> {
    await this.#pools.drain();
  }

  /** Refuses calls, waits for the rest until the same deadline, aborts what is left and closes every socket. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    const { platform, events, telemetry, shared } = this.#app;
    await this.#pools.close();
    await shared?.close();
    this.#log.end();
    telemetry.close(); // after the pools: it measures what they close
    events.complete();
    await platform.closed();
  }

  /**
   * Resolves once what the engines of the clients need is there.
   * @throws InvalidOptionsError where it is missing
   */
  async whenLoaded(): Promise<void> {
    await Promise.all(Array.from(this.#clients.values()).flatMap(({ stack }) => stack.loading ?? []));
  }

  /** Logs a line about clients and pools. */
  tell(line: string): void {
    this.#log.tell(line);
  }
}
