import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { AxiosInstance } from 'axios';
import { contractOf } from '../contracts/http-api.js';
import type { HttpClientInterceptor } from '../client/create-client.js';
import { InvalidOptionsError } from '../errors/refusal.errors.js';
import { type CustomLayer, layerClasses, placedLayers } from '../layers/order.js';
import type { RuntimeHttpClientOptions } from '../options/http-client-options.js';
import { findProblems } from '../options/problems.js';
import { closeSchema } from '../options/schema.js';
import { clientClosedLine } from './log/lines.js';
import type { RuntimeClient } from './registered-client.js';
import { isRequestScoped } from './request-scope.js';
import type { HttpClientRegistry } from './registry.js';

/** Options of `HttpClients.close`. */
export interface ClientCloseOptions {
  /**
   * How long calls in flight can take to finish.
   * @default shutdown.drainMs of the module, in milliseconds
   */
  drainMs?: number;
}

/** What became of the calls that were in flight when a client was closed. */
export interface ClientCloseReport {
  /** Calls that ended by themselves, whether answered or failed. */
  readonly finished: number;
  /** Calls that got `ClientClosedError` because the time had passed. */
  readonly aborted: number;
  /** Sockets that were closed. */
  readonly socketsClosed: number;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
}

/** The clients of an app that are made and closed while it runs. */
export class RuntimeClients {
  readonly #registry: HttpClientRegistry;
  readonly #modules: ModulesContainer;
  /** Name → client. */
  readonly #open = new Map<string, RuntimeClient>();
  /** Name → client and its end. */
  readonly #closing = new Map<
    string,
    { readonly client: RuntimeClient; readonly closed: Promise<ClientCloseReport> }
  >();

  constructor(registry: HttpClientRegistry, modules: ModulesContainer) {
    this.#registry = registry;
    this.#modules = modules;
  }

  /** @throws InvalidOptionsError that lists every problem; TooManyClientsError */
  create(options: RuntimeHttpClientOptions): AxiosInstance {
    const problems = this.#nameProblems(options?.name);
    const interceptors = this.#interceptors(options?.interceptors, problems);
    const layers = this.#layers(options?.layers, problems);
    problems.push(...apiProblems(options?.apis));
    const openCount = this.#open.size + this.#closing.size;
    const client = this.#registry.addRuntime(options, { interceptors, layers, problems, openCount });
    this.#open.set(options.name, client);
    return client.instance;
  }

  /**
   * Refuses its calls from now on, waits for those in flight, and lets go of it.
   * @throws RangeError for a client that was not made here; InvalidOptionsError
   */
  async close(which: AxiosInstance | string, options: ClientCloseOptions = {}): Promise<ClientCloseReport> {
    const problems = findProblems(closeSchema, options);
    if (problems.length > 0) throw new InvalidOptionsError('HttpClients.close', problems);
    const closing = this.#find(this.#closing.values(), which, ({ client }) => client);
    if (closing) return closing.closed;
    const client = this.#find(this.#open.values(), which, (open) => open);
    if (!client) throw this.#unknown(which);
    const { name } = client.options;
    this.#open.delete(name);
    this.#registry.forget(name);
    const closed = this.#close(client, options.drainMs ?? this.#registry.drainMs).finally(() =>
      this.#closing.delete(name),
    );
    this.#closing.set(name, { client, closed });
    return closed;
  }

  async #close(client: RuntimeClient, drainMs: number): Promise<ClientCloseReport> {
    const { clock } = this.#registry;
    const { calls, tokens } = client.gates;
    const startedAt = clock.now();
    calls.close();
    let timer: unknown;
    const expired = new Promise<void>((resolve) => {
      timer = clock.setTimeout(() => {
        calls.abortAll();
        resolve();
      }, drainMs);
    });
    await Promise.race([calls.whenEmpty(), expired]);
    clock.clearTimeout(timer);
    tokens.close();
    tokens.abortAll(); // nobody waits for one any more
    const socketsClosed = await this.#registry.release(client);
    const report = { ...calls.tally, socketsClosed, durationMs: Math.round(clock.now() - startedAt) };
    this.#registry.tell(clientClosedLine(client.options.name, report));
    return report;
  }

  #find<Entry>(
    entries: Iterable<Entry>,
    which: AxiosInstance | string,
    clientOf: (entry: Entry) => RuntimeClient,
  ): Entry | undefined {
    return Array.from(entries).find((entry) => {
      const { instance, options } = clientOf(entry);
      return which === instance || which === options.name;
    });
  }

  #unknown(which: AxiosInstance | string): RangeError {
    const isOurs = typeof which === 'string' ? this.#registry.has(which) : this.#registry.owns(which);
    const what = typeof which === 'string' ? `client ${JSON.stringify(which)}` : 'this client';
    return new RangeError(
      isOurs
        ? `${what} was not made by HttpClients.create: it is closed with the app`
        : `${what} is not open; those made by HttpClients.create are ${[...this.#open.keys()].join(', ') || 'none'}`,
    );
  }

  #nameProblems(name: unknown): string[] {
    if (typeof name !== 'string') return [];
    if (this.#closing.has(name)) {
      return ['name: expected one that no other client has; the one of this name is closing, await HttpClients.close'];
    }
    if (!this.#registry.has(name)) return [];
    return ['name: expected one that no other client has; get it with HttpClients.get, or close it first'];
  }

  #interceptors(given: unknown, problems: string[]): HttpClientInterceptor[] {
    if (!Array.isArray(given)) return [];
    return given.flatMap((interceptor: HttpClientInterceptor | Type<HttpClientInterceptor>, index) =>
      typeof interceptor === 'function' ? this.#made(interceptor, `interceptors.${index}`, problems) : [interceptor],
    );
  }

  #layers(given: unknown, problems: string[]): ReturnType<typeof placedLayers> {
    if (!Array.isArray(given)) return [];
    const layers = given.filter((layer) => isLayer(layer)); // of the others the schema tells
    const classes = layerClasses(layers);
    const instances = classes.flatMap((layer) => this.#made(layer, 'layers', problems));
    return instances.length === classes.length ? placedLayers(layers, instances) : [];
  }

  /** What Nest has made of a class: nothing where that is a problem. */
  #made<Instance>(type: Type<Instance>, path: string, problems: string[]): Instance[] {
    const provider = Array.from(this.#modules.values(), ({ providers }) => providers.get(type)).find(Boolean);
    const expected = `${path}: expected a class that a module of the app provides`;
    if (!provider) {
      problems.push(`${expected}, got ${type.name}; add it to the providers of one`);
    } else if (provider.isTransient || isRequestScoped(this.#modules, type)) {
      problems.push(`${expected} and that lives as long as the app, got ${type.name}; give it the default scope`);
    } else if (!this.#registry.isStarted) {
      problems.push(
        `${expected}, got ${type.name}, which may not be made yet; create the client in onModuleInit or later`,
      );
    } else {
      return [provider.instance as Instance];
    }
    return [];
  }
}

function isLayer(given: unknown): given is CustomLayer {
  const used: unknown = typeof given === 'object' && given !== null ? (given as { use?: unknown }).use : given;
  return typeof used === 'function';
}

function apiProblems(apis: unknown): string[] {
  if (!Array.isArray(apis)) return [];
  const others = apis.filter((api) => typeof api === 'function' && !contractOf(api)) as Type[];
  return others.map(({ name }) => `apis: expected classes that extend HttpApi(…), got ${name}`);
}
