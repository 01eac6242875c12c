import { Controller, Get, type INestApplication } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import type { AxiosInstance } from 'axios';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  getHttpClientToken,
  HttpClientHealthIndicator,
  HttpClientModule,
  type HttpClientModuleOptions,
  HttpClients,
  InjectHttpClient,
} from '../src/index.js';
import { type HoldingUpstream, startHoldingUpstream } from './support/holding-upstream.js';
import { startUpstream, type Upstream } from './support/upstream.js';

@Controller()
class Health {
  constructor(
    private readonly health: HealthCheckService,
    private readonly outbound: HttpClientHealthIndicator,
    @InjectHttpClient() private readonly http: AxiosInstance,
  ) {}

  @Get('ready')
  @HealthCheck()
  ready() {
    return this.health.check([() => this.outbound.ready()]);
  }

  @Get('pools')
  @HealthCheck()
  pools() {
    return this.health.check([() => this.outbound.pools('pools', { queuedShare: 0.5 })]);
  }

  @Get('breakers')
  @HealthCheck()
  breakers() {
    return this.health.check([() => this.outbound.breakers('breakers')]);
  }

  @Get('probe')
  @HealthCheck()
  probe() {
    return this.health.check([() => this.outbound.probe('api', { url: '/health?token=secret', timeoutMs: probeMs })]);
  }

  @Get('call')
  async call() {
    return (await this.http.get('/held')).status;
  }
}

let app: INestApplication;
let upstream: Upstream;
let answer: (url: string) => number | undefined;
let probeMs: number;

async function start(options: HttpClientModuleOptions = {}): Promise<ReturnType<typeof request>> {
  const module = await Test.createTestingModule({
    imports: [
      HttpClientModule.forRoot({ baseURL: upstream.url, ...options }),
      TerminusModule.forRoot({ logger: false }),
    ],
    controllers: [Health],
  }).compile();
  app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  return request(await app.getUrl());
}

beforeEach(async () => {
  answer = () => 200;
  probeMs = 20_000;
  upstream = await startUpstream(({ url }, response) => {
    const status = answer(url!);
    if (status === undefined) return;
    response.statusCode = status;
    response.end('a secret body');
  });
});

afterEach(async () => {
  await app.close();
  await upstream[Symbol.asyncDispose]();
});

describe('ready()', () => {
  let held: HoldingUpstream;
  beforeEach(async () => {
    held = await startHoldingUpstream(1);
  });
  afterEach(() => held[Symbol.asyncDispose]());

  it('turns down as soon as the app begins to shut down, while it still answers what is in flight', async () => {
    const api = await start({ baseURL: held.upstream.url });
    const { body } = await api.get('/ready').expect(200);
    expect(Object.values(body.details.outbound.pools)).toEqual(['open']);
    const inFlight = api.get('/call').then((response) => response.text);
    await held.allHeld;
    const closing = app.close();
    const down = await api.get('/ready').expect(503);
    expect(down.body.error.outbound).toMatchObject({ status: 'down' });
    expect(Object.values(down.body.error.outbound.pools)).toEqual(['draining']);
    held.release();
    expect(await inFlight).toBe('200');
    await closing;
  });
});

describe('pools()', () => {
  it('is down while many calls wait for a socket, and says to which origin', async () => {
    await using holding = await startHoldingUpstream(1);
    const api = await start({ baseURL: holding.upstream.url, pool: { maxSockets: 1, maxQueued: 4 } });
    const http = app.get<AxiosInstance>(getHttpClientToken());
    const gaveUp = new AbortController();
    const call = () => http.get('/held', { signal: gaveUp.signal });
    const calls = [call(), call()];
    await holding.allHeld;
    await untilQueued(1);
    await api.get('/pools').expect(200);
    calls.push(call());
    await untilQueued(2);
    const { body } = await api.get('/pools').expect(503);
    const [pool] = Object.values(body.error.pools.pools);
    expect(pool).toEqual({
      clients: ['default'],
      state: 'open',
      inFlight: 3,
      active: 1,
      idle: 0,
      queued: 2,
      saturated: [holding.upstream.url],
    });
    gaveUp.abort();
    await Promise.allSettled(calls);
    await api.get('/pools').expect(200);
  });

  it('is down while no socket for an origin is free, where no call may wait for one', async () => {
    await using holding = await startHoldingUpstream(1);
    const api = await start({ baseURL: holding.upstream.url, pool: { maxSockets: 1, maxQueued: 0 } });
    const http = app.get<AxiosInstance>(getHttpClientToken());
    await api.get('/pools').expect(200);
    const gaveUp = new AbortController();
    const call = http.get('/held', { signal: gaveUp.signal });
    await holding.allHeld;
    await expect(http.get('/')).rejects.toMatchObject({ code: 'ERR_POOL_QUEUE_FULL' });
    const { body } = await api.get('/pools').expect(503);
    expect(Object.values(body.error.pools.pools)).toMatchObject([{ active: 1, saturated: [holding.upstream.url] }]);
    gaveUp.abort();
    await Promise.allSettled([call]);
    await api.get('/pools').expect(200);
  });

  it.each([0, -1, 1.1, Number.NaN])('refuses a share of %d', async (queuedShare) => {
    await start();
    const indicator = app.get(HttpClientHealthIndicator);
    expect(() => indicator.pools('pools', { queuedShare })).toThrow(/queuedShare: expected a number above 0/);
  });
});

