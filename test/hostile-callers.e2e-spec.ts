import { HttpService } from '@nestjs/axios';
import { type INestApplicationContext } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import type { AxiosInstance, AxiosRequestConfig } from 'axios';
import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { lastValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  type ConnectionPool,
  getHttpClientToken,
  HttpClientModule,
  type HttpClientModuleOptions,
} from '../src/index.js';
import type { Layer } from '../src/layers/index.js';
import { startAppContext } from './support/app-context.js';
import { startUpstream, type Upstream } from './support/upstream.js';

function refuse(): never {
  throw new Error('refused by the caller');
}
const config = (given: object) => given as AxiosRequestConfig;

const signal = (own: object) => ({ aborted: false, addEventListener: () => {}, removeEventListener: () => {}, ...own });
const token = (own: object) => ({ subscribe: () => {}, unsubscribe: () => {}, throwIfRequested: () => {}, ...own });

const UNREADABLE = Object.defineProperties(new Error('unreadable'), {
  code: { get: refuse },
  response: { get: refuse },
});

class Refusing extends Readable {
  constructor(readonly name: keyof Readable) {
    super({ read() {} });
    this.push('part');
    this.push(null);
    Object.defineProperty(this, name, { get: () => refuse });
  }
}
const post = (data: unknown) => ({ method: 'post', data });

/** Name → what a call brings. Made anew for each call. */
const HOSTILE: readonly (readonly [string, () => object])[] = [
  ['a signal that cannot be listened to', () => ({ signal: signal({ addEventListener: refuse }) })],
  ['a signal that cannot be let go of', () => ({ signal: signal({ removeEventListener: refuse }) })],
  [
    'a signal that cannot be let go of, of a delegated call',
    () => ({ signal: signal({ removeEventListener: refuse }), onDownloadProgress: () => {} }),
  ],
  [
    'a signal that does not say',
    () => ({
      signal: {
        get aborted(): never {
          return refuse();
        },
      },
    }),
  ],
  [
    'a cancel token of an old axios',
    () => ({ cancelToken: { promise: new Promise(() => {}), throwIfRequested: () => {} } }),
  ],
  ['a cancel token that cannot be listened to', () => ({ cancelToken: token({ subscribe: refuse }) })],
  ['a cancel token that cannot be let go of', () => ({ cancelToken: token({ unsubscribe: refuse }) })],
  ['a body that can only be piped', () => post({ pipe: () => {} })],
  ['a body that cannot be resumed', () => post({ pipe: () => {}, on: () => {} })],
  [
    'a body that cannot be resumed, of a delegated call',
    () => ({ ...post({ pipe: refuse, on: () => {} }), onUploadProgress: () => {} }),
  ],
  ...(['on', 'off', 'pause', 'resume', 'pipe'] as const).map(
    (name) => [`a stream whose ${name} throws`, () => post(new Refusing(name))] as const,
  ),
  ['a stream that is destroyed', () => post(new Readable({ read() {} }).destroy())],
  [
    'a stream that fails',
    () =>
      post(
        new Readable({
          read() {
            this.destroy(new Error('refused by the caller'));
          },
        }),
      ),
  ],
  ['a stream that yields what cannot be sent', () => post(Readable.from([{}]))],
  ['a Blob that cannot be read', () => post({ [Symbol.toStringTag]: 'Blob', size: 4, stream: refuse })],
  [
    'a form whose parts cannot be listed',
    () => post({ [Symbol.toStringTag]: 'FormData', append: () => {}, entries: refuse }),
  ],
  [
    'a form of a package that says no headers',
    () => post(Object.assign(new Readable({ read() {} }), { append: () => {}, getHeaders: refuse })),
  ],
  ['a body that cannot be written', () => post({ toJSON: refuse })],
  ['validateStatus', () => ({ validateStatus: refuse })],
  ['validateStatus of a stream', () => ({ validateStatus: refuse, responseType: 'stream' })],
  [
    'validateStatus of a stream, with a response of its own',
    () => ({
      validateStatus: () => {
        throw Object.assign(new Error('own'), { response: {} });
      },
      responseType: 'stream',
    }),
  ],
  ['transformResponse of a stream', () => ({ transformResponse: refuse, responseType: 'stream' })],
  ['an encoding that there is not', () => ({ responseEncoding: 'none' })],
  ['paramsSerializer', () => ({ params: { a: 1 }, paramsSerializer: { serialize: refuse } })],
  ['onUploadProgress', () => ({ ...post('text'), onUploadProgress: refuse })],
  ['onDownloadProgress', () => ({ onDownloadProgress: refuse })],
  ['onDownloadProgress that rejects', () => ({ onDownloadProgress: async () => refuse() })],
  ['beforeRedirect', () => ({ url: '/redirect', beforeRedirect: refuse })],
  ['beforeRedirect that rejects', () => ({ url: '/redirect', beforeRedirect: async () => refuse() })],
  ['sensitiveHeaders that are none', () => ({ url: '/redirect', sensitiveHeaders: [{}] })],
  ['lookup', () => ({ lookup: refuse })],
  ['lookup that rejects', () => ({ lookup: async () => refuse() })],
  ['transport', () => ({ transport: { request: refuse } })],
  ['a transport that makes nothing', () => ({ transport: { request: () => undefined } })],
  ['an agent', () => ({ httpAgent: { addRequest: refuse } })],
  ['the text of a timeout', () => ({ url: '/hang', timeout: 20, timeoutErrorMessage: { toString: refuse } })],
  ['options that are wrong', () => ({ resilience: { retry: { max: -1 } } })],
  ['retryIf', () => ({ url: '/busy', resilience: { retry: { retryIf: refuse } } })],
  ['onRetry', () => ({ url: '/busy', resilience: { retry: { onRetry: refuse, baseMs: 0 } } })],
];

