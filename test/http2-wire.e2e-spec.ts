import type { AxiosInstance } from 'axios';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HttpClientModuleOptions } from '../src/index.js';
import { HttpClientTestingModule, HttpTestingController, recordedTransport } from '../src/testing/index.js';
import { startAppContext } from './support/app-context.js';
import { CA, CERTIFICATE } from './support/certificates.js';
import { failureOf } from './support/failure-of.js';
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  field,
  HEADERS,
  OK,
  startFrames,
} from './support/http2-frames.js';
import { type Listen, startHttp2 } from './support/http2-upstream.js';
import { startTransport } from './support/start-transport.js';

const PRIOR = { http2: 'prior-knowledge' } as const;
const answer: Listen = (request, response) => void response.end(`by ${request.httpVersion}`);
const KB = 1024;

describe('an HTTP/2 session belongs to one origin', () => {
  it('though its certificate is good for another one at the same address, and the upstream says that it serves it', async () => {
    const origins = ['https://localhost', 'https://127.0.0.1'];
    const upstream = await startHttp2(answer, { tls: { ...CERTIFICATE, origins } });
    const { client, transport } = startTransport({ http2: true, tls: { ca: CA } });
    const other = upstream.url.replace('localhost', '127.0.0.1');
    for (const url of [upstream.url, other, upstream.url, other]) {
      expect((await client.get(url)).data).toBe('by 2.0'); // oxlint-disable-line no-await-in-loop -- what is there is used
    }
    expect(upstream.connections).toBe(2);
    expect(Object.keys(transport.pool.stats().origins)).toEqual([upstream.url, other]);
  });

  it('and to one Host header', async () => {
    const upstream = await startHttp2((request, response) => void response.end(request.authority));
    const { client } = startTransport(PRIOR);
    const hosts = ['one.test', 'two.test', 'one.test'];
    const calls = hosts.map((Host) => client.get(upstream.url, { headers: { Host } }));
    expect((await Promise.all(calls)).map(({ data }) => data)).toEqual(hosts);
    expect(upstream.connections).toBe(2);
  });
});

describe('what is known of a call over HTTP/2', () => {
  it('are the phases of the call that opens the session, and of those that wait for it', async () => {
    const upstream = await startHttp2(answer, { tls: CERTIFICATE });
    const { client } = startTransport({ http2: true, tls: { ca: CA } });
    const [first, second] = await Promise.all([client.get(upstream.url), client.get(upstream.url)]);
    for (const { timings } of [first, second]) {
      const { dnsMs, connectMs, tlsMs, firstByteMs, bodyMs, totalMs, queueMs } = timings!;
      for (const phase of [dnsMs, connectMs, tlsMs, firstByteMs, bodyMs, queueMs]) {
        expect(phase).toBeGreaterThanOrEqual(0);
        expect(phase).toBeLessThanOrEqual(totalMs!);
      }
      expect(timings!.reusedSocket).toBe(false);
    }
    const { timings } = await client.get(upstream.url);
    expect(timings).toMatchObject({ reusedSocket: true, dnsMs: undefined, connectMs: undefined, tlsMs: undefined });
    expect(timings!.firstByteMs).toBeGreaterThanOrEqual(0);
  });

  it('is what stats() counts: sockets as in use while they have streams, calls in flight, waiting calls as queued', async () => {
    const held: (() => void)[] = [];
    const upstream = await startHttp2((_, response) => void held.push(() => response.end()), {
      options: { settings: { maxConcurrentStreams: 2 } },
    });
    const { client, transport } = startTransport({ ...PRIOR, pool: { maxSockets: 1 } });
    const calls = Array.from({ length: 3 }, () => client.get(upstream.url));
    await expect.poll(() => held.length).toBe(2);
    const { inFlight, origins } = transport.pool.stats();
    expect(inFlight).toBe(3);
    expect(origins[upstream.url]).toMatchObject({ active: 1, idle: 0, created: 1, queued: 1 });
    held.shift()!();
    await expect.poll(() => held.length).toBe(2);
    for (const respond of held) respond();
    await Promise.all(calls);
    expect(transport.pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0, idle: 1, created: 1, reused: 2 } });
  });
});

