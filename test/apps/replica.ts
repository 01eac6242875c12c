/** Replicas of apps that share rate limits: they call as much as they may. A process has as many of each app as it is told. */
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HttpClientModule, HttpClients } from 'nest-outbound';
import { redisShared } from 'nest-outbound/redis';
import { Redis } from 'ioredis';
import { createClient } from 'redis';

interface Order {
  readonly app: string;
  readonly library: 'ioredis' | 'node-redis';
  readonly redis: number;
  readonly upstream: string;
  readonly max: number;
  readonly replicas: number | 'auto';
  readonly callers: number;
  readonly timeoutMs: number;
  /** How many replicas of it this process has. */
  readonly here: number;
}

const stops: (() => Promise<void>)[] = [];
const failures: string[] = [];
let stopped = false;
let latestMs = 0;

/** How late this process was at most: calls that fell due meanwhile began together. */
let ticked = performance.now();
setInterval(() => {
  latestMs = Math.max(latestMs, performance.now() - ticked - 20);
  ticked = performance.now();
}, 20);

function connect({ library, redis: port }: Order) {
  if (library === 'ioredis') {
    const client = new Redis(port, '127.0.0.1', { retryStrategy: (times) => Math.min(times * 50, 2_000) });
    client.on('error', () => {});
    return { client, close: async () => client.disconnect() };
  }
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on('error', () => {});
  client.connect().catch(() => {});
  return { client, close: async () => client.destroy() };
}

async function open(order: Order): Promise<void> {
  const { max, replicas, upstream, callers, timeoutMs, app: name } = order;
  const { client, close } = connect(order);
  @Module({
    imports: [
      HttpClientModule.forRoot({
        shared: redisShared(client, { prefix: name, replicas, timeoutMs }),
        resilience: { rateLimit: { max, shared: true } },
        pool: { maxSockets: 20 },
        timeouts: { poolWaitMs: false, connectMs: false, responseMs: false }, // on a machine that has much else to do
        logging: false,
      }),
    ],
  })
  class ReplicaModule {}
  const app = await NestFactory.createApplicationContext(ReplicaModule, { logger: false });
  const http = app.get(HttpClients).get();
  const call = async (): Promise<void> => {
    // oxlint-disable-next-line no-await-in-loop, no-unmodified-loop-condition -- one after another, until a message comes
    while (!stopped) await http.get(upstream).catch((error: Error) => stopped || failures.push(error.message));
  };
  stops.push(async () => {
    await app.close();
    await close();
  });
  for (let count = 0; count < callers; count++) void call();
}

process.on('message', (message: string) => {
  if (message === 'watch') {
    latestMs = 0;
    return;
  }
  if (message !== 'end') {
    const order = JSON.parse(message) as Order;
    void Promise.all(Array.from({ length: order.here }, () => open(order))).then(() =>
      process.send!(`${order.app} calls`),
    );
    return;
  }
  stopped = true;
  process.send!({ failures, latestMs });
  void Promise.all(stops.map((stop) => stop())).then(() => process.exit());
});
process.send!({ port: 0 });
