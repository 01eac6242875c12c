import { HttpModule as NestHttpModule, HttpService as NestHttpService } from '@nestjs/axios';
import { Injectable, Module, type ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import axios, { type AxiosInstance } from 'axios';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { firstValueFrom } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  getHttpClientToken,
  HttpClientModule,
  HttpClients,
  HttpModule,
  type HttpModuleOptionsFactory,
  HttpService,
  PooledHttpService,
} from '../../src/index.js';

// What the tests of @nestjs/axios ask of its module and service, of ours; and what is ours alone.

@Injectable()
class Settings {
  readonly baseURL = 'https://settings.example';
}

@Injectable()
class Factory implements HttpModuleOptionsFactory {
  createHttpOptions = () => ({ baseURL: 'https://factory.example', timeout: 1_234 });
}

@Module({ providers: [Settings, Factory], exports: [Settings, Factory] })
class SettingsModule {}

let apps: TestingModule[] = [];
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()));
  apps = [];
});

async function compile(...imports: NonNullable<ModuleMetadata['imports']>): Promise<TestingModule> {
  const app = await Test.createTestingModule({ imports }).compile();
  apps.push(app);
  return app;
}

const defaultsOf = (app: TestingModule) => app.get(HttpService).axiosRef.defaults;

describe('HttpModule.register', () => {
  it('injects an HttpService whose axios instance has the options', async () => {
    const app = await compile(HttpModule.register({ baseURL: 'https://one.example', timeout: 4_200 }));
    expect(app.get(HttpService)).toBeInstanceOf(PooledHttpService);
    expect(defaultsOf(app)).toMatchObject({ baseURL: 'https://one.example', timeout: 4_200 });
  });

  it('makes an axios instance for each registration', async () => {
    const one = await compile(HttpModule.register({ baseURL: 'https://one.example' }));
    const two = await compile(HttpModule.register({ baseURL: 'https://two.example' }));
    expect(one.get(HttpService).axiosRef).not.toBe(two.get(HttpService).axiosRef);
    expect([one, two].map((app) => defaultsOf(app).baseURL)).toEqual(['https://one.example', 'https://two.example']);
  });

  it('may be global', () => {
    expect(HttpModule.register({ global: true }).global).toBe(true);
    expect(HttpModule.register({}).global).toBeUndefined();
  });
});

describe('HttpModule.registerAsync', () => {
  it.each([
    [
      'a factory that injects',
      { imports: [SettingsModule], inject: [Settings], useFactory: ({ baseURL }: Settings) => ({ baseURL }) },
      'https://settings.example',
    ],
    [
      'an asynchronous factory',
      { useFactory: async () => ({ baseURL: 'https://later.example' }) },
      'https://later.example',
    ],
    ['a class', { useClass: Factory }, 'https://factory.example'],
    ['a provider', { imports: [SettingsModule], useExisting: Factory }, 'https://factory.example'],
  ])('takes its options from %s', async (_, options, baseURL) => {
    expect(defaultsOf(await compile(HttpModule.registerAsync(options))).baseURL).toBe(baseURL);
  });

  it('registers other providers, and may be global', async () => {
    const extraProviders = [{ provide: 'EXTRA', useValue: 'extra' }];
    const module = HttpModule.registerAsync({ useFactory: () => ({ timeout: 999 }), extraProviders, global: true });
    const app = await compile(module);
    expect(app.get('EXTRA')).toBe('extra');
    expect(defaultsOf(app).timeout).toBe(999);
    expect(module.global).toBe(true);
  });
});

