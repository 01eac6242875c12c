// The module, its clients, and what works with them
export { HttpClientModule } from './nest/http-client.module.js';
export { HttpService } from '@nestjs/axios';
export {
  HttpModule,
  type HttpModuleAsyncOptions,
  type HttpModuleOptions,
  type HttpModuleOptionsFactory,
} from './nest/http.module.js';
export {
  getConnectionPoolToken,
  getHttpClientToken,
  getHttpServiceToken,
  InjectConnectionPool,
  InjectHttpClient,
  InjectHttpService,
  PooledHttpService,
} from './nest/providers.js';
export { HttpClients } from './nest/clients.js';
export { HttpClientHealthIndicator } from './nest/health.js';
export { HTTP_CLIENT_EXCEPTION_FILTER_OPTIONS, HttpClientExceptionFilter } from './nest/exception.filter.js';
export { channelName, HttpClientEvents } from './call/event-sink.js';
export { ConnectionPool } from './pool/connection-pool.js';
export { createTransport, type Transport } from './client/create-transport.js';
export { currentInboundContext, detached, runInInboundContext } from './inbound/context.js';
export { gather } from './gather/gather.js';

// Errors
export { type Attempt, HttpClientError, isHttpClientError } from './errors/http-client.error.js';
export {
  BodyTimeoutError,
  BodyUnreadError,
  ConnectTimeoutError,
  InboundAbortedError,
  isTimeoutError,
  PoolTimeoutError,
  ResponseTimeoutError,
  TimeoutError,
} from './errors/timeout.errors.js';
export {
  AddressBlockedError,
  CircuitOpenError,
  ClientClosedError,
  ConcurrencyLimitError,
  DeadlineExceededError,
  InvalidOptionsError,
  PoolQueueFullError,
  RateLimitError,
  RetryLaterError,
} from './errors/refusal.errors.js';
export { TooManyClientsError } from './errors/too-many-clients.error.js';
export { CredentialsError } from './errors/credentials.error.js';
export { BodyConsumedError, BodyTooLargeError, HeadersTooLargeError } from './errors/body.errors.js';

// Types: the options (groups are `HttpClientOptions['pool']` and so on), and what you get from the above
export type { HttpClientInterceptor } from './client/create-client.js';
export type {
  HttpClientModuleOptions,
  HttpClientOptions,
  HttpClientOptionsFactory,
  NamedHttpClientOptions,
  OriginOptions,
  RuntimeHttpClientOptions,
  TransportOptions,
} from './options/http-client-options.js';
export type { CacheOptions, CallCacheOptions } from './options/cache-options.js';
export type { AuthOptions, SignableRequest } from './options/auth-options.js';
export type {
  CallResilienceOptions,
  FailedAttempt,
  ResilienceOptions,
  RetryEvent,
} from './options/resilience-options.js';
export type { AttemptedResponse } from './nest/http-service.types.js';
export type { ClientCloseOptions, ClientCloseReport } from './nest/runtime-clients.js';
export type { HttpClientExceptionFilterOptions } from './nest/exception.filter.js';
export type { ClientStats, Explanation } from './nest/clients.js';
export type { BreakerChange, BreakerSnapshot, CircuitBreakers } from './layers/breaker/breakers.js';
export type { ConcurrencySnapshot } from './layers/concurrency/origin-limits.js';
export type { BreakerState } from './layers/breaker/state.js';
export type { CacheSelection, CacheStats, ClientCache } from './layers/cache/by-hand.js';
export type { CacheStatus } from './layers/cache/stored.js';
export type { RateLimits } from './layers/rate-limit/rate-limit.js';
export type { HealthResult, PoolHealth, ProbeHealth } from './nest/health.js';
export type { HttpClientEvent } from './call/event-sink.js';
export type { HttpClientEventMap, HttpClientEventName } from './call/events.js';
export type { Clock } from './base/clock.js';
export type { Timings } from './base/timings.js';
export type { InboundContext } from './inbound/context.js';
export type { GatherEntry, GatherOptions, GatherResult } from './gather/types.js';
export type { DrainReport } from './pool/drain.js';
export type { PoolState } from './pool/in-flight.js';
export type { PoolStats, SocketStats } from './pool/pool-stats.js';
