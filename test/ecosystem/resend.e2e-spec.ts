import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import axios, { type AxiosInstance, type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  getHttpClientToken,
  HttpClientModule,
  type HttpClientModuleOptions,
  HttpClients,
  runInInboundContext,
} from '../../src/index.js';
import { failureOf } from '../support/failure-of.js';
import { leaks, secret } from '../support/printed.js';
import { startProxy } from '../support/proxy.js';
import { startUpstream, type Upstream } from '../support/upstream.js';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const hang: Answer = () => {};
const ok: Answer = (response) => response.end('5');

let upstream: Upstream;
let app: INestApplicationContext | undefined;
let answer: Answer;
/** What has arrived, as far as the caller has a say in it. */
let arrived: string[];
const held = new Set<ServerResponse>();

beforeEach(async () => {
  arrived = [];
  answer = ok;
  upstream = await startUpstream((request, response) => void receive(request, response));
});

afterEach(async () => {
  for (const response of held) response.destroy();
  held.clear();
  await app?.close();
  app = undefined;
  await upstream[Symbol.asyncDispose]();
});

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const given = answer;
  const { method, url, headers } = request;
  const body = await text(request).catch(() => 'broken off');
  if (url === '/held') {
    held.add(response);
    return;
  }
  const shown = ['authorization', 'x-mine', 'content-type', 'content-length', 'x-inbound', 'x-deadline'].map(
    (name) => headers[name] ?? '-',
  );
  arrived.push([method, url, ...shown, body].join(' '));
  given(response, request);
}

async function start(options: HttpClientModuleOptions = {}): Promise<AxiosInstance> {
  const testing = await Test.createTestingModule({
    imports: [
      HttpClientModule.forRoot({ baseURL: `${upstream.url}/v1`, ...options, shutdown: { drainMs: 1 } }),
      HttpClientModule.forFeature({ name: 'own' }),
    ],
  }).compile();
  app = await testing.init();
  return app.get(getHttpClientToken());
}

const KEY = Symbol('an interceptor’s own');

interface Kept {
  again?: number;
  kept?: { by: string };
  [KEY]?: string;
}
type OwnConfig = InternalAxiosRequestConfig & Kept;

/** What people write: the failed call once more, after something has been done about it. */
function sendAgain(http: AxiosInstance, heal: () => unknown, failures: unknown[]): void {
  http.interceptors.request.use((config) => {
    const own = config as OwnConfig;
    own.kept ??= { by: 'an interceptor' };
    own[KEY] = 'a symbol';
    return own;
  });
  http.interceptors.response.use(undefined, async (error) => {
    const own = error.config as OwnConfig;
    failures.push({ code: error.code, kept: own.kept, symbol: own[KEY], again: own.again, leaks: leaks(error) });
    if (own.again) throw error;
    own.again = 1;
    own.headers['X-Mine'] = 'changed';
    await heal();
    return http(own);
  });
}

const request = (own: AxiosRequestConfig = {}): AxiosRequestConfig => ({
  method: 'put',
  url: '/items?fixed=1',
  params: { id: 7, list: ['a', 'b'], token: secret('param') },
  headers: { Authorization: `Bearer ${secret('authorization')}`, 'X-Mine': 'mine' },
  data: { reason: secret('body') },
  ...own,
});

const SENT = `PUT /v1/items?fixed=1&id=7&list%5B%5D=a&list%5B%5D=b&token=SECRET-param Bearer SECRET-authorization`;
const BODY = `application/json 24 - - {"reason":"SECRET-body"}`;

interface Failure {
  readonly what: string;
  readonly code: string;
  readonly options?: HttpClientModuleOptions;
  readonly own?: AxiosRequestConfig;
  /** How the first is answered. */
  readonly first?: Answer;
  /** @returns what makes the call possible */
  readonly arrange?: (http: AxiosInstance) => Promise<() => unknown>;
  /** The first of them never arrives. */
  readonly isRefused?: boolean;
}

const redirectTo =
  (location: string): Answer =>
  (response) =>
    response.writeHead(302, { location }).end();
const raw =
  (bytes: string): Answer =>
  (response) =>
    response.socket!.end(bytes);

