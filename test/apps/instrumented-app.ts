/** An app whose `node:http` is instrumented: run it with `--import ./instrumentation.js`. */
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import axios, { type AxiosInstance } from 'axios';
import type { AddressInfo } from 'node:net';
import { get } from 'node:http';
import { createTransport, HttpClientModule, InjectHttpClient } from 'nest-outbound';
import { observed } from './instrumentation.js';

const { UPSTREAM = '' } = process.env;
const adapter = createTransport();

@Controller()
class Inbound {
  constructor(
    @InjectHttpClient() private readonly http: AxiosInstance,
    @InjectHttpClient('untraced') private readonly untraced: AxiosInstance,
  ) {}

  /** A call that needs a second request. */
  @Get('call')
  async call(): Promise<string> {
    return (await this.http.get('/it', { urlTemplate: '/{what}' })).data;
  }

  /** The same by axios's own adapter. */
  @Get('delegated')
  async delegated(): Promise<string> {
    return (await this.http.get('/it', { beforeRedirect: () => {} })).data;
  }

  /** By our transport alone. */
  @Get('transport')
  async transport(): Promise<string> {
    return (await axios.get(`${UPSTREAM}/it`, { adapter, validateStatus: null })).data;
  }

  /** By a client without spans, through a proxy that refuses the tunnel. */
  @Get('tunnelled')
  async tunnelled(): Promise<string> {
    const { hostname: host, port } = new URL(UPSTREAM);
    const call = this.untraced.get('https://127.0.0.1:1/', { proxy: { host, port: Number(port) } });
    return call.then(String, ({ code }) => code);
  }

  /** Not by our client. */
  @Get('other')
  other(): Promise<string> {
    return new Promise((resolve) =>
      get(`${UPSTREAM}/other`, (response) => response.resume().on('end', () => resolve('read'))),
    );
  }
}

@Module({
  imports: [
    HttpClientModule.forRoot({ baseURL: UPSTREAM, resilience: { retry: { baseMs: 1 } } }),
    HttpClientModule.forFeature({ name: 'untraced', telemetry: false }),
  ],
  controllers: [Inbound],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(0, '127.0.0.1');
process.on('message', (path) => void observed().then((news) => process.send!({ path, observed: news })));
process.send!({ port: (app.getHttpServer().address() as AddressInfo).port });
