import { LARGE, ORDER, SMALL, STREAM_BYTES } from './payloads.mjs';

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} title
 * @property {'http' | 'https' | 'h2'} scheme `h2` is https with HTTP/2
 * @property {'GET' | 'POST'} method
 * @property {string} path
 * @property {object} [body] sent as JSON
 * @property {string} [acceptEncoding]
 * @property {'json' | 'stream'} kind what to do with the answer: parse it, or count its bytes as they come
 * @property {unknown} answer what a contender has to find
 * @property {(answer: any) => boolean} isRight a check that costs next to nothing, for the measured requests
 * @property {number} concurrency
 * @property {number} requests measured, after the warm-up
 * @property {number} warmup
 * @property {readonly string[]} contenders their ids
 */

const CORE = [
  'nest-outbound-http-service',
  'nest-outbound-axios',
  'nest-outbound-undici-http-service',
  'nest-outbound-undici',
  'nest-outbound-transport',
  'nestjs-axios-http-service',
  'axios-agentkeepalive',
  'undici-pool',
  'undici-request',
  'raw-http',
  'raw-http-url',
];
const SOME = [...CORE, 'node-fetch'];
const MORE = [...SOME, 'got'];
const ALL = [...MORE, 'undici-fetch', 'ky'];
const OVER_HTTP2 = ['nest-outbound-http2', 'undici-request-http2', 'got-http2'];
/** The same client with more switched on. */
const SWITCHED_ON = ['nest-outbound-standard', 'nest-outbound-telemetry'];

/** Until what a request runs through is compiled: before about 3000 requests, they cost a multiple of what they do after. */
const WARMUP = 5_000;

const smallGet = {
  scheme: 'http',
  method: 'GET',
  path: '/small',
  kind: 'json',
  answer: SMALL,
  isRight: (answer) => answer.id === SMALL.id,
};

const largeGet = {
  ...smallGet,
  path: '/large',
  answer: LARGE,
  isRight: (answer) => answer.length === LARGE.length,
};

const orderBytes = Buffer.byteLength(JSON.stringify(ORDER));

/** @type {readonly Scenario[]} */
export const SCENARIOS = [
  {
    ...smallGet,
    name: 'small-get-1',
    title: 'small JSON GET, one at a time',
    concurrency: 1,
    requests: 3_000,
    warmup: WARMUP,
    contenders: SOME,
  },
  {
    ...smallGet,
    name: 'small-get-50',
    title: 'small JSON GET, 50 at a time',
    concurrency: 50,
    requests: 6_000,
    warmup: WARMUP,
    contenders: [...ALL, ...SWITCHED_ON, 'axios-fresh-client'],
  },
  {
    ...smallGet,
    name: 'small-get-500',
    title: 'small JSON GET, 500 at a time',
    concurrency: 500,
    requests: 6_000,
    warmup: WARMUP,
    contenders: SOME,
  },
  {
    ...smallGet,
    name: 'small-get-2000',
    title: 'small JSON GET, 2,000 at a time',
    concurrency: 2_000,
    requests: 10_000,
    warmup: WARMUP,
    contenders: SOME,
  },
  {
    name: 'post-50',
    title: 'POST of 1 KB JSON, 50 at a time',
    scheme: 'http',
    method: 'POST',
    path: '/orders',
    body: ORDER,
    kind: 'json',
    answer: { received: orderBytes },
    isRight: (answer) => answer.received === orderBytes,
    concurrency: 50,
    requests: 4_000,
    warmup: WARMUP,
    contenders: MORE,
  },
  {
    ...smallGet,
    name: 'https-get-50',
    title: 'small JSON GET over HTTPS, 50 at a time',
    scheme: 'https',
    concurrency: 50,
    requests: 4_000,
    warmup: WARMUP,
    contenders: MORE,
  },
  {
    ...smallGet,
    name: 'h2-get-50',
    title: 'small JSON GET over HTTP/2, 50 at a time',
    scheme: 'h2',
    concurrency: 50,
    requests: 4_000,
    warmup: WARMUP,
    contenders: OVER_HTTP2,
  },
  {
    ...smallGet,
    name: 'h2-get-500',
    title: 'small JSON GET over HTTP/2, 500 at a time',
    scheme: 'h2',
    concurrency: 500,
    requests: 6_000,
    warmup: WARMUP,
    contenders: OVER_HTTP2,
  },
  {
    ...largeGet,
    name: 'large-get-10',
    title: '100 KB JSON GET, 10 at a time',
    concurrency: 10,
    requests: 500,
    warmup: 800,
    contenders: SOME,
  },
  {
    ...largeGet,
    name: 'gzip-get-10',
    title: '100 KB JSON GET with gzip, 10 at a time',
    path: '/gzip',
    acceptEncoding: 'gzip',
    concurrency: 10,
    requests: 500,
    warmup: 800,
    contenders: SOME,
  },
  {
    name: 'stream-2',
    title: 'stream of 10 MB, 2 at a time',
    scheme: 'http',
    method: 'GET',
    path: '/stream',
    kind: 'stream',
    answer: STREAM_BYTES,
    isRight: (answer) => answer === STREAM_BYTES,
    concurrency: 2,
    requests: 150,
    warmup: 30,
    contenders: MORE,
  },
];

/** What `--quick` leaves. */
export const QUICK = {
  scenarios: ['small-get-50', 'https-get-50', 'stream-2'],
  contenders: [
    'nest-outbound-http-service',
    'nest-outbound-axios',
    'axios-agentkeepalive',
    'undici-request',
    'raw-http',
  ],
};

/** Opens a connection with every request, and would run out of ports: a closed one is not used again for a minute. */
export const FEW_REQUESTS = { id: 'axios-fresh-client', requests: 1_500, warmup: 1_000 };