describe('breakers()', () => {
  it('is down while one is open, and names its client and origin', async () => {
    const api = await start({ resilience: { breaker: true } });
    await api.get('/breakers').expect(200);
    app.get(HttpClients).breakers().isolate(upstream.url);
    const { body } = await api.get('/breakers').expect(503);
    expect(body.error.breakers).toEqual({ status: 'down', open: { default: [upstream.url] } });
    app.get(HttpClients).breakers().close(upstream.url);
    await api.get('/breakers').expect(200);
  });

  it('looks at the clients that it is told of', async () => {
    await start({ resilience: { breaker: true } });
    app.get(HttpClients).breakers().isolate(upstream.url);
    const indicator = app.get(HttpClientHealthIndicator);
    expect(indicator.breakers('breakers', { clients: [] })).toEqual({ breakers: { status: 'up', open: {} } });
    expect(() => indicator.breakers('breakers', { clients: ['lunch'] })).toThrow(/no client is named "lunch"/);
  });
});

describe('probe()', () => {
  it('is up where the upstream answers 2xx, down where it answers anything else', async () => {
    const api = await start({ resilience: 'standard' });
    const { body } = await api.get('/probe').expect(200);
    expect(body.details.api).toEqual({ status: 'up', httpStatus: 200, durationMs: expect.any(Number) });
    answer = () => 503;
    const down = await api.get('/probe').expect(503);
    expect(down.body.error.api).toMatchObject({ status: 'down', httpStatus: 503 });
    expect(upstream.requests).toBe(2); // no retry
  });

  it('is down where no answer comes in time, and tells no more than why', async () => {
    answer = () => undefined;
    probeMs = 50;
    const api = await start();
    const { body } = await api.get('/probe').expect(503);
    expect(body.error.api).toMatchObject({
      status: 'down',
      error: expect.stringMatching(/^ERR_DEADLINE|^ECONNABORTED/),
    });
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('is down without a request while a breaker is open', async () => {
    const api = await start({ resilience: { breaker: true } });
    app.get(HttpClients).breakers().isolate(upstream.url);
    const { body } = await api.get('/probe').expect(503);
    expect(body.error.api).toMatchObject({ status: 'down', error: 'ERR_CIRCUIT_OPEN' });
    expect(upstream.requests).toBe(0);
  });

  it.each([NaN, 0, -1, 1.5, Infinity, 2 ** 31, '50', 50n, null])(
    'refuses %o for a time, and does not say that the upstream is down',
    async (timeoutMs) => {
      await start();
      const probe = app.get(HttpClientHealthIndicator).probe('api', { url: '/', timeoutMs: timeoutMs as number });
      await expect(probe).rejects.toThrow(RangeError);
      await expect(probe).rejects.toThrow(
        /^timeoutMs: expected a whole number of milliseconds from 1 to 2147483647, got/,
      );
      expect(upstream.requests).toBe(0);
    },
  );

  it('takes the statuses that it is told', async () => {
    answer = () => 404;
    await start();
    const indicator = app.get(HttpClientHealthIndicator);
    const isUp = (status: number) => status < 500;
    await expect(indicator.probe('api', { url: '/', isUp })).resolves.toMatchObject({ api: { status: 'up' } });
  });
});

async function untilQueued(count: number): Promise<void> {
  const clients = app.get(HttpClients);
  // oxlint-disable-next-line no-await-in-loop -- it waits
  while (clients.stats().pool.total.queued < count) await new Promise((resolve) => setImmediate(resolve));
}
