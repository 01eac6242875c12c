import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createObserveModule } from '@nestjs/observe';
import axios, { type AxiosInstance } from 'axios';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { firstValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { HttpClientModule, HttpClients, InjectHttpClient, HttpService } from '../../src/index.js';
import { json, startUpstream, status } from '../../src/testing/index.js';

/** As the agent sends it: its class, method, tags, duration in ms, and children. */
interface Span {
  readonly c: string;
  readonly m: string;
  readonly t?: Record<string, string>;
  readonly d: number;
  readonly ch?: Span[];
}

@Controller()
class Desk {
  constructor(
    @InjectHttpClient() private readonly client: AxiosInstance,
    private readonly http: HttpService,
    private readonly clients: HttpClients,
  ) {}

  @Get('go')
  async go(): Promise<unknown> {
    const { data } = await this.client.get<object>('/users/7');
    await firstValueFrom(this.http.post('/orders', {}));
    return { ...data, names: this.clients.names };
  }
}

it('@nestjs/observe, which wraps every provider, has a span for each request', async () => {
  await using collector = await startUpstream();
  collector.on('*', status(202));
  await using upstream = await startUpstream();
  upstream.on('/users/7', json({ id: 7 })).on('POST /orders', json({}));
  const { ObserveModule, ObserveInstrument } = createObserveModule();
  @Module({
    imports: [
      ObserveModule.forRoot({
        appKey: 'key',
        appSecret: 'secret',
        serviceId: 'desk',
        endpoint: collector.url,
        flushInterval: 1_000, // its shortest
        runtimeMetrics: false,
      }),
      HttpClientModule.forRoot({ baseURL: upstream.url, logging: false }),
    ],
    controllers: [Desk],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, {
    instrument: ObserveInstrument!,
    logger: false,
    abortOnError: false,
  });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const { data } = await axios.get(`http://127.0.0.1:${port}/go`, { adapter: 'http' });
  expect(data).toEqual({ id: 7, names: ['default'] });
  expect(upstream.sockets.opened).toBe(1);

  const sent = await collector.received('POST *');
  const { snapshots } = JSON.parse(gunzipSync(sent.body).toString()) as { snapshots: { t: Span[] }[] };
  const { host } = new URL(upstream.url);
  const [handler] = snapshots[0]!.t;
  expect(handler).toMatchObject({ c: 'Desk', m: 'go' });
  expect(handler!.ch!.filter(({ c }) => c === 'http')).toMatchObject([
    { m: `GET ${host}`, t: { 'http.url': `${upstream.url}/users/7` }, d: expect.any(Number) },
    { m: `POST ${host}`, t: { 'http.url': `${upstream.url}/orders` }, d: expect.any(Number) },
  ]);
  await app.close();
});