const OF_EITHER_PATH: Failure[] = [
  { what: 'a status of 401', code: 'ERR_BAD_REQUEST', first: (response) => response.writeHead(401).end('no') },
  { what: 'a status of 503', code: 'ERR_BAD_RESPONSE', first: (response) => response.writeHead(503).end('no') },
  { what: 'a reset', code: 'ECONNRESET', first: (response) => response.socket!.resetAndDestroy() },
  { what: 'axios’s timeout', code: 'ECONNABORTED', own: { timeout: 300 }, first: hang },
  {
    what: 'a deadline',
    code: 'ERR_DEADLINE_EXCEEDED',
    options: { timeouts: { attemptMs: false }, resilience: { deadlineMs: 300 } },
    first: hang,
  },
  {
    what: 'a body over the call’s limit',
    code: 'ERR_BAD_RESPONSE',
    own: { maxContentLength: 10 },
    first: (response) => response.end('x'.repeat(100)),
  },
  { what: 'what is no HTTP', code: 'HPE_INVALID_CONSTANT', first: raw('what?\r\n\r\n') },
  { what: 'a redirect in a circle', code: 'ERR_FR_TOO_MANY_REDIRECTS', first: redirectTo('/v1/round') },
  {
    what: 'a body that is no JSON',
    code: 'ERR_BAD_RESPONSE',
    own: { responseType: 'json', transitional: { silentJSONParsing: false } },
    first: (response) => response.end('{"a'),
  },
];

function throughAxiosAdapter({ what, own, ...failure }: Failure): Failure {
  return {
    ...failure,
    what: `${what}, through axios’s own adapter`,
    own: { ...own, onDownloadProgress: () => {} },
  };
}

