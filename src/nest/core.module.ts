import {
  Global,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { HttpClientEvents } from '../call/event-sink.js';
import { HTTP_CLIENT_PLATFORM, type HttpClientPlatform } from '../client/platform.js';
import { InvalidOptionsError } from '../errors/refusal.errors.js';
import { inboundContextMiddleware } from '../inbound/middleware.js';
import type { HttpClientModuleOptions } from '../options/http-client-options.js';
import { loadOpenTelemetryApi } from '../telemetry/api.js';
import { HttpClients } from './clients.js';
import { HttpClientHealthIndicator } from './health.js';
import { HttpClientRegistry } from './registry.js';
import { isRequestScoped, refuseRequestScope } from './request-scope.js';
import { HttpClientRootModule, MODULE_OPTIONS_TOKEN } from './root.module.js';

/**
 * The clients of an app, and their lifecycle. What `forRoot` was given comes in from `HttpClientRootModule`, and what they run on from
 * whoever provides a platform: wherever this is imported, it is the same for the whole app.
 *
 * Shutdown has two phases because Nest stops its HTTP server between the two hooks: until then inbound requests are
 * still being answered, and call upstreams. See docs/shutdown.md.
 */
@Global()
@Module({
  providers: [
    {
      provide: HttpClientRegistry,
      inject: [
        ModulesContainer,
        { token: MODULE_OPTIONS_TOKEN, optional: true },
        { token: HTTP_CLIENT_PLATFORM, optional: true },
      ],
      useFactory: async (
        modules: ModulesContainer,
        options: HttpClientModuleOptions = {},
        platform?: HttpClientPlatform,
      ) => {
        refuseSecondImport(modules);
        await loadOpenTelemetryApi();
        return new HttpClientRegistry(options, modules, platform);
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
  ],
  exports: [HttpClientRegistry, HttpClients, HttpClientEvents, HttpClientHealthIndicator],
})
export class HttpClientCoreModule implements NestModule, OnModuleInit, OnModuleDestroy, OnApplicationShutdown {
  // Not the registry itself: where that is request-scoped, so would be this module, and none of its hooks would run to say so.
  constructor(
    private readonly modules: ModulesContainer,
    private readonly moduleRef: ModuleRef,
  ) {}

  /** Has every route tell its outbound calls of the inbound request, where that is asked for. */
  configure(consumer: MiddlewareConsumer): void {
    refuseRequestScope(this.modules); // middleware comes before onModuleInit
    const { inbound, clock } = this.moduleRef.get(HttpClientRegistry);
    if (inbound) consumer.apply(inboundContextMiddleware(inbound, clock)).forRoutes('{*path}');
  }

  /** In apps without HTTP, nothing is configured. */
  async onModuleInit(): Promise<void> {
    refuseRequestScope(this.modules);
    const registry = this.moduleRef.get(HttpClientRegistry);
    registry.meet(this.modules);
    await registry.whenLoaded();
  }

  /** Phase one: inbound requests are still being answered. */
  async onModuleDestroy(): Promise<void> {
    await this.registry?.drain();
  }

  /** Phase two: the HTTP server, if there is one, has answered its last request. */
  async onApplicationShutdown(): Promise<void> {
    await this.registry?.close();
  }

  /** undefined where the start was refused: an app may be closed all the same. */
  private get registry(): HttpClientRegistry | undefined {
    return isRequestScoped(this.modules, HttpClientRegistry) ? undefined : this.moduleRef.get(HttpClientRegistry);
  }
}

function refuseSecondImport(modules: ModulesContainer): void {
  const count = [...modules.values()].filter(({ metatype }) => metatype === HttpClientRootModule).length;
  if (count > 1) {
    throw new InvalidOptionsError('HttpClientModule.forRoot', [
      `expected one import in the whole app, got ${count}. It is global: import it in the root module only, and use ` +
        'forFeature for clients of another name',
    ]);
  }
}
