import type { Type } from '@nestjs/common';
import type { CreateAxiosDefaults } from 'axios';
import type { ConnectionOptions } from 'node:tls';
import type { HttpClientInterceptor } from '../client/create-client.js';
import type { AuthOptions } from './auth-options.js';
import type { CustomLayer } from '../layers/order.js';
import type { RedactOptions } from '../redaction/rules.js';
import type { ResilienceOptions } from './resilience-options.js';
import type { GuardOptions, InboundOptions, LoggingOptions, TelemetryOptions } from './resolve-sections.js';

/** How long the parts of a call may take. Each has its own error, which says what to change. */
export interface TimeoutOptions {
  /**
   * One attempt, from the call to the end of its body: waiting for a socket, connecting, sending and receiving.
   * For `responseType: 'stream'` it ends with the response headers; `bodyIdleMs` watches over the body.
   * It is the client's default for axios's own `timeout`, which a call may override.
   * @default 30_000 milliseconds (the total timeout of .NET's standard resilience handler); `false`: no limit
   */
  attemptMs?: number | false;
  /**
   * The wait for a socket, where all of an origin's are in use: `PoolTimeoutError`.
   * @default 5_000 milliseconds (httpx); `false`: no limit
   */
  poolWaitMs?: number | false;
  /**
   * DNS, TCP and TLS of a new socket: `ConnectTimeoutError`.
   * @default 5_000 milliseconds (httpx); `false`: no limit
   */
  connectMs?: number | false;
  /**
   * The response headers, from the moment the request is sent; before that, an upstream that takes none of its body:
   * `ResponseTimeoutError`. A body whose stream yields nothing is not bounded by it, but by `attemptMs`.
   * @default 10_000 milliseconds (.NET's attempt timeout); `false`: no limit
   */
  responseMs?: number | false;
  /**
   * Silence of the upstream within a response body, of a stream too: `BodyTimeoutError`. It counts only while the body is being read.
   * @default 10_000 milliseconds (OkHttp's read timeout); `false`: no limit
   */
  bodyIdleMs?: number | false;
  /**
   * How long a streamed response may wait for whoever reads it, counted from the last part that was taken: `BodyUnreadError`. A stream
   * that is forgotten would keep its socket.
   * @default 60_000 milliseconds (nginx's `send_timeout`, for clients that do not read); `false`: no limit
   */
  readerIdleMs?: number | false;
}

declare module 'axios' {
  interface AxiosRequestConfig {
    /**
     * For clients of nest-outbound: how long the parts of this call may take, where that is otherwise than its client says. `attemptMs`
     * goes before axios's `timeout`.
     */
    timeouts?: TimeoutOptions;
  }
}

/** What a client holds in memory at most. */
export interface LimitOptions {
  /**
   * A response body, decoded: `BodyTooLargeError`. Not for `responseType: 'stream'`. A call's `maxContentLength` overrides
   * it.
   * @default 10_485_760 bytes; `false`: no limit
   */
  maxResponseBytes?: number | false;
  /**
   * The headers of a response with its status line, and likewise the trailers after a body: `HeadersTooLargeError`.
   * @default 16_384 bytes, or what Node was started with (`--max-http-header-size`)
   */
  maxHeaderBytes?: number;
}

/** Which redirects a client follows. Credentials never leave the origin they were meant for. */
export interface RedirectOptions {
  /**
   * For one call; a call's `maxRedirects` overrides it. `false`: none, the redirect is the response.
   * @default 5
   */
  max?: number | false;
  /**
   * Whether https may redirect to http.
   * @default false
   */
  allowDowngrade?: boolean;
}

/** The keep-alive sockets of a client. */
export interface PoolOptions {
  /**
   * Sockets open to one origin at a time; further calls queue.
   * @default 100 (as httpx)
   */
  maxSockets?: number;
  /**
   * Sockets open to all origins together, idle ones included: to open one more, an idle one is closed, or the call queues. Of 10 and more, every
   * tenth is for origins without one, so that a single origin gets nine tenths at most.
   * @default 1_000, or as many as leave one origin all of `maxSockets` where that is more (a process may often open 1_024 files); `false`: no limit
   */
  maxTotalSockets?: number | false;
  /**
   * Calls that may wait for a socket to one origin; one more is refused with `PoolQueueFullError`. 0: none waits.
   * @default 1_000
   */
  maxQueued?: number;
  /**
   * Idle sockets kept for one origin.
   * @default the value of `maxSockets`
   */
  maxFreeSockets?: number;
  /**
   * How long a socket may stay idle before it is closed. A server that announces a shorter time
   * (`Keep-Alive: timeout=5`) is obeyed, minus one second for the close to travel (RFC 9112 §9.3).
   * @default 4_000 milliseconds (agentkeepalive)
   */
  idleMs?: number;
  /**
   * How long a socket may live, so that DNS changes are followed. Each socket's own age varies by ±10 %, so that
   * they do not all reconnect at once. It is applied between calls: a call is never cut for it.
   * @default 120_000 milliseconds (.NET's PooledConnectionLifetime guidance); `false`: no limit
   */
  maxAgeMs?: number | false;
}

/** What Node's `tls.connect` takes, for every HTTPS socket of the pool. */
export type TlsOptions = Pick<
  ConnectionOptions,
  | 'ca'
  | 'cert'
  | 'key'
  | 'passphrase'
  | 'pfx'
  | 'rejectUnauthorized'
  | 'servername'
  | 'minVersion'
  | 'maxVersion'
  | 'ciphers'
>;

