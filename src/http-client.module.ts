import { HttpService } from '@nestjs/axios';
import {
  type DynamicModule,
  Global,
  type MiddlewareConsumer,
  Module,
  type ModuleMetadata,
  type NestModule,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { systemClock } from './clock.js';
import { inboundContextMiddleware } from './context/inbound-context.middleware.js';
import type { HttpClientInterceptor } from './client/http-client-interceptor.js';
import { InvalidOptionsError } from './errors/invalid-options.error.js';
import { HttpClientFeatureModule, type NamedHttpClientAsyncOptions } from './http-client-feature.module.js';
import {
  ConfigurableModuleClass,
  INTERCEPTORS,
  LAYERS,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
} from './http-client.module-definition.js';
import { clientProviders } from './http-client.providers.js';
import { HttpClients } from './http-clients.js';
import { HttpClientRegistry } from './http-client.registry.js';
import { HttpClientHealthIndicator } from './observability/http-client-health.js';
import { HttpClientEvents } from './observability/http-client-events.js';
import type { PlacedLayer } from './layers/standard-stack.js';
import { DEFAULT_CLIENT_NAME } from './options/defaults.js';
import type { HttpClientModuleOptions, NamedHttpClientOptions } from './options/http-client-options.js';

const defaultClient = clientProviders(DEFAULT_CLIENT_NAME, HttpService, {
  inject: [HttpClientRegistry, { token: INTERCEPTORS, optional: true }, { token: LAYERS, optional: true }],
  useFactory: (
    registry: HttpClientRegistry,
    interceptors: readonly HttpClientInterceptor[] = [],
    layers: readonly PlacedLayer[] = [],
  ) => registry.addRoot(interceptors, layers),
});

/**
 * One long-lived keep-alive client for the whole app, drained when the app shuts down. Import it once, in the root
 * module: `HttpClientModule.forRoot()`; `HttpService` and `@InjectHttpClient()` then inject everywhere.
 *
 * Shutdown has two phases because Nest stops its HTTP server between the two hooks: until then inbound requests are
 * still being answered, and call upstreams. See docs/shutdown.md.
 */
@Global()
@Module({
  providers: [
    {
      provide: HttpClientRegistry,
      inject: [ModulesContainer, { token: MODULE_OPTIONS_TOKEN, optional: true }],
      useFactory: (modules: ModulesContainer, options: HttpClientModuleOptions = {}) => {
        refuseSecondImport(modules);
        return new HttpClientRegistry(options);
      },
    },
    {
      provide: HttpClients,
      inject: [HttpClientRegistry],
      useFactory: (registry: HttpClientRegistry) => new HttpClients(registry),
    },
    {
      provide: HttpClientEvents,
      inject: [HttpClientRegistry],
      useFactory: ({ events }: HttpClientRegistry) => events,
    },
    {
      provide: HttpClientHealthIndicator,
      inject: [HttpClientRegistry],
      useFactory: (registry: HttpClientRegistry) => new HttpClientHealthIndicator(registry),
    },
    ...defaultClient.providers,
  ],
  exports: [HttpClientRegistry, HttpClients, HttpClientEvents, HttpClientHealthIndicator, ...defaultClient.exports],
})
export class HttpClientModule
  extends ConfigurableModuleClass
  implements NestModule, OnModuleDestroy, OnApplicationShutdown
{
  readonly #registry: HttpClientRegistry;

  constructor(registry: HttpClientRegistry) {
    super();
    this.#registry = registry;
  }

  /**
   * The default client.
   * @param options all optional; wrong ones stop the app's start with an InvalidOptionsError that lists them all
   */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * Named clients, each with its own base URL, headers, timeouts and interceptors, for the module that imports this.
   * They share the default client's sockets unless they set `pool` or `tls`, and they are drained with it.
   * @param clients names, or options with a name
   * @param metadata.imports modules that export what the clients' interceptors inject
   * @throws InvalidOptionsError that lists every wrong option, or when a name is taken
   */
  static forFeature(
    clients: string | NamedHttpClientOptions | readonly (string | NamedHttpClientOptions)[],
    { imports }: Pick<ModuleMetadata, 'imports'> = {},
  ): DynamicModule {
    return HttpClientFeatureModule.forClients(isList(clients) ? clients : [clients], imports);
  }

  /** A named client whose options need other providers, as a base URL or a key from the app's configuration. */
  static forFeatureAsync(client: NamedHttpClientAsyncOptions): DynamicModule {
    return HttpClientFeatureModule.forClientAsync(client);
  }

  /** Has every route tell its outbound calls of the inbound request, where that is asked for. */
  configure(consumer: MiddlewareConsumer): void {
    const { inbound } = this.#registry;
    if (inbound) consumer.apply(inboundContextMiddleware(inbound, systemClock)).forRoutes('{*path}');
  }

  /** Phase one: inbound requests are still being answered. */
  async onModuleDestroy(): Promise<void> {
    await this.#registry.drain();
  }

  /** Phase two: the HTTP server, if there is one, has answered its last request. */
  async onApplicationShutdown(): Promise<void> {
    await this.#registry.close();
  }
}

/** Array.isArray, which does not narrow readonly arrays. */
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

function refuseSecondImport(modules: ModulesContainer): void {
  const count = [...modules.values()].filter(({ metatype }) => metatype === HttpClientModule).length;
  if (count > 1) {
    throw new InvalidOptionsError('HttpClientModule.forRoot', [
      `expected one import in the whole app, got ${count}. It is global: import it in the root module only, and use ` +
        'forFeature for clients of another name',
    ]);
  }
}
