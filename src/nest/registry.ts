import { Logger, type LogLevel } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { AxiosInstance } from 'axios';
import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import { HttpClientEvents, tolerantListener } from '../call/event-sink.js';
import { authLayer } from '../client/auth.js';
import { createHttpClient, type HttpClientInterceptor } from '../client/create-client.js';
import { type HttpClientPlatform, openPool, type ResolvedPlatform, resolvePlatform } from '../client/platform.js';
import { ClientStack, type StackContext, stackContext } from '../client/stack.js';
import { InvalidOptionsError } from '../errors/refusal.errors.js';
import type { PlacedLayer } from '../layers/order.js';
import type {
  HttpClientModuleOptions,
  HttpClientOptions,
  NamedHttpClientOptions,
} from '../options/http-client-options.js';
import {
  type ResolvedClientOptions,
  type ResolvedModuleOptions,
  resolveModuleOptions,
  resolveNamedOptions,
} from '../options/resolve-options.js';
import type { InboundSettings } from '../options/resolve-sections.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { redactionRules } from '../redaction/rules.js';
import { ClientTelemetry } from '../telemetry/client-telemetry.js';
import { findStrangers, type Stranger, strangersLine } from './strangers.js';
import { closedLine, drainingLine, logCalls, openLine, messagesFor, tlsLine } from './log.js';

interface LogEntry {
  readonly level: LogLevel;
  readonly line: string;
  readonly fields: object | undefined;
}

/** A client and the pool it uses. */
export interface RegisteredClient {
  readonly instance: AxiosInstance;
  readonly pool: ConnectionPool;
  readonly stack: ClientStack;
  readonly options: ResolvedClientOptions;
  /** Classes that call by it. */
  readonly apis: NonNullable<NamedHttpClientOptions['apis']>;
  /** Who set its options, the nearest to the call first. */
  readonly sources: readonly { readonly from: string; readonly options: HttpClientOptions }[];
}

/** What a named client takes from the module where it says nothing itself: all that belongs to no single API. axios has options for none of it. */
export const INHERITED = [
  'timeouts',
  'limits',
  'redirects',
  'resilience',
  'origins',
  'pool',
  'tls',
  'guard',
  'redact',
  'telemetry',
] as const satisfies readonly (keyof HttpClientOptions)[];

/** Every client of one app, and the pools they share: made together, drained together. */
export class HttpClientRegistry {
  readonly #logger = new Logger('HttpClientModule');
  readonly #log = tolerantListener<LogEntry>('logging', ({ level, line, fields }) =>
    this.#logger[level](...messagesFor(this.#logger.localInstance, line, fields)),
  );
  /** What happens in any of them. */
  readonly events = new HttpClientEvents();
  readonly #telemetry: ClientTelemetry;
  readonly #options: ResolvedModuleOptions;
  readonly #given: HttpClientModuleOptions;
  readonly #platform: ResolvedPlatform;
  readonly #clients = new Map<string, RegisteredClient>();
  readonly #pools = new Set<ConnectionPool>();
  readonly #rootPool: ConnectionPool;
  readonly #endCallLog: () => void;
  #closed: Promise<void> | undefined;
  #drainStartedAt: number | undefined;

  /** @throws InvalidOptionsError that lists every wrong option */
  constructor(given: HttpClientModuleOptions, platform?: HttpClientPlatform) {
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
    }
    this.#rootPool = this.#openPool(this.#options.client);
  }

  /** What all its clients are timed by. */
  get clock(): Clock {
    return this.#platform.clock;
  }

  /** What calls take over from inbound requests. */
  get inbound(): InboundSettings | false {
    return this.#options.inbound;
  }

  get names(): readonly string[] {
    return [...this.#clients.keys()];
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
    return this.#add(this.#options.client, this.#rootPool, interceptors, layers, sources);
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
    const pool = resolved.ownsPool ? this.#openPool(resolved) : this.#rootPool;
    const sources = [
      { from: `client ${JSON.stringify(options.name)}`, options },
      { from: 'module', options: Object.fromEntries(INHERITED.map((name) => [name, this.#given[name]])) },
    ];
    return this.#add(resolved, pool, interceptors, layers, sources, options.apis);
  }

  /** @returns the name, or with a number where a client has it already */
  freeName(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.#clients.has(name); number++) name = `${wanted} ${number}`;
    return name;
  }

  /** Modules of @nestjs/axios, for `explain()`. */
  strangers: readonly Stranger[] = [];

  /** Looks for modules of @nestjs/axios, once every provider is there: adopts them, or warns. */
  meet(modules: ModulesContainer): void {
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
        if (pool.state === 'open') this.#tell(drainingLine(pool, this.#options.shutdown.drainMs));
        return pool.drain();
      }),
    );
  }

  /** Refuses calls, waits for the rest until the same deadline, aborts what is left and closes every socket. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all(Array.from(this.#pools, async (pool) => this.#tell(closedLine(pool, await pool.close()))));
    this.#endCallLog();
    this.#telemetry.close(); // after the pools: it measures what they close
    this.events.complete();
    await this.#platform.closed();
  }

  #add(
    options: ResolvedClientOptions,
    pool: ConnectionPool,
    interceptors: readonly HttpClientInterceptor[],
    layers: readonly PlacedLayer[],
    sources: RegisteredClient['sources'],
    apis: RegisteredClient['apis'] = [],
  ): RegisteredClient {
    const { name } = options;
    if (this.#clients.has(name)) throw nameTaken(name);
    const auth = authLayer(options, {
      clock: this.clock,
      closing: pool.closing,
      events: this.events,
      tokenClient: (own) => createHttpClient(own, this.#stackOf(own, pool), []),
    });
    const stack = this.#stackOf(options, pool, { auth, placed: layers });
    const instance = createHttpClient(options, stack, interceptors);
    const client = { instance, pool, stack, options, apis, sources };
    this.#clients.set(name, client);
    this.#tell(openLine(randomUUID().slice(0, 8), options, pool));
    return client;
  }

  #stackOf(
    options: ResolvedClientOptions,
    pool: ConnectionPool,
    own: Partial<Pick<StackContext, 'auth' | 'placed'>> = {},
  ): ClientStack {
    const { inbound } = this.#options;
    const { name, telemetry: settings } = options;
    const breakers = () => stack.breakers.snapshot();
    const telemetry = this.#telemetry.layerFor({
      name,
      settings,
      pool,
      breakers,
      rules: redactionRules(options.redact),
    });
    const given = { ...own, inbound, events: this.events, telemetry, platform: this.#platform };
    const stack: ClientStack = new ClientStack(options, stackContext(pool, given));
    return stack;
  }

  /** About clients and pools. */
  #tell(line: string): void {
    const { lifecycle } = this.#options.logging;
    if (lifecycle) this.#write(lifecycle, line);
  }

  #write(level: LogLevel, line: string, fields?: object): void {
    // A logger that throws must not keep pools from being drained.
    this.#log({ level, line, fields });
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

export function nameTaken(name: string): InvalidOptionsError {
  return new InvalidOptionsError(`HttpClientModule.forFeature(${JSON.stringify(name)})`, [
    'name: expected one that no other client has. To use a client in several modules, keep what forFeature returns in a ' +
      'constant and import that',
  ]);
}
