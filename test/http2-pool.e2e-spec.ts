import { once } from 'node:events';
import http2 from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Test } from '@nestjs/testing';
import type { AxiosInstance, AxiosRequestConfig } from 'axios';
import { createTransport, getHttpClientToken, HttpClientModule, type HttpClientOptions } from '../src/index.js';
import { CA, CERTIFICATE } from './support/certificates.js';
import { failureOf } from './support/failure-of.js';
import { guardedClient } from './support/guarded-client.js';
import {
  ACK,
  END_HEADERS,
  END_STREAM,
  type FrameConnection,
  HEADERS,
  OK,
  PING,
  startFrames,
} from './support/http2-frames.js';
import { type Listen, startHttp2 } from './support/http2-upstream.js';
import { ManualClock } from './support/manual-clock.js';
import { startProxy } from './support/proxy.js';
import { startTransport } from './support/start-transport.js';
import { startUpstream } from './support/upstream.js';

const PRIOR = { http2: 'prior-knowledge' } as const;
const answer: Listen = (request, response) => void response.end(`by ${request.httpVersion}`);

/** A client on a clock of the test's. */
function clocked(options: HttpClientOptions = {}) {
  const clock = new ManualClock();
  const app = guardedClient({ ...PRIOR, ...options }, undefined, clock);
  onTestFinished(() => app[Symbol.asyncDispose]());
  return { ...app, clock };
}

/** Answers requests, and PINGs while its peer is there. */
async function startMortal() {
  const state = { isThere: true, pings: 0, requests: 0 };
  const upstream = await startFrames(({ type, flags, stream, payload }, { send }: FrameConnection) => {
    if (type === PING && !(flags & ACK)) {
      state.pings++;
      if (state.isThere) send(PING, ACK, 0, payload);
    }
    if (type === HEADERS) state.requests++;
    if (type === HEADERS && state.isThere) send(HEADERS, END_HEADERS | END_STREAM, stream, OK);
  });
  return { upstream, state };
}

describe('a session that was silent for ten seconds', () => {
  const options = { pool: { idleMs: 600_000, maxAgeMs: false }, timeouts: { responseMs: 60_000 } } as const;

  it('has to show that its peer is there before it carries the next call', async () => {
    const { upstream, state } = await startMortal();
    const { client, clock } = clocked(options);
    await client.get(upstream.url);
    await clock.advance(9_999);
    await client.post(upstream.url);
    expect(state.pings).toBe(0);
    await clock.advance(10_000);
    await client.post(upstream.url);
    expect(state.pings).toBe(1);
    expect(upstream.connections).toHaveLength(1);
  });

  it('is given up where its peer is not, and the call goes over a new one', async () => {
    const { upstream, state } = await startMortal();
    const { client, clock, pool } = clocked(options);
    await client.get(upstream.url);
    await clock.advance(10_000);
    state.isThere = false;
    const call = client.post(upstream.url);
    await expect.poll(() => state.pings).toBe(1);
    state.isThere = true;
    await clock.advance(2_000);
    expect((await call).status).toBe(200);
    expect(upstream.connections).toHaveLength(2);
    expect(pool.stats().total).toMatchObject({ created: 2, closed: 1, timedOut: 1 });
  });

  it('has its calls fail that wait for an answer, long before they would by themselves', async () => {
    const { upstream, state } = await startMortal();
    const { client, clock } = clocked(options);
    await client.get(upstream.url);
    state.isThere = false;
    const failing = failureOf(client.post(upstream.url));
    await expect.poll(() => state.requests).toBe(2);
    await clock.advance(10_000);
    await expect.poll(() => state.pings).toBe(1);
    await clock.advance(2_000);
    expect(await failing).toMatchObject({ code: 'ETIMEDOUT', message: expect.stringContaining('PING') });
  });
});

it('a call that was not answered in time has its session show that its peer is there', async () => {
  const { upstream, state } = await startMortal();
  const { client, clock } = clocked({ pool: { idleMs: 60_000 }, timeouts: { responseMs: 1_000 } });
  await client.get(upstream.url);
  state.isThere = false;
  const failing = failureOf(client.get(upstream.url));
  await expect.poll(() => state.requests).toBe(2);
  await clock.advance(1_000);
  expect(await failing).toMatchObject({ code: 'ERR_RESPONSE_TIMEOUT' });
  await expect.poll(() => state.pings).toBe(1);
  const next = client.get(upstream.url); // waits for the answer to the PING
  state.isThere = true;
  await clock.advance(2_000);
  expect((await next).status).toBe(200);
  expect(upstream.connections).toHaveLength(2);
});

