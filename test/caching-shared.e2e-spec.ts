import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { AxiosInstance } from 'axios';
import { Redis } from 'ioredis';
import { Keyv } from 'keyv';
import { afterEach, expect, it } from 'vitest';
import { type CacheOptions, getHttpClientToken, HttpClientModule, HttpClients } from '../src/index.js';
import { redisShared } from '../src/redis/index.js';
import { AppProcess } from './support/app-process.js';
import { describeWithRedis, type RedisServer, startRedis } from './support/redis-server.js';
import { startUpstream, type Upstream } from './support/upstream.js';

const open: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function startReplica(store: CacheOptions['store'], redis?: Redis): Promise<[AxiosInstance, HttpClients]> {
  const module = HttpClientModule.forRoot({
    cache: { store: store! },
    ...(redis && { shared: redisShared(redis, { timeoutMs: 30_000 }) }),
  });
  const app: INestApplicationContext = await (await Test.createTestingModule({ imports: [module] }).compile()).init();
  open.push(() => app.close());
  return [app.get(getHttpClientToken()), app.get(HttpClients)];
}

async function startCounted(): Promise<{ upstream: Upstream; counted: () => number }> {
  let requests = 0;
  const upstream = await startUpstream((_, response) => {
    requests++;
    response.setHeader('cache-control', 'max-age=60');
    response.end('text');
  });
  open.push(() => upstream[Symbol.asyncDispose]());
  return { upstream, counted: () => requests };
}

describeWithRedis('replicas that share a Redis', () => {
  it('give one another’s responses, ask the upstream at most once each, and delete for all', async () => {
    const server: RedisServer = await startRedis();
    open.push(() => server.stop());
    const { upstream, counted } = await startCounted();
    const clients = Array.from({ length: 3 }, () => new Redis(server.port, '127.0.0.1'));
    open.push(() => clients.forEach((client) => client.disconnect()));
    const replicas = await Promise.all(clients.map((client) => startReplica('shared', client)));
    const calls = replicas.flatMap(([http]) => Array.from({ length: 20 }, () => http.get<string>(upstream.url)));
    for (const { data } of await Promise.all(calls)) expect(data).toBe('text');
    expect(counted()).toBeLessThanOrEqual(3); // once in all, unless Redis is slower than a replica waits
    const [one, other, third] = replicas.map(
      ([http]) =>
        async () =>
          (await http.get(upstream.url)).cache?.status,
    );
    for (const ask of [one!, other!, third!]) await expect.poll(ask).toBe('hit');
    const before = counted();
    await replicas[0]![1].cache().clear();
    await other!();
    expect(counted()).toBe(before + 1);
    await expect.poll(third!).toBe('hit');
  });
});

describeWithRedis('a replica that writes', () => {
  it('reads what it has written, whatever another has asked for before', async () => {
    const server: RedisServer = await startRedis();
    open.push(() => server.stop());
    let version = 1;
    let held: (() => void)[] | undefined = [];
    const upstream = await startUpstream((request, response) => {
      response.setHeader('cache-control', 'max-age=60');
      if (request.method !== 'GET') version++;
      const had = String(version);
      if (request.method === 'GET' && held) held.push(() => response.end(had));
      else response.end(had);
    });
    open.push(() => upstream[Symbol.asyncDispose]());
    const redis = [new Redis(server.port, '127.0.0.1'), new Redis(server.port, '127.0.0.1')];
    open.push(() => redis.forEach((client) => client.disconnect()));
    const [[one], [other]] = [await startReplica('shared', redis[0]), await startReplica('shared', redis[1])];
    const read = async (http: AxiosInstance) => (await http.get<number>(upstream.url)).data;
    const old = read(one);
    await expect.poll(() => held!.length).toBe(1);
    await other.post(upstream.url);
    const after = read(other);
    await expect.poll(() => held!.length).toBe(2);
    const [first, second] = held;
    held = undefined;
    second!();
    expect(await after).toBe(2);
    first!(); // what was asked for before the write comes last
    expect(await old).toBe(1);
    for (const http of [one, other, one, other]) expect(await read(http)).toBe(2);
  });
});

describeWithRedis('replicas in processes of their own', () => {
  interface Answer {
    readonly id: number;
    readonly values?: readonly number[];
    readonly failure?: string;
  }

  it('never read what is older than what one of them has written', { tags: 'slow' }, async () => {
    const server: RedisServer = await startRedis();
    open.push(() => server.stop());
    let version = 1;
    const upstream = await startUpstream((request, response) => {
      response.setHeader('cache-control', 'max-age=60');
      if (request.method !== 'GET') version++;
      response.end(String(version));
    });
    open.push(() => upstream[Symbol.asyncDispose]());
    const env = { REDIS_PORT: String(server.port), UPSTREAM: upstream.url };
    const replicas = await Promise.all(Array.from({ length: 4 }, () => AppProcess.start('cache-replica', env)));
    open.push(() => Promise.all(replicas.map((replica) => replica[Symbol.asyncDispose]())));
    let orders = 0;
    const ask = async (replica: AppProcess, method: 'get' | 'post', count: number) => {
      const id = ++orders;
      replica.tell(JSON.stringify({ id, method, count }));
      const answer = await replica.message((one): one is Answer => (one as Answer).id === id);
      expect(answer.failure).toBeUndefined();
      return answer.values!;
    };
    const rounds = 15;
    for (let round = 0; round < rounds; round++) {
      const before = replicas.map((replica) => ask(replica, 'get', 20));
      await ask(replicas[round % 4]!, 'post', 1);
      const written = version;
      const after = await Promise.all(replicas.map((replica) => ask(replica, 'get', 20)));
      expect(Math.min(...after.flat())).toBeGreaterThanOrEqual(written);
      await Promise.all(before);
    }
    expect(upstream.requests).toBeLessThanOrEqual(rounds * (1 + 2 * 4 * 2)); // of 2,400 reads
  });
});

it('replicas share a Keyv', async () => {
  const { upstream, counted } = await startCounted();
  const keyv = new Keyv();
  const [[one], [other]] = [await startReplica(keyv), await startReplica(keyv)];
  await one.get(upstream.url);
  expect((await other.get(upstream.url)).cache?.status).toBe('hit');
  expect(counted()).toBe(1);
});

it('a store of replicas needs one', async () => {
  await expect(startReplica('shared')).rejects.toThrow(
    "cache.store: expected the option shared of the module beside 'shared', got none",
  );
});
