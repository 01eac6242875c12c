import type { Type } from '@nestjs/common';
import type { CreateAxiosDefaults } from 'axios';
import type { HttpClientInterceptor } from '../client/create-client.js';
import type { ApiClass } from '../contracts/http-api.js';
import type { AddressesOptions } from './address-options.js';
import type { AuthOptions } from './auth-options.js';
import type { CacheOptions } from './cache-options.js';
import type { CustomLayer } from '../layers/order.js';
import type { RedactOptions } from '../redaction/rules.js';
import type { ResilienceOptions } from './resilience-options.js';
import type { GuardOptions, InboundOptions, LoggingOptions, TelemetryOptions } from './resolve-sections.js';
import type { SharedState } from './shared-state.js';
import type {
  EngineName,
  Http2Option,
  LimitOptions,
  PoolOptions,
  RedirectOptions,
  ShutdownOptions,
  TimeoutOptions,
  TlsOptions,
} from './transport-options.js';

/** axios settings that are passed on: `paramsSerializer`, `validateStatus`, `transformResponse` and so on. */
export type AxiosPassthroughOptions = Omit<
  CreateAxiosDefaults,
  'adapter' | 'baseURL' | 'headers' | 'httpAgent' | 'httpsAgent' | 'timeout'
>;

/** Options that can differ per origin. What you leave out comes from the client. */
export interface OriginOptions {
  /** Time limits for the phases of a call. */
  timeouts?: TimeoutOptions;
  /** Limits on what a client holds in memory. */
  limits?: LimitOptions;
  /** Which redirects a client follows. */
  redirects?: RedirectOptions;
  /**
   * What carries requests on the sockets of the pool: `'node:http'`, or `'undici'`, which takes less CPU per call and needs the package `undici`, version 7
   * or 8. Calls that undici cannot carry go with `node:http` (docs/engines.md).
   * @default 'node:http'
   */
  engine?: EngineName;
  /**
   * Whether requests go over HTTP/2, many at once on one socket. `true`: for https, where the upstream agrees to it (ALPN); else HTTP/1.1.
   * `'prior-knowledge'`: for https and http, without falling back. `pool.maxSockets` limits sessions then, each with up to 100 streams (docs/engines.md).
   * @default false
   */
  http2?: Http2Option;
  /** What to do when this origin fails. */
  resilience?: 'standard' | ResilienceOptions;
  /** How calls use the open sockets. */
  pool?: Pick<PoolOptions, 'scheduling'>;
  /**
   * Spreads the calls over the addresses behind the host, each call to the less busy of two: for a headless Service of Kubernetes, DNS round robin, or a list.
   * Without it, each socket goes to one of them, and most calls to the few sockets that are used most. `true`: the host is resolved again and again, with
   * the defaults. TLS, certificates and the `Host` header use the name of the origin, as always.
   * @default false
   */
  addresses?: boolean | AddressesOptions;
  /** HTTP cache for this origin. */
  cache?: boolean | CacheOptions;
}

/** Options of every client, the default one and the named ones. */
export interface HttpClientOptions {
  /**
   * Prefix of relative URLs. http or https.
   * @default none
   */
  baseURL?: string;
  /**
   * Keeps every call at the `baseURL` of the client, whatever `url`, `baseURL` and `allowAbsoluteUrls` the call sets: at its origin (`'origin'`), or at
   * its path, too (`'path'`; this also refuses paths that contain `..` once decoded). Absolute URLs within these bounds are called as they are. A call
   * outside fails with `AddressBlockedError`, rule `outside baseURL`. Redirects can lead outside: the upstream chooses them, not the caller.
   * @default 'origin' with a `baseURL`; without one, leave it out
   */
  confine?: 'origin' | 'path' | false;
  /**
   * Refuses calls to loopback, private, link-local and other special addresses (SSRF), to ports other than 80 and 443, and to schemes other than
   * http and https: `AddressBlockedError`. Names are checked when a socket is opened, also after redirects and through proxies.
   * `true`: with the defaults. A client whose guard differs from the module's has its own pool.
   * @default false
   */
  guard?: boolean | GuardOptions;
  /**
   * Credentials that are sent with every call, only to the origin of the `baseURL` (required). A call with its own `Authorization` header or
   * axios's `auth` is not changed.
   * @default none
   */
  auth?: AuthOptions;
  /**
   * Headers of every call of this client.
   * @default only axios's own
   */
  headers?: Readonly<Record<string, string | number | boolean>>;
  /** Time limits for the phases of a call. Each has its own error, whose message names the option to change. */
  timeouts?: TimeoutOptions;
  /** Limits on what a client holds in memory. */
  limits?: LimitOptions;
  /** Which redirects a client follows. Credentials never leave the origin they were meant for. */
  redirects?: RedirectOptions;
  /**
   * What carries requests on the sockets of the pool: `'node:http'`, or `'undici'`, which takes less CPU per call and needs the package `undici`, version 7
   * or 8. Calls that undici cannot carry go with `node:http` (docs/engines.md).
   * @default 'node:http'
   */
  engine?: EngineName;
  /**
   * Whether requests go over HTTP/2, many at once on one socket. `true`: for https, where the upstream agrees to it (ALPN); else HTTP/1.1.
   * `'prior-knowledge'`: for https and http, without falling back. `pool.maxSockets` limits sessions then, each with up to 100 streams (docs/engines.md).
   * @default false
   */
  http2?: Http2Option;
  /**
   * What to do when upstreams fail: `'standard'` (deadline, retries within a budget, circuit breaker), or part by part.
   * @default everything off; only stale sockets are replaced
   */
  resilience?: 'standard' | ResilienceOptions;
  /**
   * HTTP cache (RFC 9111) for GET and HEAD, in memory: see docs/caching.md. `true`: with the defaults.
   * @default false
   */
  cache?: boolean | CacheOptions;
  /**
   * Options that differ for an origin: `timeouts`, `limits`, `redirects`, `engine`, `http2`, `resilience`, `cache`, `pool.scheduling` and `addresses`, by
   * origin, such as `https://api.example.com`. Its `timeouts.attemptMs` applies to calls without a `timeout`.
   * @default none
   */
  origins?: Readonly<Record<string, OriginOptions>>;
  /** The keep-alive sockets. */
  pool?: PoolOptions;
  /** TLS settings of every HTTPS socket: certificates, authorities, versions. */
  tls?: TlsOptions;
  /**
   * More names of secrets that errors, logs and spans must not show, besides the well-known ones. A named client adds its own to the module's.
   * @default only the well-known ones
   */
  redact?: RedactOptions;
  /**
   * Spans and metrics for OpenTelemetry. Without a registered SDK, or without `@opentelemetry/api`, nothing happens. `true`: with the defaults.
   * @default true
   */
  telemetry?: boolean | TelemetryOptions;
  /**
   * All other settings of `axios.create`: `paramsSerializer`, `validateStatus`, `transformResponse`, `proxy` and so on.
   * @default axios's own
   */
  axios?: AxiosPassthroughOptions;
}

