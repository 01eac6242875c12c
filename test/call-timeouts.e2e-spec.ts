import { Test } from '@nestjs/testing';
import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type ConnectionPool,
  createTransport,
  getConnectionPoolToken,
  getHttpClientToken,
  HttpClientModule,
  type HttpClientModuleOptions,
  InvalidOptionsError,
} from '../src/index.js';
import { startUpstream } from './support/upstream.js';

/** Shorter than the upstream takes, by far. */
const SHORT_MS = 50;
const SLOW_MS = 500;

async function start(options: HttpClientModuleOptions, named?: AxiosRequestConfig['timeouts']) {
  const testing = await Test.createTestingModule({
    imports: [
      HttpClientModule.forRoot({ logging: false, ...options }),
      HttpClientModule.forFeature({ name: 'named', ...(named && { timeouts: named }) }),
    ],
  }).compile();
  const app = await testing.init();
  onTestFinished(() => app.close());
  return {
    http: app.get<AxiosInstance>(getHttpClientToken()),
    named: app.get<AxiosInstance>(getHttpClientToken('named')),
    pool: app.get<ConnectionPool>(getConnectionPoolToken()),
  };
}

const slow = () => startUpstream((_, response) => void setTimeout(() => response.end('report'), SLOW_MS));
const outcomeOf = (call: Promise<{ data: unknown }>) =>
  call.then(
    ({ data }) => data,
    (error: { code: string }) => error.code,
  );

describe('the limit of a phase', () => {
  it.each<[string, AxiosRequestConfig, string]>([
    ['is the client’s', {}, 'ERR_RESPONSE_TIMEOUT'],
    ['is the call’s own', { timeouts: { responseMs: 60_000 } }, 'report'],
    ['is off for a call that says so', { timeouts: { responseMs: false } }, 'report'],
    ['is lifted by a longer timeout of the call', { timeout: 60_000 }, 'report'],
    ['is lifted by no timeout', { timeout: 0 }, 'report'],
    ['is lifted by a longer time for the attempt', { timeouts: { attemptMs: 60_000 } }, 'report'],
    ['stays where the call says both', { timeout: 0, timeouts: { responseMs: SHORT_MS } }, 'ERR_RESPONSE_TIMEOUT'],
    ['stays beside a shorter timeout', { timeout: SHORT_MS - 30 }, 'ECONNABORTED'],
  ])('%s', async (_, config, expected) => {
    await using upstream = await slow();
    const { http } = await start({ timeouts: { responseMs: SHORT_MS } });
    expect(await outcomeOf(http.get(upstream.url, config))).toBe(expected);
  });

  it('is that of the call, or else of the origin, of the named client, of the module', async () => {
    await using upstream = await slow();
    const origins = { [upstream.url]: { timeouts: { responseMs: SLOW_MS * 100 } } };
    const ofModule = await start({ timeouts: { responseMs: SHORT_MS } }, { responseMs: SLOW_MS * 100 });
    expect(await outcomeOf(ofModule.http.get(upstream.url))).toBe('ERR_RESPONSE_TIMEOUT');
    expect(await outcomeOf(ofModule.named.get(upstream.url))).toBe('report');
    const { http } = await start({ timeouts: { responseMs: SHORT_MS }, origins });
    expect(await outcomeOf(http.get(upstream.url))).toBe('report');
    expect(await outcomeOf(http.get(upstream.url, { timeouts: { responseMs: SHORT_MS } }))).toBe(
      'ERR_RESPONSE_TIMEOUT',
    );
  });

  it('holds for each attempt of a call that sets its resilience as well', async () => {
    await using upstream = await slow();
    const { http } = await start({});
    const config = { timeouts: { responseMs: SHORT_MS }, resilience: { retry: { max: 1, baseMs: 1 } } };
    await expect(http.get(upstream.url, config)).rejects.toMatchObject({
      attempts: [{ outcome: 'ERR_RESPONSE_TIMEOUT' }, { outcome: 'ERR_RESPONSE_TIMEOUT' }],
    });
  });

  it('can be set for a call of a transport by itself, where a timeout lifts none', async () => {
    await using upstream = await slow();
    const transport = createTransport({ timeouts: { responseMs: SHORT_MS } });
    onTestFinished(() => void transport.close());
    const http = axios.create({ adapter: transport, timeout: 60_000 });
    expect(await outcomeOf(http.get(upstream.url))).toBe('ERR_RESPONSE_TIMEOUT');
    expect(await outcomeOf(http.get(upstream.url, { timeouts: { responseMs: false } }))).toBe('report');
  });

  it.each([
    [{ responseMs: 0 }, 'timeouts.responseMs: expected a whole number of milliseconds from 1 to'],
    [{ connectMs: '5s' }, 'timeouts.connectMs: expected a whole number'],
    [{ bodyIdleMs: Number.NaN }, 'timeouts.bodyIdleMs: expected a whole number'],
    [{ poolWaitMs: Infinity }, 'timeouts.poolWaitMs: expected a whole number'],
    [{ response: 5 }, 'got an unknown option'],
    [5, 'timeouts: expected an object'],
    [null, 'timeouts: expected an object'],
  ])('that is wrong is refused before anything is sent: %o', async (timeouts, message) => {
    await using upstream = await slow();
    const { http } = await start({ resilience: 'standard' });
    const call = http.get(upstream.url, { timeouts } as unknown as AxiosRequestConfig);
    const error: unknown = await call.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect((error as Error).message).toContain(message);
    expect(upstream.requests).toBe(0);
  });
});

