import { describe, expect, it, onTestFinished } from 'vitest';
import type { AddressEvent } from '../src/call/events.js';
import type { HttpClientOptions } from '../src/index.js';
import { failureOf } from './support/failure-of.js';
import { guardedClient } from './support/guarded-client.js';
import { type Listen, startHttp2Fleet } from './support/http2-upstream.js';
import { ManualClock } from './support/manual-clock.js';

const NAME = 'orders.test';

/** Upstreams of one name, which answer as each is told to, and a client that asks for the name. */
async function start(count: number, options: HttpClientOptions = {}) {
  const pods = Array.from({ length: count }, () => ({
    requests: 0,
    answer: ((_, response) => void response.end('ok')) as Listen,
  }));
  const listeners = pods.map((pod): Listen => (request, response) => {
    pod.requests++;
    pod.answer(request, response);
  });
  const upstreams = await startHttp2Fleet(listeners);
  let known = pods.map((_, n) => `127.0.0.${n + 1}`);
  const origin = `http://${NAME}:${upstreams[0]!.port}`;
  const clock = new ManualClock();
  const app = guardedClient(
    { http2: 'prior-knowledge', baseURL: origin, origins: { [origin]: { addresses: true } }, ...options },
    (_, _options, callback) =>
      callback(
        null,
        known.map((address) => ({ address, family: 4 })),
      ),
    clock,
  );
  onTestFinished(() => app[Symbol.asyncDispose]());
  const changes: AddressEvent[] = [];
  app.events.on('address', (event) => changes.push(event));
  return {
    ...app,
    clock,
    pods,
    upstreams,
    changes,
    addresses: () => app.pool.stats().origins[origin]?.addresses ?? {},
    leave: async (n: number) => {
      known = known.filter((address) => address !== `127.0.0.${n + 1}`);
      await clock.advance(5_000); // names are looked up again
    },
    callInTurn: async (calls: number) => {
      for (let i = 0; i < calls; i++) await app.client.get('/'); // oxlint-disable-line no-await-in-loop -- one after the other
    },
  };
}