const FAILURES: Failure[] = [
  ...OF_EITHER_PATH,
  ...OF_EITHER_PATH.map(throughAxiosAdapter),
  {
    what: 'a body that is cut',
    code: 'ERR_BAD_RESPONSE',
    first: (response) => response.writeHead(200, { 'content-length': 10 }).write('x', () => response.destroy()),
  },
  {
    what: 'headers that do not come',
    code: 'ERR_RESPONSE_TIMEOUT',
    options: { timeouts: { responseMs: 300 } },
    first: hang,
  },
  {
    what: 'a silent body',
    code: 'ERR_BODY_TIMEOUT',
    options: { timeouts: { bodyIdleMs: 300 } },
    first: (response) => response.writeHead(200, { 'content-length': 10 }).write('x'),
  },
  {
    what: 'a body over the client’s limit',
    code: 'ERR_BODY_TOO_LARGE',
    options: { limits: { maxResponseBytes: 10 } },
    first: (response) => response.end('x'.repeat(100)),
  },
  {
    what: 'too many headers',
    code: 'ERR_HEADERS_TOO_LARGE',
    first: raw(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(300)}content-length: 0\r\n\r\n`),
  },
  {
    what: 'a redirect to another scheme',
    code: 'ERR_FR_REDIRECTION_FAILURE',
    first: redirectTo('gopher://a.example/'),
  },
  {
    what: 'a socket that does not become free',
    code: 'ERR_POOL_TIMEOUT',
    options: { pool: { maxSockets: 1 }, timeouts: { poolWaitMs: 50 } },
    isRefused: true,
    arrange: holding,
  },
  {
    what: 'a full queue for a socket',
    code: 'ERR_POOL_QUEUE_FULL',
    options: { pool: { maxSockets: 1, maxQueued: 0 } },
    isRefused: true,
    arrange: holding,
  },
  {
    what: 'a concurrency limit',
    code: 'ERR_CONCURRENCY_LIMIT',
    options: { resilience: { concurrency: { max: 1, maxQueued: 0 } } },
    isRefused: true,
    arrange: holding,
  },
  {
    what: 'an open circuit',
    code: 'ERR_CIRCUIT_OPEN',
    options: { resilience: { breaker: true } },
    isRefused: true,
    arrange: async () => {
      const breakers = app!.get(HttpClients).breakers();
      const { origin } = new URL(upstream.url);
      breakers.isolate(origin);
      return () => breakers.close(origin);
    },
  },
];

/** Another call has the only place. */
async function holding(http: AxiosInstance): Promise<() => unknown> {
  const other = http.get('/../held', { baseURL: upstream.url, url: '/held' });
  void other.catch(() => {});
  await expect.poll(() => held.size).toBe(1);
  return () => {
    for (const response of held) response.end();
    return other;
  };
}

describe('http(error.config) sends the same request as the first time, with what interceptors have put into it', () => {
  it.each(FAILURES)('after $what', async ({ code, options, own, first = ok, arrange, isRefused }) => {
    const http = await start(options);
    const heal = await arrange?.(http);
    const failures: unknown[] = [];
    answer = first;
    sendAgain(
      http,
      () => {
        answer = ok;
        return heal?.();
      },
      failures,
    );
    await http(request(own));
    const sent = arrived.filter((line) => !line.includes('/round'));
    expect(sent).toEqual([...(isRefused ? [] : [`${SENT} mine ${BODY}`]), `${SENT} changed ${BODY}`]);
    expect(failures).toEqual([
      { code, kept: { by: 'an interceptor' }, symbol: 'a symbol', again: undefined, leaks: [] },
    ]);
  });

  it.each<[kind: string, data: () => unknown, sent: RegExp]>([
    ['a text', () => '{"a":1}', /\{"a":1\}$/],
    ['a Buffer', () => Buffer.from('bytes'), /bytes$/],
    ['URL parameters', () => new URLSearchParams({ a: '1' }), /urlencoded.* a=1$/],
    ['a form', () => axios.toFormData({ a: 'b' }, new FormData()), /multipart.*name="a"\r\n\r\nb\r\n/s],
    ['a Blob', () => new Blob(['blob'], { type: 'text/x' }), /text\/x 4 - - blob$/],
  ])('with %s for its body', async (_kind, data, sent) => {
    const http = await start();
    answer = (response) => response.writeHead(503).end();
    sendAgain(http, () => (answer = ok), []);
    await http(request({ data: data() }));
    expect(arrived).toHaveLength(2);
    for (const line of arrived) expect(line).toMatch(sent);
  });
});

describe('what cannot be sent again', () => {
  it('says so where its body is a stream that has been read', async () => {
    const http = await start();
    const failures: { code?: string }[] = [];
    answer = (response) => response.writeHead(503).end();
    sendAgain(http, () => (answer = ok), failures);
    const error = await failureOf(http(request({ data: Readable.from(['part']) })));
    expect(error.message).toContain('the request body is a stream that was read to its end before the call');
    expect(failures.map(({ code }) => code)).toEqual(['ERR_BAD_RESPONSE', 'ERR_BODY_CONSUMED']);
    expect(arrived).toHaveLength(1);
  });

  it.each<[what: string, code: string, options: HttpClientModuleOptions, own?: () => AxiosRequestConfig]>([
    ['an address that is blocked', 'ERR_ADDRESS_BLOCKED', { guard: true }],
    ['an address outside of the base URL', 'ERR_ADDRESS_BLOCKED', {}, () => ({ url: 'http://127.0.0.1:1/items' })],
    ['a connection that is refused', 'ECONNREFUSED', { baseURL: 'http://127.0.0.1:1' }],
    ['a signal that has aborted', 'ERR_CANCELED', {}, () => ({ signal: AbortSignal.abort() })],
    ['a request body over the limit', 'ERR_BAD_REQUEST', {}, () => ({ maxBodyLength: 1 })],
    ['an address that is none', 'ERR_INVALID_URL', { baseURL: undefined }, () => ({ url: 'http://[' })],
    ['a header that cannot be sent', 'ERR_INVALID_HTTP_TOKEN', {}, () => ({ headers: { 'a b': '1' } })],
    ['a proxy that is none', 'ERR_BAD_OPTION', {}, () => ({ proxy: { protocol: 'socks5', host: 'a', port: 1 } })],
    ['a date that is none', 'ERR_BAD_REQUEST', {}, () => ({ params: { at: new Date(NaN) } })],
    [
      'a serializer of parameters that throws',
      'ERR_BAD_REQUEST',
      {},
      () => ({
        paramsSerializer: {
          serialize: () => {
            throw new Error('no');
          },
        },
      }),
    ],
  ])('fails in the same way again, and stops there: %s', async (_what, code, options, own) => {
    const http = await start(options);
    const failures: unknown[] = [];
    sendAgain(http, () => {}, failures);
    const error = await failureOf(http(request(own?.())));
    const kept = { code, kept: { by: 'an interceptor' }, symbol: 'a symbol', leaks: [] };
    // Symbols are not merged, by axios: the interceptor has put it there again.
    expect(failures).toEqual([
      { ...kept, again: undefined },
      { ...kept, again: 1 },
    ]);
    expect(axios.isAxiosError(error)).toBe(true);
    expect(error.config.method).toBe('put');
    expect(error.config.data).toEqual(expect.toSatisfy((data) => JSON.stringify(data).includes('SECRET-body')));
    expect(arrived).toEqual([]);
  });

  it('fails in the same way again once the app is closed', async () => {
    const http = await start();
    const failures: { code?: string }[] = [];
    sendAgain(http, () => {}, failures);
    await app!.close();
    const error = await failureOf(http(request()));
    expect(failures.map(({ code }) => code)).toEqual(['ERR_CLIENT_CLOSED', 'ERR_CLIENT_CLOSED']);
    expect(error.config.headers.get('authorization')).toBe('Bearer SECRET-authorization');
  });

  it('has its config where a proxy refuses the tunnel', async () => {
    await using proxy = await startProxy({ status: 407 });
    const { hostname: host, port } = new URL(proxy.url);
    const http = await start({ baseURL: 'https://a.example' });
    const failures: { code?: string }[] = [];
    sendAgain(http, () => {}, failures);
    const own = { proxy: { protocol: 'http', host, port: Number(port) } };
    const error = await failureOf(http(request(own)));
    expect(failures.map(({ code }) => code)).toEqual(['ERR_PROXY_TUNNEL', 'ERR_PROXY_TUNNEL']);
    expect(error.config).toMatchObject(own);
    expect(proxy.tunnels).toBe(2);
  });
});

describe('the config of errors and responses is the caller’s own', () => {
  const context = { headers: { 'x-inbound': 'for this request' }, deadlineMs: 5_000 };

  it('without the headers that layers add', async () => {
    const http = await start({
      inbound: {
        deadlineHeader: 'x-deadline',
        forward: { headers: ['x-inbound'], to: [new URL(upstream.url).origin] },
      },
      resilience: { retry: { max: 1, baseMs: 1 }, coalesce: true },
    });
    answer = (response) => response.writeHead(503).end('no');
    const given: InternalAxiosRequestConfig[] = [];
    http.interceptors.request.use((config) => {
      given.push(config);
      return config;
    });
    const own = request({ method: 'get', data: undefined });
    const error = await runInInboundContext(context, () => failureOf(http(own)));
    expect(arrived).toHaveLength(2);
    expect(arrived[0]).toContain('for this request');
    expect(error.config).toBe(given[0]);
    expect(error.response.config).toBe(given[0]);
    expect(error.config.headers.toJSON()).not.toHaveProperty('x-inbound');
    answer = ok;
    const response = await runInInboundContext(context, () => http(own));
    expect(response.config).toBe(given[1]);
    const outside = await http(response.config);
    expect(outside.config.headers.toJSON()).not.toHaveProperty('x-deadline');
    expect(arrived.at(-1)).toMatch(/- - - - $/);
  });

  it('for each of those who share an exchange', async () => {
    const http = await start({ resilience: { coalesce: true } });
    answer = (response) => void held.add(response);
    const bothFail = Promise.all([failureOf(http.get('/items')), failureOf(http.get('/items'))]);
    await expect.poll(() => held.size).toBe(1);
    for (const response of held) response.writeHead(503).end('no');
    const [one, other] = await bothFail;
    expect(arrived).toHaveLength(1);
    expect(one.config).not.toBe(other.config);
    for (const error of [one, other]) expect(error.response.config).toBe(error.config);
  });
});

it('a token is refreshed after any failure', async () => {
  const http = await start({ resilience: { breaker: true } });
  let token = 'old';
  http.interceptors.request.use((config) => {
    config.headers.Authorization ??= `Bearer ${token}`;
    return config;
  });
  http.interceptors.response.use(undefined, async (error) => {
    if (error.response?.status !== 401 || error.config.wasRefreshed) throw error;
    error.config.wasRefreshed = true;
    token = 'new';
    error.config.headers.Authorization = `Bearer ${token}`;
    return http(error.config);
  });
  answer = (response, { headers }) =>
    response.writeHead(headers.authorization === 'Bearer new' ? 200 : 401).end(headers.authorization);
  const { data, status } = await http.post('/items', { a: 1 }, { params: { id: 7 } });
  expect([status, data]).toEqual([200, 'Bearer new']);
  expect(arrived).toEqual([
    'POST /v1/items?id=7 Bearer old - application/json 7 - - {"a":1}',
    'POST /v1/items?id=7 Bearer new - application/json 7 - - {"a":1}',
  ]);
});
