import type { ConnectionOptions } from 'node:tls';

/** Time limits for the phases of a call. Each has its own error, whose message names the option to change. */
export interface TimeoutOptions {
  /**
   * One attempt: waiting for a socket, connecting, sending, and receiving to the end of the body. With `responseType: 'stream'` it
   * ends with the response headers; `bodyIdleMs` bounds the rest.
   * This is the client's default for axios's `timeout`, which a call can override.
   * @default 30_000 milliseconds (the total timeout of .NET's standard resilience handler); `false`: no limit
   */
  attemptMs?: number | false;
  /**
   * Waiting for a socket while all sockets of the origin are in use: `PoolTimeoutError`.
   * @default 5_000 milliseconds (httpx); `false`: no limit
   */
  poolWaitMs?: number | false;
  /**
   * Opening a socket: DNS, TCP and TLS. `ConnectTimeoutError`.
   * @default 5_000 milliseconds (httpx); `false`: no limit
   */
  connectMs?: number | false;
  /**
   * Waiting for the response headers after the request is sent, and for an upstream that stops taking the request body:
   * `ResponseTimeoutError`. A request stream that yields nothing is bounded by `attemptMs` instead.
   * @default 10_000 milliseconds (.NET's attempt timeout); `false`: no limit
   */
  responseMs?: number | false;
  /**
   * Silence within a response body, streams included: `BodyTimeoutError`. The time counts only while somebody reads the body.
   * @default 10_000 milliseconds (OkHttp's read timeout); `false`: no limit
   */
  bodyIdleMs?: number | false;
  /**
   * How long a streamed response waits for its reader, counted from the last chunk that was read: `BodyUnreadError`. Without this limit, a
   * forgotten stream would keep its socket.
   * @default 60_000 milliseconds (nginx's `send_timeout`, for clients that do not read); `false`: no limit
   */
  readerIdleMs?: number | false;
}

declare module 'axios' {
  interface AxiosRequestConfig {
    /**
     * For clients of nest-outbound: time limits of this call. Those that you leave out come from the client. `attemptMs` takes precedence
     * over axios's `timeout`.
     */
    timeouts?: TimeoutOptions;
  }
}

/**
 * What carries requests on the sockets of the pool:
 * - `'node:http'`: Node's HTTP/1.1
 * - `'undici'`: that of undici, with less CPU per call. Install the optional peer `undici`, version 7 or 8. What differs is in docs/engines.md.
 */
export type EngineName = 'node:http' | 'undici';

/**
 * When HTTP/2 is used:
 * - `false`: never
 * - `true`: for https, where the upstream agrees to it (ALPN); else HTTP/1.1
 * - `'prior-knowledge'`: for https and http. An upstream that does not speak it is an error.
 */
export type Http2Option = boolean | 'prior-knowledge';

/** Limits on what a client holds in memory. */
export interface LimitOptions {
  /**
   * Maximum size of a decoded response body: `BodyTooLargeError`. It does not apply to `responseType: 'stream'`. The `maxContentLength` of a
   * call overrides it.
   * @default 10_485_760 bytes; `false`: no limit
   */
  maxResponseBytes?: number | false;
  /**
   * Maximum size of the status line and headers of a response, and of the trailers after its body: `HeadersTooLargeError`.
   * @default 16_384 bytes, or what Node was started with (`--max-http-header-size`)
   */
  maxHeaderBytes?: number;
}

/** Which redirects a client follows. Credentials never leave the origin they were meant for. */
export interface RedirectOptions {
  /**
   * Redirects that one call follows. The `maxRedirects` of a call overrides it. `false`: follow none, return the redirect as the response.
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
   * Open sockets for one origin. Further calls wait.
   * @default 100 (as httpx)
   */
  maxSockets?: number;
  /**
   * Open sockets for all origins together, idle ones included. When the limit is reached, an idle socket is closed for a new one, or the call waits.
   * From 10 on, a tenth is reserved for origins that have no socket, so one origin gets nine tenths at most.
   * @default 1_000, or more if `maxSockets` needs it (a process can often open only 1_024 files); `false`: no limit
   */
  maxTotalSockets?: number | false;
  /**
   * Calls that can wait for a socket of one origin. One more fails with `PoolQueueFullError`. 0: no call waits.
   * @default 1_000
   */
  maxQueued?: number;
  /**
   * Idle sockets that are kept for one origin.
   * @default the value of `maxSockets`
   */
  maxFreeSockets?: number;
  /**
   * Idle time after which a socket is closed. If a server announces a shorter time (`Keep-Alive: timeout=5`), that counts, minus one second
   * for the close to arrive (RFC 9112 §9.3).
   * @default 4_000 milliseconds (agentkeepalive)
   */
  idleMs?: number;
  /**
   * Maximum age of a socket, so that the client follows DNS changes. It varies by ±10 % per socket, so that they do not all reconnect at
   * once. A socket is closed between calls, never during one.
   * @default 120_000 milliseconds (.NET's PooledConnectionLifetime guidance); `false`: no limit
   */
  maxAgeMs?: number | false;
  /**
   * Which idle socket the next call gets: the one used last (`'lifo'`), or the one used longest ago (`'fifo'`). `'fifo'` spreads calls over all open
   * sockets, and so over the servers behind a load balancer that assigns connections. `'lifo'` lets a pool shrink and meets fewer sockets that the server
   * has just closed.
   * @default 'lifo' (Node's default). See docs/load-balancing.md for the measurements
   */
  scheduling?: 'lifo' | 'fifo';
}

