import { HttpService } from '@nestjs/axios';
import {
  Injectable,
  Module,
  type ModuleMetadata,
  type OnModuleDestroy,
  type OnModuleInit,
  Scope,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AxiosInstance, InternalAxiosRequestConfig } from 'axios';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Handler } from '../src/call/call.js';
import { get, HttpApi } from '../src/contracts/index.js';
import {
  ClientClosedError,
  getHttpClientToken,
  HttpClientEvents,
  HttpClientHealthIndicator,
  type HttpClientInterceptor,
  HttpClientModule,
  HttpClients,
  InjectHttpClient,
  InvalidOptionsError,
  TooManyClientsError,
} from '../src/index.js';
import type { HttpClientRegistry } from '../src/nest/registry.js';
import { hold, json, startUpstream, status, type Upstream } from '../src/testing/index.js';
import { startAppContext } from './support/app-context.js';
import { failureOf } from './support/failure-of.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let upstream: Upstream;

beforeEach(async () => {
  upstream = await startUpstream();
  upstream.on('*', (request) => json({ path: request.path, headers: request.headers }));
});
afterEach(() => upstream.close());

const start = async (...args: Parameters<typeof startAppContext>) => {
  const { app, ...rest } = await startAppContext(...args);
  return { ...rest, app, clients: app.get(HttpClients) };
};

const problemsOf = (create: () => unknown): readonly string[] => {
  try {
    create();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionsError);
    return (error as InvalidOptionsError).problems;
  }
  return [];
};

@Injectable()
class Tag implements HttpClientInterceptor {
  constructor(readonly service: HttpService) {}
  onRequest(config: InternalAxiosRequestConfig) {
    config.headers.set('x-tag', String(this.service instanceof HttpService));
    return config;
  }
}
@Injectable()
class CountingLayer {
  count = 0;
  wrap(next: Handler): Handler {
    return (call) => {
      this.count++;
      return next(call);
    };
  }
}
@Module({ providers: [Tag, CountingLayer] })
class PartsModule {}

