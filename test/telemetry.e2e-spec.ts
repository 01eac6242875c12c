import { HttpService } from '@nestjs/axios';
import { Controller, Get } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { context, metrics, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import axios, { type AxiosInstance } from 'axios';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants } from 'node:http2';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  getHttpClientToken,
  HttpClientModule,
  type HttpClientModuleOptions,
  HttpClients,
  InjectHttpClient,
  type NamedHttpClientOptions,
} from '../src/index.js';
import { errorOf, failureOf } from './support/failure-of.js';
import { startHttp2 } from './support/http2-upstream.js';
import {
  parentOf,
  registerMetrics,
  registerTracing,
  type TestTracing,
  unregisterAll,
} from './support/open-telemetry.js';
import { type RunningApp, startApp } from './support/platforms.js';
import { startUpstream, type Upstream } from './support/upstream.js';

@Controller()
class Desk {
  constructor(@InjectHttpClient() private readonly http: AxiosInstance) {}

  @Get('go')
  async go(): Promise<unknown> {
    return (await this.http.get('/users/7', { urlTemplate: '/users/{id}' })).data;
  }
}

/** What an instrumentation of the HTTP server does. */
function instrumentServer(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  const parent = propagation.extract(context.active(), request.headers);
  trace.getTracer('server').startActiveSpan('inbound', { kind: SpanKind.SERVER }, parent, (span) => {
    response.on('finish', () => span.end());
    next();
  });
}

let answer: (request: IncomingMessage, response: ServerResponse) => void;
let upstream: Upstream;
let traceparents: unknown[];
let tracing: TestTracing;
let apps: RunningApp[];

beforeEach(async () => {
  answer = (_, response) => response.end('{"ok":true}');
  traceparents = [];
  apps = [];
  upstream = await startUpstream((request, response) => {
    traceparents.push(request.headers['traceparent']);
    answer(request, response);
  });
  tracing = registerTracing();
});

afterEach(async () => {
  for (const app of apps) await app[Symbol.asyncDispose](); // oxlint-disable-line no-await-in-loop
  await upstream[Symbol.asyncDispose]();
  unregisterAll();
});

async function start(options: HttpClientModuleOptions = {}, named: NamedHttpClientOptions[] = []): Promise<RunningApp> {
  const imports = [HttpClientModule.forRoot({ baseURL: upstream.url, ...options }), HttpClientModule.forFeature(named)];
  const running = await startApp(new ExpressAdapter(), { imports, controllers: [Desk] }, (app) => {
    app.use(instrumentServer);
  });
  apps.push(running);
  return running;
}

const clientOf = ({ app }: RunningApp, name?: string): AxiosInstance =>
  app.get(getHttpClientToken(name), { strict: false });