/** Paths of files or symlinks, absolute or relative to the working directory. Options can share a file. */
export interface TlsFiles {
  /**
   * Certificates of the authorities to trust, in PEM. They replace Node's own, as `ca` does.
   * @default none
   */
  ca?: string;
  /**
   * The client's certificate in PEM, then its intermediate certificates.
   * @default none
   */
  cert?: string;
  /**
   * The private key of `cert`, in PEM.
   * @default none
   */
  key?: string;
  /**
   * Certificate and key in PKCS #12.
   * @default none
   */
  pfx?: string;
}

/** How files are watched. */
export interface TlsWatchOptions {
  /**
   * Time between two reads of the files.
   * @default 10_000 milliseconds (Kubernetes takes up to a minute to update a secret)
   */
  intervalMs?: number;
}

/** TLS settings of every HTTPS socket of the pool, as Node's `tls.connect` takes them. */
export interface TlsOptions {
  /**
   * Certificates of the authorities (CA) to trust, in PEM. They replace Node's own.
   * @default Node's, and those in `NODE_EXTRA_CA_CERTS`
   */
  ca?: ConnectionOptions['ca'];
  /**
   * The client's certificate chain in PEM, for mutual TLS.
   * @default none
   */
  cert?: ConnectionOptions['cert'];
  /**
   * The private key of `cert`, in PEM.
   * @default none
   */
  key?: ConnectionOptions['key'];
  /**
   * Certificate and key in one PKCS#12 file, in place of `cert` and `key`.
   * @default none
   */
  pfx?: ConnectionOptions['pfx'];
  /**
   * The passphrase of `key` or `pfx`.
   * @default none
   */
  passphrase?: ConnectionOptions['passphrase'];
  /**
   * Whether a connection fails if the server's certificate cannot be verified. `false` accepts any server: use it in tests only.
   * @default Node's: true
   */
  rejectUnauthorized?: ConnectionOptions['rejectUnauthorized'];
  /**
   * The name to send (SNI) and to verify the certificate with.
   * @default the host of the URL
   */
  servername?: ConnectionOptions['servername'];
  /**
   * Lowest TLS version, such as `'TLSv1.3'`.
   * @default Node's
   */
  minVersion?: ConnectionOptions['minVersion'];
  /**
   * Highest TLS version.
   * @default Node's
   */
  maxVersion?: ConnectionOptions['maxVersion'];
  /**
   * Cipher suites, as OpenSSL writes them.
   * @default Node's
   */
  ciphers?: ConnectionOptions['ciphers'];
  /**
   * Files with `ca`, `cert`, `key` and `pfx`. They are read when the pool is opened; an unusable file stops the start.
   * @default none
   */
  files?: TlsFiles;
  /**
   * Follows the rotation of `files`: new sockets use the new certificates, sockets in use finish their response, idle sockets are closed.
   * Unusable files change nothing; the log and the event `tls:reload` report them. `true`: with the defaults.
   * @default false
   */
  watch?: boolean | TlsWatchOptions;
}

/** What happens to calls in flight when the app shuts down. */
export interface ShutdownOptions {
  /**
   * How long calls can take to finish, counted from `onModuleDestroy`, through `onApplicationShutdown`. Calls that are left then fail with
   * `ClientClosedError`. Keep it below the grace period of whatever stops the process.
   * @default 10_000 milliseconds (Kubernetes kills a pod after 30 s)
   */
  drainMs?: number;
}
