import { Injectable } from '@nestjs/common';
import axios, { type AxiosInstance, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { setupCache } from 'axios-cache-interceptor';
import { wrapper } from 'axios-cookiejar-support';
import MockAdapter from 'axios-mock-adapter';
import { CookieJar } from 'tough-cookie';
import { describe, expect, it } from 'vitest';
import type { HttpClientInterceptor } from '../../src/index.js';
import { json, startUpstream, status } from '../../src/testing/index.js';
import { startAppContext } from '../support/app-context.js';

/** axios 1.21 declares other instances for ES modules than for CommonJS, whose types axios-mock-adapter takes. */
const mockOf = (client: AxiosInstance, options?: ConstructorParameters<typeof MockAdapter>[1]) =>
  new MockAdapter(client as never, options);

describe('axios-mock-adapter', () => {
  it('answers a client in the place of its layers and its transport, and gives both back', async () => {
    await using upstream = await startUpstream();
    upstream.on('/users/7', json({ name: 'real' }));
    const { client } = await startAppContext({ baseURL: upstream.url, resilience: { retry: { max: 2, baseMs: 1 } } });
    const mock = mockOf(client);
    mock.onGet('/users/7').reply(200, { name: 'mocked' });
    mock.onGet('/down').replyOnce(503).onGet('/down').reply(200);
    mock.onPost('/users', { name: 'n' }).networkErrorOnce();

    expect((await client.get('/users/7')).data).toEqual({ name: 'mocked' });
    await expect(client.get('/down')).rejects.toMatchObject({ response: { status: 503 } }); // not retried
    await expect(client.post('/users', { name: 'n' })).rejects.toMatchObject({ message: 'Network Error' });
    expect(mock.history.map(({ url }) => url)).toEqual(['/users/7', '/down', '/users']);
    expect(upstream.requests()).toEqual([]);

    mock.restore();
    const { data, attempts } = await client.get('/users/7');
    expect([data, attempts.length]).toEqual([{ name: 'real' }, 1]);
  });

  it('lets through to the pool what it has no answer for', async () => {
    await using upstream = await startUpstream();
    upstream.on('/real', json('real'));
    const { client } = await startAppContext({ baseURL: upstream.url });
    mockOf(client, { onNoMatch: 'passthrough' }).onGet('/mocked').reply(200, 'mocked');
    const answers = [await client.get('/mocked'), await client.get('/real'), await client.get('/real')];
    expect(answers.map(({ data }) => data)).toEqual(['mocked', 'real', 'real']);
    expect(answers.map(({ timings }) => timings?.reusedSocket)).toEqual([undefined, false, true]);
  });
});

describe('axios-cache-interceptor', () => {
  it('answers from its cache what the upstream says may be kept, and the rest comes from the pool', async () => {
    await using upstream = await startUpstream();
    upstream.on('/rates', json({ chf: 1 }, { headers: { 'cache-control': 'max-age=60' } })).on('/now', json(1));
    const { client } = await startAppContext({ baseURL: upstream.url });
    const cached = setupCache(client);
    const rates = [await cached.get('/rates'), await cached.get('/rates')];
    expect(rates.map((response) => [response.cached, response.data])).toEqual([
      [false, { chf: 1 }],
      [true, { chf: 1 }],
    ]);
    const together = await Promise.all([cached.get('/now'), cached.get('/now')]);
    expect(together.map(({ data }) => data)).toEqual([1, 1]);
    expect(upstream.requests().map(({ url }) => url)).toEqual(['/rates', '/now']); // those at once share a request
    expect(upstream.sockets.opened).toBe(1);
  });

  it('keeps nothing of a call that fails, after as many attempts as it has', async () => {
    await using upstream = await startUpstream();
    upstream.on('/rates', status(503));
    const { client } = await startAppContext({ baseURL: upstream.url, resilience: { retry: { max: 1, baseMs: 1 } } });
    const cached = setupCache(client);
    await expect(cached.get('/rates')).rejects.toMatchObject({ response: { status: 503 }, attempts: { length: 2 } });
    upstream.on('/rates', json(2));
    expect((await cached.get('/rates')).data).toBe(2);
  });
});

/** As docs/interop.md has it. */
@Injectable()
class Cookies implements HttpClientInterceptor {
  readonly jar = new CookieJar();

  async onRequest(config: InternalAxiosRequestConfig) {
    const cookies = await this.jar.getCookieString(axios.getUri(config));
    if (cookies) config.headers.set('cookie', cookies);
    return config;
  }

  async onResponse(response: AxiosResponse) {
    const url = axios.getUri(response.config);
    for (const cookie of response.headers['set-cookie'] ?? []) await this.jar.setCookie(cookie, url);
    return response;
  }
}

describe('cookies', () => {
  const login = async (client: AxiosInstance) => {
    await client.post('/login');
    return (await client.get<string>('/me')).data;
  };

  it('axios-cookiejar-support keeps them, on agents of its own: not on the pool', async () => {
    await using upstream = await startUpstream();
    upstream
      .on('POST /login', status(204, { headers: { 'set-cookie': 'sid=1; Path=/' } }))
      .on('GET /me', ({ headers }) => json(headers['cookie']));
    const { client, pool } = await startAppContext({ baseURL: upstream.url });
    const jar = new CookieJar();
    const wrapped = wrapper(client);
    wrapped.defaults.jar = jar;
    expect(await login(wrapped)).toBe('sid=1');
    expect(await jar.getCookieString(upstream.url)).toBe('sid=1');
    expect(pool.stats().total.created).toBe(0);
  });

  it('an interceptor with a jar keeps them on the pool', async () => {
    await using upstream = await startUpstream();
    upstream
      .on('POST /login', status(204, { headers: { 'set-cookie': ['sid=1; Path=/', 'theme=dark; Path=/'] } }))
      .on('GET /me', ({ headers }) => json(headers['cookie']));
    const { client } = await startAppContext({ baseURL: upstream.url, interceptors: [Cookies] });
    expect(await login(client)).toBe('sid=1; theme=dark');
    expect(upstream.sockets.opened).toBe(1);
  });
});