const clientSpans = () => tracing.spans().filter(({ kind }) => kind === SpanKind.CLIENT);
const traceparentOf = (span: ReadableSpan) => `00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`;
describe('spans', () => {
  it('are children of the inbound request, one for each request, and the upstream is told of each', async () => {
    let times = 0;
    answer = (_, response) => {
      response.statusCode = ++times < 3 ? 503 : 200;
      response.end('{}');
    };
    const { url } = await start({ resilience: { retry: { max: 2, baseMs: 1 } } });
    const inboundParent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await axios.get(`${url}/go`, { adapter: 'http', headers: { traceparent: inboundParent } });

    await expect.poll(() => tracing.spans().length).toBe(4);
    const inbound = tracing.spans().find(({ name }) => name === 'inbound')!;
    const spans = clientSpans();
    expect(spans.map(({ name }) => name)).toEqual(Array(3).fill('GET /users/{id}'));
    expect(spans.map(parentOf)).toEqual(Array(3).fill(inbound.spanContext().spanId));
    expect(spans.map((span) => span.spanContext().traceId)).toEqual(Array(3).fill('a'.repeat(32)));
    expect(traceparents).toEqual(spans.map(traceparentOf));
    expect(spans.map(({ attributes }) => attributes['http.request.resend_count'])).toEqual([undefined, 1, 2]);
    expect(spans.map(({ attributes }) => attributes['error.type'])).toEqual(['503', '503', undefined]);
    expect(spans.map(({ status }) => status.code)).toEqual([
      SpanStatusCode.ERROR,
      SpanStatusCode.ERROR,
      SpanStatusCode.UNSET,
    ]);
  });

  it('have exactly the attributes of the conventions', async () => {
    const { port } = new URL(upstream.url);
    await clientOf(await start()).get('/users/7', { urlTemplate: '/users/{id}', params: { page: 2 } });
    expect(clientSpans()[0]!.attributes).toEqual({
      'http.request.method': 'GET',
      'server.address': '127.0.0.1',
      'server.port': Number(port),
      'url.template': '/users/{id}',
      'url.full': `${upstream.url}/users/7?page=2`,
      'http.response.status_code': 200,
      'network.peer.address': '127.0.0.1',
      'network.peer.port': Number(port),
      'network.protocol.version': '1.1',
    });
  });

  it('say that it was HTTP/2, of an attempt whose stream was refused, too', async () => {
    let isFirst = true;
    const http2 = await startHttp2((request, response) => {
      if (isFirst) request.stream.close(constants.NGHTTP2_REFUSED_STREAM);
      else response.end('{"ok":true}');
      isFirst = false;
    });
    await clientOf(await start({ baseURL: http2.url, http2: 'prior-knowledge' })).post('/users', { name: 'x' });
    const { attributes, status } = clientSpans().at(-1)!;
    expect(attributes).toMatchObject({
      'http.response.status_code': 200,
      'network.protocol.version': '2',
      'network.peer.address': '127.0.0.1',
      'network.peer.port': http2.port,
    });
    expect(status.code).toBe(SpanStatusCode.UNSET);
  });

  it('of a request and its hedge are siblings, and the one that is given up says so', async () => {
    const arrived: ServerResponse[] = [];
    answer = (_, response) => {
      if (arrived.push(response) === 2) response.end('{}');
    };
    const { url } = await start({ resilience: { hedge: { coldMs: 20 }, budget: false } });
    await axios.get(`${url}/go`, { adapter: 'http' });
    await expect.poll(() => tracing.spans().length).toBe(3);
    const inbound = tracing.spans().find(({ name }) => name === 'inbound')!;
    const spans = clientSpans();
    expect(spans.map(parentOf)).toEqual(Array(2).fill(inbound.spanContext().spanId));
    expect(spans.map(({ attributes }) => [attributes['http.request.resend_count'], attributes['error.type']])).toEqual(
      expect.arrayContaining([
        [undefined, 'ERR_CANCELED'],
        [1, undefined],
      ]),
    );
    expect(new Set(traceparents)).toEqual(new Set(spans.map(traceparentOf)));
  });

  it('are not made of calls that an open circuit breaker refuses', async () => {
    answer = (_, response) => void response.writeHead(500).end();
    const client = clientOf(await start({ resilience: { breaker: { consecutiveFailures: 2 } } }));
    for (let call = 0; call < 3; call++) await failureOf(client.get('/')); // oxlint-disable-line no-await-in-loop
    expect(await failureOf(client.get('/'))).toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
    expect(clientSpans()).toHaveLength(2);
  });

  it('tell which phase took too long', async () => {
    answer = () => {};
    await failureOf(clientOf(await start({ timeouts: { responseMs: 50 } })).get('/'));
    const [span] = clientSpans();
    expect(span!.attributes['error.type']).toBe('ERR_RESPONSE_TIMEOUT');
    expect(span!.status).toMatchObject({ code: SpanStatusCode.ERROR, message: expect.stringContaining('50 ms') });
  });

  it("tell that the call's timeout has passed, or that it was cancelled", async () => {
    const arrived = () => once(upstream.server, 'request');
    answer = () => {};
    const client = clientOf(await start());
    await failureOf(client.get('/', { timeout: 50 }));
    const abort = new AbortController();
    const request = arrived();
    const cancelled = failureOf(client.get('/', { signal: abort.signal }));
    await request;
    abort.abort();
    await cancelled;
    expect(clientSpans().map(({ attributes }) => attributes['error.type'])).toEqual(['ECONNABORTED', 'ERR_CANCELED']);
  });

  it('tell that nobody listens', async () => {
    const free = await startUpstream();
    await free[Symbol.asyncDispose]();
    await failureOf(clientOf(await start({ baseURL: free.url })).get('/'));
    const [span] = clientSpans();
    expect(span!.attributes['error.type']).toBe('ECONNREFUSED');
    expect(span!.attributes).not.toHaveProperty('http.response.status_code');
  });

  it('end with the body where that is read into memory', async () => {
    let rest!: () => void;
    answer = (_, response) => {
      response.write('a');
      rest = () => response.end('b');
    };
    const client = clientOf(await start());
    const headers = once(upstream.server, 'request');
    const call = client.get('/');
    await headers;
    expect(clientSpans()).toHaveLength(0);
    rest();
    await call;
    expect(clientSpans()).toHaveLength(1);
  });

  it('end with the headers where the body is a stream, whose reader is back in the context of the caller', async () => {
    let rest!: () => void;
    answer = (_, response) => {
      response.write('a');
      rest = () => response.end('b');
    };
    const client = clientOf(await start());
    await trace.getTracer('test').startActiveSpan('caller', async (caller) => {
      const { data } = await client.get<Readable>('/', { responseType: 'stream' });
      expect(clientSpans()).toHaveLength(1);
      const active = new Promise((resolve) => data.once('end', () => resolve(trace.getActiveSpan())));
      data.on('data', () => trace.getTracer('test').startSpan('chunk').end());
      rest();
      expect(await active).toBe(caller);
      caller.end();
    });
    const chunks = tracing.spans().filter(({ name }) => name === 'chunk');
    const caller = tracing.spans().find(({ name }) => name === 'caller')!;
    expect(chunks.length).toBeGreaterThan(0);
    expect(chunks.map(parentOf)).toEqual(chunks.map(() => caller.spanContext().spanId));
  });

  it("are made of what is sent with axios's own adapter, too", async () => {
    const client = clientOf(await start());
    await client.get('/', { beforeRedirect: () => {} });
    expect(clientSpans()).toHaveLength(1);
    expect(traceparents).toEqual([traceparentOf(clientSpans()[0]!)]);
  });

  it('have the redirects that are followed in them', async () => {
    answer = ({ url }, response) => {
      if (url === '/new') response.end('{}');
      else response.writeHead(302, { location: '/new' }).end();
    };
    await clientOf(await start()).get('/old');
    const [span, ...others] = clientSpans();
    expect(others).toEqual([]);
    expect(span!.attributes).toMatchObject({ 'url.full': `${upstream.url}/old`, 'http.response.status_code': 200 });
    expect(traceparents).toEqual([traceparentOf(span!), traceparentOf(span!)]);
  });
});