/** Options of `createTransport`. Each call's `timeout` takes the place of `timeouts.attemptMs`. */
export interface TransportOptions extends Pick<
  HttpClientOptions,
  'limits' | 'redirects' | 'engine' | 'http2' | 'pool' | 'tls' | 'guard' | 'redact'
> {
  /** Time limits for the phases of a call. */
  timeouts?: Omit<TimeoutOptions, 'attemptMs'>;
  /** What happens to calls in flight on `close()`. */
  shutdown?: ShutdownOptions;
}

/** Options of `HttpClientModule.forRoot`; a factory for `forRootAsync` returns them. */
export interface HttpClientModuleOptions extends HttpClientOptions {
  /**
   * State that all replicas of the app share over Redis, for `resilience.rateLimit.shared` and `auth.oauth2.shared`: what `redisShared` of
   * `nest-outbound/redis` returns.
   * @default none
   */
  shared?: SharedState;
  /** What happens to calls in flight when the app shuts down. */
  shutdown?: ShutdownOptions;
  /**
   * Ends outbound calls when the inbound client hangs up or its deadline passes, and forwards headers of the inbound request to your own
   * services. `true`: with the defaults.
   * @default false
   */
  inbound?: boolean | InboundOptions;
  /**
   * What is logged to Nest's `Logger`. `false`: nothing.
   * @default failed calls and the life cycle
   */
  logging?: LoggingOptions | false;
  /**
   * Moves every `HttpModule` of `@nestjs/axios` in the app, such as those of generated clients, onto a client of its own on the app's pool. Each
   * keeps its config; the global axios stays as it is. Without it, a warning at the start names the modules that import one.
   * @default false
   */
  adopt?: boolean;
  /**
   * Clients made by `HttpClients.create` that can be open at the same time: one more fails with `TooManyClientsError`.
   * @default 1_000
   */
  maxRuntimeClients?: number;
}

/** For a class that you pass to `forRootAsync({ useClass })` or `{ useExisting }`. */
export interface HttpClientOptionsFactory {
  /** @returns the options of the module */
  createHttpClientOptions(): HttpClientModuleOptions | Promise<HttpClientModuleOptions>;
}

/** Injectable classes that wrap a call, the outermost first. */
export type HttpClientInterceptors = readonly Type<HttpClientInterceptor>[];

/**
 * A named client. `@InjectHttpClient(name)` injects it.
 *
 * It inherits `timeouts`, `limits`, `redirects`, `engine`, `http2`, `resilience`, `origins`, `pool`, `tls`, `guard` and `telemetry` from the module. It never inherits `baseURL`,
 * `confine`, `auth`, `headers`, `axios`, `interceptors` and `layers`: they belong to one API, and the module's `Authorization` must not go to another.
 * With its own `pool` or `tls`, or a `guard` other than the module's, the client has its own connection pool. Otherwise it shares the module's.
 */
export interface NamedHttpClientOptions extends HttpClientOptions {
  /** The name to inject the client by. Unique in the app. */
  name: string;
  /**
   * Injectable classes that wrap every call of this client, the outermost first.
   * @default none
   */
  interceptors?: HttpClientInterceptors;
  /**
   * Your own layers around every call of this client.
   * @default none
   */
  layers?: readonly CustomLayer[];
  /**
   * Classes made by `HttpApi` that use this client. They can be injected by themselves.
   * @default none
   */
  apis?: readonly ApiClass[];
}

/**
 * Options of `HttpClients.create`: those of a named client. A class among `interceptors` and `layers` is a provider of the app, which its clients
 * share. `apis` are listed by `explain()`; make one with `new Api(client)`.
 */
export interface RuntimeHttpClientOptions extends Omit<NamedHttpClientOptions, 'interceptors'> {
  /** Interceptors, or classes of them that a module of the app provides, the outermost first. */
  interceptors?: readonly (HttpClientInterceptor | Type<HttpClientInterceptor>)[];
}
