import { HttpService } from '@nestjs/axios';
import { Controller, Get, Injectable, Module, type ModuleMetadata, Param } from '@nestjs/common';
import { Test, type TestingModule, type TestingModuleBuilder } from '@nestjs/testing';
import type { AxiosInstance, InternalAxiosRequestConfig } from 'axios';
import { firstValueFrom } from 'rxjs';
import request from 'supertest';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type ConnectionPool,
  getConnectionPoolToken,
  getHttpClientToken,
  type HttpClientInterceptor,
  HttpClientModule,
  InjectHttpClient,
} from '../../src/index.js';
import { HttpClientTestingModule, HttpTestingController, startUpstream, text } from '../../src/testing/index.js';
import { BASE_URL, startTestApp } from '../support/testing-app.js';

const apps: TestingModule[] = [];

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

async function start(builder: TestingModuleBuilder): Promise<TestingModule> {
  const app = await builder.compile();
  apps.push(app);
  return app.init();
}

@Injectable()
class Stamp implements HttpClientInterceptor {
  onRequest(config: InternalAxiosRequestConfig) {
    config.headers.set('x-stamp', 'yes');
    return config;
  }
}

function appOf(...imports: NonNullable<ModuleMetadata['imports']>) {
  @Module({ imports })
  class AppModule {}
  return AppModule;
}

const forRoot = () => HttpClientModule.forRoot({ baseURL: BASE_URL, interceptors: [Stamp] });
const forRootAsync = () =>
  HttpClientModule.forRootAsync({ interceptors: [Stamp], useFactory: async () => ({ baseURL: BASE_URL }) });

describe.each([
  ['forRoot', forRoot],
  ['forRootAsync', forRootAsync],
])('an app that imports HttpClientModule.%s', (_name, http) => {
  it.each<[string, () => TestingModuleBuilder]>([
    [
      'is answered by a testing module after it',
      () => Test.createTestingModule({ imports: [appOf(http()), HttpClientTestingModule] }),
    ],
    [
      'is answered by a testing module before it',
      () => Test.createTestingModule({ imports: [HttpClientTestingModule, appOf(http())] }),
    ],
    [
      'is answered by a testing module in the place of HttpClientModule',
      () =>
        Test.createTestingModule({ imports: [appOf(http())] })
          .overrideModule(HttpClientModule)
          .useModule(HttpClientTestingModule),
    ],
    [
      'is answered by a testing module with options in the place of HttpClientModule',
      () =>
        Test.createTestingModule({ imports: [appOf(http())] })
          .overrideModule(HttpClientModule)
          .useModule(HttpClientTestingModule.withOptions({ random: () => 0 })),
    ],
  ])('%s, its options and interceptors kept', async (_case, builder) => {
    const app = await start(builder());
    const controller = app.get(HttpTestingController);
    controller.expectOne({ url: `${BASE_URL}/users/1`, headers: { 'X-Stamp': 'yes' } }).reply(200, { id: 1 });
    const { data } = await firstValueFrom(app.get(HttpService).get('/users/1'));
    expect(data).toEqual({ id: 1 });
    controller.verify();
  });
});

it('is answered where the app imports the class HttpClientModule by itself', async () => {
  const app = await start(
    Test.createTestingModule({ imports: [appOf(HttpClientModule)] })
      .overrideModule(HttpClientModule)
      .useModule(HttpClientTestingModule),
  );
  app.get(HttpTestingController).expectOne(`${BASE_URL}/`).reply(200, 'here');
  expect((await app.get(HttpService).axiosRef.get(BASE_URL)).data).toBe('here');
});

it('answers an origin with addresses without looking any up', async () => {
  const resolve = () => {
    throw new Error('looked up');
  };
  const origins = { [BASE_URL]: { addresses: { resolve } } };
  const { client, controller } = await startTestApp({ origins });
  controller.expectOne(`${BASE_URL}/`).reply(200, 'here');
  expect((await client.get('/')).data).toBe('here');
});

it('answers named clients, and tells them apart', async () => {
  @Injectable()
  class Repositories {
    constructor(@InjectHttpClient('github') readonly github: AxiosInstance) {}
  }
  @Module({
    imports: [HttpClientModule.forFeature({ name: 'github', baseURL: 'https://api.github.example' })],
    providers: [Repositories],
  })
  class RepositoriesModule {}
  const app = await start(
    Test.createTestingModule({ imports: [appOf(forRoot(), RepositoriesModule), HttpClientTestingModule] }),
  );
  const controller = app.get(HttpTestingController);
  controller.match({ client: 'default' }).reply(200, 'from the default client');
  controller.match({ client: 'github' }).reply(200, 'from github');
  expect((await app.get(Repositories).github.get('/repos')).data).toBe('from github');
  expect((await app.get<AxiosInstance>(getHttpClientToken()).get('/')).data).toBe('from the default client');
});

it('gives a module under test a default client where nothing else does', async () => {
  const app = await start(
    Test.createTestingModule({ imports: [HttpClientModule.forFeature('github'), HttpClientTestingModule] }),
  );
  app.get(HttpTestingController).match({ client: 'github' }).reply(200, 'ok');
  const github = app.get<AxiosInstance>(getHttpClientToken('github'), { strict: false });
  expect((await github.get('http://any.example/')).data).toBe('ok');
});

