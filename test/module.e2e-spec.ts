import { HttpService } from '@nestjs/axios';
import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheckService, HttpHealthIndicator, TerminusModule } from '@nestjs/terminus';
import { Test, type TestingModule } from '@nestjs/testing';
import axios, { type AxiosInstance, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ConnectionPool,
  getConnectionPoolToken,
  getHttpClientToken,
  getHttpServiceToken,
  type HttpClientInterceptor,
  HttpClientModule,
  type HttpClientOptionsFactory,
  InjectConnectionPool,
  InjectHttpClient,
  InjectHttpService,
  PooledHttpService,
} from '../src/index.js';
import { startUpstream, type Upstream } from './support/upstream.js';

let upstream: Upstream;
const apps: { close(): Promise<void> }[] = [];

/** An app of these imports, closed after the test. */
async function start(
  ...imports: NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']>
): Promise<TestingModule> {
  const app = await Test.createTestingModule({ imports }).compile();
  apps.push(app);
  return app.init();
}

const headersSentBy = async (client: AxiosInstance) => (await client.get(upstream.url)).data.headers;

beforeEach(async () => {
  upstream = await startUpstream((incoming, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ path: incoming.url, headers: incoming.headers }));
  });
});

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  await upstream[Symbol.asyncDispose]();
});

describe('forRoot', () => {
  it('makes one client for every module, as an axios instance and as HttpService', async () => {
    @Injectable()
    class Consumer {
      constructor(
        readonly service: HttpService,
        @InjectHttpClient() readonly client: AxiosInstance,
        @InjectConnectionPool() readonly pool: ConnectionPool,
      ) {}
    }
    @Module({ providers: [Consumer], exports: [Consumer] })
    class FeatureModule {}

    const app = await start(HttpClientModule.forRoot(), FeatureModule);
    const { service, client, pool } = app.get(Consumer);

    expect(service).toBeInstanceOf(PooledHttpService);
    expect(service.axiosRef).toBe(client);
    await client.get(upstream.url);
    await firstValueFrom(service.get(upstream.url));
    expect(upstream.connections).toBe(1);
    expect(pool.stats().total).toMatchObject({ created: 1, reused: 1 });
  });

  it('works without a call, with every default', async () => {
    const app = await start(HttpClientModule);
    expect((await app.get(HttpService).axiosRef.get(`${upstream.url}/x`)).data.path).toBe('/x');
  });

  it('leaves the global axios alone', async () => {
    const before = { ...axios.defaults, headers: structuredClone(axios.defaults.headers) };
    await start(
      HttpClientModule.forRoot({ baseURL: upstream.url, headers: { 'x-app': 'desk' } }),
      HttpClientModule.forFeature({ name: 'github', headers: { 'x-api': 'github' } }),
    );
    expect({ ...axios.defaults, headers: structuredClone(axios.defaults.headers) }).toEqual(before);
  });

  it('stops the start of the app with every wrong option', async () => {
    const starting = start(HttpClientModule.forRoot({ pool: { maxSockets: 0 }, shutdown: { drainMs: -5 } }));
    await expect(starting).rejects.toMatchObject({
      name: 'InvalidOptionsError',
      code: 'ERR_INVALID_OPTIONS',
      problems: [expect.stringContaining('pool.maxSockets'), expect.stringContaining('shutdown.drainMs')],
    });
  });

  it('says so when it is imported twice', async () => {
    @Module({ imports: [HttpClientModule.forRoot()] })
    class FeatureModule {}
    await expect(start(HttpClientModule.forRoot(), FeatureModule)).rejects.toThrow(
      /expected one import in the whole app, got 2\. It is global/,
    );
  });

  it('applies base URL, headers, timeout and axios settings to every call, which may override them', async () => {
    const app = await start(
      HttpClientModule.forRoot({
        baseURL: upstream.url,
        headers: { 'x-app': 'desk', 'x-version': 2 },
        timeouts: { attemptMs: 1_234 },
        axios: { params: { lang: 'en' } },
      }),
    );
    const { data, config } = await app
      .get<AxiosInstance>(getHttpClientToken())
      .get('/a', { headers: { 'x-app': 'own' } });
    expect(data.path).toBe('/a?lang=en');
    expect(data.headers).toMatchObject({ 'x-app': 'own', 'x-version': '2' });
    expect(config.timeout).toBe(1_234);
  });

  it('never shows callers its agents, on responses or on errors', async () => {
    const client = (await start(HttpClientModule.forRoot())).get<AxiosInstance>(getHttpClientToken());
    const answered = await client.get(upstream.url);
    const refused = await client.get(upstream.url, { validateStatus: () => false }).catch((error: unknown) => error);
    const cancelled = await client
      .get(upstream.url, { timeout: 1, baseURL: 'http://127.0.0.1:9' })
      .catch((error: unknown) => error);
    for (const { config } of [
      answered,
      refused,
      cancelled,
      (refused as { response: AxiosResponse }).response,
    ] as AxiosResponse[]) {
      expect(config).toBeDefined();
      expect(config).not.toHaveProperty('httpAgent');
      expect(config).not.toHaveProperty('httpsAgent');
    }
  });

  it('sends a call on the agent that the call brings', async () => {
    const app = await start(HttpClientModule.forRoot());
    const httpAgent = new (await import('node:http')).Agent();
    await app.get<AxiosInstance>(getHttpClientToken()).get(upstream.url, { httpAgent });
    expect(app.get<ConnectionPool>(getConnectionPoolToken()).stats().total.created).toBe(0);
    httpAgent.destroy();
  });
});

