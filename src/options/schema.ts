import type { LogLevel } from '@nestjs/common';
import * as v from 'valibot';
import { withoutPrototype } from '../base/prototype-pollution.js';
import { LAYER_NAMES } from '../layers/order.js';
import { auth } from './schema-auth.js';
import type { EngineName } from './transport-options.js';
import {
  addresses,
  cache,
  callCache,
  callResilience,
  confine,
  count,
  countOrOff,
  flag,
  group,
  headerName,
  httpUrl,
  isHttpUrl,
  guard,
  milliseconds,
  millisecondsOrOff,
  offOr,
  queueLength,
  resilience,
  scheduling,
  text,
  toggle,
} from './schema-parts.js';

/** Buffers, strings and arrays of them are for Node to judge; only what cannot be TLS material is refused here. */
const tlsMaterial = v.custom<never>(
  (value) => typeof value === 'string' || (typeof value === 'object' && value !== null),
  'a PEM string, a Buffer or an array of them',
);

const path = v.optional(v.pipe(v.string('a path'), v.nonEmpty('a path')));

/** Options of axios that have a home of their own here, and where that is. */
const OWNED_BY_US: Readonly<Record<string, string>> = {
  adapter: 'left out (the client brings its own)',
  baseURL: 'set as baseURL, beside axios',
  headers: 'set as headers, beside axios',
  httpAgent: 'left out: use pool',
  httpsAgent: 'left out: use pool and tls',
  timeout: 'set as timeouts.attemptMs',
};

const axiosPassthrough = v.objectWithRest(
  withoutPrototype(
    Object.fromEntries(
      Object.entries(OWNED_BY_US).map(([key, home]) => [key, v.optional(v.undefined_(`to be ${home}`))]),
    ),
  ),
  v.any(),
  'an object',
);

/** Nest's. */
const LOG_LEVELS = ['verbose', 'debug', 'log', 'warn', 'error', 'fatal'] as const satisfies LogLevel[];

const isOrigin = (value: string) => isHttpUrl(value) && new URL(value).origin === value;
const anOrigin = "an origin, as 'https://api.example.com'";
const origin = v.pipe(v.string(anOrigin), v.check(isOrigin, anOrigin));

/** RFC 9110 §5.6.2. */
const headerNames = v.array(headerName('the name of a header'), 'an array of header names');

/** What may differ from one origin to another. */
const settings = {
  timeouts: v.optional(
    group({
      attemptMs: v.optional(millisecondsOrOff),
      poolWaitMs: v.optional(millisecondsOrOff),
      connectMs: v.optional(millisecondsOrOff),
      responseMs: v.optional(millisecondsOrOff),
      bodyIdleMs: v.optional(millisecondsOrOff),
      readerIdleMs: v.optional(millisecondsOrOff),
    }),
  ),
  limits: v.optional(group({ maxResponseBytes: v.optional(countOrOff), maxHeaderBytes: v.optional(count) })),
  redirects: v.optional(group({ max: v.optional(countOrOff), allowDowngrade: v.optional(flag) })),
  engine: v.optional(v.picklist(['node:http', 'undici'] satisfies EngineName[], "'node:http' or 'undici'")),
  http2: v.optional(v.union([v.boolean(), v.literal('prior-knowledge')], "true, false or 'prior-knowledge'")),
  resilience,
  cache,
};

const ofOrigin = { ...settings, pool: v.optional(group({ scheduling })), addresses };

const telemetry = toggle({
  tracing: v.optional(flag),
  metrics: v.optional(flag),
  propagate: v.optional(
    v.lazy((input) => (typeof input === 'boolean' ? flag : v.array(origin, 'true, false or an array of origins'))),
  ),
});

const client = {
  baseURL: v.optional(httpUrl),
  confine,
  guard,
  auth,
  headers: v.optional(
    v.record(
      v.string(),
      v.union([v.string(), v.number(), v.boolean()], 'a string, a number or a boolean'),
      'an object of header names and values',
    ),
  ),
  ...settings,
  origins: v.optional(v.record(origin, group(ofOrigin), 'an object of origins and their options')),
  pool: v.optional(
    group({
      maxSockets: v.optional(count),
      maxTotalSockets: v.optional(countOrOff),
      maxQueued: v.optional(queueLength),
      maxFreeSockets: v.optional(count),
      idleMs: v.optional(milliseconds),
      maxAgeMs: v.optional(millisecondsOrOff),
      scheduling,
    }),
  ),
  tls: v.optional(
    group({
      ca: v.optional(tlsMaterial),
      cert: v.optional(tlsMaterial),
      key: v.optional(tlsMaterial),
      pfx: v.optional(tlsMaterial),
      passphrase: v.optional(text),
      rejectUnauthorized: v.optional(flag),
      servername: v.optional(text),
      minVersion: v.optional(text),
      maxVersion: v.optional(text),
      ciphers: v.optional(text),
      files: v.optional(group({ ca: path, cert: path, key: path, pfx: path }, 'an object of paths')),
      watch: toggle({ intervalMs: v.optional(milliseconds) }),
    }),
  ),
  redact: v.optional(
    group({ headers: v.optional(headerNames), query: v.optional(v.array(text, 'an array of names')) }),
  ),
  telemetry,
  axios: v.optional(axiosPassthrough),
};

