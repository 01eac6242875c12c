import { InvalidOptionsError } from '../errors/refusal.errors.js';
import { clientProblem, type IoredisClient, isIoredis, type NodeRedisClient } from './client-shape.js';
import type { Script } from './script.js';

/** What `SET` takes besides key and value. */
export interface SetOptions {
  /** Forgotten after so many milliseconds, a whole number from 1. */
  readonly ttlMs?: number;
  /** Only where there is no such key (NX). */
  readonly ifAbsent?: boolean;
}

/**
 * The commands of Redis that are used, whichever client sends them. Each rejects with what the client rejects with, and may wait as long as the
 * client likes: both ioredis and node-redis queue commands while they have no connection. See `BoundedRedis`.
 */
export interface RedisCommands {
  /**
   * Runs a script by its SHA-1, and where this Redis does not know it yet, by its text. In a cluster all keys must have one hash tag.
   * @returns integers as numbers, bulk strings as text, arrays of these
   */
  run(script: Script, keys: readonly string[], args: readonly (string | Buffer)[]): Promise<unknown>;
  /** @returns the bytes; undefined: there is no such key */
  get(key: string): Promise<Buffer | undefined>;
  /** @returns false where `ifAbsent` kept it from being set */
  set(key: string, value: Buffer | string, options?: SetOptions): Promise<boolean>;
  /** @returns whether there was such a key */
  delete(key: string): Promise<boolean>;
  /** @returns whether there is such a key, which is forgotten after so many milliseconds */
  expire(key: string, ttlMs: number): Promise<boolean>;
}

/**
 * Knows a client by its methods.
 * @param source what was called with it, as `redisShared`
 * @throws InvalidOptionsError for anything that is no client of ioredis or node-redis, 5 or later
 */
export function redisCommands(client: unknown, source: string): RedisCommands {
  const problem = clientProblem(client);
  if (problem !== undefined) throw new InvalidOptionsError(source, [problem]);
  return isIoredis(client) ? ofIoredis(client) : ofNodeRedis(client as NodeRedisClient);
}

function ofIoredis(client: IoredisClient): RedisCommands {
  return {
    run: (script, keys, args) =>
      byShaOrText(
        () => client.evalsha(script.sha, keys.length, ...keys, ...args),
        () => client.eval(script.text, keys.length, ...keys, ...args),
      ),
    get: async (key) => (await client.getBuffer(key)) ?? undefined,
    set: async (key, value, { ttlMs, ifAbsent = false } = {}) => {
      const further = [...(ttlMs === undefined ? [] : ['PX', ttlMs]), ...(ifAbsent ? ['NX'] : [])];
      return (await prefixed(client).set(key, value, ...further)) !== null;
    },
    delete: async (key) => (await prefixed(client).del(key)) === 1,
    expire: async (key, ttlMs) => (await prefixed(client).pexpire(key, ttlMs)) === 1,
  };
}

/** Unlike `call`, these put the client's `keyPrefix` before the key, as `evalsha` and `getBuffer` do. */
interface PrefixedCommands {
  set(key: string, value: Buffer | string, ...further: (string | number)[]): Promise<unknown>;
  del(key: string): Promise<number>;
  pexpire(key: string, ms: number): Promise<number>;
}
const prefixed = (client: IoredisClient) => client as unknown as PrefixedCommands;

/** `RESP_TYPES.BLOB_STRING` of node-redis: the `$` that begins a bulk string on the wire. */
const BULK_STRING = 36;

interface TypedNodeRedis {
  withTypeMapping(mapping: Readonly<Record<number, unknown>>): TypedNodeRedis;
  evalSha(sha: string, options: ScriptOptions): Promise<unknown>;
  eval(script: string, options: ScriptOptions): Promise<unknown>;
  get(key: string): Promise<Buffer | null>;
  set(key: string, value: Buffer | string, options: object): Promise<unknown>;
  del(key: string): Promise<number>;
  pExpire(key: string, ms: number): Promise<number>;
}
interface ScriptOptions {
  readonly keys: readonly string[];
  readonly arguments: readonly (string | Buffer)[];
}

function ofNodeRedis(given: NodeRedisClient): RedisCommands {
  // The app may have chosen other types of replies for its own client.
  const client = (given as unknown as TypedNodeRedis).withTypeMapping({});
  const binary = client.withTypeMapping({ [BULK_STRING]: Buffer });
  return {
    run: (script, keys, args) =>
      byShaOrText(
        () => client.evalSha(script.sha, { keys, arguments: args }),
        () => client.eval(script.text, { keys, arguments: args }),
      ),
    get: async (key) => (await binary.get(key)) ?? undefined,
    set: async (key, value, { ttlMs, ifAbsent = false } = {}) => {
      const expiration = ttlMs === undefined ? {} : { expiration: { type: 'PX', value: ttlMs } };
      return (await client.set(key, value, { ...expiration, ...(ifAbsent && { condition: 'NX' }) })) !== null;
    },
    delete: async (key) => (await client.del(key)) === 1,
    expire: async (key, ttlMs) => (await client.pExpire(key, ttlMs)) === 1,
  };
}

/** A Redis forgets its scripts when it restarts, and each node of a cluster has its own. */
async function byShaOrText(bySha: () => Promise<unknown>, byText: () => Promise<unknown>): Promise<unknown> {
  try {
    return await bySha();
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return byText();
  }
}
