import { HttpService } from '@nestjs/axios';
import axios, { type AxiosRequestConfig, type CancelToken } from 'axios';
import { lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  createTransport,
  gather,
  HttpClientHealthIndicator,
  type HttpClientModuleOptions,
  HttpClients,
  runInInboundContext,
} from '../src/index.js';
import type { Layer } from '../src/layers/index.js';
import { startAppContext } from './support/app-context.js';
import { startUpstream } from './support/upstream.js';

const start = (options: HttpClientModuleOptions = {}) => startAppContext({ logging: false, ...options });

/** What it rejects with, and whether the event loop has turned by then. */
async function refusal(call: () => Promise<unknown>) {
  let hasTurned = false;
  // Only a turn that begins after the call counts: this one may already be at its immediates.
  const immediate = setImmediate(() => (hasTurned = true));
  const error = await call().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  clearImmediate(immediate);
  return { error, hasTurned };
}

const URL = 'http://127.0.0.1:1/';
const config = (given: object) => given as AxiosRequestConfig;
const refuse = () => {
  throw new Error('refused by the caller');
};

/** Call → settings of the client that refuses it, and what of the call. */
const REFUSED: readonly (readonly [string, HttpClientModuleOptions, object])[] = [
  ['a signal that has aborted', {}, { signal: AbortSignal.abort() }],
  ['options that are wrong', {}, { resilience: { retry: { max: -1 } } }],
  ['a spelling that axios refuses', {}, { baseUrl: 'x' }],
  ['a scheme that nobody speaks', {}, { url: 'ftp://127.0.0.1/' }],
  ['a data: URL that is none', {}, { url: 'data:' }],
  ['an address that is none', {}, { url: 'http://127.0.0.1:99999/' }],
  ['a header that cannot be sent', {}, { headers: { 'a b': '1' } }],
  ['a method that is none', {}, { method: 'G T' }],
  ['a body that cannot be sent', {}, { method: 'post', data: () => {} }],
  ['a body that cannot be written as JSON', {}, { method: 'post', data: { toJSON: refuse } }],
  ['a transform that throws', {}, { transformRequest: refuse }],
  ['params that cannot be written', {}, { params: { a: 1 }, paramsSerializer: { serialize: refuse } }],
  ['a proxy without a host', {}, { proxy: {} }],
  ['an upload larger than it may be', {}, { method: 'post', data: 'hello', maxBodyLength: 1 }],
  ['a delegated call that cannot be sent', {}, { onDownloadProgress: () => {}, headers: { 'a b': '1' } }],
  ['the guard', { guard: true }, {}],
  ['a base URL that it leaves', { baseURL: 'http://127.0.0.1:1/api/', confine: 'path' }, { url: '/../x' }],
];

