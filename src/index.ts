// For apps
export { HttpClientModule } from './http-client.module.js';
export {
  getConnectionPoolToken,
  getHttpClientToken,
  getHttpServiceToken,
  InjectConnectionPool,
  InjectHttpClient,
  InjectHttpService,
} from './http-client.tokens.js';
export type { HttpClientInterceptor } from './client/http-client-interceptor.js';
export type { NamedHttpClientAsyncOptions } from './http-client-feature.module.js';
export type { HttpClientModuleExtras } from './http-client.module-definition.js';
export type {
  AxiosPassthroughOptions,
  HttpClientInterceptors,
  HttpClientModuleOptions,
  HttpClientOptions,
  HttpClientOptionsFactory,
  NamedHttpClientOptions,
  PoolOptions,
  ShutdownOptions,
  TimeoutOptions,
  TlsOptions,
} from './options/http-client-options.js';

// Errors
export { ClientClosedError } from './errors/client-closed.error.js';
export { HttpClientError, isHttpClientError } from './errors/http-client.error.js';
export { InvalidOptionsError } from './errors/invalid-options.error.js';

// For library authors
export { ConnectionPool, type ConnectionPoolSettings, type DrainReport } from './pool/connection-pool.js';
export type { Lease, PoolState } from './pool/in-flight.js';
export type { PoolStats, SocketStats } from './pool/pool-stats.js';
export { PooledHttpService } from './pooled-http.service.js';
export type { Clock } from './clock.js';