/** Name → a layer that does so. */
const LAYERS: readonly (readonly [string, () => () => unknown])[] = [
  ['throws', () => () => refuse()],
  ['answers without a promise', () => () => 'text'],
  ['answers nothing', () => async () => undefined],
  ['answers with what only looks like a stream', () => async () => ({ status: 200, data: { pipe() {} } })],
  ['fails with what cannot be looked into', () => () => Promise.reject(UNREADABLE)],
];

let upstream: Upstream;
const uncaught: unknown[] = [];
const opened: { close(): Promise<unknown> }[] = [];

beforeEach(async () => {
  upstream = await startUpstream((request, response) => {
    if (request.url === '/redirect') response.writeHead(302, { location: '/' }).end();
    else if (request.url === '/busy') response.writeHead(503).end();
    else if (request.url !== '/hang') request.resume().on('end', () => response.end('answer'));
  });
  const note = (error: unknown) => uncaught.push(error);
  for (const name of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(name, note);
    onTestFinished(() => void process.off(name, note));
  }
});

afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
  await upstream[Symbol.asyncDispose]();
  expect(uncaught.splice(0)).toEqual([]);
});

async function start(options: HttpClientModuleOptions & { layers?: Layer[] } = {}) {
  const all = {
    logging: false,
    pool: { maxSockets: 1 },
    baseURL: upstream.url,
    timeouts: { bodyIdleMs: false, poolWaitMs: false },
    ...options,
  } as const;
  const started = await startAppContext(all);
  opened.push(started.app);
  return started;
}

async function expectNothingTaken(client: AxiosInstance, pool: ConnectionPool): Promise<void> {
  expect((await client.get('/')).data).toBe('answer');
  await new Promise(setImmediate);
  expect(pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0, queued: 0 } });
}

describe('nothing of a caller’s throws outside of its call, or keeps what the call has taken', () => {
  it.each(HOSTILE)('%s', async (_, given) => {
    const { client, pool } = await start();
    await client.request(config({ url: '/', ...given() })).catch(() => {});
    await expectNothingTaken(client, pool);
  });

  it.each(HOSTILE.filter(([name]) => !name.startsWith('transformResponse')))(
    '%s, from HttpService and through interceptors',
    async (_, given) => {
      const { app, client, pool } = await start();
      client.interceptors.request.use((sent) => sent);
      await lastValueFrom(app.get(HttpService).request({ url: '/', ...config(given()) })).catch(() => {});
      await expectNothingTaken(client, pool);
    },
  );

  it.each(LAYERS)('a layer that %s, within everything that holds a place', async (_, layer) => {
    let isHostile = true;
    const own: Layer = (next) => (call) => (isHostile ? (layer as unknown as Layer)(next)(call) : next(call));
    const resilience = { coalesce: true, concurrency: { max: 1 }, retry: false, hedge: true, breaker: {} };
    const { client, pool } = await start({ resilience, layers: [{ use: own, before: 'attemptEvents' }] } as never);
    await client.get('/').catch(() => {});
    isHostile = false;
    await expectNothingTaken(client, pool);
  });

  it('a socket that knows no TLS protocol', async () => {
    const { whenConnected } = await import('../src/pool/socket-opening.js');
    let isConnected = false;
    whenConnected(
      Object.assign(new EventEmitter(), { encrypted: true, connecting: false }) as never,
      () => (isConnected = true),
    );
    expect(isConnected).toBe(true);
  });
});

describe('a client that is loaded lazily', () => {
  const lazy = (app: INestApplicationContext) =>
    app
      .get(LazyModuleLoader)
      .load(() => HttpClientModule.forFeature({ name: 'late', baseURL: upstream.url, pool: { maxSockets: 1 } }));

  it('is closed where the app is', async () => {
    const { app } = await start();
    await app.close();
    const client = (await lazy(app)).get<AxiosInstance>(getHttpClientToken('late'), { strict: false });
    await expect(client.get('/')).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
    expect(upstream.connections).toBe(0);
  });
});