describe('sessions are opened by the pool', () => {
  it('with its guard', async () => {
    const upstream = await startHttp2(answer);
    const refused = startTransport({ ...PRIOR, guard: { allowPorts: false } });
    expect(await failureOf(refused.client.get(upstream.url))).toMatchObject({ code: 'ERR_ADDRESS_BLOCKED' });
    const byName = upstream.url.replace('127.0.0.1', 'localhost');
    expect(await failureOf(refused.client.get(byName))).toMatchObject({ code: 'ERR_ADDRESS_BLOCKED' });
    expect(upstream.connections).toBe(0);
    const allowed = startTransport({ ...PRIOR, guard: { allowPorts: false, allowHosts: ['127.0.0.1'] } });
    expect((await allowed.client.get(upstream.url)).data).toBe('by 2.0');
  });

  it('through tunnels', async () => {
    const upstream = await startHttp2(answer, { tls: CERTIFICATE });
    await using proxy = await startProxy();
    const { client } = startTransport({ http2: true, tls: { ca: CA } });
    const { hostname, port } = new URL(proxy.url);
    const config = { proxy: { host: hostname, port: Number(port) } };
    const calls = Array.from({ length: 5 }, () => client.get(upstream.url, config));
    for (const { data } of await Promise.all(calls)) expect(data).toBe('by 2.0');
    expect(proxy.tunnels).toBe(1);
  });

  it('on unix sockets', async () => {
    const socketPath = join(tmpdir(), `nest-outbound-http2-${process.pid}.sock`);
    const server = http2.createServer((_, response) => response.end('unix')).listen(socketPath);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { client, transport } = startTransport(PRIOR);
    expect((await client.get('http://docker/info', { socketPath })).data).toBe('unix');
    await transport.close();
  });

  it('with a client certificate', async () => {
    const upstream = await startHttp2(answer, { tls: { ...CERTIFICATE, requestCert: true, ca: CA } });
    const { client } = startTransport({ http2: true, tls: { ca: CA, ...CERTIFICATE } });
    await client.get(upstream.url);
    expect((upstream.sessions[0]!.socket as never as { authorized: boolean }).authorized).toBe(true);
  });

  it('anew once they are too old, also while streams are open', async () => {
    const held: (() => void)[] = [];
    const upstream = await startHttp2((request, response) => {
      if (request.url === '/held') held.push(() => response.end('late'));
      else response.end('fine');
    });
    const { client, transport } = startTransport({ ...PRIOR, pool: { maxAgeMs: 300, idleMs: 300 } });
    const openedAt = Date.now();
    const late = client.get(`${upstream.url}/held`);
    await client.get(upstream.url);
    await expect.poll(() => held.length).toBe(1);
    await expect.poll(() => Date.now() - openedAt).toBeGreaterThan(340); // the age and its jitter
    expect((await client.get(upstream.url)).data).toBe('fine');
    expect(upstream.connections).toBe(2);
    held[0]!();
    expect((await late).data).toBe('late');
    await expect.poll(() => transport.pool.stats().total.closed).toBeGreaterThanOrEqual(1);
  });
});

describe('the option', () => {
  it('is one of the module, of clients and of origins', async () => {
    const upstream = await startHttp2(answer, { tls: { ...CERTIFICATE, allowHTTP1: true } });
    const origin = upstream.url;
    const app = await Test.createTestingModule({
      imports: [
        HttpClientModule.forRoot({ http2: true, tls: { ca: CA }, origins: { 'https://other.test': { http2: false } } }),
        HttpClientModule.forFeature([
          { name: 'one', http2: false },
          { name: 'two', origins: { [origin]: { http2: false } } },
          { name: 'three' },
        ]),
      ],
    }).compile();
    await app.init();
    onTestFinished(() => app.close());
    const versionOf = async (...name: [] | [string]) =>
      (await app.get<AxiosInstance>(getHttpClientToken(...name)).get(origin)).data;
    expect(await versionOf()).toBe('by 2.0');
    expect(await versionOf('one')).toBe('by 1.1');
    expect(await versionOf('two')).toBe('by 1.1');
    expect(await versionOf('three')).toBe('by 2.0');
  });

  it('says what it takes', () => {
    expect(() => createTransport({ http2: 'h2' as never })).toThrow("http2: expected true, false or 'prior-knowledge'");
  });

  it('is what axios’s own httpVersion needs: no session is opened that nobody closes', async () => {
    const upstream = await startHttp2(answer);
    const config = { httpVersion: 2 } as AxiosRequestConfig;
    const without = startTransport();
    const error = await failureOf(without.client.get(upstream.url, config));
    expect(error).toMatchObject({ code: 'ERR_BAD_OPTION_VALUE', message: expect.stringContaining('option http2') });
    expect(upstream.connections).toBe(0);
    const { client, transport } = startTransport(PRIOR);
    expect((await client.get(upstream.url, config)).data).toBe('by 2.0');
    expect(transport.pool.stats().total).toMatchObject({ created: 1 });
  });

  it('leaves what HTTP/2 cannot carry to HTTP/1.1', async () => {
    await using upstream = await startUpstream();
    const { client } = startTransport(PRIOR);
    const { request } = await client.get(upstream.url, { headers: { Upgrade: 'h2c', Connection: 'Upgrade' } });
    expect(request.res.httpVersion).toBe('1.1');
  });
});