const interceptors = v.optional(v.array(v.function('an injectable class'), 'an array of injectable classes'));

const layerName = v.picklist(LAYER_NAMES, `one of ${LAYER_NAMES.join(', ')}`);
const layerFunction = v.function('a layer, or a class that has a method wrap');
const layer = v.lazy((input) => {
  if (typeof input !== 'object' || input === null) return layerFunction;
  return 'after' in input
    ? group({ use: layerFunction, after: layerName })
    : group({ use: layerFunction, before: layerName });
});
const layers = v.optional(v.array(layer, 'an array of layers'));

const apis = v.optional(v.array(v.function('a class that extends HttpApi(…)'), 'an array of classes'));

const shutdown = v.optional(group({ drainMs: v.optional(milliseconds) }));

const aHeaderNameOrOff = 'the name of a header, or false';
/** Headers of one connection, or of one message: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const HOP_BY_HOP = /^(connection|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|content-.*|expect)$/i;
const aForwardable = 'the name of a header that is not of one connection or message';
const forwardable = v.pipe(
  headerName(aForwardable),
  v.check((name) => !HOP_BY_HOP.test(name), aForwardable),
);
const inbound = toggle({
  deadlineHeader: v.optional(v.union([headerName(aHeaderNameOrOff), v.literal(false)], aHeaderNameOrOff)),
  forward: v.optional(
    group({
      headers: v.optional(v.array(forwardable, 'an array of header names')),
      to: v.array(origin, 'an array of origins'),
    }),
  ),
});

const level = (what: string, ...off: [] | [v.GenericSchema]) => v.union([v.picklist(LOG_LEVELS), ...off], what);
const aLevel = `one of ${LOG_LEVELS.join(', ')}`;
const levelOrOff = level(`${aLevel}, or false`, v.literal(false));
const logging = offOr(
  {
    failedCalls: v.optional(levelOrOff),
    clientErrors: v.optional(levelOrOff),
    slowCalls: offOr({ afterMs: milliseconds, level: v.optional(level(aLevel)) }, 'an object, or false'),
    cacheDecisions: v.optional(levelOrOff),
    repeatAfterMs: v.optional(millisecondsOrOff),
    lifecycle: v.optional(levelOrOff),
  },
  'an object, or false',
);

const shared = v.custom<never>(
  (value) => typeof (value as { open?: unknown } | null)?.open === 'function',
  'what redisShared of nest-outbound/redis returns',
);

export const moduleOptionsSchema = group({
  ...client,
  shared: v.optional(shared),
  shutdown,
  inbound,
  logging,
  adopt: v.optional(v.boolean('a boolean')),
  maxRuntimeClients: v.optional(count),
});

const { timeouts, limits, redirects, engine, http2, pool, tls, redact } = client;
export const transportSchema = group({
  timeouts,
  limits,
  redirects,
  engine,
  http2,
  pool,
  tls,
  guard,
  redact,
  shutdown,
});

const name = v.pipe(v.string('a name'), v.nonEmpty('a name'));

export const namedClientSchema = group({ name, ...client, interceptors, layers, apis });

const anInterceptor = 'an object with onRequest, onResponse or onError, or a class of such that the app provides';
const isInterceptor = (value: unknown) =>
  typeof value === 'object' &&
  value !== null &&
  ['onRequest', 'onResponse', 'onError'].some((method) => typeof (value as never)[method] === 'function');

export const runtimeClientSchema = group({
  name,
  ...client,
  interceptors: v.optional(
    v.array(v.union([v.function(), v.custom(isInterceptor)], anInterceptor), 'an array of interceptors'),
  ),
  layers,
  apis,
});

/** Of `HttpClients.close`. */
export const closeSchema = group({ drainMs: v.optional(milliseconds) });

export const extrasSchema = v.object(withoutPrototype({ interceptors, layers }));

/** What a single call may set, by the names that it sets it by. */
export const callSchema = group({ timeouts, resilience: v.optional(callResilience), cache: callCache });