it('is refused twice in one app: the expectations of one would be met by nobody', async () => {
  const imports = [HttpClientTestingModule, HttpClientTestingModule.withOptions({})];
  await expect(Test.createTestingModule({ imports: [appOf(forRoot()), ...imports] }).compile()).rejects.toThrow(
    'HttpClientTestingModule: 1 invalid option\n  - expected one import in the whole app, got 2',
  );
});

it.each<[string, object]>([
  [
    'passThrough.0: expected an origin, as http://127.0.0.1:3001, got "localhost:3001"',
    { passThrough: ['localhost:3001'] },
  ],
  ['passThrough: expected a list of origins', { passThrough: 'http://127.0.0.1:3001' }],
  ['passthrough: expected one of the options clock, now,', { passthrough: [] }],
  ["unexpected: expected 'fail' or 'wait', got \"hold\"", { unexpected: 'hold' }],
  ['clock: expected a clock, as new ManualClock(), got an object', { clock: {} }],
  ['recording: expected what recordedTransport returns, got an object', { recording: { fixture: 'x.json' } }],
])('refuses what is no such option: %s', async (message, options) => {
  const imports = [HttpClientTestingModule.withOptions(options)];
  await expect(Test.createTestingModule({ imports }).compile()).rejects.toThrow(message);
});

it('lets through what a function says, asked for each request', async () => {
  await using upstream = await startUpstream();
  upstream.on('/', text('real'));
  let origin = '';
  const { client, controller } = await startTestApp(
    { baseURL: upstream.url },
    { passThrough: (asked) => asked === origin },
  );
  controller.match('/').reply(200, 'not real');
  expect((await client.get('/')).data).toBe('not real');
  origin = upstream.url;
  expect((await client.get('/')).data).toBe('real');
});

it('keeps apps in one process apart', async () => {
  const [one, other] = await Promise.all([startTestApp(), startTestApp()]);
  one.controller.match('/').reply(200, 'one');
  other.controller.match('/').reply(200, 'other');
  const answers = await Promise.all([one.client.get('/'), other.client.get('/'), one.client.get('/')]);
  expect(answers.map(({ data }) => data)).toEqual(['one', 'other', 'one']);
  expect(one.controller.requests).toHaveLength(2);
  expect(other.controller.requests).toHaveLength(1);
});

it('answers what an inbound request asks for, with supertest', async () => {
  @Controller('weather')
  class WeatherController {
    constructor(@InjectHttpClient() private readonly client: AxiosInstance) {}
    @Get(':city')
    async show(@Param('city') city: string): Promise<unknown> {
      const { data } = await this.client.get('/forecast', { params: { city } });
      return data;
    }
  }
  @Module({ imports: [forRoot()], controllers: [WeatherController] })
  class AppModule {}
  const module = await Test.createTestingModule({ imports: [AppModule, HttpClientTestingModule] }).compile();
  apps.push(module);
  const app = module.createNestApplication({ logger: false });
  await app.init();
  const controller = app.get(HttpTestingController);

  controller.expectOne({ url: '/forecast', query: { city: 'Bern' } }).reply(200, { degrees: 7 });
  await request(app.getHttpServer()).get('/weather/Bern').expect(200, { degrees: 7 });
  controller.verify();

  const [asked, response] = [controller.waitFor('/forecast'), request(app.getHttpServer()).get('/weather/Basel')];
  const answered = response.then(({ body }) => body as unknown);
  expect((await asked).request.query.get('city')).toBe('Basel');
  (await asked).reply(200, { degrees: 9 });
  expect(await answered).toEqual({ degrees: 9 });

  await request(app.getHttpServer()).get('/weather/Genf').expect(500);
  expect(() => controller.verify()).toThrow(`GET ${BASE_URL}/forecast?city=Genf of client "default" was not expected`);
});

describe('at its end', () => {
  it('leaves nothing hanging where expectations are pending and requests unanswered', async () => {
    const { app, client, controller } = await startTestApp();
    const never = controller.waitFor('/never').catch((error: unknown) => error);
    const asked = controller.waitFor('/asked');
    const call = client.get('/asked').catch((error: unknown) => error);
    await asked;
    await app.close();
    expect(await call).toMatchObject({ code: 'ERR_UNANSWERED_REQUEST' });
    expect(await never).toMatchObject({ message: 'no request came before the app closed: any method /never' });
    await expect(controller.waitFor('/later')).rejects.toThrow('no request came before the app closed');
    expect(() => controller.verify()).toThrow(`GET ${BASE_URL}/asked of client "default" was given no answer`);
  });

  it('lets what has its answer coming finish while the app drains', async () => {
    const { app, client, controller } = await startTestApp();
    const asked = controller.waitFor('/slow');
    const call = client.get('/slow');
    (await asked).delay(20).reply(200, 'in time');
    await Promise.all([app.close(), expect(call).resolves.toMatchObject({ data: 'in time' })]);
  });

  it('counts calls in flight, and the places that they take', async () => {
    const { app, client, controller } = await startTestApp({ pool: { maxSockets: 1 } });
    const pool = app.get<ConnectionPool>(getConnectionPoolToken());
    const first = controller.waitFor('/first');
    const calls = [client.get('/first'), client.get('/second')];
    const one = await first;
    expect(pool.stats()).toMatchObject({ inFlight: 2, origins: { [BASE_URL]: { queued: 1 } } });
    one.reply(200);
    controller.expectOne('/second').reply(200);
    await Promise.all(calls);
    expect(pool.stats()).toMatchObject({ inFlight: 0, total: { queued: 0, created: 0 } });
  });
});
