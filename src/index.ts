import { noteCopy } from './copies.js';

noteCopy(import.meta.url);

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
export type { GuardOptions } from './options/resolve-guard.js';
export type { LoggingOptions, SlowCallsOptions } from './options/resolve-logging.js';
export type { TelemetryOptions } from './options/telemetry-options.js';
export type { InboundOptions } from './options/resolve-inbound.js';
export {
  isSecretHeader,
  isSecretParam,
  type RedactOptions,
  type RedactionRules,
  redactionRules,
} from './redaction/redaction-rules.js';
export { redactHeaders } from './redaction/redact-headers.js';
export { redactUrl } from './redaction/redact-url.js';
export type { ExplainedOption } from './options/explain-options.js';
export { type ClientStats, type ExplainedLayer, type Explanation, HttpClients } from './http-clients.js';
export {
  type BreakersCheckOptions,
  type HealthResult,
  HttpClientHealthIndicator,
  type PoolHealth,
  type PoolsCheckOptions,
  type ProbeHealth,
  type ProbeOptions,
} from './observability/http-client-health.js';
export { channelName, type HttpClientEvent, HttpClientEvents } from './observability/http-client-events.js';
export type { HttpClientEventMap, HttpClientEventName } from './observability/events.js';
export type { Timings } from './observability/timings.js';
export type { BreakerChange, BreakerSnapshot, CircuitBreakers } from './layers/circuit-breakers.js';
export type { RateLimits } from './layers/rate-limit.js';
export type { BreakerState } from './policies/breaker.js';
export {
  HTTP_CLIENT_EXCEPTION_FILTER_OPTIONS,
  HttpClientExceptionFilter,
  type HttpClientExceptionFilterOptions,
} from './errors/http-client-exception.filter.js';
export {
  currentInboundContext,
  detached,
  type InboundContext,
  type InboundContextInit,
  runInInboundContext,
} from './context/inbound-context.js';
export { gather } from './gather/gather.js';
export type {
  GatherCallOptions,
  GatherEntry,
  GatherOptions,
  GatherProgress,
  GatherResult,
} from './gather/gather-types.js';

// Errors
export type { Attempt } from './errors/attempt.js';
export { InboundAbortedError } from './errors/inbound-aborted.error.js';
export {
  CircuitOpenError,
  ConcurrencyLimitError,
  DeadlineExceededError,
  RateLimitError,
  RetryLaterError,
} from './errors/resilience.errors.js';
export { BodyConsumedError } from './errors/body-consumed.error.js';
export { AddressBlockedError } from './errors/address-blocked.error.js';
export { BodyTooLargeError } from './errors/body-too-large.error.js';
export { ClientClosedError } from './errors/client-closed.error.js';
export { HeadersTooLargeError } from './errors/headers-too-large.error.js';
export { HttpClientError, isHttpClientError } from './errors/http-client.error.js';
export { InvalidOptionsError } from './errors/invalid-options.error.js';
export { PoolQueueFullError } from './errors/pool-queue-full.error.js';
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
export type { CustomLayer, HttpClientLayer } from './layers/custom-layers.js';
export { deriveCall } from './layers/create-call.js';
export type { Call, CallChanges, Handler, Layer } from './layers/layer.js';
export type { LayerName } from './layers/standard-stack.js';
export type { RateLimiter } from './policies/rate-limiter.js';
export { createTransport, type Transport } from './create-transport.js';
export { ConnectionPool, type ConnectionPoolSettings, type DrainReport } from './pool/connection-pool.js';
export type { Lease, PoolState } from './pool/in-flight.js';
export type { PoolStats, SocketStats } from './pool/pool-stats.js';
export { PooledHttpService } from './pooled-http.service.js';
export type { Clock } from './clock.js';