describe('the template of a URL', () => {
  const viaInstance = (running: RunningApp) => clientOf(running).get('/users/7', { urlTemplate: '/users/{id}' });
  const viaInterceptors = (running: RunningApp) => {
    const client = clientOf(running);
    client.interceptors.request.use((config) => config);
    return client.request({ url: '/users/7', urlTemplate: '/users/{id}' });
  };
  const viaHttpService = ({ app }: RunningApp) =>
    firstValueFrom(app.get(HttpService).get('/users/7', { urlTemplate: '/users/{id}' }));

  it.each([
    ['the axios instance', viaInstance],
    ['interceptors', viaInterceptors],
    ['HttpService', viaHttpService],
  ])('gets through %s', async (_name, call) => {
    await call(await start());
    expect(clientSpans()[0]!.name).toBe('GET /users/{id}');
  });
});

describe('who is told of the trace', () => {
  it('is nobody where that is asked for, and the module does otherwise', async () => {
    const running = await start({}, [{ name: 'stranger', baseURL: upstream.url, telemetry: { propagate: false } }]);
    await clientOf(running, 'stranger').get('/');
    await clientOf(running).get('/');
    expect(traceparents[0]).toBeUndefined();
    expect(traceparents[1]).toBe(traceparentOf(clientSpans()[1]!));
  });

  it('is not whom an origin that may know redirects to', async () => {
    const seen: unknown[] = [];
    await using elsewhere = await startUpstream(({ headers }, response) => {
      seen.push(headers['traceparent']);
      response.end('{}');
    });
    answer = (_, response) => void response.writeHead(302, { location: elsewhere.url }).end();
    const running = await start({ telemetry: { propagate: [upstream.url] } });
    await clientOf(running).get('/');
    expect(traceparents).toEqual([traceparentOf(clientSpans()[0]!)]);
    expect(seen).toEqual([undefined]);
  });

  it('gets the span of the request, not the one that was forwarded from the inbound request', async () => {
    const { url } = await start({ inbound: { forward: { to: [upstream.url] } } });
    await axios.get(`${url}/go`, {
      adapter: 'http',
      headers: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
    });
    expect(traceparents).toEqual([traceparentOf(clientSpans()[0]!)]);
  });
});

