import * as v from 'valibot';

// Every message completes the sentence "<path>: expected …".

const group = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.strictObject(entries, (issue) =>
    issue.expected === 'never' ? `one of the options ${Object.keys(entries).join(', ')}` : 'an object',
  );

const positiveInteger = (what: string) => v.pipe(v.number(what), v.integer(what), v.minValue(1, what));
/** setTimeout turns a longer delay into 1 ms: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const MAX_TIMER_MS = 2 ** 31 - 1;
const duration = (what: string) => v.pipe(positiveInteger(what), v.maxValue(MAX_TIMER_MS, what));

const aDuration = `a whole number of milliseconds from 1 to ${MAX_TIMER_MS}`;
const milliseconds = duration(aDuration);
const millisecondsOrOff = v.union([duration(`${aDuration}, or false`), v.literal(false)], `${aDuration}, or false`);
const count = positiveInteger('a whole number from 1');
const countOrOff = v.union([count, v.literal(false)], 'a whole number from 1, or false');

const isHttpUrl = (value: string) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
const httpUrl = 'an absolute http or https URL';

/** Buffers, strings and arrays of them are for Node to judge; only what cannot be TLS material is refused here. */
const tlsMaterial = v.custom<never>(
  (value) => typeof value === 'string' || (typeof value === 'object' && value !== null),
  'a PEM string, a Buffer or an array of them',
);
const text = v.string('a string');

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
  Object.fromEntries(
    Object.entries(OWNED_BY_US).map(([key, home]) => [key, v.optional(v.undefined_(`to be ${home}`))]),
  ),
  v.any(),
  'an object',
);

const client = {
  baseURL: v.optional(v.pipe(v.string(httpUrl), v.check(isHttpUrl, httpUrl))),
  headers: v.optional(
    v.record(
      v.string(),
      v.union([v.string(), v.number(), v.boolean()], 'a string, a number or a boolean'),
      'an object of header names and values',
    ),
  ),
  timeouts: v.optional(
    group({
      attemptMs: v.optional(millisecondsOrOff),
      poolWaitMs: v.optional(millisecondsOrOff),
      connectMs: v.optional(millisecondsOrOff),
      responseMs: v.optional(millisecondsOrOff),
      bodyIdleMs: v.optional(millisecondsOrOff),
    }),
  ),
  limits: v.optional(group({ maxResponseBytes: v.optional(countOrOff) })),
  redirects: v.optional(group({ max: v.optional(countOrOff), allowDowngrade: v.optional(v.boolean('true or false')) })),
  pool: v.optional(
    group({
      maxSockets: v.optional(count),
      maxTotalSockets: v.optional(countOrOff),
      maxQueued: v.optional(count),
      maxFreeSockets: v.optional(count),
      idleMs: v.optional(milliseconds),
      maxAgeMs: v.optional(millisecondsOrOff),
    }),
  ),
  tls: v.optional(
    group({
      ca: v.optional(tlsMaterial),
      cert: v.optional(tlsMaterial),
      key: v.optional(tlsMaterial),
      pfx: v.optional(tlsMaterial),
      passphrase: v.optional(text),
      rejectUnauthorized: v.optional(v.boolean('true or false')),
      servername: v.optional(text),
      minVersion: v.optional(text),
      maxVersion: v.optional(text),
      ciphers: v.optional(text),
    }),
  ),
  axios: v.optional(axiosPassthrough),
};

const interceptors = v.optional(v.array(v.function('an injectable class'), 'an array of injectable classes'));

const shutdown = v.optional(group({ drainMs: v.optional(milliseconds) }));

export const moduleOptionsSchema = group({ ...client, shutdown });

const { timeouts, limits, redirects, pool, tls } = client;
export const transportSchema = group({ timeouts, limits, redirects, pool, tls, shutdown });

export const namedClientSchema = group({
  name: v.pipe(v.string('a name'), v.nonEmpty('a name')),
  ...client,
  interceptors,
});

export const interceptorsSchema = v.object({ interceptors });
