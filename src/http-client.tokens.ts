import { Inject } from '@nestjs/common';
import { DEFAULT_CLIENT_NAME } from './options/defaults.js';

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
