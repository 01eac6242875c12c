/** The name of the client that `forRoot` makes. */
export const DEFAULT_CLIENT_NAME = 'default';

/** The values of every option that is left out. Their sources are in the options' doc comments. */
export const DEFAULTS = Object.freeze({
  timeouts: Object.freeze({ attemptMs: 30_000 }),
  pool: Object.freeze({ maxSockets: 100, maxFreeSockets: 100, idleMs: 4_000, maxAgeMs: 120_000 }),
  tls: Object.freeze({}),
  shutdown: Object.freeze({ drainMs: 10_000 }),
});
