import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { AxiosInstance } from 'axios';
import { Keyv } from 'keyv';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { getHttpClientToken, HttpClientModule, type HttpClientModuleOptions, HttpClients } from '../src/index.js';
import { recordedTransport } from '../src/testing/index.js';
import { startUpstream, type Upstream } from './support/upstream.js';

const open: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function startClient(options: Parameters<typeof HttpClientModule.forRoot>[0]) {
  const testing = Test.createTestingModule({ imports: [HttpClientModule.forRoot(options)] });
  const app: INestApplicationContext = await (await testing.compile()).init();
  open.push(() => app.close());
  return { app, http: app.get<AxiosInstance>(getHttpClientToken()), clients: app.get(HttpClients) };
}

async function start(answer: RequestListener): Promise<Upstream> {
  const upstream = await startUpstream(answer);
  open.push(() => upstream[Symbol.asyncDispose]());
  return upstream;
}

const fresh: RequestListener = (_, response) => {
  response.setHeader('cache-control', 'max-age=60');
  response.end('text');
};

it.each<[string, string, (url: string) => HttpClientModuleOptions]>([
  ['the guard', 'ERR_ADDRESS_BLOCKED', () => ({ guard: true })],
  ['confine', 'ERR_ADDRESS_BLOCKED', (url) => ({ baseURL: `${url}/api/`, confine: 'path' })],
])('what %s refuses is given to nobody, though it is stored', async (_, code, refusing) => {
  const upstream = await start(fresh);
  const store = new Keyv();
  const url = `${upstream.url}/x`;
  const free = await startClient({ cache: { store } });
  await free.http.get(url);
  expect((await free.http.get(url)).cache?.status).toBe('hit');
  const bound = await startClient({ cache: { store }, ...refusing(upstream.url) });
  await expect(bound.http.get(url)).rejects.toMatchObject({ code });
  expect(bound.clients.cache().stats()).toMatchObject({ hits: 0, misses: 0 });
});

it('a validation in the background is waited for when the app closes', async () => {
  const held: (() => void)[] = [];
  const upstream = await start((_, response) => {
    response.setHeader('cache-control', 'max-age=0, stale-while-revalidate=60');
    if (upstream.requests === 1) response.end('old');
    else held.push(() => response.end('new'));
  });
  const { app, http, clients } = await startClient({ cache: true });
  await http.get(upstream.url);
  const caller = new AbortController();
  expect(await http.get(upstream.url, { signal: caller.signal })).toMatchObject({ data: 'old', cache: { status: 'stale' } });
  caller.abort(); // it has its answer: what is asked now is not for it
  await expect.poll(() => held.length).toBe(1);
  let isClosed = false;
  const closing = app.close().then(() => (isClosed = true));
  await expect.poll(() => clients.stats().pool.state).toBe('draining');
  expect(isClosed).toBe(false);
  held[0]!();
  await closing;
  expect(clients.cache().stats()).toMatchObject({ stored: 2 });
}); // prettier-ignore

it('a stale response stands in for an upstream whose breaker is open, and for one that is gone', async () => {
  const upstream = await start((_, response) => {
    response.setHeader('cache-control', 'max-age=0, stale-if-error=60');
    response.end('text');
  });
  const { http, clients } = await startClient({ cache: true, resilience: { breaker: true } });
  await http.get(upstream.url);
  clients.breakers().isolate(new URL(upstream.url).origin);
  expect(await http.get(upstream.url)).toMatchObject({ data: 'text', cache: { status: 'stale' } });
  expect(upstream.requests).toBe(1);
  clients.breakers().close(new URL(upstream.url).origin);
  upstream.server.closeAllConnections();
  upstream.server.close();
  expect(await http.get(upstream.url)).toMatchObject({ data: 'text', cache: { status: 'stale' } });
});

it('a recording has what was sent, once, and no secrets of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'caching-'));
  open.push(() => rm(folder, { recursive: true }));
  const fixture = join(folder, 'x.json');
  const upstream = await start((_, response) => {
    response.setHeader('cache-control', 'public, max-age=60');
    response.end('text');
  });
  const recording = recordedTransport({ fixture, mode: 'record' });
  const { http } = await startClient({ cache: true, layers: [{ use: recording, after: 'attemptTimeout' }] });
  const call = { headers: { authorization: 'Bearer s3cret' }, params: { token: 's3cret' } };
  await http.get(upstream.url, call);
  expect((await http.get(upstream.url, call)).cache?.status).toBe('hit');
  await recording.close();
  const content = await readFile(fixture, 'utf8');
  expect((JSON.parse(content) as { exchanges: unknown[] }).exchanges).toHaveLength(1);
  expect(content).not.toContain('s3cret');
});

it.each<[string, Partial<Record<'get' | 'set' | 'delete', () => Promise<unknown>>>]>([
  ['that is gone', { get: () => Promise.reject(new Error('gone')), set: () => Promise.reject(new Error('gone')) }],
  ['that never answers', { get: () => new Promise(() => {}) }],
  ['whose values are broken', { get: async () => Buffer.from('NOC1 broken').toString('base64') }],
  ['whose values are of another kind', { get: async () => ({ body: 'text' }) }],
])('a Keyv %s fails no call', async (_, broken) => {
  const upstream = await start(fresh);
  const known = { get: async () => undefined, set: async () => true, delete: async () => true };
  const { http, clients } = await startClient({ cache: { store: { ...known, ...broken } } });
  for (let i = 0; i < 2; i++) {
    expect(await http.get(upstream.url)).toMatchObject({ data: 'text', cache: { status: 'miss' } });
  }
  await http.post(upstream.url);
  await clients.cache().clear();
});

it('10,000 calls at once for what is not stored make one request', { tags: 'slow' }, async () => {
  const held: (() => void)[] = [];
  const upstream = await start((request, response) => void held.push(() => fresh(request, response)));
  const { http } = await startClient({ cache: true });
  const calls = Array.from({ length: 10_000 }, () => http.get(upstream.url));
  await expect.poll(() => held.length).toBe(1);
  held[0]!();
  const statuses = (await Promise.all(calls)).map(({ cache }) => cache?.status);
  expect(statuses.filter((status) => status === 'hit')).toHaveLength(9_999);
  expect(upstream.requests).toBe(1);
});
