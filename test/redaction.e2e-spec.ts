import { HttpService } from '@nestjs/axios';
import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { firstValueFrom } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  getHttpClientToken,
  HttpClientModule,
  type HttpClientModuleOptions,
  HttpClients,
  runInInboundContext,
} from '../src/index.js';
import { CERTIFICATE } from './support/certificates.js';
import { leaks, secret } from './support/printed.js';
import { startProxy } from './support/proxy.js';
import { type RawUpstream, startRawUpstream } from './support/raw-upstream.js';
import { startUpstream, type Upstream } from './support/upstream.js';

let upstream: Upstream;
let secure: Upstream;
let raw: RawUpstream;
let app: INestApplicationContext | undefined;

/** Answers by the first part of the path, with secrets wherever an answer can have them. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const [, route, argument] = new URL(request.url!, 'http://upstream').pathname.replace(/;.*/, '').split('/');
  const headers = {
    'set-cookie': [`sid=${secret('set-cookie')}; HttpOnly`, `other=${secret('set-cookie-2')}`],
    'x-own-secret': secret('response-header'),
    'x-plain': secret('plain-response-header'),
  };
  const body = JSON.stringify({ card: secret('response-body') });
  if (route === 'held') return;
  request.resume();
  if (route === 'reset') request.socket.resetAndDestroy();
  else if (route === 'redirect') {
    const locations: Record<string, string> = {
      same: `/redirect/same?token=${secret('location-query')}`,
      scheme: `gopher://user:${secret('location-userinfo')}@127.0.0.1/?token=${secret('location-query')}`,
      invalid: `http://user:${secret('location-userinfo')}@[/?token=${secret('location-query')}`,
      refused: `http://user:${secret('location-userinfo')}@127.0.0.1:1/?code=${secret('location-query')}`,
    };
    response.writeHead(302, { ...headers, location: locations[argument!]! }).end(body);
  } else if (route === 'json') response.writeHead(200, headers).end(`${secret('broken-json')} {"a"`);
  else if (route === 'gzip') response.writeHead(200, { ...headers, 'content-encoding': 'gzip' }).end(body);
  else if (route === 'half') response.writeHead(200, { ...headers, 'content-length': 1_000 }).write(body);
  else if (route === 'cut') response.writeHead(200, headers).write(body, () => response.destroy());
  else response.writeHead(Number(argument ?? 503), headers).end(body);
}

beforeAll(async () => {
  upstream = await startUpstream(answer);
  secure = await startUpstream(answer, CERTIFICATE);
  raw = await startRawUpstream((socket) => {
    const headers = `set-cookie: sid=${secret('raw-set-cookie')}\r\nx-token: ${secret('raw-token')}\r\n`;
    socket.end(`HTTP/1.1 200 OK\r\n${headers}bad header ${secret('raw-header')}\r\n\r\n${secret('raw-body')}`);
  });
});

afterEach(async () => {
  await app?.close();
  app = undefined;
});

afterAll(async () => {
  await upstream[Symbol.asyncDispose]();
  await secure[Symbol.asyncDispose]();
  await raw[Symbol.asyncDispose]();
});

async function start(options: HttpClientModuleOptions = {}): Promise<AxiosInstance> {
  const testing = await Test.createTestingModule({
    imports: [
      HttpClientModule.forRoot({
        headers: { 'x-client-key': secret('client-header') },
        axios: { auth: { username: secret('client-user'), password: secret('client-password') } },
        ...options,
        tls: { passphrase: secret('passphrase'), ...options.tls },
        shutdown: { drainMs: 1 },
      }),
    ],
  }).compile();
  app = await testing.init();
  return app.get(getHttpClientToken());
}

