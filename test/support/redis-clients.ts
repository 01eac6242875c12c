import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisClientLike } from '../../src/redis/client-shape.js';
import { type RedisServer, startRedis } from './redis-server.js';

const require = createRequire(import.meta.url);

/** A client of one of the libraries, and how to end it. */
export interface OpenClient {
  readonly client: RedisClientLike;
  readonly close: () => void;
}

/** Library → opens a client of it; it need not be connected yet. */
export const CLIENTS: Readonly<Record<string, (port: number) => OpenClient>> = {
  'ioredis 6': (port) => ioredis('ioredis', port),
  'ioredis 5': (port) => ioredis('ioredis-5', port),
  'node-redis 6': (port) => nodeRedis('redis', port),
  'node-redis 5': (port) => nodeRedis('redis-5', port),
};

/** Library → opens a client of a cluster, one of whose nodes has the port. */
export const CLUSTER_CLIENTS: Readonly<Record<string, (port: number) => OpenClient>> = {
  'ioredis 6': (port) => ioredisCluster('ioredis', port),
  'ioredis 5': (port) => ioredisCluster('ioredis-5', port),
  'node-redis 6': (port) => nodeRedisCluster('redis', port),
  'node-redis 5': (port) => nodeRedisCluster('redis-5', port),
};

interface Emitter {
  on(name: 'error', listener: () => void): void;
}
interface Ioredis extends Emitter {
  disconnect(): void;
}
interface NodeRedis extends Emitter {
  connect(): Promise<unknown>;
  destroy(): void;
}

function ioredis(name: string, port: number): OpenClient {
  const { Redis } = require(name) as { Redis: new (port: number, options: object) => Ioredis };
  return ioredisOf(new Redis(port, { retryStrategy: () => 50, maxRetriesPerRequest: null }));
}

function ioredisCluster(name: string, port: number): OpenClient {
  const { Cluster } = require(name) as { Cluster: new (nodes: object[]) => Ioredis };
  return ioredisOf(new Cluster([{ host: '127.0.0.1', port }]));
}

function ioredisOf(client: Ioredis): OpenClient {
  client.on('error', () => {});
  return { client: client as unknown as RedisClientLike, close: () => client.disconnect() };
}

interface NodeRedisModule {
  readonly createClient: (options: object) => NodeRedis;
  readonly createCluster: (options: object) => NodeRedis;
}

function nodeRedis(name: string, port: number): OpenClient {
  const { createClient } = require(name) as NodeRedisModule;
  return nodeRedisOf(createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: () => 50 } }));
}

function nodeRedisCluster(name: string, port: number): OpenClient {
  const { createCluster } = require(name) as NodeRedisModule;
  return nodeRedisOf(createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${port}` }] }));
}

function nodeRedisOf(client: NodeRedis): OpenClient {
  client.on('error', () => {});
  client.connect().catch(() => {});
  return { client: client as unknown as RedisClientLike, close: () => client.destroy() };
}

/** A cluster of three nodes, each with a third of the slots. */
export async function startRedisCluster(): Promise<{ readonly nodes: readonly RedisServer[]; stop(): Promise<void> }> {
  const args = ['--cluster-enabled', 'yes'];
  const nodes = await Promise.all([startRedis({ args }), startRedis({ args }), startRedis({ args })]);
  const slots = [0, 5_461, 10_923, 16_384];
  const { Redis } = require('ioredis') as { Redis: new (port: number) => Ioredis & CallingClient };
  const clients = nodes.map(({ port }) => new Redis(port));
  for (const [index, client] of clients.entries()) {
    await client.call('CLUSTER', 'ADDSLOTSRANGE', String(slots[index]), String(slots[index + 1]! - 1));
    await client.call('CLUSTER', 'MEET', '127.0.0.1', String(nodes[0].port));
  }
  for (const client of clients) {
    while (!String(await client.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(20);
    client.disconnect();
  }
  return { nodes, stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))) };
}
interface CallingClient {
  call(...command: string[]): Promise<unknown>;
}