describe('the event loop turns before a caller hears', () => {
  it.each(REFUSED)('of %s', async (_, options, given) => {
    const { client } = await start(options);
    const { error, hasTurned } = await refusal(() => client.request(config({ url: URL, ...given })));
    expect(error).toBeDefined();
    expect(hasTurned).toBe(true);
  });

  it.each(REFUSED)('of %s, from HttpService', async (_, options, given) => {
    const { app } = await start(options);
    const http = app.get(HttpService);
    const { error, hasTurned } = await refusal(() => lastValueFrom(http.get(URL, config(given))));
    if (error === undefined) return; // a GET has no body to refuse
    expect(hasTurned).toBe(true);
  });

  it.each(['get', 'post', 'postForm', 'request'] as const)(
    'of a getter that %s stumbles over, and it does so as a rejection',
    async (method) => {
      const { client } = await start();
      const own = config({ get params() { return refuse(); } }); // prettier-ignore
      const call = () =>
        method === 'post' || method === 'postForm'
          ? client[method](URL, {}, own)
          : client[method](URL as never, own as never);
      expect(await refusal(call)).toMatchObject({ error: { message: 'refused by the caller' }, hasTurned: true });
    },
  );

  it('of a pool that is closed', async () => {
    const { app, client } = await start();
    await app.close();
    const { error, hasTurned } = await refusal(() => client.get(URL));
    expect(error).toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
    expect(hasTurned).toBe(true);
  });

  it('of a circuit breaker that is open', async () => {
    const { app, client } = await start({ resilience: 'standard' });
    app.get(HttpClients).breakers().isolate('http://127.0.0.1:1');
    const { error, hasTurned } = await refusal(() => client.get(URL));
    expect(error).toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
    expect(hasTurned).toBe(true);
  });

  it.each([
    ['a concurrency limit', { resilience: { concurrency: { max: 1, maxQueued: 0 } } }, 'ERR_CONCURRENCY_LIMIT'],
    ['a rate limit', { resilience: { rateLimit: { max: 1, intervalMs: 600_000, maxQueued: 0 } } }, 'ERR_RATE_LIMIT'],
    ['a pool without a queue', { pool: { maxSockets: 1, maxQueued: 0 } }, 'ERR_POOL_QUEUE_FULL'],
  ] as const)('of %s', async (_, options, code) => {
    await using upstream = await startUpstream(() => {});
    const { client } = await start(options);
    const controller = new AbortController();
    const first = client.get(upstream.url, { signal: controller.signal }).catch(() => {});
    const { error, hasTurned } = await refusal(() => client.get(upstream.url));
    expect(error).toMatchObject({ code });
    expect(hasTurned).toBe(true);
    controller.abort();
    await first;
  });

  it('of a deadline of the inbound request that has passed', async () => {
    const { client } = await start({ inbound: { deadlineHeader: 'x-deadline' } as never });
    const call = () => runInInboundContext({ deadlineMs: 0 }, () => client.get(URL));
    expect(await refusal(call)).toMatchObject({ error: { code: 'ERR_DEADLINE_EXCEEDED' }, hasTurned: true });
  });

  it('of an interceptor, or an error that one keeps and throws again', async () => {
    const { client } = await start();
    let kept: unknown;
    client.interceptors.request.use((sent) => {
      if (kept) throw kept;
      return sent;
    });
    client.interceptors.response.use(undefined, (error) => {
      throw (kept = error);
    });
    for (let i = 0; i < 4; i++) expect(await refusal(() => client.get(URL))).toMatchObject({ hasTurned: true });
  });

  it('of a layer that refuses, wherever it stands', async () => {
    for (const before of ['callEvents', 'admission', 'attemptTimeout'] as const) {
      const { client } = await start({ layers: [{ use: (() => () => refuse()) as Layer, before }] } as never);
      expect(await refusal(() => client.get(URL))).toMatchObject({ hasTurned: true });
    }
  });

  it('of a transport by itself', async () => {
    const transport = createTransport();
    const client = axios.create({ adapter: transport });
    const token = { promise: new Promise<never>(() => {}), throwIfRequested() {} } as unknown as CancelToken;
    expect(await refusal(() => client.get(URL, { cancelToken: token }))).toMatchObject({ hasTurned: true });
    await transport.close();
    expect(await refusal(() => client.get(URL))).toMatchObject({ hasTurned: true });
  });

  it('of a gather that is refused, aborted, or out of time', async () => {
    const never = () => new Promise<never>(() => {});
    expect(await refusal(() => gather([1] as never))).toMatchObject({ hasTurned: true });
    expect(await refusal(() => gather([never], { signal: AbortSignal.abort() }))).toMatchObject({ hasTurned: true });
    expect(await refusal(() => gather([never], { deadlineMs: 0 }))).toEqual({ error: undefined, hasTurned: true });
  });

  it('of a probe of a client that there is not', async () => {
    const { app } = await start();
    const probe = () => app.get(HttpClientHealthIndicator).probe('x', { url: URL, client: 'none' });
    expect(await refusal(probe)).toMatchObject({ error: expect.any(RangeError), hasTurned: true });
  });
});

describe('a loop that never pauses', () => {
  it('lets timers fire, where a layer answers its calls by itself', async () => {
    const cache: Layer = () => async (call) => ({
      status: 200,
      statusText: '',
      headers: {},
      config: call.config,
      data: 'kept',
    });
    const { client } = await start({ layers: [cache] } as never);
    const over = new AbortController();
    setTimeout(() => over.abort(), 1);
    while (!over.signal.aborted) expect((await client.get(URL)).data).toBe('kept');
  });

  it('does not hold up a drain, whatever refuses its calls', async () => {
    await using upstream = await startUpstream();
    const { app, client } = await start({ shutdown: { drainMs: 50 } });
    const over = new AbortController();
    const loop = async () => {
      while (!over.signal.aborted) await client.get(upstream.url).catch(() => {});
    };
    const loops = [loop(), loop(), loop()];
    await client.get(upstream.url);
    await app.close();
    over.abort();
    await Promise.all(loops);
  });
});