/** An address with secrets wherever one can have them. */
function address(base: string, path: string): string {
  const { protocol, host } = new URL(base);
  const query = [
    `token=${secret('query')}`,
    'page=2',
    `X-Amz-Signature=${secret('amz')}`,
    `X-Goog-Signature=${secret('goog')}`,
    `back=${encodeURIComponent(`https://u:${secret('nested-userinfo')}@b.example/?code=${secret('nested-code')}`)}`,
  ].join('&');
  return `${protocol}//${secret('user')}:${secret('userinfo')}@${host}${path};jsessionid=${secret('path-param')}?${query}#access_token=${secret('fragment')}`;
}

/** Secrets wherever a config can have them. */
const config = (own: AxiosRequestConfig = {}): AxiosRequestConfig => ({
  headers: {
    AUTHORIZATION: `Bearer ${secret('authorization')}`,
    cOOkie: `sid=${secret('cookie')}`,
    'Proxy-Authorization': `Basic ${secret('proxy-authorization')}`,
    'X-Api-Key': secret('api-key'),
    'x-hub-signature-256': secret('signature'),
    'x-plain': secret('plain-header'),
  },
  params: { api_key: secret('param'), filter: { password: secret('nested-param') }, list: [secret('list')] },
  ...own,
});

interface Failure {
  readonly what: string;
  /** The code or the name of the error. */
  readonly is: string | RegExp;
  readonly options?: HttpClientModuleOptions;
  /** Fails. */
  readonly call: (http: AxiosInstance) => Promise<unknown>;
}

const get = (path: string, own?: AxiosRequestConfig) => (http: AxiosInstance) =>
  http.get(address(upstream.url, path), config(own));
const post = (path: string, data: () => unknown, own?: AxiosRequestConfig) => (http: AxiosInstance) =>
  http.post(address(upstream.url, path), data(), config(own));
const throwing = (text: string) => () => {
  throw new Error(text);
};
const proxy = (port: number) => ({
  protocol: 'http',
  host: '127.0.0.1',
  port,
  auth: { username: secret('proxy-user'), password: secret('proxy-password') },
});

const form = () => {
  const data = new FormData();
  data.append('card', secret('form'));
  return data;
};

const BODIES: Record<string, () => unknown> = {
  text: () => secret('body'),
  'an object': () => ({ card: secret('body') }),
  'a Buffer': () => Buffer.from(secret('body')),
  'URL parameters': () => new URLSearchParams({ card: secret('body') }),
  'a form': form,
  'a stream': () => Readable.from([secret('body')]),
  'a Blob': () => new Blob([secret('body')]),
};

const STATUS: Failure[] = [
  ...(['json', 'text', 'arraybuffer', 'stream'] as const).map((responseType) => ({
    what: `a refused status, ${responseType}`,
    is: 'ERR_BAD_RESPONSE',
    call: get('/status/503', { responseType }),
  })),
  ...Object.entries(BODIES).map(([kind, data]) => ({
    what: `a refused status for ${kind}`,
    is: 'ERR_BAD_REQUEST',
    call: post('/status/400', data),
  })),
  ...Object.entries(BODIES).map(([kind, data]) => ({
    what: `a reset while sending ${kind}`,
    is: /^(ECONNRESET|EPIPE)$/,
    call: post('/reset', data),
  })),
  {
    what: 'a refused status through axios’s own adapter',
    is: 'ERR_BAD_RESPONSE',
    call: get('/status/503', { onDownloadProgress: () => {} }),
  },
  {
    what: 'a thrown answer of HttpService',
    is: 'ERR_BAD_RESPONSE',
    call: () => firstValueFrom(app!.get(HttpService).get(address(upstream.url, '/status/500'), config())),
  },
];