describe('a client made at run time', () => {
  it('is one like those of forFeature: its own base URL and headers, the options of the module, the sockets of its pool', async () => {
    const { clients, client, pool } = await start({ timeouts: { attemptMs: 1_234 }, headers: { 'x-module': '1' } });
    await client.get(upstream.url);
    const acme = clients.create({ name: 'acme', baseURL: `${upstream.url}/acme`, headers: { 'x-tenant': 'acme' } });
    const { data, config } = await acme.get('/orders');
    expect(data).toMatchObject({ path: '/acme/orders', headers: { 'x-tenant': 'acme' } });
    expect(data.headers).not.toHaveProperty('x-module');
    expect(config.timeout).toBe(1_234);
    expect(upstream.sockets.opened).toBe(1);
    expect(pool.stats().total).toMatchObject({ created: 1, reused: 1 });
  });

  it('is listed where all are: names, explain, stats, health and events', async () => {
    const { app, clients } = await start({ resilience: 'standard' });
    const ended: string[] = [];
    app.get(HttpClientEvents).on('call:end', ({ client }) => ended.push(client));
    const own = clients.create({ name: 'own', baseURL: upstream.url, pool: { maxSockets: 1 } });
    await own.get('/');
    expect(clients.names).toEqual(['default', 'own']);
    expect(clients.has('own')).toBe(true);
    expect(clients.get('own')).toBe(own);
    expect(clients.explain('own').options).toMatchObject({
      'pool.maxSockets': { value: 1, from: 'client "own"' },
      'resilience.deadlineMs': { from: "module: 'standard'" },
    });
    expect(clients.stats('own').pool).toMatchObject({ inFlight: 0, total: { created: 1 } });
    expect(Object.keys(clients.stats('own').breakers)).toEqual([upstream.url]);
    const health = app.get(HttpClientHealthIndicator).pools();
    expect(Object.values(health['outbound-pools']!.pools).flatMap(({ clients: of }) => of)).toEqual(['default', 'own']);
    expect(ended).toEqual(['own']);
  });

  it('takes interceptors and layers: objects, functions, and classes that a module of the app provides', async () => {
    const { app, clients } = await start({}, { imports: [PartsModule] });
    const tenant: HttpClientInterceptor = {
      onRequest(config) {
        config.headers.set('x-tenant', 'acme');
        return config;
      },
    };
    const seen: string[] = [];
    const acme = clients.create({
      name: 'acme',
      baseURL: upstream.url,
      interceptors: [Tag, tenant],
      layers: [
        CountingLayer,
        (next) => (call) => {
          seen.push(call.clientName);
          return next(call);
        },
      ],
    });
    const { data } = await acme.get('/');
    expect(data.headers).toMatchObject({ 'x-tag': 'true', 'x-tenant': 'acme' });
    expect(app.get(CountingLayer, { strict: false }).count).toBe(1);
    expect(seen).toEqual(['acme']);
  });

  it('calls by contracts, which explain lists', async () => {
    class Orders extends HttpApi('orders', { all: get('/orders') }) {}
    const { clients } = await start();
    const acme = clients.create({ name: 'acme', baseURL: upstream.url, apis: [Orders] });
    expect(await new Orders(acme).all()).toMatchObject({ path: '/orders' });
    expect(clients.explain('acme').endpoints).toEqual([{ api: 'Orders', name: 'all', method: 'GET', path: '/orders' }]);
  });

  it('is refused with every problem of its options at once', async () => {
    class Unknown implements HttpClientInterceptor {
      onRequest = (config: InternalAxiosRequestConfig) => config;
    }
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest extends Unknown {}
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient extends Unknown {}
    const { clients } = await start({}, { providers: [PerRequest, Transient] });
    const before = clients.names;
    const create = (options: object) => problemsOf(() => clients.create(options as never));
    expect(
      create({
        name: 'default',
        timeout: 5,
        baseURL: 'ftp://x',
        interceptors: [Unknown, PerRequest, Transient, {}],
        apis: [Unknown],
      }),
    ).toEqual([
      expect.stringMatching(/^baseURL: expected an absolute http or https URL/),
      expect.stringMatching(/^interceptors\.3: expected an object with onRequest, onResponse or onError/),
      expect.stringMatching(/^timeout: expected one of the options .*timeouts/),
      expect.stringMatching(/^name: expected one that no other client has/),
      expect.stringMatching(/^interceptors\.0: expected a class that a module of the app provides, got Unknown/),
      expect.stringMatching(/^interceptors\.1: .*lives as long as the app, got PerRequest/),
      expect.stringMatching(/^interceptors\.2: .*lives as long as the app, got Transient/),
      expect.stringMatching(/^apis: expected classes that extend HttpApi/),
    ]);
    expect(create({ name: '' })).toEqual([expect.stringMatching(/^name: expected a name/)]);
    expect(create(undefined as never)).not.toEqual([]);
    expect(create({ name: 'a', layers: [() => undefined] })).toEqual([expect.stringMatching(/to return a function/)]);
    expect(() => clients.create({ name: 'default' })).toThrow(/^HttpClients\.create\("default"\): 1 invalid option/);
    expect(clients.names).toEqual(before);
  });

  it('is one of at most maxRuntimeClients, those that are closing included', async () => {
    const { clients } = await start({ maxRuntimeClients: 2 });
    const held = hold(status(200));
    upstream.on('/held', held);
    clients.create({ name: 'a' });
    const b = clients.create({ name: 'b', baseURL: upstream.url });
    const call = b.get('/held');
    await held.arrived(1);
    const closing = clients.close(b);
    const refused = (() => {
      try {
        return clients.create({ name: 'c' });
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toBeInstanceOf(TooManyClientsError);
    expect(refused).toMatchObject({
      code: 'ERR_TOO_MANY_CLIENTS',
      max: 2,
      message: expect.stringMatching(/^2 clients .*HttpClients\.close, or raise maxRuntimeClients/),
    });
    held.release();
    await call;
    await closing;
    clients.create({ name: 'c' });
  });
});

describe('closing one', () => {
  it('lets calls in flight finish, refuses others, and frees the name', async () => {
    const { clients } = await start();
    const held = hold(status(200));
    upstream.on('/held', held);
    const acme = clients.create({ name: 'acme', baseURL: upstream.url });
    const call = acme.get('/held');
    await held.arrived(1);
    const closing = clients.close('acme');
    expect(clients.names).toEqual(['default']);
    const refused = await failureOf(acme.get('/'));
    expect(refused).toBeInstanceOf(ClientClosedError);
    expect(refused.message).toMatch(/client "acme" was closed by HttpClients\.close; make another/);
    expect(problemsOf(() => clients.create({ name: 'acme' }))).toEqual([expect.stringMatching(/^name: .*is closing/)]);
    expect(clients.close(acme)).toStrictEqual(expect.any(Promise)); // again
    held.release();
    expect((await call).status).toBe(200);
    expect(await closing).toEqual({ finished: 1, aborted: 0, socketsClosed: 1, durationMs: expect.any(Number) });
    const another = clients.create({ name: 'acme', baseURL: upstream.url });
    expect((await another.get('/')).status).toBe(200);
    await expect(acme.get('/')).rejects.toBeInstanceOf(ClientClosedError);
  });

  it('ends calls that are still in flight when their time is over, be they waiting or half read', async () => {
    const { clients } = await start();
    const held = hold(status(200));
    upstream.on('/held', held);
    const acme = clients.create({ name: 'acme', baseURL: upstream.url, resilience: { concurrency: { max: 1 } } });
    const calls = [failureOf(acme.get('/held')), failureOf(acme.get('/waits'))];
    await held.arrived(1);
    expect(await clients.close('acme', { drainMs: 1 })).toMatchObject({ finished: 0, aborted: 2 });
    for (const error of await Promise.all(calls)) {
      expect(error).toBeInstanceOf(ClientClosedError);
      expect(error.message).toMatch(/raise drainMs of HttpClients\.close/);
    }
    held.release();
  });

  it('has calls in flight get the tokens that they need', async () => {
    const { clients } = await start();
    const token = hold(json({ access_token: 't', token_type: 'Bearer', expires_in: 3_600 }));
    upstream.on('/token', token);
    const oauth2 = { tokenUrl: `${upstream.url}/token`, clientId: 'id', clientSecret: 'secret' };
    const acme = clients.create({ name: 'acme', baseURL: upstream.url, auth: { oauth2 } });
    const call = acme.get('/');
    await token.arrived(1);
    const closing = clients.close('acme');
    token.release();
    expect((await call).data.headers.authorization).toBe('Bearer t');
    expect(await closing).toMatchObject({ finished: 1, aborted: 0 });
  });

  it('gives up a token that nobody waits for any more', async () => {
    const { clients } = await start();
    const token = hold(status(200));
    upstream.on('/token', token);
    const oauth2 = { tokenUrl: `${upstream.url}/token`, clientId: 'id', clientSecret: 'secret' };
    const acme = clients.create({ name: 'acme', baseURL: upstream.url, auth: { oauth2 } });
    const caller = new AbortController();
    const call = failureOf(acme.get('/', { signal: caller.signal }));
    await token.arrived(1);
    caller.abort();
    await call;
    await clients.close('acme');
    await vi.waitFor(() => expect(token.waiting).toBe(0));
  });

  it('closes its own pool, and of the shared one the idle sockets that no other client has the base URL of', async () => {
    const { app, clients, pool } = await start();
    const own = clients.create({ name: 'own', baseURL: upstream.url, pool: { maxSockets: 2 } });
    const one = clients.create({ name: 'one', baseURL: upstream.url });
    const other = clients.create({ name: 'other', baseURL: upstream.url });
    await own.get('/');
    await one.get('/');
    expect(upstream.sockets.open).toBe(2);
    expect(await clients.close(own)).toMatchObject({ socketsClosed: 1 });
    expect(await clients.close(one)).toMatchObject({ socketsClosed: 0 });
    expect(pool.stats().total.idle).toBe(1);
    expect(await clients.close(other)).toMatchObject({ socketsClosed: 1 });
    await vi.waitFor(() => expect(upstream.sockets.open).toBe(0));
    expect(Object.keys(app.get(HttpClientHealthIndicator).ready()['outbound']!.pools)).toEqual([pool.id]);
  });

  it('does not take the app for one that shuts down', async () => {
    const { app, clients } = await start();
    const held = hold(status(200));
    upstream.on('/held', held);
    const own = clients.create({ name: 'own', baseURL: upstream.url, pool: { maxSockets: 2 } });
    const call = own.get('/held');
    await held.arrived(1);
    const closing = clients.close(own);
    expect(app.get(HttpClientHealthIndicator).ready()['outbound']!.status).toBe('up');
    held.release();
    await Promise.all([call, closing]);
  });

  it('is for those that create has made', async () => {
    const { clients, client } = await start({}, { imports: [HttpClientModule.forFeature('github')] });
    await expect(clients.close('default')).rejects.toThrow(/"default" was not made by HttpClients\.create/);
    await expect(clients.close(client)).rejects.toThrow(/this client was not made by HttpClients\.create/);
    await expect(clients.close('github')).rejects.toBeInstanceOf(RangeError);
    await expect(clients.close('nobody')).rejects.toThrow(/"nobody" is not open; those .* are none/);
    await expect(clients.close('nobody', { drainMs: -1 })).rejects.toMatchObject({
      problems: [expect.stringMatching(/^drainMs: expected/)],
    });
  });

  it('leaves nothing of it behind', async () => {
    const { clients } = await start({ resilience: 'standard' });
    const parts: WeakRef<object>[] = [];
    const use = async (n: number) => {
      const interceptor = { onRequest: (config: InternalAxiosRequestConfig) => config };
      const oauth2 = { tokenUrl: `${upstream.url}/token`, clientId: 'id', clientSecret: 'secret' };
      const own = n % 2 === 0 ? { pool: { maxSockets: 1 } } : {};
      const made = clients.create({
        name: `tenant ${n}`,
        baseURL: upstream.url,
        interceptors: [interceptor],
        auth: { oauth2 },
        ...own,
      });
      const { pool, stack } = (Reflect.get(clients, 'registry') as HttpClientRegistry).get(`tenant ${n}`);
      parts.push(new WeakRef(made), new WeakRef(interceptor), new WeakRef(stack));
      if (n % 2 === 0) parts.push(new WeakRef(pool));
      await made.get('/').catch(() => {});
      await clients.close(made);
    };
    upstream.on('/token', json({ access_token: 't', token_type: 'Bearer', expires_in: 3_600 }));
    for (let n = 0; n < 4; n++) await use(n);
    await vi.waitFor(() => {
      collectGarbage();
      expect(parts.filter((part) => part.deref() !== undefined)).toEqual([]);
    });
  });
});

describe('clients made at run time, in the life of an app', () => {
  const context = async (metadata: ModuleMetadata) => {
    @Module({ ...metadata, imports: [HttpClientModule.forRoot(), PartsModule, ...(metadata.imports ?? [])] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    onTestFinished(() => app.close());
    return app;
  };

  it('can be made as soon as HttpClients is injected, with classes from onModuleInit on', async () => {
    @Injectable()
    class Early implements OnModuleInit {
      readonly client: AxiosInstance;
      readonly problems: readonly string[];
      withClasses: AxiosInstance | undefined;
      constructor(private readonly clients: HttpClients) {
        this.client = clients.create({ name: 'early', baseURL: upstream.url });
        this.problems = problemsOf(() => clients.create({ name: 'parts', interceptors: [Tag] }));
      }
      onModuleInit() {
        this.withClasses = this.clients.create({ name: 'parts', baseURL: upstream.url, interceptors: [Tag] });
      }
    }
    const app = await context({ providers: [Early] });
    const { client, problems, withClasses } = app.get(Early);
    expect(problems).toEqual([expect.stringMatching(/got Tag, which may not be made yet; .*onModuleInit/)]);
    expect((await client.get('/')).status).toBe(200);
    expect((await withClasses!.get('/')).data.headers).toMatchObject({ 'x-tag': 'true' });
  });

  it('keep a client of forFeature from having their name', async () => {
    @Injectable()
    class Early {
      constructor(clients: HttpClients) {
        clients.create({ name: 'github' });
      }
    }
    @Module({ providers: [Early], exports: [Early] })
    class EarlyModule {}
    const feature = HttpClientModule.forFeatureAsync({
      name: 'github',
      imports: [EarlyModule],
      inject: [Early],
      useFactory: () => ({}),
    });
    await expect(context({ imports: [feature] })).rejects.toThrow(/name: expected one that no other client has/);
  });

  it('are made and called while the app drains, drained with the rest, and refused once it is closed', async () => {
    const calls: Promise<number>[] = [];
    const held = hold(status(201));
    upstream.on('/held', held);
    @Injectable()
    class Late implements OnModuleDestroy {
      constructor(readonly clients: HttpClients) {}
      async onModuleDestroy() {
        const late = this.clients.create({ name: 'late', baseURL: upstream.url, pool: { maxSockets: 1 } });
        calls.push(late.get('/').then((response) => response.status));
        await Promise.all(calls.slice(1));
      }
    }
    const app = await context({ providers: [Late] });
    const { clients } = app.get(Late);
    const first = clients.create({ name: 'first', baseURL: upstream.url });
    calls.push(first.get('/held').then((response) => response.status));
    await held.arrived(1);
    const closing = app.close();
    held.release();
    await closing;
    expect(await Promise.all(calls)).toEqual([201, 200]);
    await expect(first.get('/')).rejects.toThrow(/client "first" is closed; make calls before onApplicationShutdown/);
    const after = clients.create({ name: 'after', baseURL: upstream.url, pool: { maxSockets: 1 } });
    await expect(after.get('/')).rejects.toBeInstanceOf(ClientClosedError);
    expect(await clients.close(after)).toMatchObject({ finished: 0, aborted: 0 });
  });

  it('are closed by the app where it closes while they do', async () => {
    const held = hold(status(201));
    upstream.on('/held', held);
    const app = await context({});
    const clients = app.get(HttpClients);
    const acme = clients.create({ name: 'acme', baseURL: upstream.url });
    const call = acme.get('/held');
    await held.arrived(1);
    const closing = [clients.close(acme), app.close()];
    held.release();
    expect((await call).status).toBe(201);
    await Promise.all(closing);
  });
});

describe('a layer or an interceptor of forFeature', () => {
  @Injectable()
  class SignedBy implements HttpClientInterceptor {
    constructor(@InjectHttpClient('keys') private readonly keys: AxiosInstance) {}
    async onRequest(config: InternalAxiosRequestConfig) {
      config.headers.set('x-key', (await this.keys.get<{ path: string }>('/key')).data.path);
      return config;
    }
  }
  @Injectable()
  class AsksFirst {
    constructor(@InjectHttpClient('keys') private readonly keys: AxiosInstance) {}
    wrap(next: Handler): Handler {
      return async (call) => {
        await this.keys.get('/permission');
        return next(call);
      };
    }
  }

  it('injects another named client, whose module is among its imports', async () => {
    const keys = HttpClientModule.forFeature({ name: 'keys', baseURL: upstream.url });
    const { app } = await start(
      {},
      {
        imports: [
          HttpClientModule.forFeature(
            { name: 'orders', baseURL: upstream.url, interceptors: [SignedBy], layers: [AsksFirst] },
            { imports: [keys] },
          ),
        ],
      },
    );
    const orders = app.get<AxiosInstance>(getHttpClientToken('orders'), { strict: false });
    expect((await orders.get('/orders')).data.headers).toMatchObject({ 'x-key': '/key' });
    expect(upstream.requests().map(({ path }) => path)).toEqual(['/key', '/permission', '/orders']);
  });
});
