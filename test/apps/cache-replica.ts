/** A replica of an app whose replicas share a cache in Redis. It reads and writes as it is told, and says what it got. */
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HttpClientModule, HttpClients } from 'nest-outbound';
import { redisShared } from 'nest-outbound/redis';
import { Redis } from 'ioredis';

interface Order {
  readonly id: number;
  readonly method: 'get' | 'post';
  /** Calls at once. */
  readonly count: number;
}

const { REDIS_PORT, UPSTREAM } = process.env;
const redis = new Redis(Number(REDIS_PORT), '127.0.0.1');

@Module({
  imports: [
    HttpClientModule.forRoot({
      shared: redisShared(redis, { timeoutMs: 20_000 }), // on a machine that has much else to do
      cache: { store: 'shared' },
      resilience: { coalesce: true },
      timeouts: { attemptMs: false, poolWaitMs: false, connectMs: false, responseMs: false },
      logging: false,
    }),
  ],
})
class ReplicaModule {}

const app = await NestFactory.createApplicationContext(ReplicaModule, { logger: false });
const http = app.get(HttpClients).get();

process.on('message', (message: string) => {
  const { id, method, count } = JSON.parse(message) as Order;
  const calls = Array.from({ length: count }, () => http.request<number>({ url: UPSTREAM!, method }));
  void Promise.all(calls).then(
    (responses) => process.send!({ id, values: responses.map(({ data }) => data) }),
    (error: Error) => process.send!({ id, failure: error.message }),
  );
});
process.send!({ port: 0 });