describe('telemetry that is off', () => {
  it('is not in the stack, and tells and makes nothing', async () => {
    const running = await start({ telemetry: false }, [{ name: 'told', baseURL: upstream.url, telemetry: true }]);
    const stackOf = (name?: string) =>
      running.app
        .get(HttpClients)
        .explain(name)
        .stack.map((layer) => layer.name);
    expect(stackOf()).not.toContain('telemetry');
    expect(stackOf('told')).toContain('telemetry');
    await clientOf(running).get('/');
    expect(clientSpans()).toEqual([]);
    expect(traceparents).toEqual([undefined]);
  });
});

describe('metrics', () => {
  it('tell of calls that are refused before a request is made, and of those that are not', async () => {
    const { collect } = registerMetrics();
    answer = (_, response) => void response.writeHead(500).end();
    const client = clientOf(await start({ resilience: { breaker: { consecutiveFailures: 2 } } }));
    for (let call = 0; call < 3; call++) await failureOf(client.get('/')); // oxlint-disable-line no-await-in-loop
    const all = await collect();
    const counts = (name: string) =>
      all[name]!.points.map(({ attributes, value }) => [attributes['error.type'], (value as { count: number }).count]);
    expect(counts('http.client.request.duration')).toEqual([['500', 2]]);
    expect(counts('nest_outbound.call.duration')).toEqual([
      ['500', 2],
      ['ERR_CIRCUIT_OPEN', 1],
    ]);
  });

  it('have the request for a token as a call of its own', async () => {
    const { collect } = registerMetrics();
    answer = ({ url }, response) => response.end(url === '/token' ? '{"access_token":"t"}' : '{}');
    const oauth2 = { tokenUrl: `${upstream.url}/token`, clientId: 'id', clientSecret: 'secret' };
    await clientOf(await start({}, [{ name: 'crm', baseURL: upstream.url, auth: { oauth2 } }]), 'crm').get('/');
    const { points } = (await collect())['nest_outbound.call.duration']!;
    expect(points.map(({ attributes }) => String(attributes['nest_outbound.client'])).toSorted()).toEqual([
      'crm',
      'crm:token',
    ]);
  });

  it('tell of requests under way, and of the sockets', async () => {
    const { collect } = registerMetrics();
    const held: ServerResponse[] = [];
    answer = ({ url }, response) => void (url === '/held' ? held.push(response) : response.end('{}'));
    const running = await start();
    const client = clientOf(running);
    await client.get('/');
    const arrived = once(upstream.server, 'request');
    const calls = [client.get('/held'), client.get('/')];
    await Promise.all([arrived, calls[1]]);
    await expect.poll(() => held.length).toBe(1);
    const values = async (name: string) => (await collect())[name]!.points.map(({ value }) => value);
    expect(await values('http.client.active_requests')).toEqual([1]);
    expect(await values('http.client.open_connections')).toEqual([1, 1]);
    held[0]!.end('{}');
    await calls[0];
    expect(await values('http.client.active_requests')).toEqual([0]);
    expect(await values('http.client.open_connections')).toEqual([0, 2]);
    await running.app.close();
    expect(await values('http.client.open_connections')).toEqual([0, 0]);
  });

  it('are the sums of what the apps of the process do', async () => {
    const { collect } = registerMetrics();
    const held: ServerResponse[] = [];
    answer = (_, response) => void held.push(response);
    const three = [await start(), await start(), await start()] as const;
    const calls = three.map((running) => clientOf(running).get('/'));
    await expect.poll(() => held.length).toBe(3);
    const values = async (name: string) => (await collect())[name]!.points.map(({ value }) => value);
    expect(await values('http.client.active_requests')).toEqual([3]);
    expect(await values('http.client.open_connections')).toEqual([3, 0]);
    for (const response of held) response.end('{}');
    await Promise.all(calls);
    expect(await values('http.client.active_requests')).toEqual([0]);
    expect(await values('http.client.open_connections')).toEqual([0, 3]);
    await three[2].app.close();
    expect(await values('http.client.open_connections')).toEqual([0, 2]);
  });

  it('are there for Prometheus to scrape', async () => {
    const exporter = new PrometheusExporter({ preventServerStart: true });
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));
    await using endpoint = await startUpstream((request, response) =>
      exporter.getMetricsRequestHandler(request, response),
    );
    const client = clientOf(await start());
    await client.get('/users/7', { urlTemplate: '/users/{id}' });
    await client.get('/users/8', { urlTemplate: '/users/{id}' });
    const { port } = new URL(upstream.url);
    const labels =
      `http_request_method="GET",server_address="127.0.0.1",server_port="${port}",` +
      'url_template="/users/{id}",http_response_status_code="200"';

    const socket = connect(Number(new URL(endpoint.url).port), '127.0.0.1');
    socket.end('GET /metrics HTTP/1.0\r\n\r\n');
    const scraped = await text(socket);

    expect(scraped).toContain('# TYPE http_client_request_duration histogram');
    const count = scraped.split('\n').find((line) => line.startsWith('http_client_request_duration_count'));
    expect(count).toContain(labels);
    expect(count).toMatch(/ 2$/);
    expect(scraped).toMatch(/http_client_request_duration_bucket\{.*le="0\.005".*\} \d/);
    expect(scraped).toMatch(/^http_client_active_requests\{.*\} 0$/m);
    expect(scraped).toMatch(/^http_client_open_connections\{http_connection_state="idle".*\} 1$/m);
    expect(scraped).toMatch(/^nest_outbound_call_duration_count\{nest_outbound_client="default".*\} 2$/m);
  });
});

