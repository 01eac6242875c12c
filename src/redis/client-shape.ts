/** What a user's Redis client is known by: ioredis and node-redis, each 5 or 6, single, Cluster, Sentinel or pool. Neither is imported. */

/** The methods of an ioredis `Redis` or `Cluster` that are used. */
export interface IoredisClient {
  /** Runs a script that Redis knows. */
  evalsha(sha: string, keyCount: number, ...keysAndArguments: (string | Buffer)[]): Promise<unknown>;
  /** Runs a script. */
  eval(script: string, keyCount: number, ...keysAndArguments: (string | Buffer)[]): Promise<unknown>;
  /** Reads a value as bytes. */
  getBuffer(key: string): Promise<Buffer | null>;
  /** Sends any command. */
  call(command: string, ...args: (string | Buffer | number)[]): Promise<unknown>;
}

/** The methods of a node-redis client, cluster, sentinel or pool that are used. */
export interface NodeRedisClient {
  /** The same client with other types of replies. */
  withTypeMapping(mapping: never): unknown;
  /** Runs a script that Redis knows. */
  evalSha(sha: string, options: never): Promise<unknown>;
  /** Runs a script. */
  eval(script: string, options: never): Promise<unknown>;
}

/**
 * A Redis client of the app's: of `ioredis` (`Redis`, `Cluster`) or `redis` (`createClient`, `createCluster`, `createSentinel`,
 * `createClientPool`), version 5 or later. The app opens, owns and closes it.
 */
export type RedisClientLike = IoredisClient | NodeRedisClient;

const has = (value: unknown, ...names: readonly string[]): boolean =>
  value !== null &&
  (typeof value === 'object' || typeof value === 'function') &&
  names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');

export const isIoredis = (value: unknown): value is IoredisClient => has(value, 'evalsha', 'eval', 'getBuffer', 'call');

export const isNodeRedis = (value: unknown): value is NodeRedisClient =>
  has(value, 'withTypeMapping', 'evalSha', 'eval', 'get', 'set', 'del', 'pExpire');

/** @returns what to say of a value that is no client; undefined: it is one */
export function clientProblem(value: unknown): string | undefined {
  if (isIoredis(value) || isNodeRedis(value)) return undefined;
  return `redis: expected a client of ioredis (>= 5) or redis (>= 5), got ${nameOf(value)}`;
}

function nameOf(value: unknown): string {
  if (has(value, 'then')) return 'a promise: await it first';
  if (typeof value === 'string') return 'a string: pass the client, not its URL';
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  // redis 3 and 4 have methods of the same names, whose arguments are others.
  if (has(value, 'sendCommand') || has(value, 'send_command')) return 'the client of an older version';
  return 'an object without their methods';
}
