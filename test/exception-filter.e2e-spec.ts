import { Controller, Get, type MiddlewareConsumer, Module, type NestModule, type Provider, Res } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import axios, { type AxiosInstance } from 'axios';
import { once } from 'node:events';
import { request, type ServerResponse } from 'node:http';
import supertest from 'supertest';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCall } from '../src/call/call.js';
import { CircuitOpenError, ClientClosedError } from '../src/errors/refusal.errors.js';
import { InboundAbortedError } from '../src/errors/timeout.errors.js';
import { HttpClientModule, InjectHttpClient } from '../src/index.js';
import { HTTP_CLIENT_EXCEPTION_FILTER_OPTIONS, HttpClientExceptionFilter } from '../src/nest/exception.filter.js';
import { PLATFORMS, type RunningApp, startApp } from './support/platforms.js';
import { startUpstream, type Upstream } from './support/upstream.js';

let upstream: Upstream;

@Controller()
class Desk {
  constructor(@InjectHttpClient('orders') private readonly http: AxiosInstance) {}

  @Get('refused')
  refused(): Promise<unknown> {
    return this.http.post('/503/SECRET?token=SECRET', 'SECRET', { headers: { authorization: 'SECRET' } });
  }

  @Get('broken')
  broken(): Promise<unknown> {
    return this.http.get('/broken?token=SECRET');
  }

  @Get('slow')
  slow(): Promise<unknown> {
    return this.http.get('/held?token=SECRET', { timeout: 20 });
  }