describe('a response over HTTP/2', () => {
  it('may have trailers that say how it went, as those of gRPC have', async () => {
    const upstream = await startHttp2(undefined, {
      onStream: (stream) => {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '5', 'grpc-message': 'not found' }));
        stream.write(Buffer.alloc(5));
        stream.end();
      },
    });
    const { client } = startTransport(PRIOR);
    const config = { responseType: 'stream', headers: { TE: 'trailers' } } as const;
    const { data, request } = await client.post<Readable>(upstream.url, Buffer.alloc(5), config);
    expect(Buffer.concat(await data.toArray())).toHaveLength(5);
    expect(request.res.trailers).toEqual({ 'grpc-status': '5', 'grpc-message': 'not found' });
  });

  it('fails where its trailers are longer than its headers may be', async () => {
    const upstream = await startFrames(({ type, stream }, { send }) => {
      if (type !== HEADERS) return;
      send(HEADERS, END_HEADERS, stream, OK);
      send(DATA, 0, stream, Buffer.from('body'));
      send(HEADERS, END_STREAM, stream, field('x-one', 'x'.repeat(10_000)));
      send(CONTINUATION, END_HEADERS, stream, field('x-two', 'x'.repeat(10_000)));
    });
    const { client } = startTransport({ ...PRIOR, limits: { maxHeaderBytes: 16 * KB } });
    expect(await failureOf(client.get(upstream.url))).toMatchObject({
      code: expect.stringMatching(/ERR_HEADERS_TOO_LARGE|ECONNRESET|HPE_HEADER_OVERFLOW/),
    });
  });

  it('may be as large in its headers as limits.maxHeaderBytes says, by the count of RFC 9113', async () => {
    const LIMIT = 4 * KB;
    const upstream = await startFrames(({ type, stream }, { send }) => {
      if (type !== HEADERS) return;
      const perField = 32 + 'x'.length;
      const bytes = LIMIT - (32 + ':status'.length + 3) - perField + (stream > 1 ? 1 : 0);
      send(HEADERS, END_HEADERS | END_STREAM, stream, Buffer.concat([OK, field('x', 'x'.repeat(bytes))]));
    });
    const { client } = startTransport({ ...PRIOR, limits: { maxHeaderBytes: LIMIT } });
    expect((await client.get(upstream.url)).status).toBe(200);
    expect(await failureOf(client.get(upstream.url))).toMatchObject({ code: 'ERR_HEADERS_TOO_LARGE' });
  });

  it('may come after early hints, and after a 100 Continue that nobody asked for', async () => {
    const upstream = await startHttp2(undefined, {
      onStream: (stream) => {
        stream.additionalHeaders({ ':status': 100 });
        stream.additionalHeaders({ ':status': 103, link: '</a.css>; rel=preload' });
        stream.additionalHeaders({ ':status': 103, link: '</b.css>; rel=preload' });
        stream.respond({ ':status': 201 });
        stream.end('made');
      },
    });
    const { client } = startTransport(PRIOR);
    const { status, data, headers } = await client.post(upstream.url, { a: 1 });
    expect({ status, data }).toEqual({ status: 201, data: 'made' });
    expect(headers).not.toHaveProperty('link');
  });

  it.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 205],
    ['GET', 304],
  ])('to %s with %i leaves its session for the next call', async (method, status) => {
    const upstream = await startHttp2((_, response) => {
      response.writeHead(status, { etag: '"1"', ...(status === 304 && { 'content-length': '500' }) });
      response.end();
    });
    const { client, transport } = startTransport(PRIOR);
    for (let n = 0; n < 3; n++) {
      const response = await client.request({ method, url: upstream.url, validateStatus: null }); // oxlint-disable-line no-await-in-loop -- one after the other
      expect(response).toMatchObject({ status, data: '', headers: { etag: '"1"' } });
    }
    expect(transport.pool.stats().total).toMatchObject({ created: 1, reused: 2, idle: 1, errors: 0 });
  });
});