it('no secret of a call gets into a span, a metric or a header', async () => {
  const { collect } = registerMetrics();
  const headers: unknown[] = [];
  answer = ({ headers: sent, url }, response) => {
    headers.push({ ...sent, authorization: undefined });
    if (url!.startsWith('/broken')) response.destroy();
    else response.writeHead(url!.startsWith('/refused') ? 403 : 200, { 'set-cookie': 'sid=cookiesecret' }).end('{}');
  };
  const client = clientOf(await start({ redact: { query: ['pin'] } }));
  const secrets = {
    headers: { authorization: 'Bearer headersecret', 'x-api-key': 'keysecret' },
    params: { sig: 'sigsecret', 'X-Amz-Security-Token': 'amzsecret', pin: 'pinsecret', page: 7 },
    data: { password: 'bodysecret' },
  };
  for (const path of ['/fine', '/refused', '/broken']) {
    const url = upstream.url.replace('//', '//user:passwordsecret@') + path;
    await errorOf(client.post(url, secrets.data, secrets)); // oxlint-disable-line no-await-in-loop
  }
  const told = JSON.stringify([
    clientSpans().map(({ name, attributes, status, events }) => ({ name, attributes, status, events })),
    await collect(),
  ]);
  expect(clientSpans()).toHaveLength(3);
  expect(told).toContain('page=7');
  expect(told).not.toContain('secret');
  expect(JSON.stringify(headers.map((sent) => (sent as Record<string, unknown>)['traceparent']))).not.toContain(
    'secret',
  );
});