describe('the HttpService of HttpModule', () => {
  let server: Server;
  let baseURL: string;
  let received: { method: string; body: string; headers: IncomingMessage['headers'] }[] = [];
  let abandoned: string[] = [];
  let connections = 0;
  let slow: (() => void)[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      response.on('close', () => response.writableFinished || abandoned.push(request.url!));
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        received.push({ method: request.method!, body, headers: request.headers });
        response.statusCode = request.url === '/fails' ? 500 : 200;
        response.setHeader('content-type', 'application/json');
        const end = () => response.end(JSON.stringify({ url: request.url }));
        if (request.url === '/slow') slow.push(end);
        else end();
      });
    }).on('connection', () => connections++);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    [received, abandoned, slow] = [[], [], []];
  });
  afterAll(() => server.close());

  const start = async () => (await compile(HttpModule.register({ baseURL }))).get(HttpService);

  it('emits one response, and completes', async () => {
    const http = await start();
    const { status, data } = await firstValueFrom(http.get<unknown>('/things'));
    expect({ status, data }).toEqual({ status: 200, data: { url: '/things' } });
  });

  it('sends every method, and bodies', async () => {
    const http = await start();
    for (const method of ['delete', 'head'] as const) await firstValueFrom(http[method]('/'));
    for (const method of ['post', 'put', 'patch'] as const) await firstValueFrom(http[method]('/', { a: 1 }));
    expect(received.map(({ method, body }) => `${method} ${body}`)).toEqual([
      'DELETE ',
      'HEAD ',
      'POST {"a":1}',
      'PUT {"a":1}',
      'PATCH {"a":1}',
    ]);
    await firstValueFrom(http.postForm('/', { a: '1', b: '2' }));
    expect(received.at(-1)!.headers['content-type']).toContain('multipart/form-data');
    expect(received.at(-1)!.body).toContain('name="b"');
  });

  it('fails with what the upstream answered', async () => {
    const http = await start();
    await expect(firstValueFrom(http.get('/fails'))).rejects.toMatchObject({
      response: { status: 500, data: { url: '/fails' } },
    });
  });

  it('leaves the config of the caller as it is', async () => {
    const config = { headers: { 'x-own': 'yes' } };
    await firstValueFrom((await start()).get('/', config));
    expect(config).toEqual({ headers: { 'x-own': 'yes' } });
  });

  it('hangs up when nobody is subscribed any more', async () => {
    const events: string[] = [];
    const subscription = (await start()).get('/slow').subscribe({
      next: () => events.push('next'),
      error: () => events.push('error'),
      complete: () => events.push('complete'),
    });
    await expect.poll(() => slow.length).toBe(1);
    subscription.unsubscribe();
    await expect.poll(() => abandoned).toEqual(['/slow']);
    expect(events).toEqual([]);
  });

  it('lets a request for a stream go on then, and keeps no socket for its response', async () => {
    const app = await compile(HttpModule.register({ baseURL }));
    const subscription = app.get(HttpService).get('/slow', { responseType: 'stream' }).subscribe();
    await expect.poll(() => slow.length).toBe(1);
    subscription.unsubscribe();
    slow[0]!();
    await expect.poll(() => app.get(HttpClients).stats('HttpModule(RootTestModule)').pool.total.active).toBe(0);
    expect(abandoned).toEqual([]);
  });

  it('emits when the subscription lasts, and honours a cancel token', async () => {
    const http = await start();
    const events: string[] = [];
    http.get('/slow').subscribe({ next: () => events.push('next'), complete: () => events.push('complete') });
    await expect.poll(() => slow.length).toBe(1);
    slow[0]!();
    await expect.poll(() => events).toEqual(['next', 'complete']);

    const source = axios.CancelToken.source();
    const call = firstValueFrom(http.get('/slow', { cancelToken: source.token }));
    source.cancel('no more');
    await expect(call).rejects.toMatchObject({ message: 'no more' });
  });

  it('has headers, interceptors and a base URL that other modules do not have, on the pool that all share', async () => {
    @Injectable()
    class One {
      constructor(readonly http: HttpService) {}
    }
    @Injectable()
    class Two {
      constructor(readonly http: HttpService) {}
    }
    @Module({ imports: [HttpModule.register({ baseURL, headers: { 'x-one': '1' } })], providers: [One] })
    class OneModule {}
    @Module({
      imports: [HttpModule.register({ baseURL, resilience: { retry: { max: 1 } } }), HttpModule],
      providers: [Two],
    })
    class TwoModule {}
    const app = await compile(HttpClientModule.forRoot({ baseURL: 'https://default.example' }), OneModule, TwoModule);
    const one = app.get(One, { strict: false }).http;
    const two = app.get(Two, { strict: false }).http;
    one.axiosRef.interceptors.request.use((config) => {
      config.headers.set('x-intercepted', '1');
      return config;
    });

    connections = 0;
    await firstValueFrom(one.get('/'));
    await firstValueFrom(two.get(`${baseURL}/`));
    expect(received[0]!.headers).toMatchObject({ 'x-one': '1', 'x-intercepted': '1' });
    expect(received[1]!.headers).not.toHaveProperty('x-one');
    expect(received[1]!.headers).not.toHaveProperty('x-intercepted');
    expect(connections).toBe(1);
    expect(app.get<AxiosInstance>(getHttpClientToken()).defaults.baseURL).toBe('https://default.example');
    expect(app.get(HttpClients).names).toEqual(
      expect.arrayContaining(['default', 'HttpModule', 'HttpModule(OneModule)', 'HttpModule(TwoModule)']),
    );
  });

  it('is for whoever injects that of @nestjs/axios', () => {
    expect(HttpService).toBe(NestHttpService);
    expect(HttpModule).not.toBe(NestHttpModule);
  });
});