describe('an upload over HTTP/2', () => {
  it('is read no faster than the upstream takes it, and holds up no other', async () => {
    let take!: () => void;
    const upstream = await startHttp2((request, response) => {
      if (request.method === 'GET') {
        response.end('fine');
        return;
      }
      let bytes = 0;
      request.on('data', (part: Buffer) => (bytes += part.length));
      request.on('end', () => response.end(String(bytes)));
      request.pause();
      take = () => request.resume();
    });
    const { client } = startTransport(PRIOR);
    let read = 0;
    const parts = 200;
    async function* source() {
      for (; read < parts; read++) yield Buffer.alloc(64 * KB);
    }
    const upload = client.post(upstream.url, Readable.from(source()));
    await expect.poll(() => take).toBeDefined();
    for (let n = 0; n < 20; n++) expect((await client.get(upstream.url)).data).toBe('fine'); // oxlint-disable-line no-await-in-loop -- one after the other
    expect(read).toBeLessThan(20);
    take();
    expect((await upload).data).toBe(parts * 64 * KB);
    expect(upstream.connections).toBe(1);
  });

  it('and its response may go on at the same time', async () => {
    const upstream = await startHttp2((request, response) => void request.pipe(response));
    const { client } = startTransport(PRIOR);
    const source = new PassThrough();
    source.write('first');
    const { data } = await client.post<Readable>(upstream.url, source, { responseType: 'stream' });
    const parts = data[Symbol.asyncIterator]();
    expect(String((await parts.next()).value)).toBe('first');
    source.end('second');
    expect(String((await parts.next()).value)).toBe('second');
    expect((await parts.next()).done).toBe(true);
  });

  it('that fails in the middle ends its stream with CANCEL, and nothing else', async () => {
    const resets: number[] = [];
    const upstream = await startHttp2((request, response) => {
      request.stream.once('close', () => resets.push(request.stream.rstCode));
      if (request.method === 'GET') response.end('fine');
    });
    const { client } = startTransport(PRIOR);
    async function* source() {
      yield Buffer.alloc(10);
      await once(upstream.server, 'stream');
      throw new Error('no more');
    }
    expect(await failureOf(client.post(upstream.url, Readable.from(source())))).toMatchObject({
      message: expect.stringContaining('no more'),
    });
    await expect.poll(() => resets).toEqual([constants.NGHTTP2_CANCEL]);
    expect((await client.get(upstream.url)).data).toBe('fine');
    expect(upstream.connections).toBe(1);
  });
});

describe('tests of an app that uses HTTP/2', () => {
  /** A client of an app whose exchanges are recorded or replayed. */
  async function record(fixture: string, mode: 'record' | 'replay', options: HttpClientModuleOptions) {
    const recording = recordedTransport({ fixture, mode });
    const { client } = await startAppContext({ ...options, layers: [{ use: recording, after: 'attemptTimeout' }] });
    return { client, recording };
  }

  it('may replay what was recorded over HTTP/2', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nest-outbound-http2-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const fixture = join(folder, 'recorded.json');
    const upstream = await startHttp2((request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'x-kept': 'yes' });
      response.end(JSON.stringify({ path: request.url, version: request.httpVersion }));
    });
    const options = { ...PRIOR, baseURL: upstream.url };
    const use = async (client: AxiosInstance) => {
      const { status, data, headers } = await client.get('/one');
      return { status, data, kept: headers['x-kept'] };
    };
    const first = await record(fixture, 'record', options);
    const recorded = await use(first.client);
    await first.recording.close();
    expect(recorded).toEqual({ status: 200, data: { path: '/one', version: '2.0' }, kept: 'yes' });
    upstream.cut();
    const streams = upstream.streams;
    const second = await record(fixture, 'replay', options);
    expect(await use(second.client)).toEqual(recorded);
    second.recording.verify();
    expect(upstream.streams).toBe(streams);
  });

  it('are answered by the testing module, without a session', async () => {
    const upstream = await startHttp2(answer);
    const { app, client } = await startAppContext(
      { ...PRIOR, baseURL: upstream.url },
      { imports: [HttpClientTestingModule] },
    );
    const controller = app.get(HttpTestingController, { strict: false });
    controller.expectOne('/one').reply(200, { one: true });
    expect((await client.get('/one')).data).toEqual({ one: true });
    controller.verify();
    expect(upstream.connections).toBe(0);
  });
});
