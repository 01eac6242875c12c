import { HttpService } from '@nestjs/axios';
import {
  ConsoleLogger,
  Controller,
  type DynamicModule,
  forwardRef,
  Get,
  type INestApplication,
  Inject,
  Injectable,
  Module,
  type ModuleMetadata,
  Scope,
} from '@nestjs/common';
import { APP_FILTER, INQUIRER, LazyModuleLoader, ModuleRef, REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { AxiosInstance, InternalAxiosRequestConfig } from 'axios';
import { firstValueFrom } from 'rxjs';
import request from 'supertest';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  ConnectionPool,
  currentInboundContext,
  getHttpClientToken,
  HttpClientEvents,
  HttpClientExceptionFilter,
  HttpClientHealthIndicator,
  HttpClientModule,
  type HttpClientOptionsFactory,
  HttpClients,
  InjectConnectionPool,
  InjectHttpClient,
  InjectHttpService,
  InvalidOptionsError,
} from '../src/index.js';
import type { Handler, HttpClientLayer } from '../src/layers/index.js';
import { failureOf } from './support/failure-of.js';
import { startUpstream, type Upstream } from './support/upstream.js';

interface Inbound {
  readonly headers: Readonly<Record<string, string>>;
}

let upstream: Upstream;

beforeEach(async () => {
  const started = await startUpstream((incoming, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ tenant: incoming.headers['x-tenant'] }));
  });
  upstream = started;
  onTestFinished(() => started[Symbol.asyncDispose]());
});

async function start(metadata: ModuleMetadata): Promise<INestApplication> {
  const compiled = await Test.createTestingModule(metadata)
    .setLogger(new ConsoleLogger({ logLevels: ['fatal'] }))
    .compile();
  const app = compiled.createNestApplication();
  onTestFinished(() => app.close()); // after a refusal, too
  await app.init();
  return app;
}

/** How the start of an app is refused. */
async function refusal(...imports: NonNullable<ModuleMetadata['imports']>): Promise<string> {
  const error = await failureOf(start({ imports }));
  expect(error).toBeInstanceOf(InvalidOptionsError);
  expect(error.message).toMatch(/currentInboundContext\(\).*AsyncLocalStorage.*ModuleRef/);
  return error.message;
}

@Injectable({ scope: Scope.REQUEST })
class Tenant {
  constructor(@Inject(REQUEST) readonly inbound: Inbound) {}

  onRequest(config: InternalAxiosRequestConfig) {
    config.headers.set('x-tenant', this.inbound.headers['x-tenant']);
    return config;
  }
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class Durable {
  onRequest = (config: InternalAxiosRequestConfig) => config;
}

@Injectable()
class ByWayOfTenant {
  constructor(readonly tenant: Tenant) {}
}

@Injectable()
class Deep {
  @Inject(ByWayOfTenant) readonly way!: ByWayOfTenant;

  onRequest = (config: InternalAxiosRequestConfig) => config;
}

@Injectable()
class TenantLayer implements HttpClientLayer {
  constructor(readonly tenant: Tenant) {}

  wrap(next: Handler): Handler {
    return next;
  }
}

@Injectable()
class TenantOptions implements HttpClientOptionsFactory {
  constructor(readonly tenant: Tenant) {}

  createHttpClientOptions = () => ({});
}

@Injectable()
class Inquiring {
  constructor(@Inject(INQUIRER) readonly inquirer: unknown) {}