describe('forRootAsync', () => {
  const OPTIONS = { headers: { 'x-from': 'factory' } };

  @Injectable()
  class Settings implements HttpClientOptionsFactory {
    createHttpClientOptions() {
      return OPTIONS;
    }
  }
  @Module({ providers: [Settings], exports: [Settings] })
  class SettingsModule {}

  it.each([
    [
      'useFactory',
      HttpClientModule.forRootAsync({
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: async (settings: Settings) => settings.createHttpClientOptions(),
      }),
    ],
    ['useClass', HttpClientModule.forRootAsync({ useClass: Settings })],
    ['useExisting', HttpClientModule.forRootAsync({ imports: [SettingsModule], useExisting: Settings })],
  ])('takes options from %s', async (_, module) => {
    const app = await start(module);
    expect(await headersSentBy(app.get(getHttpClientToken()))).toMatchObject({ 'x-from': 'factory' });
  });

  it('stops the start of the app when the factory returns a wrong option', async () => {
    const wrong = { timeout: 5 } as object;
    await expect(start(HttpClientModule.forRootAsync({ useFactory: () => wrong }))).rejects.toThrow(
      /timeout: expected one of the options .*timeouts/,
    );
  });
});

describe('forFeature', () => {
  it('makes named clients with settings of their own that share the sockets of the default one', async () => {
    const app = await start(
      HttpClientModule.forRoot({ headers: { authorization: 'Bearer main' } }),
      HttpClientModule.forFeature([
        { name: 'github', baseURL: `${upstream.url}/github`, headers: { 'x-api': 'github' } },
        'plain',
      ]),
    );
    const github = app.get<AxiosInstance>(getHttpClientToken('github'));
    const { data } = await github.get('/users');
    expect(data.path).toBe('/github/users');
    expect(data.headers['x-api']).toBe('github');
    expect(data.headers).not.toHaveProperty('authorization');

    await app.get<AxiosInstance>(getHttpClientToken('plain')).get(upstream.url);
    await app.get<AxiosInstance>(getHttpClientToken()).get(upstream.url);
    expect(upstream.connections).toBe(1);
    expect(app.get(getConnectionPoolToken('github'))).toBe(app.get(getConnectionPoolToken()));
  });

  it('gives a client that sets socket options a pool of its own, closed with the others', async () => {
    const app = await start(
      HttpClientModule.forRoot(),
      HttpClientModule.forFeature({ name: 'slow', pool: { maxSockets: 1 } }),
    );
    const pool = app.get<ConnectionPool>(getConnectionPoolToken('slow'));
    expect(pool).not.toBe(app.get(getConnectionPoolToken()));
    const client = app.get<AxiosInstance>(getHttpClientToken('slow'));
    await Promise.all([client.get(upstream.url), client.get(upstream.url)]);
    expect(pool.stats().total).toMatchObject({ created: 1, reused: 1 });
    await app.close();
    expect(pool.state).toBe('closed');
  });

  it('injects the HttpService of a named client', async () => {
    @Injectable()
    class Consumer {
      constructor(@InjectHttpService('github') readonly github: HttpService) {}
    }
    @Module({
      imports: [HttpClientModule.forFeature({ name: 'github', baseURL: upstream.url })],
      providers: [Consumer],
    })
    class FeatureModule {}

    const app = await start(HttpClientModule.forRoot(), FeatureModule);
    const { data } = await firstValueFrom(app.get(Consumer).github.get('/users'));
    expect(data.path).toBe('/users');
  });

  it('takes options from a factory', async () => {
    @Module({ providers: [{ provide: 'URL', useValue: upstream.url }], exports: ['URL'] })
    class ConfigModule {}
    const app = await start(
      HttpClientModule.forRoot(),
      HttpClientModule.forFeatureAsync({
        name: 'github',
        imports: [ConfigModule],
        inject: ['URL'],
        useFactory: (url: string) => ({ baseURL: url }),
      }),
    );
    expect((await app.get<AxiosInstance>(getHttpClientToken('github')).get('/x')).data.path).toBe('/x');
  });

  it.each([
    ['two clients of one name', () => [HttpClientModule.forFeature('a'), HttpClientModule.forFeature('a')]],
    ['two clients of one name in one call', () => [HttpClientModule.forFeature(['a', 'a'])]],
    ['a client with the name of the default one', () => [HttpClientModule.forFeature('default')]],
  ])('refuses %s', async (_, modules) => {
    const starting = (async () => start(HttpClientModule.forRoot(), ...modules()))();
    await expect(starting).rejects.toThrow(/name: expected one that no other client has/);
  });

  it('may be imported by several modules as one constant', async () => {
    const github = HttpClientModule.forFeature('github');
    @Module({ imports: [github] })
    class One {}
    @Module({ imports: [github] })
    class Two {}
    await start(HttpClientModule.forRoot(), One, Two);
  });

  it('says what is missing where there is no forRoot', async () => {
    await expect(start(HttpClientModule.forFeature('github'))).rejects.toThrow(
      /expected HttpClientModule\.forRoot\(\) among the imports of the root module/,
    );
  });

  it.each([
    ['no name', { baseURL: 'http://a.example' }],
    ['nothing', undefined],
    ['an interceptor that is no class', { name: 'a', interceptors: [{}] }],
  ])('refuses %s with a clear error', async (_, options) => {
    const starting = (async () => start(HttpClientModule.forRoot(), HttpClientModule.forFeature(options as never)))();
    await expect(starting).rejects.toMatchObject({ code: 'ERR_INVALID_OPTIONS' });
  });
});

