/**
 * The same app with each way of shutting a client down that people write, and with ours, for the table in the README.
 * DESIGN says which; otherwise as shutdown-app.
 */
import {
  Controller,
  Get,
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnModuleDestroy,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import agentkeepalive from 'agentkeepalive';
import axios, { type AxiosInstance } from 'axios';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { getHttpClientToken, HttpClientModule } from 'nest-outbound';

const { DESIGN = '', UPSTREAM = '' } = process.env;
const CLIENT = getHttpClientToken();
const agent = new agentkeepalive.HttpAgent({ maxSockets: 500 });

/** A client made by hand, and what its module does when the app shuts down. */
function handMade(client: AxiosInstance, onModuleDestroy: () => unknown): DynamicModule {
  class ClientModule implements OnModuleDestroy {
    onModuleDestroy = async () => onModuleDestroy();
  }
  Module({})(ClientModule);
  return { module: ClientModule, global: true, providers: [{ provide: CLIENT, useValue: client }], exports: [CLIENT] };
}

/** A client that counts its calls in flight and can be told to refuse new ones. */
function gated() {
  const gate = { open: true, inFlight: 0, whenIdle: () => {} };
  const send = axios.getAdapter('http');
  const client = axios.create({
    baseURL: UPSTREAM,
    httpAgent: agent,
    adapter: async (config) => {
      if (!gate.open) throw new Error('closed');
      gate.inFlight++;
      return send(config).finally(() => {
        if (--gate.inFlight === 0) gate.whenIdle();
      });
    },
  });
  return { gate, client };
}

const designs: Record<string, () => DynamicModule> = {
  destroy: () => handMade(axios.create({ baseURL: UPSTREAM, httpAgent: agent }), () => agent.destroy()),
  refuse: () => {
    const { gate, client } = gated();
    return handMade(client, () => (gate.open = false));
  },
  'wait for idle': () => {
    const { gate, client } = gated();
    return handMade(client, async () => {
      if (gate.inFlight > 0) await new Promise<void>((resolve) => (gate.whenIdle = resolve));
      gate.open = false;
    });
  },
  'two phases': () => HttpClientModule.forRoot({ baseURL: UPSTREAM, pool: { maxSockets: 500 } }),
};

const tell = (message: unknown) => process.send!(message);

@Controller()
class Inbound {
  constructor(@Inject(CLIENT) private readonly http: AxiosInstance) {}

  @Get('two-calls')
  async twoCalls(): Promise<void> {
    await this.http.get('/first');
    await this.http.get('/second');
  }

  @Get('pause')
  async pause(): Promise<void> {
    await this.http.get('/first');
    const resumed = once(process, 'message');
    tell('between calls');
    await resumed;
    await this.http.get('/second');
  }
}

class Progress implements OnModuleDestroy, BeforeApplicationShutdown {
  onModuleDestroy = () => tell('draining');
  beforeApplicationShutdown = () => tell('drained');
}

@Module({ imports: [designs[DESIGN]!()], controllers: [Inbound], providers: [Progress as Type] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
process.channel?.unref();
tell({ port: (app.getHttpServer().address() as AddressInfo).port });
