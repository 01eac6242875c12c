import { SpanKind } from '@opentelemetry/api';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import axios, { type AxiosInstance } from 'axios';
import dns from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import net from 'node:net';
import tls from 'node:tls';
import zlib from 'node:zlib';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createTransport, type Transport } from '../src/index.js';
import { CA, CERTIFICATE } from './support/certificates.js';
import { guardedClient } from './support/guarded-client.js';
import { startProxy } from './support/proxy.js';
import { startUpstream, type Upstream } from './support/upstream.js';

// What is loaded is patched, as tracers (X-Ray) and mocks do it, in the object that CommonJS and default imports share.

let plain: Upstream;
let secure: Upstream;
let transport: Transport;
let client: AxiosInstance;

beforeEach(async () => {
  const answer: http.RequestListener = (_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(zlib.gzipSync('ok'));
  plain = await startUpstream(answer);
  secure = await startUpstream(answer, CERTIFICATE);
  transport = createTransport({ tls: { ca: CA } });
  client = axios.create({ adapter: transport });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await transport.close();
  await plain[Symbol.asyncDispose]();
  await secure[Symbol.asyncDispose]();
});

it('http.request and https.request', async () => {
  const requests = [vi.spyOn(http, 'request'), vi.spyOn(https, 'request')];
  await client.get(plain.url);
  await client.get(secure.url);
  for (const request of requests) expect(request).toHaveBeenCalledOnce();
});

it('what CommonJS patches', async () => {
  const commonJs = createRequire(import.meta.url)('http') as typeof http;
  const request = vi.spyOn(commonJs, 'request');
  await client.get(plain.url);
  expect(request).toHaveBeenCalledOnce();
});

it('what an instrumentation patches without a loader hook, when CommonJS loads http', async () => {
  const spans = new InMemorySpanExporter();
  const instrumentation = new HttpInstrumentation();
  instrumentation.setTracerProvider(new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));
  try {
    createRequire(import.meta.url)('http');
    await client.get(plain.url);
    await expect.poll(() => spans.getFinishedSpans().map(({ kind }) => kind)).toContain(SpanKind.CLIENT);
  } finally {
    instrumentation.disable();
  }
});

it('what process.getBuiltinModule gives', async () => {
  const request = vi.spyOn(process.getBuiltinModule('node:https'), 'request');
  await client.get(secure.url);
  expect(request).toHaveBeenCalledOnce();
});

it('the sockets of https.Agent and http.Agent, after the agents were made', async () => {
  const connections = [http.Agent, https.Agent].map((agent) =>
    vi.spyOn(agent.prototype as unknown as { createConnection: () => unknown }, 'createConnection'),
  );
  const connect = vi.spyOn(tls, 'connect');
  await client.get(plain.url);
  await client.get(secure.url);
  for (const createConnection of connections) expect(createConnection).toHaveBeenCalledOnce();
  expect(connect).toHaveBeenCalledOnce();
});

it('the requests of http.Agent, after the agents were made, also those on a socket that was used before', async () => {
  await client.get(plain.url);
  const addRequest = vi.spyOn(http.Agent.prototype as unknown as { addRequest: () => unknown }, 'addRequest');
  await client.get(plain.url);
  await client.get(secure.url);
  expect(addRequest).toHaveBeenCalledTimes(2);
  expect(plain.connections).toBe(1);
});

it('net.connect and tls.connect of a tunnel through a proxy', async () => {
  await using proxy = await startProxy();
  const { hostname, port } = new URL(proxy.url);
  const [connect, connectTls] = [vi.spyOn(net, 'connect'), vi.spyOn(tls, 'connect')];
  const answer = await client.get(secure.url, { proxy: { host: hostname, port: Number(port), protocol: 'http' } });
  expect(answer.data).toBe('ok');
  expect(connect).toHaveBeenCalledWith(expect.objectContaining({ port: Number(port) }));
  expect(connectTls).toHaveBeenCalled();
});

it('dns.lookup, with a guard and without', async () => {
  const lookup = vi.spyOn(dns, 'lookup').mockImplementation(((_host: string, options: object, callback: any) => {
    if ('all' in options && options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
    else callback(null, '127.0.0.1', 4);
  }) as never);
  const url = plain.url.replace('127.0.0.1', 'a.test');
  expect((await client.get(url)).data).toBe('ok');
  expect(lookup).toHaveBeenCalledOnce();
  await using guarded = guardedClient({
    guard: { allowCidrs: ['127.0.0.0/8'], allowPorts: [Number(new URL(url).port)] },
  });
  expect((await guarded.client.get(url)).data).toBe('ok');
  expect(lookup).toHaveBeenCalledTimes(2);
});

it('the decoders of zlib', async () => {
  const createUnzip = vi.spyOn(zlib, 'createUnzip');
  expect((await client.get(plain.url)).data).toBe('ok');
  expect(createUnzip).toHaveBeenCalledOnce();
});
