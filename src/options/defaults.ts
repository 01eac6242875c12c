import { maxHeaderSize } from 'node:http';

/** The name of the client that `forRoot` makes. */
export const DEFAULT_CLIENT_NAME = 'default';

/** What a transport by itself is called, in errors and events. */
export const TRANSPORT_NAME = 'transport';

/** The values of every option that is left out. Their sources are in the options' doc comments. */
export const DEFAULTS = Object.freeze({
  timeouts: Object.freeze({
    attemptMs: 30_000,
    poolWaitMs: 5_000,
    connectMs: 5_000,
    responseMs: 10_000,
    bodyIdleMs: 10_000,
    readerIdleMs: 60_000,
  }),
  limits: Object.freeze({ maxResponseBytes: 10 * 1024 * 1024, maxHeaderBytes: maxHeaderSize }),
  redirects: Object.freeze({ max: 5, allowDowngrade: false }),
  engine: 'node:http',
  http2: false,
  pool: Object.freeze({
    maxSockets: 100,
    maxTotalSockets: 1_000,
    maxQueued: 1_000,
    maxFreeSockets: 100,
    idleMs: 4_000,
    maxAgeMs: 120_000,
    scheduling: 'lifo',
  }),
  tls: Object.freeze({}),
  redact: Object.freeze({ headers: Object.freeze([]), query: Object.freeze([]) }),
  shutdown: Object.freeze({ drainMs: 10_000 }),
  maxRuntimeClients: 1_000,
});

/** Of `auth.oauth2`. */
export const OAUTH2_DEFAULTS = Object.freeze({
  method: 'client_secret_basic',
  timeoutMs: 10_000,
  shared: false,
} as const);

/** What differs for a transport by itself, which behaves as axios where it is told nothing. */
export const AXIOS_DEFAULTS = Object.freeze({
  timeouts: Object.freeze({
    attemptMs: false,
    poolWaitMs: false,
    connectMs: false,
    responseMs: false,
    bodyIdleMs: false,
    readerIdleMs: false,
  }),
  limits: Object.freeze({ maxResponseBytes: false, maxHeaderBytes: maxHeaderSize }),
  redirects: Object.freeze({ max: 21, allowDowngrade: true }),
} as const);
