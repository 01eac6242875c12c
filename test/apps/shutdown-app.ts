/**
 * A whole app in a process of its own, as a user would write it, for tests that stop it.
 * Told by environment variables what to be, by IPC messages what to do; tells its parent what happens.
 */
import {
  type BeforeApplicationShutdown,
  Controller,
  Get,
  Injectable,
  Module,
  type OnModuleDestroy,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { AxiosInstance } from 'axios';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { HttpClientModule, InjectHttpClient, isHttpClientError } from 'nest-outbound';

const { PLATFORM = 'express', UPSTREAM = '', DRAIN_MS } = process.env;

const tell = (message: string | object) => process.send!(message);
/** Resolves when the parent sends this message. */
async function told(expected: string): Promise<void> {
  for (;;) {
    const [message] = await once(process, 'message');
    if (message === expected) return;
  }
}

@Controller()
class Inbound {
  constructor(@InjectHttpClient() private readonly http: AxiosInstance) {}

  /** Two sequential upstream calls. */
  @Get('two-calls')
  async twoCalls(): Promise<string> {
    await this.http.get('/first');
    await this.http.get('/second');
    return 'both answered';
  }

  /** Two upstream calls with time in between, in which nothing is in flight. */
  @Get('pause')
  async pause(): Promise<string> {
    await this.http.get('/first');
    const resumed = told('resume');
    tell('between calls');
    await resumed;
    await this.http.get('/second');
    return 'both answered';
  }

  /** One upstream call, and what became of it. */
  @Get('one-call')
  async oneCall(): Promise<string> {
    try {
      await this.http.get('/hang');
      return 'answered';
    } catch (error) {
      return isHttpClientError(error) ? error.constructor.name : String(error);
    }
  }
}

@Injectable()
class ShutdownProgress implements OnModuleDestroy, BeforeApplicationShutdown {
  onModuleDestroy() {
    tell('draining'); // the hook of a global module, as HttpClientModule, runs right after this one
  }

  beforeApplicationShutdown() {
    tell('drained');
  }
}

@Module({
  imports: [
    HttpClientModule.forRoot({
      baseURL: UPSTREAM,
      pool: { maxSockets: 500 },
      ...(DRAIN_MS && { shutdown: { drainMs: Number(DRAIN_MS) } }),
    }),
  ],
  controllers: [Inbound],
  providers: [ShutdownProgress],
})
class AppModule {}

const app =
  PLATFORM === 'fastify'
    ? await NestFactory.create(AppModule, new FastifyAdapter())
    : await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');

// A listener for messages keeps the process alive; whether the app lets it exit is what the tests look at.
process.channel?.unref();
void told('close').then(async () => {
  await app.close();
  // Node lists a server that is closed until the event loop has come to its closing callbacks: in the turn after this one at the latest.
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  tell({ resources: process.getActiveResourcesInfo() });
});
tell({ port: (app.getHttpServer().address() as AddressInfo).port });
