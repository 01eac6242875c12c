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
  LimitOptions,
  NamedHttpClientOptions,
  PoolOptions,
  RedirectOptions,
  ShutdownOptions,
  TimeoutOptions,
  TlsOptions,
  TransportOptions,
} from './options/http-client-options.js';

// Errors
export { BodyTooLargeError } from './errors/body-too-large.error.js';
export { ClientClosedError } from './errors/client-closed.error.js';
export { HttpClientError, isHttpClientError } from './errors/http-client.error.js';
export { InvalidOptionsError } from './errors/invalid-options.error.js';
export { PoolQueueFullError } from './errors/pool-queue-full.error.js';
export {
  BodyTimeoutError,
  ConnectTimeoutError,
  isTimeoutError,
  PoolTimeoutError,
  ResponseTimeoutError,
  TimeoutError,
} from './errors/timeout.errors.js';

// For library authors
export { createTransport, type Transport } from './create-transport.js';
export { ConnectionPool, type ConnectionPoolSettings, type DrainReport } from './pool/connection-pool.js';
export type { Lease, PoolState } from './pool/in-flight.js';
export type { PoolStats, SocketStats } from './pool/pool-stats.js';
export { PooledHttpService } from './pooled-http.service.js';
export type { Clock } from './clock.js';
