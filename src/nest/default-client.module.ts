import { HttpService } from '@nestjs/axios';
import { Global, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { HttpClientInterceptor } from '../client/create-client.js';
import type { PlacedLayer } from '../layers/order.js';
import { DEFAULT_CLIENT_NAME } from '../options/defaults.js';
import { HttpClientCoreModule } from './core.module.js';
import { clientProviders } from './providers.js';
import { HttpClientRegistry } from './registry.js';
import { refuseRequestScope } from './request-scope.js';
import { INTERCEPTORS, LAYERS } from './root.module.js';

const defaultClient = clientProviders(DEFAULT_CLIENT_NAME, HttpService, {
  inject: [
    HttpClientRegistry,
    ModulesContainer,
    { token: INTERCEPTORS, optional: true },
    { token: LAYERS, optional: true },
  ],
  useFactory: (
    registry: HttpClientRegistry,
    modules: ModulesContainer,
    interceptors: readonly HttpClientInterceptor[] = [],
    layers: readonly PlacedLayer[] = [],
  ) => {
    refuseRequestScope(modules, DEFAULT_CLIENT_NAME);
    return registry.addRoot(interceptors, layers);
  },
});

/** The client that `forRoot` sets up. An app that has only `HttpModule` has none. */
@Global()
@Module({ imports: [HttpClientCoreModule], providers: defaultClient.providers, exports: defaultClient.exports })
export class HttpClientDefaultModule {}
