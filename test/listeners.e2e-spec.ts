import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { AxiosInstance, AxiosRequestConfig } from 'axios';
import { getEventListeners, once } from 'node:events';
import { Readable, type Stream, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ConnectionPool,
  gather,
  getConnectionPoolToken,
  getHttpClientToken,
  HttpClientEvents,
  HttpClientModule,
  runInInboundContext,
} from '../src/index.js';
import { startUpstream, type Upstream } from './support/upstream.js';

const EVENTS = ['end', 'finish', 'error', 'close', 'aborted', 'data', 'readable', 'drain', 'unpipe', 'pause', 'resume'];
const TEXT = 'x'.repeat(50_000);

let upstream: Upstream;
let app: INestApplicationContext;
let http: AxiosInstance;
let events: HttpClientEvents;
const warnings: Error[] = [];
const onWarning = (warning: Error) => void warnings.push(warning);

beforeEach(async () => {
  warnings.length = 0;
  process.on('warning', onWarning);
  upstream = await startUpstream((request, response) => {
    const isGzipped = request.url!.startsWith('/gzip');
    if (isGzipped) response.setHeader('content-encoding', 'gzip');
    response.statusCode = request.url!.endsWith('refused') ? 400 : 200;
    request
      .resume()
      .once('end', () => response.end(isGzipped ? gzipSync(TEXT) : request.url!.startsWith('/small') ? 'x' : TEXT));
  });
  // Every layer there is.
  const testing = await Test.createTestingModule({
    imports: [
      HttpClientModule.forRoot({
        baseURL: upstream.url,
        confine: 'origin',
        guard: { allowCidrs: ['127.0.0.0/8'], allowPorts: false },
        pool: { maxSockets: 300 },
        timeouts: { poolWaitMs: false, connectMs: false, responseMs: false, attemptMs: false }, // none of them is the matter here
        inbound: { forward: { to: [upstream.url] } },
        resilience: {
          deadlineMs: false,
          coalesce: true,
          concurrency: { max: 300, maxQueued: 10 },
          rateLimit: { max: 1_000 },
          retry: true,
          hedge: true,
          breaker: true,
        },
        logging: false,
      }),
    ],
  }).compile();
  app = await testing.init();
  events = app.get(HttpClientEvents);
  for (const name of ['call:end', 'attempt:end'] as const) events.on(name, () => {});
  http = app.get(getHttpClientToken());
});

afterEach(async () => {
  process.off('warning', onWarning);
  await app.close();
  await upstream[Symbol.asyncDispose]();
});

function expectFew(stream: Stream, most: number): void {
  for (const event of EVENTS) expect(stream.listenerCount(event), event).toBeLessThanOrEqual(most);
}

const ignore = () => new Writable({ write: (_chunk, _encoding, done) => done() });

/** Node warns in the next tick. */
async function expectNoWarnings(): Promise<void> {
  await new Promise(setImmediate);
  expect(warnings).toEqual([]);
}

describe('a stream that is given to a caller', () => {
  it.each<[string, string, AxiosRequestConfig]>([
    ['as it came', '/', {}],
    ['decoded', '/gzip', {}],
    ['of a refused status', '/refused', {}],
    ['decoded, of a refused status', '/gzip/refused', {}],
    ['with a limit', '/', { maxContentLength: 100_000 }],
    ['decoded, with a limit', '/gzip', { maxContentLength: 100_000 }],
  ])(
    '%s: has at most two listeners of ours for an event with every layer on, and each layer hears of its end',
    async (_, url, config) => {
      const ended = new Promise((resolve) => events.on('call:end', resolve));
      const call = runInInboundContext({}, () =>
        http.get<Readable>(url, { responseType: 'stream', validateStatus: null, ...config }),
      );
      const { data } = await call;
      expectFew(data, 2);
      let bytes = 0;
      const counted = new Writable({
        write(chunk: Buffer, _encoding, done) {
          bytes += chunk.length;
          done();
        },
      });
      await pipeline(data, counted);
      await ended;
      expect(app.get<ConnectionPool>(getConnectionPoolToken()).inFlight).toBe(0);
      expect(bytes).toBe(TEXT.length);
      await expectNoWarnings();
    },
  );

  it('of a gzipped body, through the adapter of axios, brings no warning', async () => {
    const { data } = await http.get<Readable>('/gzip', { responseType: 'stream', onDownloadProgress() {} });
    await pipeline(data, ignore());
    await expectNoWarnings();
  });
});

describe('a stream that a caller sends', () => {
  it('has at most two listeners of ours for an event, however often it is sent, and none but one for its failure afterwards', async () => {
    const sent = Readable.from(['part']);
    const most: Record<string, number> = {};
    sent.on('newListener', (event: string) => {
      most[event] = Math.max(most[event] ?? 0, sent.listenerCount(event) + 1); // it is told before it is there
    });
    await http.post('/', sent);
    for (const [event, count] of Object.entries(most)) expect(count, event).toBeLessThanOrEqual(2);
    for (let i = 0; i < 20; i++) await http.post('/', sent).catch(() => {});
    expect(sent.listenerCount('error')).toBeLessThanOrEqual(2);
    await expectNoWarnings();
  });
});

describe('a signal', () => {
  it.each<[string, AxiosRequestConfig]>([
    ['natively', {}],
    ['through the adapter of axios', { onDownloadProgress() {} }],
    ['as streams', { responseType: 'stream' }],
  ])('that 200 calls share (%s) brings no warning, and is left with no listener', async (_way, config) => {
    const { signal } = new AbortController();
    const calls = Array.from({ length: 200 }, async (_, i) => {
      const { data } = await http.get<unknown>(`/small/${i}`, { ...config, signal });
      if (data instanceof Readable) await pipeline(data, ignore());
    });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await Promise.all(calls);
    await new Promise(setImmediate);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    await expectNoWarnings();
  });

  it('that 200 works and gathers share brings no warning, and is left with no listener', async () => {
    const { signal } = new AbortController();
    await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        runInInboundContext({ signal }, () =>
          gather([(options) => http.get(`/small/${i}`, options)], { signal }).then(({ complete }) =>
            expect(complete).toBe(true),
          ),
        ),
      ),
    );
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    await expectNoWarnings();
  });

  it('that 200 calls share ends all of them', async () => {
    const controller = new AbortController();
    upstream.server.removeAllListeners('request').on('request', () => {});
    const calls = Array.from({ length: 200 }, (_, i) => http.get(`/${i}`, { signal: controller.signal }));
    const results = Promise.allSettled(calls);
    await once(upstream.server, 'request');
    controller.abort();
    for (const result of await results) expect(result).toMatchObject({ reason: { code: 'ERR_CANCELED' } });
    await expectNoWarnings();
  });
});
