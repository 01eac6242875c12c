import { Test } from '@nestjs/testing';
import type { AxiosInstance } from 'axios';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  getHttpClientToken,
  HttpClientEvents,
  HttpClientHealthIndicator,
  HttpClientModule,
  type HttpClientModuleOptions,
  HttpClients,
} from '../../src/index.js';
import type { IoredisClient, RedisClientLike } from '../../src/redis/client-shape.js';
import { redisShared, type RedisSharedOptions } from '../../src/redis/index.js';
import { startAppContext } from '../support/app-context.js';
import { problemsOf } from '../support/problems.js';
import { CLIENTS, type OpenClient } from '../support/redis-clients.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis-server.js';
import { startUpstream } from '../support/upstream.js';

const KEY = randomBytes(32);
/** On a machine that has much else to do. */
const PATIENT: RedisSharedOptions = { timeoutMs: 20_000, replicas: 2 };
/** A client of a Redis that is not there, as one without a connection has it. */
const gone = Object.fromEntries(
  ['evalsha', 'eval', 'getBuffer', 'call', 'set', 'del', 'pexpire'].map((name) => [name, () => new Promise(() => {})]),
) as unknown as RedisClientLike;

describeWithRedis('an app whose replicas share state', () => {
  let server: RedisServer;
  let redis: OpenClient;
  let prefixes = 0;
  const raw = (...command: string[]) => (redis.client as IoredisClient).call(command[0]!, ...command.slice(1));
  beforeAll(async () => {
    server = await startRedis();
    redis = CLIENTS['ioredis 6']!(server.port);
  });
  afterAll(async () => {
    redis.close();
    await server.stop();
  });

  async function upstreamOf(handle: Parameters<typeof startUpstream>[0]) {
    const upstream = await startUpstream(handle);
    onTestFinished(() => upstream[Symbol.asyncDispose]());
    return upstream.url;
  }

  it('keeps to one limit, and lists it', async () => {
    const url = await upstreamOf((_, response) => response.end());
    const prefix = `p${prefixes++}`;
    const options: HttpClientModuleOptions = {
      baseURL: url,
      shared: redisShared(redis.client, { ...PATIENT, prefix }),
      resilience: { deadlineMs: 60_000, rateLimit: { max: 4, intervalMs: 3_600_000, shared: true } },
    };
    const apps = await Promise.all([startAppContext(options), startAppContext(options)]);
    const answers = await Promise.allSettled(apps.flatMap(({ client }) => [1, 2, 3].map(() => client.get('/'))));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
    expect(refused).toEqual(Array(2).fill(expect.objectContaining({ code: 'ERR_RATE_LIMIT' })));
    const explained = apps[0].app.get(HttpClients).explain().options;
    expect(explained['resilience.rateLimit.shared']).toEqual({ value: true, from: 'module' });
    expect(await raw('KEYS', `${prefix}:*`)).toContain(`${prefix}:{default ${url}}:quota`);
  });

  it('has a limit for each client, and for an origin of its own', async () => {
    const url = await upstreamOf((_, response) => response.end());
    const rateLimit = { max: 1, intervalMs: 3_600_000, shared: true };
    const { app, client } = await startAppContext(
      {
        baseURL: url,
        shared: redisShared(redis.client, { ...PATIENT, prefix: `p${prefixes++}` }),
        resilience: { deadlineMs: 60_000, rateLimit: { ...rateLimit, per: 'client' } },
        origins: { [url.replace('127.0.0.1', 'localhost')]: { resilience: { rateLimit } } },
      },
      { imports: [HttpClientModule.forFeature({ name: 'other', baseURL: url })] },
    );
    const other = app.get<AxiosInstance>(getHttpClientToken('other'));
    const free = await startAppContext({ baseURL: url });
    expect((await client.get('/')).status).toBe(200);
    expect((await other.get('/')).status).toBe(200);
    await expect(client.get('/')).rejects.toMatchObject({ code: 'ERR_RATE_LIMIT' });
    expect((await free.client.get('/')).status).toBe(200);
    expect((await client.get('/', { resilience: { rateLimit: false } })).status).toBe(200);
  });

  it('starts without Redis, and says so once: event, log, health', async () => {
    const lines: string[] = [];
    const write = (line: unknown) => void lines.push(String(line));
    const logger = { log: write, error: write, warn: write, debug: write, verbose: write, fatal: write };
    const url = await upstreamOf((_, response) => response.end());
    const module = await Test.createTestingModule({
      imports: [
        HttpClientModule.forRoot({
          baseURL: url,
          shared: redisShared(gone, { timeoutMs: 20, replicas: 2 }),
          resilience: { rateLimit: { max: 1_000, shared: true } },
        }),
      ],
    })
      .setLogger(logger)
      .compile();
    const app = await module.init();
    onTestFinished(() => app.close());
    const events: unknown[] = [];
    app.get(HttpClientEvents).on('shared:state', (event) => events.push(event));
    const health = app.get(HttpClientHealthIndicator);
    expect(health.shared()).toEqual({ 'outbound-shared': { status: 'up', replicas: 2 } });
    const client = app.get<AxiosInstance>(getHttpClientToken());
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.get('/')));
    expect(answers).toHaveLength(20);
    expect(events).toEqual([{ from: 'available', to: 'unavailable', reason: 'no answer within 20 ms', replicas: 2 }]);
    expect(lines.filter((line) => line.startsWith('Shared state'))).toEqual([
      'Shared state: available → unavailable: no answer within 20 ms; each of 2 replicas keeps to its share of a limit',
    ]);
    expect(health.shared('redis')).toEqual({ redis: { status: 'down', replicas: 2 } });
  });

  it('has no health of what it does not have', async () => {
    const { app } = await startAppContext();
    expect(() => app.get(HttpClientHealthIndicator).shared()).toThrow(RangeError);
  });

  describe('with an OAuth2 token', () => {
    /** An authorization server that grants t1, t2 …, and an API that refuses those that are revoked. */
    async function startServers(lifetimeS = 3_600) {
      const servers = { granted: 0, revoked: new Set<string>(), idp: '', api: '', seen: new Set<string>() };
      servers.idp = await upstreamOf((request, response) => {
        request.resume();
        response.setHeader('content-type', 'application/json');
        const token = `t${++servers.granted}`;
        // The others ask meanwhile.
        setTimeout(() => response.end(JSON.stringify({ access_token: token, expires_in: lifetimeS })), 50);
      });
      servers.api = await upstreamOf(({ headers: { authorization = '' } }, response) => {
        servers.seen.add(authorization);
        response.statusCode = servers.revoked.has(authorization) ? 401 : 200;
        response.end();
      });
      return servers;
    }

    async function startReplica(
      { idp, api }: { idp: string; api: string },
      { client = redis.client, ...options }: RedisSharedOptions & { client?: RedisClientLike } = {},
    ): Promise<AxiosInstance> {
      const oauth2 = { tokenUrl: `${idp}/token`, clientId: 'id', clientSecret: 'a secret', shared: true };
      const { app } = await startAppContext(
        { shared: redisShared(client, { ...PATIENT, encryptionKey: KEY, ...options }), shutdown: { drainMs: 500 } },
        { imports: [HttpClientModule.forFeature({ name: 'crm', baseURL: api, auth: { oauth2 } })] },
      );
      return app.get<AxiosInstance>(getHttpClientToken('crm'));
    }
    const keysOf = async (prefix: string) => (await raw('KEYS', `${prefix}:{token:*}`)) as string[];

    it('gets one for all replicas, which Redis holds encrypted', async () => {
      const servers = await startServers();
      const prefix = `p${prefixes++}`;
      const clients = await Promise.all([1, 2, 3].map(() => startReplica(servers, { prefix })));
      await Promise.all(clients.flatMap((client) => [client.get('/'), client.get('/')]));
      expect([servers.granted, [...servers.seen]]).toEqual([1, ['Bearer t1']]);
      await expect.poll(() => keysOf(prefix)).toHaveLength(1); // the lock is gone
      const [key] = await keysOf(prefix);
      const written = Buffer.from(String(await raw('GET', key!)), 'base64');
      expect(written.includes('t1')).toBe(false);
      expect(Number(await raw('PTTL', key!))).toBeGreaterThan(3_000_000);
    });

    it('replaces one that was refused once for all', async () => {
      const servers = await startServers();
      const prefix = `p${prefixes++}`;
      const clients = await Promise.all([1, 2, 3].map(() => startReplica(servers, { prefix })));
      await Promise.all(clients.map((client) => client.get('/')));
      servers.revoked.add('Bearer t1');
      const answers = await Promise.all(clients.map((client) => client.get('/')));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(servers.granted).toBe(2);
    });

    it.each([
      ['that nobody has encrypted', () => Buffer.from('no token of ours, but long enough').toString('base64')],
      ['that is broken', () => '?'],
    ])('takes what Redis has for none where it is something %s', async (_, written) => {
      const servers = await startServers();
      const prefix = `p${prefixes++}`;
      await (await startReplica(servers, { prefix })).get('/');
      const [key] = await keysOf(prefix);
      await raw('SET', key!, written());
      await (await startReplica(servers, { prefix })).get('/');
      expect(servers.granted).toBe(2);
    });

    it('reads those of a key that was rotated, and none of another key', async () => {
      const servers = await startServers();
      const prefix = `p${prefixes++}`;
      const other = randomBytes(32);
      await (await startReplica(servers, { prefix })).get('/');
      await (await startReplica(servers, { prefix, encryptionKey: [other.toString('base64'), KEY] })).get('/');
      expect(servers.granted).toBe(1);
      await (await startReplica(servers, { prefix, encryptionKey: other })).get('/');
      expect(servers.granted).toBe(2);
    });

    it('gets one for itself while Redis is gone', async () => {
      const servers = await startServers();
      const client = await startReplica(servers, { client: gone, timeoutMs: 20 });
      expect((await client.get('/')).status).toBe(200);
      expect(servers.granted).toBe(1);
    });
  });
});