const CONNECTION: Failure[] = [
  {
    what: 'a refused connection',
    is: 'ECONNREFUSED',
    call: (http) => http.get(address('http://127.0.0.1:1', '/'), config()),
  },
  {
    what: 'a connection refused on both of a name’s addresses',
    is: 'ECONNREFUSED',
    call: (http) => http.get(address('http://localhost:1', '/'), config()),
  },
  {
    what: 'a connection refused through axios’s own adapter',
    is: 'ECONNREFUSED',
    call: (http) => http.post(address('http://127.0.0.1:1', '/'), form(), config()),
  },
  {
    what: 'a name that does not resolve',
    is: /^(ENOTFOUND|EAI_AGAIN)$/,
    call: (http) => http.get(address('http://nowhere.invalid', '/'), config()),
  },
  {
    what: 'what is no HTTP',
    is: /^HPE_/,
    call: (http) => http.get(address(raw.url, '/'), config()),
  },
  {
    what: 'what is no HTTP, through axios’s own adapter',
    is: /^HPE_/,
    call: (http) => http.get(address(raw.url, '/'), config({ onDownloadProgress: () => {} })),
  },
  {
    what: 'a certificate that nobody knows',
    is: /CERT|SELF_SIGNED|UNABLE/,
    call: (http) => http.get(address(secure.url, '/'), config()),
  },
  {
    what: 'a certificate that nobody knows, through axios’s own adapter',
    is: /CERT|SELF_SIGNED|UNABLE/,
    call: (http) => http.post(address(secure.url, '/'), form(), config()),
  },
  {
    what: 'a key that the passphrase does not open',
    is: /./,
    options: { tls: { key: `-----BEGIN PRIVATE KEY-----\n${secret('tls-key')}\n-----END PRIVATE KEY-----` } },
    call: (http) => http.get(address(secure.url, '/'), config()),
  },
];

const PROXIES: Failure[] = [
  {
    what: 'a proxy that refuses the connection',
    is: 'ECONNREFUSED',
    call: (http) => http.get(address(upstream.url, '/'), config({ proxy: proxy(1) })),
  },
  {
    what: 'a proxy that refuses the connection for a tunnel',
    is: 'ECONNREFUSED',
    call: (http) => http.get(address(secure.url, '/'), config({ proxy: proxy(1) })),
  },
  {
    what: 'a proxy that refuses the tunnel',
    is: /./,
    call: async (http) => {
      await using refusing = await startProxy({ status: 407 });
      return await http.get(address(secure.url, '/'), config({ proxy: proxy(Number(new URL(refusing.url).port)) }));
    },
  },
  {
    what: 'a proxy that speaks no HTTP',
    is: /./,
    call: (http) => http.get(address(secure.url, '/'), config({ proxy: proxy(Number(new URL(raw.url).port)) })),
  },
];