  @Get('open')
  open(): never {
    throw new CircuitOpenError(this.#call(), 1_500);
  }

  @Get('closed')
  closed(): never {
    throw ClientClosedError.refused(this.#call());
  }

  @Get('wrong')
  wrong(): Promise<unknown> {
    return this.http.post('/?token=SECRET', 'SECRET', { maxBodyLength: 1 });
  }

  @Get('other')
  other(): Promise<unknown> {
    return axios.get(`${upstream.url}/503?token=SECRET`);
  }

  @Get('half')
  half(@Res() reply: { raw?: ServerResponse } & ServerResponse): Promise<unknown> {
    (reply.raw ?? reply).write('half');
    return this.http.get('/broken');
  }

  @Get('gone')
  async gone(): Promise<never> {
    await this.http.get('/held');
    throw new InboundAbortedError('the inbound client has gone before it was answered', this.#call().config);
  }

  /** Waits for a call that was made for another request, whose client has gone. */
  @Get('shared')
  shared(): never {
    throw new InboundAbortedError('the inbound client has gone before it was answered', this.#call().config);
  }

  @Get('bug')
  bug(): never {
    throw new TypeError('a bug of another kind');
  }

  @Get('middleware')
  neverReached(): void {}

  #call() {
    return createCall({ url: `${upstream.url}/?token=SECRET`, headers: new axios.AxiosHeaders() }, 'orders');
  }
}

describe.each(PLATFORMS)('on %s', (_, adapter) => {
  let running: RunningApp;
  let held: ServerResponse[];
  const logger = { log: vi.fn(), warn: vi.fn(), error: vi.fn(), debug: vi.fn(), fatal: vi.fn(), verbose: vi.fn() };

  beforeEach(async () => {
    held = [];
    vi.clearAllMocks();
    upstream = await startUpstream((incoming, response) => {
      if (incoming.url!.startsWith('/broken')) response.destroy();
      else if (incoming.url!.startsWith('/held')) held.push(response);
      else response.writeHead(503, { 'x-secret': 'SECRET', 'retry-after': '7' }).end('SECRET');
    });
  });

  afterEach(async () => {
    await running[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  async function start(filters: Provider[], globalFilter?: HttpClientExceptionFilter): Promise<void> {
    @Module({
      imports: [HttpClientModule.forRoot(), HttpClientModule.forFeature({ name: 'orders', baseURL: upstream.url })],
      controllers: [Desk],
      providers: filters,
    })
    class AppModule implements NestModule {
      configure(consumer: MiddlewareConsumer) {
        consumer.apply(async () => axios.get(`${upstream.url}/503`)).forRoutes('middleware');
      }
    }
    running = await startApp(adapter(), AppModule, (app) => {
      app.enableCors();
      app.useLogger(logger);
      if (globalFilter) app.useGlobalFilters(globalFilter);
    });
  }

  /** The problem and its headers. */
  async function problem(path: string) {
    const { status, headers, body } = await supertest(running.url).get(path);
    expect(headers['content-type']).toMatch(/^application\/problem\+json(; charset=utf-8)?$/);
    expect(headers['cache-control']).toBe('no-store');
    expect(JSON.stringify([headers, body])).not.toContain('SECRET');
    expect(body).toMatchObject({ type: 'about:blank', status });
    return { status, headers, body };
  }

  /** The one line that was written. */
  function lineOf(level: 'warn' | 'error' | 'debug'): string {
    const lines = logger[level].mock.calls.filter((call) => call.at(-1) === 'HttpClientExceptionFilter');
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain('SECRET');
    return lines[0]![0];
  }

  describe('the filter that Nest makes', () => {
    beforeEach(() => start([{ provide: APP_FILTER, useClass: HttpClientExceptionFilter }]));

    it('answers 502 for an upstream that answered with an error', async () => {
      const { status, headers, body } = await problem('/refused');
      expect(status).toBe(502);
      expect(headers).not.toHaveProperty('retry-after');
      expect(headers['access-control-allow-origin']).toBe('*');
      expect(body).toEqual({
        type: 'about:blank',
        title: 'Bad Gateway',
        status: 502,
        detail: 'An upstream service did not give a valid answer.',
        client: 'orders',
        origin: upstream.url,
        code: 'ERR_BAD_RESPONSE',
        attempts: 1,
      });
      expect(lineOf('warn')).toBe(
        `502: POST ${upstream.url} ended with ERR_BAD_RESPONSE (status 503); client: orders, attempts: 1`,
      );
    });

    it('answers 502 for one that broke off', async () => {
      expect((await problem('/broken')).body).toMatchObject({ status: 502, client: 'orders', code: 'ECONNRESET' });
    });

    it('answers 504 for one that took too long', async () => {
      expect((await problem('/slow')).body).toMatchObject({
        status: 504,
        title: 'Gateway Timeout',
        code: 'ECONNABORTED',
      });
    });

    it('answers 503 for one that may not be called, and says when it may', async () => {
      const { headers, body } = await problem('/open');
      expect(headers['retry-after']).toBe('2');
      expect(body).toMatchObject({ status: 503, client: 'orders', code: 'ERR_CIRCUIT_OPEN', attempts: 0 });
    });

    it('answers 503 while the app shuts down, and closes the connection', async () => {
      const { headers, body } = await problem('/closed');
      expect(headers).toMatchObject({ 'retry-after': '1', connection: 'close' });
      expect(body).toMatchObject({ status: 503, code: 'ERR_CLIENT_CLOSED' });
    });

    it('answers 500 for a call that was wrong, and logs where it was made', async () => {
      expect((await problem('/wrong')).body).toMatchObject({ status: 500, code: 'ERR_BAD_REQUEST' });
      expect(lineOf('error')).toMatch(/^500: POST /);
      expect(logger.error.mock.calls[0]![1]).toMatch(/^\s+at /);
    });

    it('treats the errors of other axios instances the same', async () => {
      const { body } = await problem('/other');
      expect(body).toMatchObject({ status: 502, origin: upstream.url, attempts: 1 });
      expect(body).not.toHaveProperty('client');
      expect(lineOf('warn')).toContain('client: unknown');
    });

    it('answers for a middleware, too', async () => {
      expect((await problem('/middleware')).body).toMatchObject({ status: 502, code: 'ERR_BAD_RESPONSE' });
    });

    it('answers HEAD without a body', async () => {
      const { status, text } = await supertest(running.url).head('/refused');
      expect([status, text]).toEqual([502, undefined]);
    });

    it('breaks an answer off that has begun, so that half of it does not look whole', async () => {
      await expect(axios.get(`${running.url}/half`)).rejects.toMatchObject({ message: 'stream has been aborted' });
    });

    it('ends quietly where the client has gone', async () => {
      const arrived = once(upstream.server, 'request');
      const received = once(running.app.getHttpServer(), 'request');
      const sent = request(`${running.url}/gone`, { agent: false }).on('error', () => {});
      sent.end();
      await arrived;
      const [, response] = (await received) as [unknown, ServerResponse];
      const closed = once(response, 'close');
      sent.destroy();
      await closed;
      held[0]!.end();
      await expect.poll(() => lineOf('debug')).toMatch(/^499: .* ended with ERR_CANCELED/);
      expect(response.writableEnded).toBe(false); // or its other calls would count as background work
      expect(logger.warn).not.toHaveBeenCalled();
      expect(logger.error).not.toHaveBeenCalled();
    });

    it('answers 503 for a call that has ended because the client of another request has gone', async () => {
      const { headers, body } = await problem('/shared');
      expect(headers['retry-after']).toBe('1');
      expect(body).toMatchObject({ status: 503, code: 'ERR_CANCELED' });
    });

    it('leaves other errors to Nest', async () => {
      await supertest(running.url).get('/bug').expect(500, { statusCode: 500, message: 'Internal server error' });
    });
  });

  it('the filter that the app makes answers the same', async () => {
    await start([], new HttpClientExceptionFilter());
    expect((await problem('/refused')).body).toMatchObject({ status: 502, client: 'orders' });
  });

  it.each([
    ['made by the app', true],
    ['made by Nest', false],
  ])('without details, a filter %s says nothing of what stands behind the app', async (_name, byApp) => {
    const options = { details: false };
    if (byApp) await start([], new HttpClientExceptionFilter(options));
    else {
      await start([
        { provide: APP_FILTER, useClass: HttpClientExceptionFilter },
        { provide: HTTP_CLIENT_EXCEPTION_FILTER_OPTIONS, useValue: options },
      ]);
    }
    expect(Object.keys((await problem('/refused')).body)).toEqual(['type', 'title', 'status', 'detail']);
    expect(lineOf('warn')).toContain(upstream.url);
  });
});
