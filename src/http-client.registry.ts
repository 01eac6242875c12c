import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { AxiosInstance } from 'axios';
import type { HttpClientInterceptor } from './client/http-client-interceptor.js';
import { systemClock } from './clock.js';
import { InvalidOptionsError } from './errors/invalid-options.error.js';
import { createHttpClient } from './http-client.factory.js';
import { closedLine, drainingLine, openLine } from './observability/lifecycle-lines.js';
import type { NamedHttpClientOptions } from './options/http-client-options.js';
import {
  type ResolvedClientOptions,
  type ResolvedModuleOptions,
  resolveNamedOptions,
} from './options/resolve-options.js';
import { ConnectionPool } from './pool/connection-pool.js';

/** A client and the pool it uses. */
export interface RegisteredClient {
  readonly instance: AxiosInstance;
  readonly pool: ConnectionPool;
}

/** Every client of one app, and the pools they share: made together, drained together. */
export class HttpClientRegistry {
  readonly #logger = new Logger('HttpClientModule');
  readonly #options: ResolvedModuleOptions;
  readonly #names = new Set<string>();
  readonly #pools = new Set<ConnectionPool>();
  readonly #rootPool: ConnectionPool;
  #closed: Promise<void> | undefined;

  constructor(options: ResolvedModuleOptions) {
    this.#options = options;
    this.#rootPool = this.#openPool(options.client);
  }

  /** Makes the client of `forRoot`. */
  addRoot(interceptors: readonly HttpClientInterceptor[]): RegisteredClient {
    return this.#add(this.#options.client, this.#rootPool, interceptors);
  }

  /**
   * Makes a named client.
   * @throws InvalidOptionsError when an option is wrong or the name is taken
   */
  addNamed(options: NamedHttpClientOptions, interceptors: readonly HttpClientInterceptor[]): RegisteredClient {
    const resolved = resolveNamedOptions(options, this.#options.client);
    return this.#add(resolved, resolved.ownsPool ? this.#openPool(resolved) : this.#rootPool, interceptors);
  }

  /** Stops keeping sockets and waits for the calls in flight, at most until the drain deadline. */
  async drain(): Promise<void> {
    await Promise.all(
      Array.from(this.#pools, (pool) => {
        if (pool.state === 'open') this.#logger.log(drainingLine(pool, this.#options.shutdown.drainMs));
        return pool.drain();
      }),
    );
  }

  /** Refuses calls, waits for the rest until the same deadline, aborts what is left and closes every socket. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all(Array.from(this.#pools, async (pool) => this.#logger.log(closedLine(pool, await pool.close()))));
  }

  #add(
    options: ResolvedClientOptions,
    pool: ConnectionPool,
    interceptors: readonly HttpClientInterceptor[],
  ): RegisteredClient {
    const { name } = options;
    if (this.#names.has(name)) throw nameTaken(name);
    this.#names.add(name);
    const instance = createHttpClient(options, pool, interceptors, systemClock);
    this.#logger.log(openLine(randomUUID().slice(0, 8), options, pool));
    return { instance, pool };
  }

  #openPool({ pool, tls }: ResolvedClientOptions): ConnectionPool {
    const { drainMs } = this.#options.shutdown;
    const opened = new ConnectionPool({ pool, tls, drainMs, clock: systemClock, random: Math.random });
    this.#pools.add(opened);
    return opened;
  }
}

export function nameTaken(name: string): InvalidOptionsError {
  return new InvalidOptionsError(`HttpClientModule.forFeature(${JSON.stringify(name)})`, [
    'name: expected one that no other client has. To use a client in several modules, keep what forFeature returns in a ' +
      'constant and import that',
  ]);
}
