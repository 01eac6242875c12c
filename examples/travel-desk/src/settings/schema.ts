import * as v from 'valibot';
import { BehaviourSchema } from '../monitor/monitor.dto.js';
import { DEFAULT_ENDPOINTS } from './default-endpoints.js';

const whole = (min: number, max: number, what = 'a whole number') => {
  const expected = `expected ${what} from ${min} to ${max}`;
  return v.pipe(v.number(expected), v.integer(expected), v.minValue(min, expected), v.maxValue(max, expected));
};

const port = whole(0, 65_535, 'a port');

const MAX_ENDPOINTS = 500;
const ID_EXPECTED = 'expected letters, digits and dashes';
const URL_EXPECTED = 'expected an absolute http or https URL';

const REDIS_URL_EXPECTED = 'expected a URL as redis://host:6379, or rediss: for TLS';

const endpoint = v.union(
  [
    v.strictObject({
      id: v.pipe(v.string(ID_EXPECTED), v.regex(/^[\w-]{1,64}$/, ID_EXPECTED)),
      behaviour: BehaviourSchema,
    }),
    v.strictObject({
      id: v.pipe(v.string(ID_EXPECTED), v.regex(/^[\w-]{1,64}$/, ID_EXPECTED)),
      url: v.pipe(v.string(URL_EXPECTED), v.url(URL_EXPECTED), v.regex(/^https?:/i, URL_EXPECTED)),
    }),
  ],
  'expected { id, url }, or { id, behaviour } for one that is embedded',
);

const monitor = v.strictObject({
  /** From the beginning of one round to that of the next. */
  intervalMs: v.optional(whole(50, 86_400_000), 10_000),
  /** The most that a ping waits at the beginning of its round, so that not all are sent at once. Left out: a fifth of it, 2 s at most. */
  jitterMs: v.optional(whole(0, 86_400_000)),
  /** An endpoint that takes longer to answer is degraded. */
  slowMs: v.optional(whole(1, 600_000), 500),
  /** Pings that are kept of each endpoint. */
  historySize: v.optional(whole(1, 10_000), 60),
  /** Sockets open at once, to all endpoints together. */
  maxSockets: v.optional(whole(1, 10_000), 50),
  /** Endpoints in a slice, which one process pings at a time. Matters with `redisUrl` only. */
  sliceSize: v.optional(whole(1, MAX_ENDPOINTS), 50),
  endpoints: v.optional(
    v.pipe(
      v.array(endpoint),
      v.maxLength(MAX_ENDPOINTS, `expected at most ${MAX_ENDPOINTS}`),
      v.check((list) => new Set(list.map(({ id }) => id)).size === list.length, 'expected every id once'),
    ),
    DEFAULT_ENDPOINTS,
  ),
});

const defaultJitterMs = ({ intervalMs }: { readonly intervalMs: number }) => Math.min(intervalMs / 5, 2_000);

const fares = v.strictObject({
  /** For a search: all airlines together. */
  deadlineMs: v.optional(whole(1, 60_000), 2_000),
  /** For a request: longer than `deadlineMs` is as long as that. */
  attemptMs: v.optional(whole(1, 60_000), 1_500),
  /** Sockets open at once, to all airlines together; each gets the same share. */
  maxSockets: v.optional(whole(8, 10_000), 48),
});

/** What differs from one run to another. */
export const SettingsSchema = v.strictObject({
  host: v.optional(v.pipe(v.string(), v.ip('expected an IP address')), '127.0.0.1'),
  /** Names that people open the page by, besides localhost and addresses: pages of others may not press its buttons. */
  publicHosts: v.optional(v.array(v.pipe(v.string(), v.nonEmpty(), v.toLowerCase())), []),
  /** Where the app listens. 0: any free port. */
  port: v.optional(port, 8_000),
  /** Where the embedded upstream of /call-external and /call-many listens. 0: any free port. */
  upstreamPort: v.optional(port, 8_001),
  /** Ports that /call-external may call; false: any. Left out: 80, 443 and `upstreamPort`; any where that is 0. */
  allowedPorts: v.optional(v.union([v.literal(false), v.array(port)], 'expected a list of ports, or false')),
  /** How long a call of the default client may take. */
  attemptMs: v.optional(whole(1, 600_000), 3_000),
  /** What carries the requests of all clients. */
  engine: v.optional(v.picklist(['node:http', 'undici'], 'expected node:http or undici'), 'node:http'),
  /** How the embedded upstreams behave: the same seed, the same flights and latencies. */
  seed: v.optional(whole(0, 2 ** 32 - 1), 1),
  /** The Redis by which several processes share the monitor. Left out: this process pings alone. */
  redisUrl: v.optional(
    v.pipe(v.string(REDIS_URL_EXPECTED), v.url(REDIS_URL_EXPECTED), v.regex(/^rediss?:/i, REDIS_URL_EXPECTED)),
  ),
  monitor: v.optional(
    v.pipe(
      monitor,
      v.forward(
        v.check(({ jitterMs = 0, intervalMs }) => jitterMs < intervalMs, 'expected less than intervalMs'),
        ['jitterMs'],
      ),
      v.transform(({ jitterMs, ...rest }) => ({ ...rest, jitterMs: jitterMs ?? defaultJitterMs(rest) })),
    ),
    {},
  ),
  fares: v.optional(fares, {}),
});
export type Settings = v.InferOutput<typeof SettingsSchema>;
export type SettingsInput = v.InferInput<typeof SettingsSchema>;