  onRequest = (config: InternalAxiosRequestConfig) => config;
}

@Module({ providers: [Tenant, ByWayOfTenant, TenantOptions], exports: [Tenant, ByWayOfTenant, TenantOptions] })
class TenantModule {}

const imports = [TenantModule];
const options = { logging: false } as const;

describe('what a client is made of', () => {
  it.each<[string, () => DynamicModule, string]>([
    [
      'a request-scoped interceptor',
      () => HttpClientModule.forRoot({ ...options, interceptors: [Tenant] }),
      'interceptors → Tenant',
    ],
    [
      'a durable interceptor',
      () => HttpClientModule.forRoot({ ...options, interceptors: [Durable] }),
      'interceptors → Durable',
    ],
    [
      'an interceptor that injects one, at any depth',
      () => HttpClientModule.forRoot({ ...options, imports, interceptors: [Deep] }),
      'interceptors → Deep → ByWayOfTenant → Tenant',
    ],
    [
      'a layer that injects one',
      () => HttpClientModule.forRoot({ ...options, imports, layers: [{ use: TenantLayer, before: 'retry' }] }),
      'layers → TenantLayer → Tenant',
    ],
    [
      'REQUEST in a factory',
      () => HttpClientModule.forRootAsync({ inject: [REQUEST], useFactory: () => options }),
      'options → REQUEST',
    ],
    [
      'an optional REQUEST in a factory',
      () => HttpClientModule.forRootAsync({ inject: [{ token: REQUEST, optional: true }], useFactory: () => options }),
      'options → REQUEST',
    ],
    [
      'a factory that injects one',
      () => HttpClientModule.forRootAsync({ imports, inject: [ByWayOfTenant], useFactory: () => options }),
      'options → ByWayOfTenant → Tenant',
    ],
    [
      'a class of options that injects one',
      () => HttpClientModule.forRootAsync({ imports, useClass: TenantOptions }),
      'options → TenantOptions → Tenant',
    ],
    [
      'an existing provider of options that injects one',
      () => HttpClientModule.forRootAsync({ imports, useExisting: TenantOptions }),
      'options → TenantOptions → Tenant',
    ],
    [
      'INQUIRER in a factory',
      () => HttpClientModule.forRootAsync({ inject: [INQUIRER], useFactory: () => options }),
      'options → INQUIRER',
    ],
    [
      'INQUIRER in an interceptor',
      () => HttpClientModule.forRoot({ ...options, interceptors: [Inquiring] }),
      'interceptors → Inquiring → INQUIRER',
    ],
  ])('cannot belong to a request: %s is refused at the start', async (_, root, chain) => {
    expect(await refusal(root())).toContain(`: ${chain}. A client is made once`);
  });

  it.each<[string, () => DynamicModule, string]>([
    [
      'a request-scoped interceptor',
      () => HttpClientModule.forFeature({ name: 'own', interceptors: [Tenant] }),
      'Tenant',
    ],
    [
      'a layer that injects one',
      () => HttpClientModule.forFeature({ name: 'own', layers: [TenantLayer] }, { imports }),
      'TenantLayer → Tenant',
    ],
    [
      'REQUEST in a factory',
      () => HttpClientModule.forFeatureAsync({ name: 'own', inject: [REQUEST], useFactory: () => ({}) }),
      'options → REQUEST',
    ],
    [
      'a factory that injects one',
      () => HttpClientModule.forFeatureAsync({ name: 'own', imports, inject: [ByWayOfTenant], useFactory: () => ({}) }),
      'options → ByWayOfTenant → Tenant',
    ],
    [
      'INQUIRER in a factory',
      () => HttpClientModule.forFeatureAsync({ name: 'own', inject: [INQUIRER], useFactory: () => ({}) }),
      'options → INQUIRER',
    ],
  ])('nor can that of a named client: %s', async (_, feature, chain) => {
    const message = await refusal(HttpClientModule.forRoot(options), feature());
    expect(message).toContain(`client "own": expected providers that live as long as the app, got `);
    expect(message).toContain(`: ${chain}. A client is made once`);
  });

  it('is refused all at once', async () => {
    const message = await refusal(
      HttpClientModule.forRoot({ ...options, imports, interceptors: [Tenant, Deep] }),
      HttpClientModule.forFeature({ name: 'own', interceptors: [Durable] }),
    );
    expect(message).toContain('3 invalid options');
    for (const name of ['→ Tenant.', '→ Deep →', 'Durable.']) expect(message).toContain(name);
  });

  it('is refused in an app without HTTP, too', async () => {
    const module = await Test.createTestingModule({
      imports: [HttpClientModule.forRoot({ ...options, interceptors: [Tenant] })],
    }).compile();
    await expect(module.init()).rejects.toThrow('interceptors → Tenant');
    await module.close();
  });

  it('is refused with the first use of a module that is loaded lazily', async () => {
    const app = await start({ imports: [HttpClientModule.forRoot(options)] });
    const feature = HttpClientModule.forFeature({ name: 'late', interceptors: [Tenant] });
    const lazy = await app.get(LazyModuleLoader).load(() => feature);
    await expect(lazy.resolve(getHttpClientToken('late'))).rejects.toThrow('client "late"');
    expect(app.get(HttpClients).names).toEqual(['default']);
  });

  it('may be transient: each client has one of its own', async () => {
    let made = 0;
    @Injectable({ scope: Scope.TRANSIENT })
    class Counted {
      readonly number = ++made;

      onRequest(config: InternalAxiosRequestConfig) {
        config.headers.set('x-tenant', `${this.number > 0}`);
        return config;
      }
    }
    const app = await start({ imports: [HttpClientModule.forRoot({ ...options, interceptors: [Counted] })] });
    const client = app.get<AxiosInstance>(getHttpClientToken());
    const before = made;
    expect((await client.get(upstream.url)).data).toEqual({ tenant: 'true' });
    await client.get(upstream.url);
    expect(made).toBe(before);
  });

  it('may look for the request when a call is made', async () => {
    @Injectable()
    class TenantOfContext {
      onRequest(config: InternalAxiosRequestConfig) {
        config.headers.set('x-tenant', currentInboundContext()?.headers['x-tenant']);
        return config;
      }
    }
    @Controller()
    class Here {
      constructor(@InjectHttpClient() readonly client: AxiosInstance) {}

      @Get()
      async get() {
        return (await this.client.get(upstream.url)).data;
      }
    }
    const app = await start({
      imports: [
        HttpClientModule.forRoot({
          ...options,
          inbound: { forward: { headers: ['x-tenant'], to: ['https://own.example'] } },
          interceptors: [TenantOfContext],
        }),
      ],
      controllers: [Here],
    });
    for (const tenant of ['a', 'b']) {
      await request(app.getHttpServer()).get('/').set('x-tenant', tenant).expect(200, { tenant });
    }
  });
});

describe('those who inject a client', () => {
  @Injectable({ scope: Scope.REQUEST })
  class Caller {
    constructor(
      @Inject(REQUEST) readonly inbound: Inbound,
      readonly service: HttpService,
      @InjectHttpClient() readonly client: AxiosInstance,
      @InjectHttpClient('own') readonly own: AxiosInstance,
      @InjectHttpService('own') readonly ownService: HttpService,
      @InjectConnectionPool() readonly pool: ConnectionPool,
      readonly clients: HttpClients,
      readonly events: HttpClientEvents,
      readonly health: HttpClientHealthIndicator,
      readonly moduleRef: ModuleRef,
    ) {}

    async call() {
      const headers = { 'x-tenant': this.inbound.headers['x-tenant'] };
      const { data } = await this.client.get(upstream.url, { headers });
      await this.own.get(upstream.url);
      await firstValueFrom(this.service.get(upstream.url));
      await firstValueFrom(this.ownService.get(upstream.url));
      this.events.on('call:end', () => {})();
      const { status } = Object.values(this.health.ready())[0]!;
      const names = this.clients.names.join();
      return {
        ...data,
        status,
        names,
        created: this.pool.stats().total.created,
        explained: this.clients.explain().client,
      };
    }
  }

  it.each([Scope.REQUEST, Scope.TRANSIENT, Scope.DEFAULT])(
    'may be request-scoped, by any way: they share one client and one pool (controller of scope %i)',
    async (scope) => {
      @Controller({ path: '/', scope })
      class Here {
        constructor(readonly caller: Caller) {}

        @Get()
        get() {
          return this.caller.call();
        }
      }
      const app = await start({
        imports: [HttpClientModule.forRoot(options), HttpClientModule.forFeature('own')],
        providers: [Caller],
        controllers: [Here],
      });
      for (const tenant of ['a', 'b', 'c']) {
        await request(app.getHttpServer())
          .get('/')
          .set('x-tenant', tenant)
          .expect(200, { tenant, status: 'up', names: 'default,own', created: 1, explained: 'default' });
      }
      expect(upstream.connections).toBe(1);
    },
  );

  it('may subclass what the module provides, request-scoped and in a circle', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class OwnClients extends HttpClients {
      constructor(
        registry: HttpClients,
        @Inject(forwardRef(() => OwnHealth)) readonly healthOf: unknown,
        @Inject(REQUEST) readonly inbound: Inbound,
      ) {
        super(Reflect.get(registry, 'registry'));
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class OwnHealth extends HttpClientHealthIndicator {
      constructor(
        indicator: HttpClientHealthIndicator,
        @Inject(forwardRef(() => OwnClients)) readonly clientsOf: OwnClients,
      ) {
        super(Reflect.get(indicator, 'registry'));
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class Filter extends HttpClientExceptionFilter {
      constructor(@Inject(forwardRef(() => OwnHealth)) readonly healthOf: OwnHealth) {
        super();
      }
    }
    @Controller()
    class Here {
      constructor(
        readonly health: OwnHealth,
        @InjectHttpClient() readonly client: AxiosInstance,
      ) {}

      @Get()
      get() {
        return { ready: Object.keys(this.health.ready()), names: this.health.clientsOf.names };
      }

      @Get('refused')
      refused() {
        return this.client.get('http://127.0.0.1:1/');
      }
    }
    const app = await start({
      imports: [HttpClientModule.forRoot(options)],
      providers: [OwnClients, OwnHealth, { provide: APP_FILTER, useClass: Filter }],
      controllers: [Here],
    });
    await request(app.getHttpServer())
      .get('/')
      .expect(200, { ready: ['outbound'], names: ['default'] });
    await request(app.getHttpServer()).get('/refused').expect(502);
  });

  it('may wrap them in proxies', async () => {
    const app = await start({ imports: [HttpClientModule.forRoot(options)] });
    const proxied = <T extends object>(token: new (...args: never[]) => T) => new Proxy(app.get<T>(token), {});
    expect(proxied(HttpClients).names).toEqual(['default']);
    expect(proxied(HttpClients).stats().pool).toMatchObject({ inFlight: 0 });
    expect(proxied(HttpClientHealthIndicator).ready()).toMatchObject({ outbound: { status: 'up' } });
    const events = proxied(HttpClientEvents);
    const seen: string[] = [];
    events.on('call:end', ({ method }) => seen.push(method));
    await proxied(HttpService).axiosRef.get(upstream.url);
    expect(seen).toEqual(['GET']);
  });
});