describe('addresses of an origin over HTTP/2', () => {
  it('have a session each, and as many calls, one after the other and many at once', async () => {
    const { client, pods, upstreams, pool, callInTurn } = await start(4);
    await callInTurn(20);
    expect(pods.map(({ requests }) => requests)).toEqual([5, 5, 5, 5]);
    await Promise.all(Array.from({ length: 80 }, () => client.get('/')));
    expect(pods.map(({ requests }) => requests)).toEqual([25, 25, 25, 25]);
    expect(upstreams.map(({ connections }) => connections)).toEqual([1, 1, 1, 1]);
    expect(pool.stats().total).toMatchObject({ created: 4, idle: 4, active: 0, queued: 0 });
  });

  it('are told the name of the origin, not the address', async () => {
    const { client, pods } = await start(2);
    const hosts = new Set<unknown>();
    for (const pod of pods) {
      pod.answer = (request, response) => {
        hosts.add(request.headers[':authority']);
        response.end();
      };
    }
    await Promise.all([client.get('/'), client.get('/')]);
    expect([...hosts]).toEqual([expect.stringMatching(/^orders\.test:\d+$/)]);
  });

  it('that fail are ejected: their session gets no more streams, and serves those that it has', async () => {
    const { client, pods, upstreams, addresses, changes, clock, callInTurn } = await start(3, {
      timeouts: { responseMs: false },
      pool: { idleMs: 600_000, maxAgeMs: false },
    });
    const held: (() => void)[] = [];
    const answerOf =
      (status: number): Listen =>
      (_, response) =>
        void response.writeHead(status).end('ok');
    for (const pod of pods) {
      pod.answer = (_, response) => {
        held.push(() => response.end('late'));
        pod.answer = answerOf(pod === pods[1] ? 503 : 200);
      };
    }
    const failing = pods[1]!;
    const late = pods.map(() => client.get('/'));
    await expect.poll(() => held.length).toBe(3);
    let failures = 0;
    for (let i = 0; i < 40; i++) await client.get('/').catch(() => failures++); // oxlint-disable-line no-await-in-loop -- each hears of those before
    expect(failures).toBe(5);
    expect(addresses()['127.0.0.2']).toMatchObject({ state: 'ejected', inFlight: 1, requests: 6 });
    await callInTurn(20);
    expect(failing.requests).toBe(6);
    for (const respond of held) respond();
    expect((await Promise.all(late)).map(({ data }) => data)).toEqual(['late', 'late', 'late']);
    failing.answer = answerOf(200);
    await clock.advance(30_000);
    await callInTurn(9);
    expect(failing.requests).toBeGreaterThan(6);
    expect(changes.filter(({ change }) => change !== 'added')).toMatchObject([
      { address: '127.0.0.2', change: 'ejected', cause: '503' },
      { address: '127.0.0.2', change: 'returned' },
    ]);
    expect(upstreams.map(({ connections }) => connections)).toEqual([1, 1, 1]);
  });

  it('whose session is lost in the middle of many calls lose none that may be repeated', async () => {
    const { client, pods, upstreams, callInTurn } = await start(2);
    await callInTurn(4);
    const held: (() => void)[] = [];
    pods[1]!.answer = (_, response) => {
      held.push(() => response.end('ok'));
      if (pods[1]!.requests > 12) for (const respond of held.splice(0)) respond(); // its own ten, and one of those that were lost
    };
    pods[0]!.answer = (_, response) => response.stream.session!.destroy();
    const responses = await Promise.all(Array.from({ length: 20 }, () => client.get('/')));
    expect(responses.map(({ data }) => data)).toEqual(Array.from({ length: 20 }, () => 'ok'));
    expect(upstreams[1]!.connections).toBe(1);
  });

  it('that say goodbye have what they have not looked at sent again, to any of them', async () => {
    const { client, pods, callInTurn } = await start(2);
    await callInTurn(2);
    let posts = 0;
    for (const pod of pods) {
      pod.answer = (_, response) => {
        posts++;
        response.end('ok');
      };
    }
    const { answer } = pods[0]!;
    pods[0]!.answer = (request) => {
      pods[0]!.answer = answer;
      request.stream.session!.goaway(0, request.stream.id! - 2);
    };
    const responses = await Promise.all(Array.from({ length: 10 }, () => client.post('/', { once: true })));
    expect(responses.map(({ data }) => data)).toEqual(Array.from({ length: 10 }, () => 'ok'));
    expect(posts).toBeGreaterThanOrEqual(10);
  });

  it('that the name has no more have their sessions closed: idle ones at once, others after their last stream', async () => {
    const { client, pods, upstreams, leave, callInTurn } = await start(2, {
      timeouts: { responseMs: false },
      pool: { idleMs: 600_000, maxAgeMs: false },
    });
    await callInTurn(2);
    const held: (() => void)[] = [];
    pods[0]!.answer = (_, response) => void held.push(() => response.end('late'));
    const late = [client.get('/'), client.get('/')];
    await expect.poll(() => held.length).toBe(1);
    await leave(0);
    await callInTurn(4); // the first asks for the addresses
    await callInTurn(4);
    const { requests } = pods[0]!;
    expect(upstreams[0]!.sessions).toHaveLength(1);
    held[0]!();
    expect((await Promise.all(late)).map(({ data }) => data)).toContain('late');
    await expect.poll(() => upstreams[0]!.sessions).toHaveLength(0);
    expect(upstreams[0]!.goaways).toEqual([0]);
    await callInTurn(2);
    expect(pods[0]!.requests).toBe(requests);
  });

  it('share the limit of sockets of their origin', async () => {
    const { client, upstreams, pool } = await start(4, { pool: { maxSockets: 2 } });
    await Promise.all(Array.from({ length: 40 }, () => client.get('/')));
    expect(pool.stats().total.created - pool.stats().total.closed).toBeLessThanOrEqual(2);
    await expect.poll(() => upstreams.reduce((sum, { sessions }) => sum + sessions.length, 0)).toBeLessThanOrEqual(2);
  });

  it('of which none can be reached fail with what the connection fails with', async () => {
    const { client, upstreams } = await start(2);
    for (const { server } of upstreams) server.close();
    expect(await failureOf(client.get('/'))).toMatchObject({ code: 'ECONNREFUSED' });
  });
});