const LIMITS: Failure[] = [
  { what: 'an attempt that takes too long', is: 'ECONNABORTED', call: get('/held', { timeout: 20 }) },
  {
    what: 'response headers that do not come',
    is: 'ERR_RESPONSE_TIMEOUT',
    options: { timeouts: { responseMs: 20 } },
    call: get('/held'),
  },
  {
    what: 'a body that falls silent',
    is: 'ERR_BODY_TIMEOUT',
    options: { timeouts: { bodyIdleMs: 20 } },
    call: get('/half'),
  },
  {
    what: 'a connection that takes too long',
    is: 'ERR_CONNECT_TIMEOUT',
    options: { timeouts: { connectMs: 20 } },
    call: async (http) => {
      await using silent = await startRawUpstream(() => {});
      return await http.get(address(silent.url.replace('http', 'https'), '/'), config());
    },
  },
  {
    what: 'a socket that does not become free',
    is: 'ERR_POOL_TIMEOUT',
    options: { pool: { maxSockets: 1 }, timeouts: { poolWaitMs: 20 } },
    call: async (http) => {
      void get('/held')(http).catch(() => {});
      return get('/held')(http);
    },
  },
  {
    what: 'a full queue for a socket',
    is: 'ERR_POOL_QUEUE_FULL',
    options: { pool: { maxSockets: 1, maxQueued: 1 } },
    call: async (http) => {
      for (let n = 0; n < 2; n++) void get('/held')(http).catch(() => {});
      return get('/held')(http);
    },
  },
  {
    what: 'a deadline',
    is: 'ERR_DEADLINE_EXCEEDED',
    options: { timeouts: { attemptMs: false }, resilience: { deadlineMs: 40 } },
    call: get('/held'),
  },
  {
    what: 'an open circuit',
    is: 'ERR_CIRCUIT_OPEN',
    options: { resilience: { breaker: true } },
    call: (http) => {
      app!.get(HttpClients).breakers().isolate(new URL(upstream.url).origin);
      return get('/')(http);
    },
  },
  {
    what: 'a rate limit',
    is: 'ERR_RATE_LIMIT',
    options: {
      resilience: { rateLimit: { max: 1 }, deadlineMs: 500 },
      timeouts: { attemptMs: false },
    },
    call: async (http) => {
      for (let n = 0; n < 3; n++) await get('/status/200')(http);
    },
  },
  {
    what: 'a concurrency limit',
    is: 'ERR_CONCURRENCY_LIMIT',
    options: { resilience: { concurrency: { max: 1, maxQueued: 1 } } },
    call: async (http) => {
      for (let n = 0; n < 2; n++) void get('/held')(http).catch(() => {});
      return get('/held')(http);
    },
  },
  {
    what: 'a call after the app was closed',
    is: 'ERR_CLIENT_CLOSED',
    call: async (http) => {
      await app!.close();
      return get('/')(http);
    },
  },
  {
    what: 'a call that the app’s end cuts off',
    is: 'ERR_CLIENT_CLOSED',
    call: async (http) => {
      const arrived = once(upstream.server, 'request');
      const result = get('/held')(http);
      result.catch(() => {});
      await arrived;
      await app!.close();
      return result;
    },
  },
  {
    what: 'a body that is too large',
    is: 'ERR_BODY_TOO_LARGE',
    options: { limits: { maxResponseBytes: 5 } },
    call: get('/status/200'),
  },
  {
    what: 'a body that is larger than the call allows',
    is: 'ERR_BAD_RESPONSE',
    call: get('/status/200', { maxContentLength: 5 }),
  },
  {
    what: 'a request body that is too large',
    is: 'ERR_BAD_REQUEST',
    call: post('/', BODIES['text']!, { maxBodyLength: 5 }),
  },
];

const CANCELLED: Failure[] = [
  {
    what: 'a signal that has aborted',
    is: 'ERR_CANCELED',
    call: (http) => get('/', { signal: AbortSignal.abort(new Error(secret('reason'))) })(http),
  },
  {
    what: 'a signal that aborts',
    is: 'ERR_CANCELED',
    call: (http) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort({ why: secret('reason') }), 20);
      return get('/held', { signal: controller.signal })(http);
    },
  },
  {
    what: 'a signal that aborts an upload through axios’s own adapter',
    is: 'ERR_CANCELED',
    call: (http) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error(secret('reason'))), 20);
      return post('/held', form, { signal: controller.signal })(http);
    },
  },
  {
    what: 'a call that is cancelled while it waits',
    is: 'ERR_CANCELED',
    options: { resilience: { concurrency: { max: 1, maxQueued: 5 } } },
    call: (http) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error(secret('reason'))), 20);
      void get('/held')(http).catch(() => {});
      return get('/held', { signal: controller.signal })(http);
    },
  },
  {
    what: 'a cancel token, with a URL for its message',
    is: 'ERR_CANCELED',
    call: (http) => {
      const { token, cancel } = axios.CancelToken.source();
      setTimeout(() => cancel(`no more of ${address(upstream.url, '/held')}`), 20);
      return get('/held', { cancelToken: token })(http);
    },
  },
  {
    what: 'an inbound request that is over',
    is: /^(ERR_CANCELED|ERR_DEADLINE_EXCEEDED)$/,
    options: { inbound: true },
    call: (http) => runInInboundContext({ deadlineMs: 20 }, () => get('/held')(http)),
  },
  {
    what: 'an inbound client that is gone',
    is: 'ERR_CANCELED',
    options: { inbound: true },
    call: (http) =>
      runInInboundContext({ signal: AbortSignal.timeout(20) }, () => get('/held', { timeout: 500 })(http)),
  },
  ...[false, true].map((viaAxios) => ({
    what: `a stream that is cancelled while it is read${viaAxios ? ', through axios’s own adapter' : ''}`,
    is: 'ERR_CANCELED',
    call: async (http: AxiosInstance) => {
      const controller = new AbortController();
      const { data } = await get('/half', {
        responseType: 'stream',
        signal: controller.signal,
        ...(viaAxios && { onDownloadProgress: () => {} }),
      })(http);
      setTimeout(() => controller.abort(new Error(secret('reason'))), 20);
      const [error] = await once(data, 'error');
      throw error;
    },
  })),
  ...[false, true].map((viaAxios) => ({
    what: `a stream that is cut off${viaAxios ? ', through axios’s own adapter' : ''}`,
    is: /^(ECONNRESET|ERR_BAD_RESPONSE)$/,
    call: async (http: AxiosInstance) => {
      const { data } = await get('/cut', {
        responseType: 'stream',
        ...(viaAxios && { onDownloadProgress: () => {} }),
      })(http);
      const [error] = await once(data, 'error');
      throw error;
    },
  })),
];

