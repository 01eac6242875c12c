import { All, Body, Controller, Get, Inject, Post, Sse, UploadedFile, UseInterceptors } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { FileInterceptor } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import axios, { type AxiosInstance, type AxiosRequestConfig, isCancel } from 'axios';
import { EventEmitter, once } from 'node:events';
import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  request,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import { connect } from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { Observable } from 'rxjs';
import supertest from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ConnectionPool,
  detached,
  getConnectionPoolToken,
  HttpClientModule,
  InjectHttpClient,
} from '../src/index.js';
import { PLATFORMS, type RunningApp, startApp } from './support/platforms.js';
import { startUpstream, type Upstream } from './support/upstream.js';

const EVENTS = 'events';

/** Tells the test how calls ended. */
type Events = EventEmitter<{ ended: [unknown] }>;

@Controller()
class Desk {
  constructor(
    @InjectHttpClient() private readonly http: AxiosInstance,
    @Inject(EVENTS) private readonly events: Events,
  ) {}

  @Get('call')
  call(): Promise<unknown> {
    return this.#reported('/held');
  }

  @Post('call')
  callWith(@Body() body: unknown): Promise<unknown> {
    return this.#reported('/held', { params: body });
  }

  @All('echo')
  async echo(): Promise<unknown> {
    return (await this.http.get('/headers')).data;
  }

  @Post('upload')
  @UseInterceptors(FileInterceptor('file'))
  async upload(@UploadedFile() file: { buffer: Buffer }): Promise<unknown> {
    const { data } = await this.http.get('/headers');
    return { ...data, uploaded: file.buffer.toString() };
  }

  @Get('elsewhere')
  async elsewhere(): Promise<unknown> {
    return (await this.http.get('/elsewhere')).data;
  }

  @Get('own')
  async own(): Promise<unknown> {
    return (await this.http.get('/headers', { headers: { 'X-Request-ID': 'own' } })).data;
  }

  /** Answers while a call is under way, and makes another after that. */
  @Get('background')
  background(): string {
    void this.#reported('/held').then(() => this.#reported('/held'));
    return 'accepted';
  }

  @Get('detached')
  async detached(): Promise<void> {
    await detached(() => this.#reported('/held'));
  }

  @Sse('events')
  stream(): Observable<string> {
    return new Observable((subscriber) => {
      void this.http.get<Readable>('/drip', { responseType: 'stream' }).then(({ data }) => {
        data.on('data', (chunk) => subscriber.next(String(chunk)));
        data.on('error', (error) => this.events.emit('ended', error));
      });
    });
  }

  async #reported(url: string, config?: AxiosRequestConfig): Promise<unknown> {
    try {
      const { data } = await this.http.get(url, config);
      this.events.emit('ended', data);
      return data;
    } catch (error) {
      this.events.emit('ended', error);
      return 'failed';
    }
  }
}

