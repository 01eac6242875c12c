import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { AxiosInstance } from 'axios';
import request from 'supertest';
import { expect, it, onTestFinished } from 'vitest';
import {
  HttpClientExceptionFilter,
  HttpClientHealthIndicator,
  HttpClientModule,
  type HttpClientModuleOptions,
  HttpClients,
  InjectHttpClient,
  type RetryEvent,
  runInInboundContext,
} from '../../src/index.js';
import { HttpClientTestingModule, HttpTestingController, ManualClock } from '../../src/testing/index.js';
import { failureOf } from '../support/failure-of.js';
import { BASE_URL, startTestApp } from '../support/testing-app.js';

/** So that nothing else ends a call, nor the real time a test. */
const UNLIMITED = { attemptMs: false, responseMs: false } as const;

/** An app whose time stands still; jitter takes half of what it may. */
async function startAt(options: HttpClientModuleOptions) {
  const clock = new ManualClock(new Date('2026-01-01T00:00:00Z'));
  return { clock, ...(await startTestApp(options, { clock, random: () => 0.5 })) };
}

it('an answer waits for its time', async () => {
  const { clock, client, controller } = await startAt({});
  controller.match('/').delay(400).reply(200, 'late');
  let data: unknown;
  const call = client.get('/').then((response) => (data = response.data));
  await clock.advance(399);
  expect(data).toBeUndefined();
  await clock.advance(1);
  expect(data).toBe('late');
  await call;
});

it('a probe of an upstream takes as long as the clock says', async () => {
  const { app, clock, controller } = await startAt({});
  controller.expectOne('/health').delay(400).reply(200);
  const health = app.get(HttpClientHealthIndicator).probe('api', { url: '/health' });
  await clock.advance(400);
  expect(await health).toEqual({ api: { status: 'up', httpStatus: 200, durationMs: 400 } });
});

it('an answer that comes too late leaves no timer behind', async () => {
  const { clock, client, controller } = await startAt({ timeouts: { attemptMs: 100 } });
  controller.match('/').delay(60_000).reply(200);
  const failure = failureOf(client.get('/'));
  await clock.advance(100);
  expect(await failure).toMatchObject({ code: 'ECONNABORTED', message: 'timeout of 100ms exceeded' });
  await clock.advance(0);
  expect(clock.pending).toBe(0);
});

it.each([
  ['response', { responseMs: 300 }, 'ERR_RESPONSE_TIMEOUT'],
  ['attempt', { attemptMs: 300 }, 'ECONNABORTED'],
])('the %s timeout passes', async (_name, timeouts, code) => {
  const { clock, client, controller } = await startAt({ timeouts });
  controller.expectOne('/').hang();
  const failure = failureOf(client.get('/'));
  await clock.advance(299);
  await clock.advance(1);
  expect(await failure).toMatchObject({ code });
  controller.verify();
});

it('the silence of a body does', async () => {
  const { clock, client, controller } = await startAt({ timeouts: { bodyIdleMs: 200 } });
  controller.match('/').stream(async function* () {
    yield 'half';
    await new Promise<void>((resolve) => clock.setTimeout(resolve, 500));
    yield 'rest';
  });
  const failure = failureOf(client.get('/'));
  await clock.advance(199);
  await clock.advance(1);
  expect(await failure).toMatchObject({ code: 'ERR_BODY_TIMEOUT' });
});

it('a stream that nobody goes on sending ends, too', async () => {
  const { clock, client, controller } = await startAt({ timeouts: { bodyIdleMs: 200 } });
  controller.match('/').stream(async function* () {
    yield 'half';
    await new Promise(() => {});
  });
  const { data } = await client.get('/', { responseType: 'stream' });
  data.resume();
  const failure = failureOf(new Promise((_resolve, reject) => data.on('error', reject)));
  await clock.advance(400);
  expect(await failure).toMatchObject({ code: 'ERR_BODY_TIMEOUT' });
});

