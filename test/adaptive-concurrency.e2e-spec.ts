import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { AxiosInstance } from 'axios';
import type { RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
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
import { HttpClientTestingModule } from '../src/testing/index.js';
import { ManualClock } from './support/manual-clock.js';
import { startUpstream, type Upstream } from './support/upstream.js';
import { UpstreamModel } from './support/upstream-model.js';

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
    if (this.#held.push(response) === 1) void setImmediate().then(() => this.#answer());
  };

  #answer(): void {
    if (this.#held.length < this.inFlight()) {
      void setImmediate().then(() => this.#answer());
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

const SERVICE_MS = 50;

/**
 * An upstream with so many servers, each of which takes 50 ms for a call: what there is more of waits, so responses take longer. The time is that of the
 * clients, and moves on when all that they have sent has come: the speed of the machine makes no difference.
 */
class QueueingUpstream {
  served = 0;
  /** Calls under way. */
  inFlight: () => number = () => 0;
  readonly clock = new ManualClock();
  readonly #model: UpstreamModel;
  #here = 0;

  constructor(servers: number) {
    this.#model = new UpstreamModel(this.clock, { servers, serviceMs: () => SERVICE_MS });
  }

  set servers(servers: number) {
    this.#model.servers = servers;
  }

  readonly listener: RequestListener = (_, response) => {
    this.#here++;
    this.#model.request(() => {
      this.#here--;
      this.served++;
      response.end();
    });
  };

  /** @param each called every 10 ms */
  async run(ms: number, each: () => void = () => {}): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10) {
      await this.#allHere();
      each();
      this.clock.tick(10);
    }
  }

  /** Until the clients have read all responses, and what they have sent has come. */
  async #allHere(): Promise<void> {
    while (this.#here !== this.inFlight()) await setImmediate();
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

async function start(
  listener: RequestListener,
  resilience: HttpClientModuleOptions['resilience'],
  clock?: ManualClock,
) {
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
    imports: [
      HttpClientModule.forRoot({ baseURL: upstream.url, pool: { maxSockets: 200 }, resilience }),
      ...(clock ? [HttpClientTestingModule.withOptions({ clock, passThrough: () => true })] : []),
    ],
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

  it(
    'finds the capacity of an upstream that only gets slower, half of it, and all again, and keeps its queue short',
    { tags: 'slow' },
    async () => {
      const queueing = new QueueingUpstream(30);
      const { clock } = queueing;
      const concurrency = { adaptive: 'gradient', initial: 10, maxQueued: 100 } as const;
      const { http, limit } = await start(queueing.listener, { concurrency }, clock);
      queueing.inFlight = () => limit()?.inFlight ?? 0;
      const test = { isOver: false };
      const worker = async () => {
        while (!test.isOver) await http.get('/'); // oxlint-disable-line no-await-in-loop -- one after the other
      };
      const workers = Array.from({ length: 80 }, worker);
      for (const servers of [30, 15, 30]) {
        queueing.servers = servers;
        await queueing.run(4_000);
        const { served } = queueing;
        const found: number[] = [];
        await queueing.run(2_000, () => found.push(limit().limit));
        // It comes to rest where the limit is the capacity and its own root. It had 80 to choose from.
        const atRest = servers + Math.sqrt(2 * servers);
        expect(Math.min(...found)).toBeGreaterThanOrEqual(0.8 * servers);
        expect(Math.max(...found)).toBeLessThanOrEqual(atRest);
        expect(queueing.served - served).toBeGreaterThanOrEqual((0.9 * servers * 2_000) / SERVICE_MS);
        expect(limit().responseMs).toBeLessThanOrEqual((SERVICE_MS * atRest) / servers);
      }
      test.isOver = true;
      await queueing.run(1_000); // those that wait have their turn
      await Promise.all(workers);
      expect(limit()).toMatchObject({ inFlight: 0, queued: 0, drops: 0 });
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
