import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../support/manual-clock.js';
import { withinMs } from '../../src/redis/bounded.js';
import type { IoredisClient } from '../../src/redis/client-shape.js';
import { redisCommands } from '../../src/redis/commands.js';
import { script } from '../../src/redis/script.js';
import { CLIENTS, CLUSTER_CLIENTS, type OpenClient, startRedisCluster } from '../support/redis-clients.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis-server.js';

const ECHO = script("return { redis.call('INCR', KEYS[1]), ARGV[1], redis.call('EXISTS', KEYS[2]) }");

describeWithRedis('a Redis client of the app', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  describe.each(Object.entries(CLIENTS))('of %s', (name, open) => {
    let opened: OpenClient;
    const key = (of: string) => `${name}:${of}`;
    beforeAll(() => {
      opened = open(server.port);
    });
    afterAll(() => opened.close());

    it('keeps bytes as they are, for as long as it is told to', async () => {
      const commands = redisCommands(opened.client, 'test');
      const bytes = randomBytes(512);
      expect(await commands.set(key('bytes'), bytes, { ttlMs: 60_000 })).toBe(true);
      expect(await commands.get(key('bytes'))).toEqual(bytes);
      expect(await commands.expire(key('bytes'), 1)).toBe(true);
      await expect.poll(() => commands.get(key('bytes'))).toBeUndefined();
      expect(await commands.expire(key('bytes'), 1)).toBe(false);
    });

    it('sets a key where there is none only, and deletes it', async () => {
      const commands = redisCommands(opened.client, 'test');
      expect(await commands.set(key('lock'), 'a', { ttlMs: 60_000, ifAbsent: true })).toBe(true);
      expect(await commands.set(key('lock'), 'b', { ttlMs: 60_000, ifAbsent: true })).toBe(false);
      expect(String(await commands.get(key('lock')))).toBe('a');
      expect(await commands.delete(key('lock'))).toBe(true);
      expect(await commands.delete(key('lock'))).toBe(false);
      expect(await commands.set(key('lock'), 'c')).toBe(true);
    });

    it('runs a script that Redis has never heard of, and one that it has forgotten', async () => {
      const commands = redisCommands(opened.client, 'test');
      const run = () => commands.run(ECHO, [key('count'), key('none')], ['text']);
      expect(await run()).toEqual([1, 'text', 0]);
      const other = CLIENTS['ioredis 6']!(server.port);
      await (other.client as IoredisClient).call('SCRIPT', 'FLUSH');
      other.close();
      expect(await run()).toEqual([2, 'text', 0]);
    });

    it('rejects with what a script fails with', async () => {
      const wrong = script("return redis.error_reply('ERR this is wrong')");
      await expect(redisCommands(opened.client, 'test').run(wrong, [key('none')], [])).rejects.toThrow('this is wrong');
    });
  });

  it('waits for no answer longer than it may, and hears of one that comes too late', async () => {
    const clock = new ManualClock();
    const late: unknown[] = [];
    let answer!: (value: string) => void;
    const asked = () => new Promise<string>((resolve) => (answer = resolve));
    const waiting = withinMs(clock, 50, asked, (value) => late.push(value));
    clock.tick(50);
    await expect(waiting).rejects.toThrow('no answer within 50 ms');
    expect(late).toEqual([]);
    answer('now');
    await expect.poll(() => late).toEqual(['now']);
    expect(clock.pending).toBe(0);
  });

  it('waits for none that a client without a connection has put off', async () => {
    for (const open of Object.values(CLIENTS)) {
      const { client, close } = open(1);
      const clock = new ManualClock();
      const commands = redisCommands(client, 'test');
      const waiting = withinMs(clock, 50, () => commands.get('anything')).catch((error: Error) => error);
      clock.tick(50);
      expect(await waiting).toBeInstanceOf(Error);
      close();
    }
  });
});

describeWithRedis('a cluster', () => {
  let cluster: Awaited<ReturnType<typeof startRedisCluster>>;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  it.each(Object.entries(CLUSTER_CLIENTS))('takes scripts whose keys share a hash tag: %s', async (name, open) => {
    const { client, close } = open(cluster.nodes[0]!.port);
    const commands = redisCommands(client, 'test');
    for (const tag of ['a', 'b', 'c', 'd']) {
      const keys = [`x:{${tag}}:${name}:1`, `x:{${tag}}:${name}:2`];
      await expect.poll(() => commands.run(ECHO, keys, ['text']).catch(String)).toEqual([1, 'text', 0]);
      expect(await commands.set(keys[1]!, tag, { ttlMs: 1_000 })).toBe(true);
      expect(String(await commands.get(keys[1]!))).toBe(tag);
    }
    close();
  });
});

describe('what is no Redis client', () => {
  it.each([
    ['nothing', undefined, 'got undefined'],
    ['a URL', 'redis://localhost', 'got a string: pass the client, not its URL'],
    ['a promise of one', Promise.resolve(), 'got a promise: await it first'],
    ['an old one', { sendCommand() {}, get() {} }, 'got the client of an older version'],
    ['options', { host: 'localhost' }, 'got an object without their methods'],
  ])('is refused with a hint: %s', (_, value, hint) => {
    expect(() => redisCommands(value, 'redisShared')).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTIONS', message: expect.stringContaining(hint) }),
    );
  });
});