describe('interceptors', () => {
  @Injectable()
  class Tokens {
    readonly token = 'secret';
  }
  @Module({ providers: [Tokens], exports: [Tokens] })
  class TokensModule {}

  const appendTo = ({ headers }: InternalAxiosRequestConfig, step: string) =>
    headers.set('x-order', String(headers.get('x-order') ?? '') + step);

  const made: string[] = [];
  @Injectable()
  class Authenticate implements HttpClientInterceptor {
    constructor(@Inject(Tokens) private readonly tokens: Tokens) {
      made.push('Authenticate');
    }
    onRequest(config: InternalAxiosRequestConfig) {
      config.headers.set('authorization', `Bearer ${this.tokens.token}`);
      appendTo(config, '1');
      return config;
    }
  }
  class Second implements HttpClientInterceptor {
    onRequest(config: InternalAxiosRequestConfig) {
      appendTo(config, '2');
      return config;
    }
  }

  it('are injectable classes, in order, made and run once', async () => {
    made.length = 0;
    const app = await start(
      HttpClientModule.forRoot({ imports: [TokensModule], interceptors: [Authenticate, Second] }),
      HttpClientModule.forFeature('github'),
    );
    expect(await headersSentBy(app.get(getHttpClientToken()))).toMatchObject({
      authorization: 'Bearer secret',
      'x-order': '12',
    });
    expect(await headersSentBy(app.get(HttpService).axiosRef)).toMatchObject({ 'x-order': '12' });
    expect(await headersSentBy(app.get(getHttpClientToken('github')))).not.toHaveProperty('authorization');
    expect(made).toEqual(['Authenticate']);
  });

  it('stand beside the factory of forRootAsync', async () => {
    const app = await start(
      HttpClientModule.forRootAsync({ imports: [TokensModule], interceptors: [Authenticate], useFactory: () => ({}) }),
    );
    expect(await headersSentBy(app.get(getHttpClientToken()))).toMatchObject({ authorization: 'Bearer secret' });
  });

  it('belong to one named client', async () => {
    const app = await start(
      HttpClientModule.forRoot(),
      HttpClientModule.forFeature([{ name: 'github', interceptors: [Second, Authenticate] }, 'plain'], {
        imports: [TokensModule],
      }),
    );
    expect(await headersSentBy(app.get(getHttpClientToken('github')))).toMatchObject({ 'x-order': '21' });
    expect(await headersSentBy(app.get(getHttpClientToken('plain')))).not.toHaveProperty('x-order');
    expect(await headersSentBy(app.get(getHttpClientToken()))).not.toHaveProperty('x-order');
  });

  it('are refused where they are no classes', () => {
    expect(() => HttpClientModule.forRoot({ interceptors: [new Second()] as never })).toThrow(
      'interceptors.0: expected an injectable class, got an object',
    );
  });
});