const WRONG: Failure[] = [
  {
    what: 'an address that is none',
    is: 'ERR_INVALID_URL',
    call: (http) => http.get(`http://user:${secret('userinfo')}@[/?token=${secret('query')}`, config()),
  },
  {
    what: 'a password with a slash in it',
    is: 'ERR_INVALID_URL',
    call: (http) => http.get(`http://user:p/${secret('userinfo')}@a.example/?token=${secret('query')}`, config()),
  },
  {
    what: 'an address without slashes',
    is: /./,
    call: (http) => http.get(`http:user:${secret('userinfo')}@a.example?token=${secret('query')}`, config()),
  },
  {
    what: 'an address that is none, through axios’s own adapter',
    is: /./,
    call: (http) => http.post(`http://user:${secret('userinfo')}@[/?token=${secret('query')}`, form(), config()),
  },
  {
    what: 'a scheme that is not supported',
    is: 'ERR_BAD_REQUEST',
    call: (http) => http.get(address('gopher://127.0.0.1', '/'), config()),
  },
  { what: 'a data URL that is none', is: /./, call: (http) => http.get(`data:${secret('data-url')}`, config()) },
  {
    what: 'a data URL that is too large',
    is: /./,
    options: { limits: { maxResponseBytes: 5 } },
    call: (http) => http.get(`data:text/plain,${secret('data-url')}`, config()),
  },
  {
    what: 'a header name that cannot be sent',
    is: /./,
    call: (http) =>
      http.get(
        upstream.url,
        config({ headers: { 'bad name': secret('header-value'), authorization: secret('authorization') } }),
      ),
  },
  {
    what: 'a path that cannot be sent',
    is: /./,
    call: (http) =>
      http.get(address(upstream.url, '/'), config({ paramsSerializer: { serialize: () => `a b=${secret('param')}` } })),
  },
  { what: 'an option that is wrong', is: /./, call: get('/', { paramsSerializer: { encode: 5 } as never }) },
  {
    what: 'an option of ours that is wrong',
    is: 'ERR_INVALID_OPTIONS',
    call: get('/', { resilience: { retry: `https://u:${secret('option')}@a.example` } as never }),
  },
  {
    what: 'a proxy without credentials',
    is: 'ERR_BAD_OPTION',
    call: get('/', { proxy: { host: 'p', port: 1, auth: { username: '', password: '' } } }),
  },
  {
    what: 'a body that turns in a circle',
    is: /./,
    call: (http) => {
      const data: any = { card: secret('body') };
      data.self = data;
      return http.post(upstream.url, data, config());
    },
  },
  { what: 'a body that is nothing that can be sent', is: /./, call: post('/', () => Symbol(secret('body'))) },
];

