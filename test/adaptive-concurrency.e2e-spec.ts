import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { AxiosInstance } from 'axios';
import type { RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  getHttpClientToken,
  HttpClientEvents,
  HttpClientExceptionFilter,
  HttpClientModule,
  type HttpClientModuleOptions,
  HttpClients,
  InjectHttpClient,
} from '../src/index.js';
import { startUpstream, type Upstream } from './support/upstream.js';

/**
 * An upstream with so many places, which answers in rounds: as soon as everything that is in flight has come, it serves as many as it has places, and
 * refuses the rest. So a round is a response time, however busy the machine is.
 */
class GatedUpstream {
  rounds = 0;
  served = 0;
  refused = 0;
  /** Calls under way. */
  inFlight: () => number = () => Infinity;
  readonly #held: ServerResponse[] = [];

  constructor(public places: number) {}

  readonly listener: RequestListener = (_, response) => {
    if (this.#held.push(response) === 1) setImmediate(() => this.#answer());
  };

  #answer(): void {
    if (this.#held.length < this.inFlight()) {
      setImmediate(() => this.#answer());
      return;
    }
    this.rounds++;
    for (const [index, response] of this.#held.splice(0).entries()) {
      const isServed = index < this.places;
      if (isServed) this.served++;
      else this.refused++;
      response.writeHead(isServed ? 200 : 503).end();
    }
  }
}

let app: INestApplication | undefined;
let upstream: Upstream | undefined;

afterEach(async () => {
  await app?.close();
  await upstream?.[Symbol.asyncDispose]();
  app = undefined;
  upstream = undefined;
});

async function start(listener: RequestListener, resilience: HttpClientModuleOptions['resilience']) {
  upstream = await startUpstream(listener);
  @Controller()
  class Relay {
    constructor(@InjectHttpClient() private readonly http: AxiosInstance) {}

    @Get()
    async relay() {
      return (await this.http.get<unknown>('/')).status;
    }
  }
  @Module({
    imports: [HttpClientModule.forRoot({ baseURL: upstream.url, pool: { maxSockets: 200 }, resilience })],
    controllers: [Relay],
  })
  class AppModule {}
  const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
  app = testing.createNestApplication();
  app.useLogger(false);
  app.useGlobalFilters(new HttpClientExceptionFilter());
  await app.listen(0, '127.0.0.1');
  const clients = app.get(HttpClients);
  const { url } = upstream;
  const limit = () => clients.stats().concurrency[url]!;
  const { port } = app.getHttpServer().address() as AddressInfo;
  const http = app.get<AxiosInstance>(getHttpClientToken());
  return { http, limit, events: app.get(HttpClientEvents), inbound: `http://127.0.0.1:${port}/` };
}

/** Calls, so many at once, until that many have been answered. */
async function make(http: AxiosInstance, count: number, atOnce: number): Promise<void> {
  let left = count;
  const worker = async () => {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    while (left-- > 0) await http.get('/', { validateStatus: null });
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

describe('an adaptive concurrency limit on sockets', () => {
  it(
    'finds the places of an upstream, half of them, and all again, and serves nearly what the best fixed limit would',
    { tags: 'slow' },
    async () => {
      const gate = new GatedUpstream(20);
      const { http, limit, events } = await start(gate.listener, { concurrency: { adaptive: 'aimd', initial: 4 } });
      gate.inFlight = () => limit().inFlight;
      const told: string[] = [];
      events.on('concurrency:limit', ({ from, to }) => told.push(from < to ? 'grown' : 'shrunk'));
      for (const places of [20, 10, 20]) {
        gate.places = places;
        await make(http, 400, 40);
        const { rounds, served, refused } = gate;
        await make(http, 400, 40);
        expect(limit().limit).toBeGreaterThanOrEqual(0.8 * places);
        expect(limit().limit).toBeLessThanOrEqual(1.2 * places);
        expect((gate.served - served) / (gate.rounds - rounds)).toBeGreaterThanOrEqual(0.9 * places);
        expect(gate.refused - refused).toBeLessThan(0.25 * (gate.served - served));
      }
      expect(new Set(told)).toEqual(new Set(['grown', 'shrunk']));
      expect(limit()).toMatchObject({ inFlight: 0, queued: 0 });
    },
  );

  it('refuses what its queue has no room for: 503 with Retry-After', async () => {
    const gate = new GatedUpstream(1);
    const { inbound, limit } = await start(gate.listener, {
      concurrency: { adaptive: 'aimd', initial: 1, max: 1, maxQueued: 1 },
    });
    const waiting = [fetch(inbound), fetch(inbound)];
    await expect.poll(() => limit()?.queued).toBe(1);
    const refused = await fetch(inbound);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(await refused.json()).toMatchObject({ code: 'ERR_CONCURRENCY_LIMIT', attempts: 0 });
    gate.inFlight = () => limit().inFlight;
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
  });
});