describe('together with the rest of Nest', () => {
  it('lets a test override the client, for HttpService too', async () => {
    const fake = { get: async () => ({ data: 'fake' }) };
    const app = await Test.createTestingModule({
      imports: [HttpClientModule.forRoot(), HttpClientModule.forFeature('github')],
    })
      .overrideProvider(getHttpClientToken())
      .useValue(fake)
      .overrideProvider(getHttpServiceToken('github'))
      .useValue('fake service')
      .compile();
    apps.push(app);
    expect(app.get(getHttpClientToken())).toBe(fake);
    expect((await firstValueFrom(app.get(HttpService).get('/'))).data).toBe('fake');
    expect(app.get(getHttpServiceToken('github'))).toBe('fake service');
  });

  it('lets Terminus ping through the pool', async () => {
    const app = await start(HttpClientModule.forRoot(), TerminusModule.forRoot({ logger: false }));
    const health = await app.resolve(HealthCheckService);
    const http = await app.resolve(HttpHealthIndicator);
    const ping = () => http.pingCheck('upstream', upstream.url, { httpClient: app.get(HttpService) });
    expect(await health.check([ping])).toMatchObject({ status: 'ok' });
    await health.check([ping]);
    expect(upstream.connections).toBe(1);
  });

  it('says at the start which client uses which pool, and within which limits', async () => {
    const lines: string[] = [];
    const logger = { log: (line: string) => lines.push(line), warn() {}, error() {} };
    const app = await NestFactory.createApplicationContext(HttpClientModule.forRoot(), { logger });
    const { id } = app.get<ConnectionPool>(getConnectionPoolToken()).stats();
    await app.close();
    const ours = lines.filter((line) => /^(Client|Pool)/.test(line));
    expect(ours).toEqual([
      expect.stringMatching(
        new RegExp(
          String.raw`^Client "default" \([\da-f]{8}\) open on pool ${id}: 100 sockets per origin, 100 idle for 4000 ms, ` +
            String.raw`age 120000 ms ±10 %; attempt timeout 30000 ms$`,
        ),
      ),
      `Pool ${id}: open → draining; calls in flight: 0, deadline: 10000 ms`,
      expect.stringMatching(
        new RegExp(
          String.raw`^Pool ${id}: draining → closed in \d+ ms; calls finished: 0 \(0 admitted while draining\), aborted: 0; sockets closed: 0$`,
        ),
      ),
    ]);
  });
});