/** What happens to calls in flight when the app shuts down. */
export interface ShutdownOptions {
  /**
   * How long calls may take to finish, counted from `onModuleDestroy` through `onApplicationShutdown`. What is then
   * left is aborted with `ClientClosedError`. Keep it below the grace period of whatever stops the process.
   * @default 10_000 milliseconds (Kubernetes kills a pod after 30 s)
   */
  drainMs?: number;
}

/** axios settings the library has no option of its own for: `paramsSerializer`, `validateStatus`, `transformResponse`… */
export type AxiosPassthroughOptions = Omit<
  CreateAxiosDefaults,
  'adapter' | 'baseURL' | 'headers' | 'httpAgent' | 'httpsAgent' | 'timeout'
>;

/** What may differ from one origin to another. */
export interface OriginOptions {
  timeouts?: TimeoutOptions;
  limits?: LimitOptions;
  redirects?: RedirectOptions;
  resilience?: 'standard' | ResilienceOptions;
}

/** What every client, the default one and each named one, can set. */
export interface HttpClientOptions {
  /**
   * Prepended to relative URLs. http or https.
   * @default none
   */
  baseURL?: string;
  /**
   * What no call of this client leaves, whatever `url`, `baseURL` and `allowAbsoluteUrls` it brings: the origin of the client's `baseURL`
   * (`'origin'`), or its path as well (`'path'`), which also refuses paths with `..` in them once they are decoded. An absolute URL within it
   * is called as it is. `AddressBlockedError` with the rule `outside baseURL`. Redirects are the upstream's to say, not the caller's:
   * they may lead out of it.
   * @default 'origin' with a `baseURL`; else there is nothing to leave, and it must be left out
   */
  confine?: 'origin' | 'path' | false;
  /**
   * Refuses calls to loopback, private, link-local and other special addresses (SSRF), as names resolve when a socket is opened, after
   * redirects and through proxies, to ports other than 80 and 443, and to anything but http and https: `AddressBlockedError`.
   * `true`: with its defaults. A client whose guard differs from the module's has a pool of its own. See docs/security.md.
   * @default false
   */
  guard?: boolean | GuardOptions;
  /**
   * How the client says who it is: to the origin of its `baseURL`, which it needs, and to no other. A call that brings an `Authorization` header
   * or axios's `auth` is left as it is. See docs/auth.md.
   * @default none
   */
  auth?: AuthOptions;
  /**
   * Sent with every call of this client.
   * @default none but axios's own
   */
  headers?: Readonly<Record<string, string | number | boolean>>;
  timeouts?: TimeoutOptions;
  limits?: LimitOptions;
  redirects?: RedirectOptions;
  /**
   * What to do about upstreams that fail: `'standard'`, or part by part.
   * @default nothing, but for the replacement of stale sockets
   */
  resilience?: 'standard' | ResilienceOptions;
  /**
   * Origin, as `https://api.example.com` → what differs for it. `timeouts.attemptMs` among it holds for calls that bring no
   * `timeout` of their own.
   * @default none
   */
  origins?: Readonly<Record<string, OriginOptions>>;
  pool?: PoolOptions;
  tls?: TlsOptions;
  /**
   * What errors, logs and spans do not show, besides what everybody calls a secret. A named client adds its own to the module's.
   * @default nothing more
   */
  redact?: RedactOptions;
  /**
   * What OpenTelemetry is told: nothing where no SDK is registered, or `@opentelemetry/api` is not installed. `true`: with its defaults.
   * @default true
   */
  telemetry?: boolean | TelemetryOptions;
  axios?: AxiosPassthroughOptions;
}

/** What `createTransport` takes. `timeouts.attemptMs` is left to the `timeout` of each call. */
export interface TransportOptions extends Pick<
  HttpClientOptions,
  'limits' | 'redirects' | 'pool' | 'tls' | 'guard' | 'redact'
> {
  timeouts?: Omit<TimeoutOptions, 'attemptMs'>;
  shutdown?: ShutdownOptions;
}

/** What `HttpClientModule.forRoot` takes, and what a factory given to `forRootAsync` returns. */
export interface HttpClientModuleOptions extends HttpClientOptions {
  shutdown?: ShutdownOptions;
  /**
   * Has the calls of every client end when the inbound client hangs up or its deadline passes, and tells your own services
   * of the request that they are made for. `true`: with its defaults.
   * @default false
   */
  inbound?: boolean | InboundOptions;
  /** What is written to Nest's Logger. `false`: nothing. */
  logging?: LoggingOptions | false;
}

/** What a class given to `forRootAsync({ useClass })` or `{ useExisting }` implements. */
export interface HttpClientOptionsFactory {
  createHttpClientOptions(): HttpClientModuleOptions | Promise<HttpClientModuleOptions>;
}

/** Injectable classes in the order in which they wrap a call: the first is outermost. */
export type HttpClientInterceptors = readonly Type<HttpClientInterceptor>[];

/**
 * A client of its own name, got with `@InjectHttpClient(name)`.
 *
 * `timeouts`, `limits`, `redirects`, `resilience`, `origins`, `pool`, `tls`, `guard` and `telemetry` that it leaves out come from the module. `baseURL`, `confine`,
 * `auth`, `headers`, `axios`, `interceptors` and `layers` never do: they belong to one API, and the module's `Authorization` must not travel to another.
 * Setting `pool` or `tls`, or a `guard` other than the module's, gives the client a connection pool of its own; otherwise it shares the module's.
 */
export interface NamedHttpClientOptions extends HttpClientOptions {
  /** Unique in the app. */
  name: string;
  interceptors?: HttpClientInterceptors;
  /** Layers of your own, around every call of this client. See docs/layers.md. */
  layers?: readonly CustomLayer[];
}
