import { Injectable, Module, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { AxiosInstance } from 'axios';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  ClientClosedError,
  type ConnectionPool,
  getConnectionPoolToken,
  HttpClientModule,
  InjectHttpClient,
} from '../src/index.js';
import { startAppContext } from './support/app-context.js';
import { startUpstream } from './support/upstream.js';

// Whoever must not be waited for here would be waited for longer than a test may take.
const NEVER_REACHED = { drainMs: 600_000 };

describe('an app that shuts down', () => {
  it('waits for calls in flight, also where it has no HTTP server', async () => {
    const held: ServerResponse[] = [];
    await using upstream = await startUpstream((_, response) => void held.push(response));
    const { app, client, pool } = await startAppContext({ shutdown: NEVER_REACHED });
    const arrived = once(upstream.server, 'request');
    const answer = client.get(upstream.url);
    await arrived;
    const closing = app.close();
    await new Promise(setImmediate); // no I/O lies between close() and our hook
    expect(pool.state).toBe('draining');
    held[0]!.end('in time');
    expect((await answer).data).toBe('in time');
    await closing;
    expect(pool.stats()).toMatchObject({ state: 'closed', inFlight: 0, total: { active: 0, idle: 0 } });
  });

  it('is not held open by a poller', async () => {
    await using upstream = await startUpstream((_, response) => void setTimeout(() => response.end(), 25));
    const { app, client, pool } = await startAppContext({ shutdown: NEVER_REACHED });
    const outcomes = new Set<string>();
    const poll = () =>
      client.get(upstream.url).then(
        () => outcomes.add('answered'),
        (error: { code: string }) => outcomes.add(error.code),
      );
    const timer = setInterval(() => void poll(), 10);
    await once(upstream.server, 'request');
    await app.close();
    await poll();
    clearInterval(timer);
    expect(outcomes).toEqual(new Set(['answered', 'ERR_CLIENT_CLOSED']));
    expect(pool.inFlight).toBe(0);
  });

  it('gives a half-read stream its time', async () => {
    await using upstream = await startUpstream((_, response) => void response.write('first '));
    const { app, client, pool } = await startAppContext({ shutdown: NEVER_REACHED });
    const requested = once(upstream.server, 'request');
    const { data } = await client.get<Readable>(upstream.url, { responseType: 'stream' });
    const [, response] = (await requested) as [unknown, ServerResponse];
    const text = (async () => Buffer.concat(await data.toArray()).toString())();
    const closing = app.close();
    expect(pool.inFlight).toBe(1);
    response.end('second');
    expect(await text).toBe('first second');
    await closing;
  });

  it.each([
    ['read', async (data: Readable) => data.toArray()],
    ['left unread', async (data: Readable) => Promise.reject((await once(data, 'error'))[0])],
  ])('aborts a stream that is still being %s at the deadline', async (_, consume) => {
    await using upstream = await startUpstream((_request, response) => void response.write('first'));
    const { app, client, pool } = await startAppContext({ shutdown: { drainMs: 50 } });
    const { data } = await client.get<Readable>(upstream.url, { responseType: 'stream' });
    const consumed = consume(data);
    const rejected = expect(consumed).rejects.toBeInstanceOf(ClientClosedError);
    await app.close();
    await rejected;
    expect(pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0 } });
  });

  it('counts the unread body of a refused status as in flight', async () => {
    await using upstream = await startUpstream((_, response) => void response.writeHead(500).write('half'));
    const { client, pool } = await startAppContext({ shutdown: { drainMs: 50 } });
    const { response } = await client.get(upstream.url, { responseType: 'stream' }).catch((error) => error);
    expect(pool.inFlight).toBe(1);
    response.data.destroy();
    await once(response.data, 'close');
    expect(pool.inFlight).toBe(0);
  });

  it('aborts a call that waits for a socket, and one whose upstream hangs, with an error that says what to do', async () => {
    await using upstream = await startUpstream(() => {});
    const { app, client } = await startAppContext({ pool: { maxSockets: 1 }, shutdown: { drainMs: 50 } });
    const arrived = once(upstream.server, 'request');
    const answers = [client.get(`${upstream.url}/hang?secret=1`), client.post(`${upstream.url}/queued`, 'secret')];
    const settled = Promise.allSettled(answers);
    await arrived;
    await app.close();
    for (const result of await settled) {
      expect(result).toMatchObject({
        reason: {
          name: 'ClientClosedError',
          code: 'ERR_CLIENT_CLOSED',
          isAxiosError: true,
          origin: upstream.url,
          attempts: [{ number: 1, outcome: 'ERR_CLIENT_CLOSED' }],
          message: expect.stringMatching(/aborted in attempt 1: .* raise shutdown\.drainMs/),
        },
      });
      expect(JSON.stringify(result)).not.toContain('secret');
    }
  });

  it('refuses calls at once after it, and opens no socket for them', async () => {
    await using upstream = await startUpstream();
    const { app, client, pool } = await startAppContext();
    await app.close();
    await expect(client.get(upstream.url)).rejects.toMatchObject({
      name: 'ClientClosedError',
      attempts: [],
      method: 'GET',
      message: `GET ${upstream.url}: client "default" is closed; make calls before onApplicationShutdown ends`,
    });
    expect(upstream.connections).toBe(0);
    expect(pool.stats()).toMatchObject({ inFlight: 0, total: { created: 0 } });
  });

  it('lets feature modules call upstreams in their own shutdown hooks', async () => {
    await using upstream = await startUpstream();
    const answered: string[] = [];

    @Injectable()
    class Registration implements OnModuleDestroy, OnApplicationShutdown {
      constructor(@InjectHttpClient() private readonly http: AxiosInstance) {}
      async onModuleDestroy() {
        answered.push((await this.http.delete(`${upstream.url}/registration`)).data.path);
      }
      async onApplicationShutdown() {
        answered.push((await this.http.post(`${upstream.url}/goodbye`)).data.path);
      }
    }
    @Module({ providers: [Registration] })
    class FeatureModule {}

    const { app } = await startAppContext({}, { imports: [FeatureModule] });
    await app.close();
    expect(answered).toEqual(['/registration', '/goodbye']);
  });

  it('may be closed twice, also at the same time', async () => {
    await using upstream = await startUpstream();
    const { app, client, pool } = await startAppContext();
    await client.get(upstream.url);
    await Promise.all([app.close(), app.close()]);
    await app.close();
    expect(pool.state).toBe('closed');
  });

  it('may be closed before it was initialised', async () => {
    const app = await Test.createTestingModule({ imports: [HttpClientModule.forRoot()] }).compile();
    await app.close();
    expect(app.get<ConnectionPool>(getConnectionPoolToken()).state).toBe('closed');
  });

  it('does not touch another app in the same process', async () => {
    await using upstream = await startUpstream();
    const one = await startAppContext();
    const two = await startAppContext();
    await one.client.get(upstream.url);
    await two.client.get(upstream.url);
    expect(one.pool.id).not.toBe(two.pool.id);
    await one.app.close();
    expect((await two.client.get(upstream.url)).status).toBe(200);
    expect(upstream.connections).toBe(2);
  });
});