const ANSWERS: Failure[] = [
  {
    what: 'JSON that cannot be parsed',
    is: 'ERR_BAD_RESPONSE',
    call: get('/json', { responseType: 'json', transitional: { silentJSONParsing: false } }),
  },
  {
    what: 'JSON that cannot be parsed, with a refused status',
    is: 'ERR_BAD_RESPONSE',
    call: get('/json', {
      responseType: 'json',
      transitional: { silentJSONParsing: false },
      validateStatus: () => false,
    }),
  },
  { what: 'a body that cannot be decoded', is: 'Z_DATA_ERROR', call: get('/gzip') },
  { what: 'a body that is cut off', is: /./, call: get('/cut') },
  {
    what: 'a body that is cut off, through axios’s own adapter',
    is: /./,
    call: get('/cut', { onDownloadProgress: () => {} }),
  },
  { what: 'too many redirects', is: 'ERR_FR_TOO_MANY_REDIRECTS', call: get('/redirect/same') },
  { what: 'a redirect to another scheme', is: 'ERR_FR_REDIRECTION_FAILURE', call: get('/redirect/scheme') },
  { what: 'a redirect to what is no URL', is: 'ERR_FR_REDIRECTION_FAILURE', call: get('/redirect/invalid') },
  { what: 'a redirect to where nobody is', is: 'ECONNREFUSED', call: get('/redirect/refused') },
  ...['same', 'scheme', 'invalid', 'refused'].map((kind) => ({
    what: `a redirect of axios’s own adapter: ${kind}`,
    is: /./,
    call: get(`/redirect/${kind}`, { onDownloadProgress: () => {} }),
  })),
  {
    what: 'a hook that throws',
    is: 'ERR_FR_REDIRECTION_FAILURE',
    call: get('/redirect/same', { beforeRedirect: () => throwing(`no ${address(upstream.url, '/')}`)() }),
  },
];

const THROWN: Failure[] = [
  {
    what: 'a thrown transformRequest',
    is: 'Error',
    call: (http) =>
      http.post(
        upstream.url,
        'x',
        config({
          transformRequest: function transform(_data, headers) {
            throw new Error(`cannot sign with ${String(headers.get('authorization'))}, ${address(upstream.url, '/')}`);
          },
        }),
      ),
  },
  {
    what: 'an axios error of a transformRequest',
    is: 'ERR_BAD_REQUEST',
    call: (http) =>
      http.post(
        upstream.url,
        'x',
        config({
          transformRequest(this: any) {
            throw new axios.AxiosError(`cannot send to ${address(upstream.url, '/')}`, 'ERR_BAD_REQUEST', this);
          },
        }),
      ),
  },
  {
    what: 'a thrown transformResponse',
    is: 'Error',
    call: get('/status/200', { transformResponse: throwing(`cannot read ${address('http://a.example', '/')}`) }),
  },
  {
    what: 'a transformResponse that throws for a refused status',
    is: 'Error',
    call: get('/status/503', { transformResponse: throwing(`cannot read ${address('http://a.example', '/')}`) }),
  },
  {
    what: 'a thrown validateStatus',
    is: 'Error',
    call: get('/status/503', { validateStatus: throwing(`refused by ${address('http://a.example', '/')}`) }),
  },
  {
    what: 'a thrown paramsSerializer',
    is: 'ERR_BAD_REQUEST',
    call: get('/', {
      paramsSerializer: {
        serialize: (params) => {
          throw new Error(`bad parameter ${(params as any).api_key}`);
        },
      },
    }),
  },
  {
    what: 'a request interceptor',
    is: 'Error',
    call: (http) => {
      http.interceptors.request.use((sent) => {
        throw Object.assign(new Error(`not to ${sent.url}`), { config: sent });
      });
      return get('/')(http);
    },
  },
  {
    what: 'a request interceptor that throws an axios error',
    is: 'AxiosError',
    call: (http) => {
      http.interceptors.request.use((sent) => {
        throw new axios.AxiosError(`not to ${sent.url}`, undefined, sent);
      });
      return get('/')(http);
    },
  },
  {
    what: 'a response interceptor',
    is: 'Error',
    call: (http) => {
      http.interceptors.response.use((response) => {
        throw Object.assign(new Error(`not from ${response.config.url}`), { response });
      });
      return get('/status/200')(http);
    },
  },
  {
    what: 'an error interceptor that wraps',
    is: 'Error',
    call: (http) => {
      http.interceptors.response.use(undefined, (cause) => {
        throw new Error('wrapped', { cause });
      });
      return get('/status/503')(http);
    },
  },
  {
    what: 'a client made from the client',
    is: 'ERR_BAD_RESPONSE',
    call: (http) => get('/status/503')(http.create({ headers: { 'x-key': secret('child') } })),
  },
];

