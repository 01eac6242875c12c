import { noteCopy } from './nest/copies.js';

noteCopy(import.meta.url);

// For apps
export { HttpClientModule } from './nest/http-client.module.js';
export {
  getConnectionPoolToken,
  getHttpClientToken,
  getHttpServiceToken,
  InjectConnectionPool,
  InjectHttpClient,
  InjectHttpService,
} from './nest/providers.js';
export type { HttpClientInterceptor } from './client/create-client.js';
export type { NamedHttpClientAsyncOptions } from './nest/feature.module.js';
export type { HttpClientModuleExtras } from './nest/root.module.js';
export type {
  AxiosPassthroughOptions,
  HttpClientInterceptors,
  HttpClientModuleOptions,
  HttpClientOptions,
  HttpClientOptionsFactory,
  LimitOptions,
  OriginOptions,
  NamedHttpClientOptions,
  PoolOptions,
  RedirectOptions,
  ShutdownOptions,
  TimeoutOptions,
  TlsOptions,
  TransportOptions,
} from './options/http-client-options.js';

export type {
  BreakerOptions,
  BudgetOptions,
  CallResilienceOptions,
  ConcurrencyOptions,
  FailedAttempt,
  HedgeOptions,
  LimitScope,
  RateLimitOptions,
  ResilienceOptions,
  RetryEvent,
  RetryOptions,
} from './options/resilience-options.js';
export type { GuardOptions } from './options/resolve-sections.js';
export type { LoggingOptions, SlowCallsOptions } from './options/resolve-sections.js';
export type { TelemetryOptions } from './options/resolve-sections.js';
export type { InboundOptions } from './options/resolve-sections.js';
export {
  isSecretHeader,
  isSecretParam,
  type RedactOptions,
  type RedactionRules,
  redactionRules,
} from './redaction/rules.js';
export { redactHeaders } from './redaction/headers.js';
export { redactUrl } from './redaction/url.js';
export type { ExplainedOption } from './options/explain.js';
export { type ClientStats, type ExplainedLayer, type Explanation, HttpClients } from './nest/clients.js';
export {
  type BreakersCheckOptions,
  type HealthResult,
  HttpClientHealthIndicator,
  type PoolHealth,
  type PoolsCheckOptions,
  type ProbeHealth,
  type ProbeOptions,
} from './nest/health.js';
export { channelName, type HttpClientEvent, HttpClientEvents } from './call/event-sink.js';
export type { HttpClientEventMap, HttpClientEventName } from './call/events.js';
export type { Timings } from './base/timings.js';
export type { BreakerChange, BreakerSnapshot, CircuitBreakers } from './layers/breaker/breakers.js';
export type { RateLimits } from './layers/rate-limit/rate-limit.js';
export type { BreakerState } from './layers/breaker/state.js';
export {
  HTTP_CLIENT_EXCEPTION_FILTER_OPTIONS,
  HttpClientExceptionFilter,
  type HttpClientExceptionFilterOptions,
} from './nest/exception.filter.js';
export {
  currentInboundContext,
  detached,
  type InboundContext,
  type InboundContextInit,
  runInInboundContext,
} from './inbound/context.js';
export { gather } from './gather/gather.js';
export type { GatherCallOptions, GatherEntry, GatherOptions, GatherProgress, GatherResult } from './gather/types.js';

// Errors
export type { Attempt } from './errors/http-client.error.js';
export { InboundAbortedError } from './errors/timeout.errors.js';
export {
  CircuitOpenError,
  ConcurrencyLimitError,
  DeadlineExceededError,
  RateLimitError,
  RetryLaterError,
} from './errors/refusal.errors.js';
export { BodyConsumedError } from './errors/body.errors.js';
export { AddressBlockedError } from './errors/refusal.errors.js';
export { BodyTooLargeError } from './errors/body.errors.js';
export { ClientClosedError } from './errors/refusal.errors.js';
export { HeadersTooLargeError } from './errors/body.errors.js';
export { HttpClientError, isHttpClientError } from './errors/http-client.error.js';
export { InvalidOptionsError } from './errors/refusal.errors.js';
export { PoolQueueFullError } from './errors/refusal.errors.js';
export {
  BodyTimeoutError,
  BodyUnreadError,
  ConnectTimeoutError,
  isTimeoutError,
  PoolTimeoutError,
  ResponseTimeoutError,
  TimeoutError,
} from './errors/timeout.errors.js';

// For library authors
export type { CustomLayer, HttpClientLayer } from './layers/order.js';
export { deriveCheckedCall as deriveCall } from './call/call.js';
export type { Call, CallChanges, Handler, Layer } from './call/call.js';
export type { LayerName } from './layers/order.js';
export type { RateLimiter } from './layers/rate-limit/limiter.js';
export { createTransport, type Transport } from './client/create-transport.js';
export { ConnectionPool, type ConnectionPoolSettings, type DrainReport } from './pool/connection-pool.js';
export type { Lease, PoolState } from './pool/in-flight.js';
export type { PoolStats, SocketStats } from './pool/sockets.js';
export { PooledHttpService } from './nest/providers.js';
export type { Clock } from './base/clock.js';