it('retries pause as long as they would, and obey a date in Retry-After', async () => {
  const events: RetryEvent[] = [];
  const { clock, client, controller } = await startAt({
    resilience: { retry: { max: 3, baseMs: 100, onRetry: (event) => void events.push(event) }, budget: false },
  });
  const inTwoSeconds = new Date(clock.date.getTime() + 2_050).toUTCString();
  const rates = controller
    .match('/rates')
    .reply(503)
    .reply(503, '', { 'retry-after': inTwoSeconds })
    .reply(200, 'at last');
  const call = client.get('/rates');
  await clock.advance(49);
  expect(rates.requests).toHaveLength(1);
  await clock.advance(1);
  expect(rates.requests).toHaveLength(2);
  expect(events.map(({ delayMs }) => delayMs)).toEqual([50, 1_950]);
  await clock.advance(1_950);
  expect((await call).data).toBe('at last');
  expect(rates.requests.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
});

it('a deadline ends a call, whatever it waits for', async () => {
  const { clock, client, controller } = await startAt({ resilience: { deadlineMs: 1_000 } });
  controller.match('/').hang();
  const failure = failureOf(client.get('/'));
  await clock.advance(1_000);
  expect(await failure).toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED' });
});

it('a breaker opens, and lets a probe through when its time has come', async () => {
  const { app, clock, client, controller } = await startAt({
    resilience: { breaker: { consecutiveFailures: 2, openMs: 5_000 } },
  });
  const breaker = () => app.get(HttpClients).stats().breakers[BASE_URL]?.state;
  controller.match('/').reply(500).reply(500).reply(200);
  await failureOf(client.get('/'));
  await failureOf(client.get('/'));
  expect(breaker()).toBe('open');
  expect(await failureOf(client.get('/'))).toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
  await clock.advance(5_000);
  expect((await client.get('/')).status).toBe(200);
  expect(breaker()).toBe('closed');
});

it('a hedge is sent when its time has come', async () => {
  const { clock, client, controller } = await startAt({ resilience: { hedge: { coldMs: 80 }, budget: false } });
  const rates = controller.match('/rates').hang().reply(200, 'from the hedge');
  const call = client.get('/rates');
  await clock.advance(79);
  expect(rates.requests).toHaveLength(1);
  await clock.advance(1);
  expect((await call).data).toBe('from the hedge');
  controller.verify();
});

it('a rate limit lets calls begin one after the other, and obeys dates', async () => {
  const { clock, client, controller } = await startAt({ resilience: { rateLimit: { max: 1, intervalMs: 1_000 } } });
  const seen = controller.match(/./).reply(200);
  const calls = [client.get('/1'), client.get('/2')];
  await clock.advance(990);
  expect(seen.requests).toHaveLength(1);
  await clock.advance(10);
  expect(seen.requests).toHaveLength(2);
  await Promise.all(calls);

  controller
    .expectOne('/busy')
    .reply(429, '', { 'retry-after': new Date(clock.date.getTime() + 30_000).toUTCString() });
  await clock.advance(1_000);
  await failureOf(client.get('/busy'));
  const call = client.get('/3');
  await clock.advance(28_000);
  expect(seen.requests).toHaveLength(2);
  await clock.advance(2_000);
  await call;
});

it('a drain gives up what takes too long', async () => {
  const { app, clock, client, controller } = await startAt({ shutdown: { drainMs: 4_000 } });
  controller.match('/').delay(60_000).reply(200);
  const failure = failureOf(client.get('/'));
  await clock.advance(0);
  let isClosed = false;
  const closing = app.close().then(() => (isClosed = true));
  await clock.advance(3_999);
  expect(isClosed).toBe(false);
  await clock.advance(1);
  expect(await failure).toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
  await closing;
});

it('runs by itself where nobody moves it while an app closes', async () => {
  const { app, clock, client, controller } = await startAt({ timeouts: UNLIMITED, shutdown: { drainMs: 60_000 } });
  controller.match('/').hang();
  const failure = failureOf(client.get('/'));
  await clock.advance(0);
  await app.close();
  expect(await failure).toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
  expect(clock.now()).toBeGreaterThanOrEqual(60_000);
});

it('is for the times of the app itself, too', async () => {
  const { app, clock } = await startAt({});
  expect(app.get(HttpClients).clock).toBe(clock);
});

it('so does the deadline of work that is no inbound request', async () => {
  const { clock, client, controller } = await startAt({ inbound: true, timeouts: UNLIMITED });
  controller.match('/').hang();
  const failure = failureOf(runInInboundContext({ deadlineMs: 60_000, clock }, () => client.get('/')));
  await clock.advance(59_999);
  expect(clock.pending).toBeGreaterThan(0);
  await clock.advance(1);
  expect(await failure).toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED' });
});

it('so do the deadlines of inbound requests, with supertest', async () => {
  @Controller()
  class RatesController {
    constructor(@InjectHttpClient() private readonly client: AxiosInstance) {}
    @Get('rates')
    async show(): Promise<unknown> {
      return (await this.client.get('/rates')).data;
    }
  }
  const clock = new ManualClock();
  const module = await Test.createTestingModule({
    imports: [
      HttpClientModule.forRoot({
        baseURL: BASE_URL,
        timeouts: UNLIMITED,
        inbound: { deadlineHeader: 'x-deadline-ms' },
      }),
      HttpClientTestingModule.withOptions({ clock }),
    ],
    controllers: [RatesController],
  }).compile();
  const app: INestApplication = module.createNestApplication();
  app.useGlobalFilters(new HttpClientExceptionFilter());
  await app.init();
  onTestFinished(() => app.close());
  const controller = app.get(HttpTestingController);
  const asked = controller.waitFor('/rates');
  const response = request(app.getHttpServer()).get('/rates').set('x-deadline-ms', '60000');
  const answered = response.then(({ status }) => status);
  (await asked).hang();
  await clock.advance(60_000);
  expect(await answered).toBe(504);
});