describe.each([
  ['statuses', STATUS],
  ['connections', CONNECTION],
  ['proxies', PROXIES],
  ['limits', LIMITS],
  ['cancelled calls', CANCELLED],
  ['wrong calls', WRONG],
  ['answers', ANSWERS],
  ['thrown errors', THROWN],
])('%s', (_, failures) => {
  it.each(failures)('$what prints no secret', async ({ is, options, call }) => {
    const http = await start(options);
    const error: any = await call(http).then(
      () => expect.unreachable('it did not fail'),
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(Error);
    expect(error.code ?? error.name).toMatch(is instanceof RegExp ? is : new RegExp(`^${is}$`));
    expect(leaks(error)).toEqual([]);
  });
});

it('whoever reads an error finds what axios has there', async () => {
  const http = await start({ axios: {} });
  const details = config({ responseType: 'json' });
  const url = address(upstream.url, '/status/503');
  const [ours, theirs]: any[] = await Promise.all(
    [http, axios.create({ proxy: false })].map((client) =>
      client.post(url, { a: 1 }, details).catch((error: unknown) => error),
    ),
  );
  expect(ours.response.data).toEqual({ card: secret('response-body') });
  expect(ours.response.headers['set-cookie'][0]).toContain(secret('set-cookie'));
  for (const path of [
    'name',
    'message',
    'code',
    'status',
    'response.status',
    'response.data',
    'response.headers.set-cookie',
    'response.config.url',
    'response.config.headers.X-Api-Key',
    'config.url',
    'config.data',
    'config.params',
    'config.method',
  ]) {
    const [read, expected] = [ours, theirs].map((error) => path.split('.').reduce((value, name) => value[name], error));
    expect(read, path).toEqual(expected);
    expect(read, path).toBeDefined();
  }
  expect(ours.config.headers.get('authorization')).toBe(`Bearer ${secret('authorization')}`);
  expect(ours.request.getHeader('cookie')).toContain(secret('cookie'));
  expect(ours.response.request).toBe(ours.request);
  expect(axios.isAxiosError(ours)).toBe(true);
});

it('an error says which call it was', async () => {
  const http = await start();
  const error = await http.get(address(upstream.url, '/status/503')).catch((thrown: unknown) => thrown);
  const shown = {
    client: 'default',
    method: 'GET',
    url: `${upstream.url}/status/503;jsessionid=[redacted]`,
    status: 503,
  };
  expect({ ...(error as object) }).toMatchObject(shown);
  expect(JSON.parse(JSON.stringify(error))).toMatchObject(shown);
});

it('listeners and layers get errors that print no secrets, too', async () => {
  const seen: unknown[] = [];
  const http = await start({
    resilience: { retry: { max: 1, baseMs: 1, onRetry: ({ error }) => seen.push(error) }, budget: false },
  });
  await get('/status/503')(http).catch(() => {});
  expect(seen).toHaveLength(1);
  expect(leaks(seen[0])).toEqual([]);
});

it('what the app calls a secret is one in every client', async () => {
  const testing = await Test.createTestingModule({
    imports: [
      HttpClientModule.forRoot({ redact: { headers: ['x-plain'], query: ['card'] } }),
      HttpClientModule.forFeature({ name: 'own', redact: { query: ['iban'] } }),
    ],
  }).compile();
  app = await testing.init();
  const http: AxiosInstance = app.get(getHttpClientToken('own'));
  const url = `${upstream.url}/p?card=${secret('card')}&iban=${secret('iban')}&page=2`;
  const error: any = await http
    .get(url, {
      headers: { 'x-plain': secret('plain-header') },
      transformResponse() {
        throw new Error(`${url} with ${String(this.headers?.['x-plain'])}`);
      },
    } as AxiosRequestConfig)
    .catch((thrown: unknown) => thrown);
  expect(leaks(error)).toEqual([]);
  expect(error.message).toBe(`${upstream.url}/p?card=[redacted]&iban=[redacted]&page=2 with [redacted]`);
  const { options } = app.get(HttpClients).explain('own');
  expect(options['redact.query']).toEqual({ value: ['card', 'iban'], from: 'client "own"' });
});

it('neither the log of the module nor explain() shows a secret', async () => {
  const lines: unknown[][] = [];
  const write = (...line: unknown[]) => void lines.push(line);
  const logger = { log: write, error: write, warn: write, debug: write, verbose: write, fatal: write };
  const origin = new URL(upstream.url).origin;
  const own: HttpClientModuleOptions = {
    baseURL: address(upstream.url, '/v1'),
    headers: { authorization: secret('authorization'), 'x-plain': secret('plain-header') },
    tls: { key: secret('key'), passphrase: secret('passphrase'), ca: [secret('ca')], pfx: Buffer.from(secret('pfx')) },
    axios: { auth: { username: secret('user'), password: secret('password') }, params: { token: secret('param') } },
    origins: { [origin]: { timeouts: { attemptMs: 10 } } },
  };
  const testing = await Test.createTestingModule({
    imports: [HttpClientModule.forRoot(own), HttpClientModule.forFeature({ name: 'own', ...own })],
  })
    .setLogger(logger)
    .compile();
  app = await testing.init();
  const clients = app.get(HttpClients);
  const explained = clients.names.map((name) => clients.explain(name));
  await app.close();
  expect(lines.length).toBeGreaterThan(3);
  const stats = clients.names.map((name) => clients.stats(name));
  expect(leaks(Object.assign(new Error('for leaks'), { lines, explained, stats }))).toEqual([]);
});

it('an error about options shows none of their secrets', async () => {
  const planted = `https://user:${secret('userinfo')}@[/?token=${secret('query')}`;
  const wrong = {
    baseURL: `ftp://a.example/?token=${secret('query')}`,
    headers: { authorization: [secret('header')] },
    tls: { passphrase: { text: secret('passphrase') }, minVersion: Symbol(secret('version')) },
    axios: { timeout: secret('timeout'), baseURL: planted },
    timeouts: { attemptMs: planted, connectMs: `user:${secret('no-url')}@a.example` },
    origins: { [planted]: { resilience: { retry: { max: 0 } } }, [`http://a.example?sig=${secret('key')}`]: {} },
  } as never;
  const error = await start(wrong).then(
    () => expect.unreachable('it started'),
    (thrown: unknown) => thrown,
  );
  expect((error as { problems: string[] }).problems.length).toBeGreaterThan(6);
  expect(leaks(error)).toEqual([]);
});

it.each([false, true])('interceptors get errors that print no secrets, request interceptors: %s', async (hasOthers) => {
  const seen: unknown[] = [];
  const http = await start();
  if (hasOthers) http.interceptors.request.use((sent) => sent);
  http.interceptors.response.use(undefined, (error) => {
    seen.push(leaks(error));
    throw error;
  });
  const strict = { responseType: 'json', transitional: { silentJSONParsing: false } } as const;
  await expect(get('/json', strict)(http)).rejects.toThrow('not valid JSON');
  await expect(get('/status/503')(http)).rejects.toThrow('503');
  await expect(get('/status/200', { transformResponse: throwing(`no ${secret('api-key')}`) })(http)).rejects.toThrow(
    'no ',
  );
  expect(seen).toEqual([[], [], []]);
});
