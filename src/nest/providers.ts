import { HttpService } from '@nestjs/axios';
import { type FactoryProvider, Inject, type InjectionToken, type Type } from '@nestjs/common';
import {
  type AxiosInstance,
  type AxiosPromise,
  type AxiosRequestConfig,
  type AxiosResponse,
  CanceledError,
} from 'axios';
import type { Readable } from 'node:stream';
import { Observable } from 'rxjs';
import { Cancellation } from '../base/cancellation.js';
import { rejectNextTurn } from '../base/turns.js';
import { responseOf } from '../call/outcome.js';
import type { HttpClientInterceptor } from '../client/create-client.js';
import {
  type CustomLayer,
  type HttpClientLayer,
  layerClasses,
  type PlacedLayer,
  placedLayers,
} from '../layers/order.js';
import { DEFAULT_CLIENT_NAME } from '../options/defaults.js';
import type { HttpClientInterceptors } from '../options/http-client-options.js';
import type { RegisteredClient } from './registered-client.js';
import { registeredClientToken } from './request-scope.js';

/** The injection token of a client's axios instance, for `overrideProvider` and `inject`. */
export const getHttpClientToken = (name: string = DEFAULT_CLIENT_NAME): string => `HttpClient(${name})`;

/** The injection token of a named client's `HttpService`. The default client's is the class `HttpService` itself. */
export const getHttpServiceToken = (name: string): string => `HttpService(${name})`;

/** The injection token of the connection pool that a client uses. */
export const getConnectionPoolToken = (name: string = DEFAULT_CLIENT_NAME): string => `ConnectionPool(${name})`;

/** Injects an `AxiosInstance`: the default client, or the one named in `HttpClientModule.forFeature`. */
export const InjectHttpClient = (name?: string): ParameterDecorator & PropertyDecorator =>
  Inject(getHttpClientToken(name));

/** Injects the `HttpService` of a client named in `HttpClientModule.forFeature`. */
export const InjectHttpService = (name: string): ParameterDecorator & PropertyDecorator =>
  Inject(getHttpServiceToken(name));

/** Injects the `ConnectionPool` that a client uses. Clients without socket options of their own share the default's. */
export const InjectConnectionPool = (name?: string): ParameterDecorator & PropertyDecorator =>
  Inject(getConnectionPoolToken(name));

/**
 * `@nestjs/axios`'s HttpService on a pooled client. Each subscription sends the request once; unsubscribing before the
 * response is there cancels it, whatever cancel token or signal the config brings; afterwards it does nothing. A response stream
 * is its consumer's to destroy.
 */
export class PooledHttpService extends HttpService {
  /** Whether unsubscribing before the response is there cancels the request. */
  protected isCancelledWith(_config: AxiosRequestConfig): boolean {
    return true;
  }

  /** Sends the request when somebody subscribes. Unsubscribing before the response cancels it. */
  protected override makeObservable<T>(
    send: (...args: any[]) => AxiosPromise<T>,
    ...args: any[]
  ): Observable<AxiosResponse<T>> {
    return new Observable((subscriber) => {
      const cancellation = new Cancellation();
      let settled = false;
      let isCancelled = true;
      const succeed = (response: AxiosResponse<T>) => {
        settled = true;
        if (subscriber.closed) {
          (response.data as Partial<Readable>)?.destroy?.(); // nobody would read it
          return;
        }
        subscriber.next(response);
        subscriber.complete();
      };
      const fail = (error: unknown) => {
        settled = true;
        if (!responseOf(error)) cancellation.unfollow(); // else when its body has ended
        subscriber.error(error);
      };
      try {
        // Every method of HttpService passes the config last, undefined where the caller left it out.
        const config: AxiosRequestConfig = { ...args.at(-1) };
        isCancelled = this.isCancelledWith(config);
        if (config.cancelToken) cancellation.followToken(config.cancelToken);
        send(...args.slice(0, -1), { ...config, cancelToken: cancellation }).then(succeed, fail);
      } catch (error) {
        rejectNextTurn(error).catch(fail); // a getter of the config's has thrown
      }
      return () => {
        if (!settled && isCancelled) cancellation.cancel(new CanceledError());
      };
    });
  }
}

/** The classes that a client is given, which Nest makes, and what becomes of them. */
export interface ClientClasses {
  /** To be provided, and to be injected in this order. */
  readonly classes: readonly Type[];
  /** @param instances of them, in that order */
  readonly made: (
    instances: readonly unknown[],
  ) => readonly [interceptors: readonly HttpClientInterceptor[], layers: readonly PlacedLayer[]];
}

export function clientClasses(interceptors: HttpClientInterceptors, layers: readonly CustomLayer[]): ClientClasses {
  return {
    classes: [...interceptors, ...layerClasses(layers)],
    made: (instances) => [
      instances.slice(0, interceptors.length) as HttpClientInterceptor[],
      placedLayers(layers, instances.slice(interceptors.length) as HttpClientLayer[]),
    ],
  };
}

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