describe('options of shared state', () => {
  const shared = redisShared(gone);

  it('are refused where they are wrong, all at once', () => {
    const wrong = { prefix: 'a{b}', timeoutMs: 0, replicas: 1.5, encryptionKey: 'short' };
    expect(problemsOf(() => redisShared('redis://localhost' as never, wrong))).toEqual([
      'redis: expected a client of ioredis (>= 5) or redis (>= 5), got a string: pass the client, not its URL',
      'prefix: expected a text without braces, got "a{b}"',
      'timeoutMs: expected a whole number of milliseconds from 1 to 2147483647, got 0',
      "replicas: expected a whole number from 1, or 'auto', got 1.5",
      'encryptionKey: expected 32 bytes, or they in base64, got others',
    ]);
  });

  it.each<[string, HttpClientModuleOptions, string]>([
    [
      'a limit without shared state',
      { resilience: { rateLimit: { max: 1, shared: true } } },
      "resilience.rateLimit.shared: expected the module's option shared beside it, got none",
    ],
    [
      'a limit that is counted elsewhere, too',
      {
        shared,
        resilience: {
          rateLimit: { max: 1, shared: true, limiter: { reserve: () => 0, release: () => {}, pause: () => {} } },
        },
      },
      'resilience.rateLimit.limiter: expected to be left out with rateLimit.shared',
    ],
    [
      'replicas of a limit in memory',
      { resilience: { rateLimit: { max: 1, replicas: 2 } } },
      "resilience.rateLimit.replicas: expected rateLimit.limiter beside it, got none; the module's shared has its own",
    ],
    [
      'a token without a key to encrypt it with',
      {
        shared,
        baseURL: 'http://api.test',
        auth: { oauth2: { tokenUrl: 'http://idp.test', clientId: 'a', clientSecret: 'b', shared: true } },
      },
      "auth.oauth2.shared: expected the module's option shared with an encryptionKey beside it, got one without",
    ],
    [
      'something else',
      { shared: gone as never },
      'shared: expected what redisShared of nest-outbound/redis returns, got an object',
    ],
  ])('are refused: %s', async (_, options, problem) => {
    const started = Test.createTestingModule({ imports: [HttpClientModule.forRoot(options)] }).compile();
    await expect(started).rejects.toMatchObject({ problems: [problem] });
  });
});