describe('a streamed response', () => {
  const BYTES = 4_000_000;
  /** As much as the upstream can send; random, so that a compressed one is as long. */
  const body = randomBytes(BYTES);
  const whole = () => startUpstream((_, response) => void response.end(body));
  const zipped = () =>
    startUpstream((_, response) => {
      response.setHeader('content-encoding', 'gzip');
      const gzip = createGzip();
      gzip.pipe(response);
      gzip.end(body);
    });
  const LIMIT_MS = 150;
  /** Not a wait for something: the reader's own slowness. */
  const pause = () => sleep(LIMIT_MS * 3);

  const readers: [string, (data: Readable) => Promise<number>][] = [
    [
      'an iteration that waits',
      async (data) => {
        let bytes = 0;
        let next = 0;
        for await (const chunk of data) {
          bytes += (chunk as Buffer).length;
          if (bytes < next) continue;
          next += BYTES / 3;
          await pause();
        }
        return bytes;
      },
    ],
    [
      'a writable that is slow',
      async (data) => {
        let bytes = 0;
        let next = 0;
        const write = (chunk: Buffer, _: unknown, done: () => void) => {
          bytes += chunk.length;
          if (bytes < next) return done();
          next += BYTES / 3;
          void pause().then(done);
        };
        await pipeline(data, new Writable({ write }));
        return bytes;
      },
    ],
    [
      'a handler that pauses it',
      async (data) => {
        let bytes = 0;
        let next = 0;
        data.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes < next) return;
          next += BYTES / 3;
          data.pause();
          void pause().then(() => data.resume());
        });
        await once(data, 'end');
        return bytes;
      },
    ],
    ['nobody for a while', async (data) => pause().then(async () => Buffer.concat(await data.toArray()).length)],
  ];

  it.each(readers)('is no silent upstream for being read by %s', async (_, read) => {
    await using upstream = await whole();
    const { http } = await start({ timeouts: { bodyIdleMs: LIMIT_MS } });
    const { data } = await http.get<Readable>(upstream.url, { responseType: 'stream' });
    expect(await read(data)).toBe(BYTES);
  });

  it.each(readers)('nor is a compressed one for being read by %s', async (_, read) => {
    await using upstream = await zipped();
    const { http } = await start({ timeouts: { bodyIdleMs: LIMIT_MS } });
    const { data } = await http.get<Readable>(upstream.url, { responseType: 'stream', maxContentLength: BYTES });
    expect(await read(data)).toBe(BYTES);
  });

  it.each([
    ['a long one', BYTES],
    ['a short one', 10],
  ])('that nobody reads ends when readerIdleMs is over: %s', async (_, bytes) => {
    await using upstream = await startUpstream((_request, response) => void response.end(body.subarray(0, bytes)));
    const { http, pool } = await start({ timeouts: { bodyIdleMs: 50, readerIdleMs: LIMIT_MS } });
    const { data } = await http.get<Readable>(upstream.url, { responseType: 'stream' });
    const [error] = await once(data, 'error');
    expect(error).toMatchObject({ name: 'BodyUnreadError', code: 'ERR_BODY_UNREAD' });
    expect((error as Error).message).toContain('see timeouts.readerIdleMs');
    await expect.poll(() => pool.stats().total).toMatchObject({ active: 0, idle: 0 });
  });

  it('still ends with the silence of its upstream, after a reader that was slow', async () => {
    await using upstream = await startUpstream((_, response) => void response.write(body));
    const { http } = await start({ timeouts: { bodyIdleMs: LIMIT_MS } });
    const { data } = await http.get<Readable>(upstream.url, { responseType: 'stream' });
    await pause();
    await expect(data.toArray()).rejects.toMatchObject({ code: 'ERR_BODY_TIMEOUT' });
  });

  it('of which a slow reader takes a part now and then is not unread', async () => {
    await using upstream = await whole();
    const { http } = await start({ timeouts: { bodyIdleMs: 50, readerIdleMs: 1_000 } });
    const { data } = await http.get<Readable>(upstream.url, { responseType: 'stream' });
    for (let n = 0; n < 8; n++) {
      await sleep(300);
      expect(data.read()).not.toBeNull();
    }
    expect(data.errored).toBeNull();
    data.destroy();
  });
});