describe.each(PLATFORMS)('on %s', (platform, adapter) => {
  let upstream: Upstream;
  let elsewhere: Upstream;
  let pool: ConnectionPool;
  let running: RunningApp;
  let held: ServerResponse[];
  let events: Events;
  /** The app's end of the connections to it. */
  let sockets: Set<Socket>;

  beforeEach(async () => {
    held = [];
    sockets = new Set();
    events = new EventEmitter();
    const answer = (incoming: IncomingMessage, response: ServerResponse) => {
      const path = incoming.url!.split('?')[0];
      response.setHeader('content-type', 'application/json');
      if (path === '/held') held.push(response);
      else if (path === '/drip') response.write('first');
      else if (path === '/elsewhere') response.writeHead(307, { location: `${elsewhere.url}/headers` }).end();
      else response.end(JSON.stringify(incoming.headers));
    };
    upstream = await startUpstream(answer);
    elsewhere = await startUpstream(answer);
    running = await start(adapter());
    pool = running.app.get(getConnectionPoolToken());
    running.app.getHttpServer().on('connection', (socket: Socket) => sockets.add(socket));
  });

  afterEach(async () => {
    await running[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
    await elsewhere[Symbol.asyncDispose]();
  });

  function start(httpAdapter: AbstractHttpAdapter): Promise<RunningApp> {
    return startApp(
      httpAdapter,
      {
        imports: [
          HttpClientModule.forRoot({
            baseURL: upstream.url,
            timeouts: { attemptMs: false, responseMs: false, bodyIdleMs: false },
            shutdown: { drainMs: 100 },
            inbound: { forward: { headers: ['X-Request-Id', 'Accept-Language'], to: [upstream.url] } },
          }),
        ],
        controllers: [Desk],
        providers: [{ provide: EVENTS, useValue: events }],
      },
      (app) => app.setGlobalPrefix('api', { exclude: ['call', 'echo'] }),
    );
  }

  /** Sends a request and resolves when the upstream has the call made for it. */
  async function underWay(path: string, options: RequestOptions = {}, body?: string) {
    const arrived = once(upstream.server, 'request');
    const sent: ClientRequest = request(`${running.url}${path}`, { agent: false, ...options });
    const answered = new Promise<IncomingMessage>((resolve) => sent.on('response', resolve));
    sent.on('error', () => {});
    sent.end(body);
    await arrived;
    return { sent, answered };
  }

  /** Sends a request that is answered while the call made for it is under way. */
  async function answeredEarly(options: RequestOptions): Promise<void> {
    const { answered } = await underWay('/api/background', options);
    await once((await answered).resume(), 'end');
  }

  it.each([
    ['GET', undefined],
    ['HEAD', undefined],
    ['POST', '{"a":1}'],
  ])('a client that hangs up ends the call made for its %s', async (method, body) => {
    const headers = body ? { 'content-type': 'application/json' } : {};
    const { sent } = await underWay('/call', { method, headers }, body);
    const ended = once(events, 'ended');
    const closed = once(held[0]!, 'close');
    sent.destroy();
    const [error] = await ended;
    expect(isCancel(error)).toBe(true);
    expect(error).toMatchObject({
      name: 'CanceledError',
      code: 'ERR_CANCELED',
      message: 'the inbound client has gone before it was answered',
    });
    await closed;
    expect(pool.inFlight).toBe(0);
  });

  it('a client that leaves its event stream ends the stream made for it', async () => {
    const { sent, answered } = await underWay('/api/events');
    await once(await answered, 'data');
    const ended = once(events, 'ended');
    sent.destroy();
    expect(isCancel((await ended)[0])).toBe(true);
    expect(pool.inFlight).toBe(0);
  });

  it('on a connection that is kept, a client that hangs up ends the calls of the request under way, and no others', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await answeredEarly({ agent });
    const { sent } = await underWay('/call', { agent });
    expect(sent.reusedSocket).toBe(true);
    const ended = once(events, 'ended');
    sent.destroy();
    expect(isCancel((await ended)[0])).toBe(true);
    const next = once(events, 'ended');
    held[0]!.end('"background"');
    expect(await next).toEqual(['background']);
    agent.destroy();
  });

  it('work that outlives its request goes on after its client has gone', async () => {
    const agent = new Agent({ keepAlive: true });
    await answeredEarly({ agent });
    const [socket] = [...sockets];
    const closed = once(socket!, 'close');
    agent.destroy();
    await closed;
    const ended = once(events, 'ended');
    const again = once(upstream.server, 'request');
    held[0]!.end('"first"');
    expect(await ended).toEqual(['first']);
    await again;
    const endedAgain = once(events, 'ended');
    held[1]!.end('"second"');
    expect(await endedAgain).toEqual(['second']);
  });

  it('detached work goes on, too, where its client hangs up before the answer', async () => {
    const { sent } = await underWay('/api/detached');
    const [socket] = [...sockets];
    const closed = once(socket!, 'close');
    sent.destroy();
    await closed;
    const ended = once(events, 'ended');
    held[0]!.end('"detached"');
    expect(await ended).toEqual(['detached']);
  });

  it('a call ends at the deadline of the request it is made for', async () => {
    const ended = once(events, 'ended');
    await supertest(running.url).get('/call').set('X-Request-Timeout-Ms', '40').expect(200, 'failed');
    expect((await ended)[0]).toMatchObject({
      code: 'ERR_DEADLINE_EXCEEDED',
      message: expect.stringContaining('not over after 40 ms, the deadline of the inbound request it was made for'),
    });
    expect(pool.inFlight).toBe(0);
  });

  it('an origin that may know gets what is left of the deadline, and the headers chosen', async () => {
    const { body } = await supertest(running.url)
      .get('/echo')
      .set({ 'x-request-timeout-ms': '5000', 'X-Request-Id': 'r-1', 'accept-language': 'de', cookie: 'SECRET' })
      .expect(200);
    expect(body).toMatchObject({ 'x-request-id': 'r-1', 'accept-language': 'de' });
    expect(Number(body['x-request-timeout-ms'])).toBeGreaterThan(4000);
    expect(Number(body['x-request-timeout-ms'])).toBeLessThanOrEqual(5000);
    expect(JSON.stringify(body)).not.toContain('SECRET');
  });

  it('a redirect to another origin leaves them behind', async () => {
    const { body } = await supertest(running.url)
      .get('/api/elsewhere')
      .set({ 'x-request-timeout-ms': '5000', 'x-request-id': 'r-1' })
      .expect(200);
    expect(body.host).toBe(new URL(elsewhere.url).host);
    expect(body).not.toHaveProperty('x-request-id');
    expect(body).not.toHaveProperty('x-request-timeout-ms');
  });

  it('a header that the call sets itself stays', async () => {
    const { body } = await supertest(running.url).get('/api/own').set({ 'x-request-id': 'r-1' }).expect(200);
    expect(body['x-request-id']).toBe('own');
  });

  it('a deadline that says nothing is ignored', async () => {
    const { body } = await supertest(running.url).get('/echo').set('x-request-timeout-ms', '-1').expect(200);
    expect(body).not.toHaveProperty('x-request-timeout-ms');
  });

  it('a body that was read before the handler runs does not lose the request', async () => {
    const { body } = await supertest(running.url).post('/echo').set('x-request-id', 'r-1').send({ a: 1 }).expect(200);
    expect(body['x-request-id']).toBe('r-1');
  });

  it('a request that breaks off in the middle of its body harms nothing', async () => {
    const socket = connectSocket(Number(new URL(running.url).port), '127.0.0.1');
    socket.write('POST /call HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"a"');
    await once(running.app.getHttpServer(), 'request');
    socket.destroy();
    await supertest(running.url).get('/echo').expect(200);
    expect(upstream.requests).toBe(1);
  });

  it('a connection that serves many requests collects no listeners', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const counts = new Set<number>();
    running.app
      .getHttpServer()
      .on('request', ({ socket }: IncomingMessage) => counts.add(socket.listenerCount('close')));
    for (let n = 0; n < 30; n++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, on one socket
      await axios.get(`${running.url}/echo`, { httpAgent: agent });
    }
    expect(counts.size).toBe(1);
    agent.destroy();
  });

  it.runIf(platform === 'express')('a file that was uploaded does not lose the request', async () => {
    const { body } = await supertest(running.url)
      .post('/api/upload')
      .set('x-request-id', 'r-1')
      .attach('file', Buffer.from('content'), 'file.txt')
      .expect(201);
    expect(body).toMatchObject({ 'x-request-id': 'r-1', uploaded: 'content' });
  });

  it.runIf(platform === 'fastify')(
    'of HTTP/2, a stream that is reset ends its calls, and an answered one does not',
    async () => {
      await running[Symbol.asyncDispose]();
      running = await start(new FastifyAdapter({ http2: true } as object));
      const session = connect(running.url);
      const answered = session.request({ ':path': '/api/background' });
      const backgroundArrived = once(upstream.server, 'request');
      await once(answered.resume(), 'close');
      await backgroundArrived;
      const arrived = once(upstream.server, 'request');
      const reset = session.request({ ':path': '/call' });
      reset.on('error', () => {});
      await arrived;
      const ended = once(events, 'ended');
      reset.close(8); // CANCEL
      expect(isCancel((await ended)[0])).toBe(true);
      const next = once(events, 'ended');
      held[0]!.end('"background"');
      expect(await next).toEqual(['background']);
      session.destroy();
    },
  );
});
