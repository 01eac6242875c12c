import type { FactoryProvider, InjectionToken } from '@nestjs/common';
import type { AxiosInstance } from 'axios';
import type { RegisteredClient } from './http-client.registry.js';
import { registeredClientToken } from './request-scope.js';
import { getConnectionPoolToken, getHttpClientToken } from './http-client.tokens.js';
import { PooledHttpService } from './pooled-http.service.js';

/**
 * Everything injectable of one client.
 * @param registration makes the client: Nest runs it once
 */
export function clientProviders(
  name: string,
  httpService: InjectionToken,
  registration: Pick<FactoryProvider<RegisteredClient>, 'inject' | 'useFactory'>,
): { providers: FactoryProvider[]; exports: InjectionToken[] } {
  const registered = registeredClientToken(name);
  const providers: FactoryProvider[] = [
    {
      provide: getHttpClientToken(name),
      useFactory: ({ instance }: RegisteredClient) => instance,
      inject: [registered],
    },
    {
      provide: getConnectionPoolToken(name),
      useFactory: ({ pool }: RegisteredClient) => pool,
      inject: [registered],
    },
    {
      provide: httpService,
      // By token, so that a test that overrides the client overrides what HttpService calls, too.
      useFactory: (client: AxiosInstance) => new PooledHttpService(client),
      inject: [getHttpClientToken(name)],
    },
  ];
  return {
    providers: [{ provide: registered, ...registration }, ...providers],
    exports: providers.map(({ provide }) => provide),
  };
}
