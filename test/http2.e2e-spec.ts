import { type AxiosResponse } from 'axios';
import { once } from 'node:events';
import https from 'node:https';
import http2, { constants } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TransportOptions } from '../src/index.js';
import { CA, CERTIFICATE } from './support/certificates.js';
import { failureOf } from './support/failure-of.js';
import { DATA, END_HEADERS, END_STREAM, HEADERS, OK, RST_STREAM, startFrames, uint32 } from './support/http2-frames.js';
import { type Listen, startHttp2 } from './support/http2-upstream.js';
import { startTransport } from './support/start-transport.js';
import { startUpstream } from './support/upstream.js';

const PRIOR = { http2: 'prior-knowledge' } as const;
const trusting = { tls: { ca: CA } } satisfies TransportOptions;

const echo: Listen = (request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    const body = Buffer.concat(parts);
    const { method, url, headers } = request;
    response.end(JSON.stringify({ method, url, headers, bytes: body.length, body: body.toString().slice(0, 100) }));
  });
};

/** An upstream with TLS that does not speak HTTP/2. It answers with the method. */
async function startHttp1() {
  const upstream = await startUpstream((request, response) => {
    request.resume();
    request.once('end', () => response.end(request.method));
  }, CERTIFICATE);
  onTestFinished(() => upstream[Symbol.asyncDispose]());
  return { upstream, url: upstream.url.replace('127.0.0.1', 'localhost') };
}

const many = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

describe('HTTP/2', () => {
  it('carries forty calls at once on one session, and the next ones too', async () => {
    const upstream = await startHttp2(echo);
    const { client, transport } = startTransport(PRIOR);
    const urls = (await Promise.all(many(40, (n) => client.get(`${upstream.url}/${n}`)))).map(({ data }) => data.url);
    expect(urls).toEqual(many(40, (n) => `/${n}`));
    expect(transport.pool.stats().total).toMatchObject({ active: 0, idle: 1, created: 1 });
    const { timings, request } = await client.post(upstream.url, { a: 1 });
    expect(timings).toMatchObject({ reusedSocket: true, dnsMs: undefined, connectMs: undefined });
    expect(request.res.httpVersion).toBe('2.0');
    expect(upstream.connections).toBe(1);
  });

  it('times the opening of a session', async () => {
    const upstream = await startHttp2(echo, { tls: CERTIFICATE });
    const { client } = startTransport({ http2: true, ...trusting });
    const { timings } = await client.get(upstream.url);
    expect(timings).toMatchObject({ reusedSocket: false, connectMs: expect.any(Number), tlsMs: expect.any(Number) });
    expect(timings!.totalMs).toBeGreaterThanOrEqual(timings!.tlsMs!);
  });

  describe('sends', () => {
    it('names in lower case, the host as :authority, and nothing about the connection', async () => {
      const upstream = await startHttp2(echo);
      const { client } = startTransport(PRIOR);
      const { data } = await client.get(`${upstream.url}/a?b=c`, {
        headers: {
          'X-Mixed-Case': 'kept',
          Connection: 'close, X-Hop',
          'X-Hop': 'gone',
          'Keep-Alive': 'timeout=5',
          'Proxy-Connection': 'keep-alive',
          TE: 'gzip',
          Host: 'api.example.com',
          Cookie: 'a=1; b=2',
        },
      });
      expect(data).toMatchObject({ method: 'GET', url: '/a?b=c' });
      expect(data.headers).toMatchObject({
        ':authority': 'api.example.com',
        ':scheme': 'http',
        'x-mixed-case': 'kept',
        cookie: 'a=1; b=2',
      });
      for (const name of ['connection', 'x-hop', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding']) {
        expect(data.headers).not.toHaveProperty(name);
      }
    });

    it('TE: trailers, which is allowed', async () => {
      const upstream = await startHttp2(echo);
      const { client } = startTransport(PRIOR);
      const { data } = await client.get(upstream.url, { headers: { TE: 'trailers' } });
      expect(data.headers.te).toBe('trailers');
    });

    it('credentials, bodies in memory, forms and streams', async () => {
      const upstream = await startHttp2(echo);
      const { client } = startTransport(PRIOR);
      const auth = { username: 'user', password: 'pass' };
      const json = await client.post(upstream.url, { text: 'x'.repeat(200_000) }, { auth });
      expect(json.data).toMatchObject({ method: 'POST', bytes: 200_011 });
      expect(json.data.headers).toMatchObject({ 'content-length': '200011', authorization: 'Basic dXNlcjpwYXNz' });
      const form = await client.postForm(upstream.url, { field: 'value' });
      expect(form.data.body).toContain('form-data; name="field"');
      const parts = many(30, () => Buffer.alloc(100_000, 'x'));
      const streamed = await client.put(upstream.url, Readable.from(parts), { headers: { 'Content-Type': 'a/b' } });
      expect(streamed.data).toMatchObject({ method: 'PUT', bytes: 3_000_000 });
      const empty = await client.post(upstream.url);
      expect(empty.data).toMatchObject({ method: 'POST', bytes: 0 });
      expect(upstream.connections).toBe(1);
    });

    it.each([
      ['a method', { method: 'GE T' }, 'ERR_INVALID_HTTP_TOKEN'],
      ['a header name', { headers: { 'a b': 'c' } }, 'ERR_INVALID_HTTP_TOKEN'],
    ])('not %s that cannot be sent', async (_, config, code) => {
      const upstream = await startHttp2(echo);
      const { client } = startTransport(PRIOR);
      expect(await failureOf(client.request({ url: upstream.url, ...config }))).toMatchObject({
        isAxiosError: true,
        code,
      });
      expect(upstream.streams).toBe(0);
    });
  });

  describe('reads', () => {
    it.each([
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 304],
    ])('the answer to %s of status %i without a body', async (method, status) => {
      const upstream = await startHttp2((_, response) => {
        response.statusCode = status;
        response.setHeader('content-length', status === 200 ? '10' : '0');
        response.end();
      });
      const { client } = startTransport(PRIOR);
      const response = await client.request({ method, url: upstream.url, validateStatus: null });
      expect(response).toMatchObject({ status, data: '' });
      const stream = await client.request({
        method,
        url: upstream.url,
        validateStatus: null,
        responseType: 'stream',
      });
      expect(await (stream.data as Readable).toArray()).toEqual([]);
    });

    it('repeated headers, cookies and what is compressed', async () => {
      const upstream = await startHttp2((_, response) => {
        response.setHeader('set-cookie', ['a=1', 'b=2']);
        response.setHeader('x-list', ['1', '2']);
        response.setHeader('content-encoding', 'gzip');
        response.setHeader('content-type', 'application/json');
        response.end(gzipSync(JSON.stringify({ ok: true })));
      });
      const { client } = startTransport(PRIOR);
      const { data, headers } = await client.get(upstream.url);
      expect(data).toEqual({ ok: true });
      expect(headers).toMatchObject({ 'set-cookie': ['a=1', 'b=2'], 'x-list': '1, 2' });
      expect(headers).not.toHaveProperty(':status');
    });

    it('informational responses and trailers without taking them for the answer', async () => {
      const upstream = await startHttp2(undefined, {
        onStream: (stream) => {
          stream.additionalHeaders({ ':status': 103, link: '</a>; rel=preload' });
          stream.respond({ ':status': 200 }, { waitForTrailers: true });
          stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': 'abc' }));
          stream.end('body');
        },
      });
      const { client } = startTransport(PRIOR);
      const response = await client.get(upstream.url);
      expect(response).toMatchObject({ status: 200, data: 'body' });
      expect(response.request.res.trailers).toEqual({ 'x-sum': 'abc' });
    });

    it('redirects, also from POST to GET', async () => {
      const upstream = await startHttp2((request, response) => {
        if (request.url === '/old') {
          response.writeHead(303, { location: '/new' });
          response.end('moved');
        } else echo(request, response);
      });
      const { client } = startTransport(PRIOR);
      const response = await client.post(`${upstream.url}/old`, { a: 1 });
      expect(response.data).toMatchObject({ method: 'GET', url: '/new' });
      expect(response.request.res.responseUrl).toBe(`${upstream.url}/new`);
      expect(upstream.connections).toBe(1);
    });

    it('a body as a stream no faster than it is read', async () => {
      let sent = 0;
      const upstream = await startHttp2((request, response) => {
        if (request.method === 'HEAD') {
          response.end();
          return;
        }
        const source = new Readable({
          read() {
            sent += 64 * 1024;
            this.push(sent > 20_000_000 ? null : Buffer.alloc(64 * 1024));
          },
        });
        source.pipe(response.stream);
      });
      const { client } = startTransport(PRIOR);
      const { data } = await client.get<Readable>(upstream.url, { responseType: 'stream' });
      const other = await client.head(upstream.url); // what is not read holds up nobody else
      expect(other.status).toBe(200);
      expect(sent).toBeLessThan(3_000_000);
      let bytes = 0;
      for await (const part of data) bytes += (part as Buffer).length;
      expect(bytes).toBeGreaterThan(19_000_000);
    });

    it('an answer that comes before the request has been sent', async () => {
      const upstream = await startHttp2((_, response) => {
        response.statusCode = 413;
        response.end('too much');
      });
      const { client } = startTransport(PRIOR);
      const source = new PassThrough();
      source.write('x');
      const error = await failureOf(client.post(upstream.url, source));
      expect(error.response).toMatchObject({ status: 413, data: 'too much' });
      expect(source.destroyed).toBe(true);
      await client.head(upstream.url, { validateStatus: null });
      expect(upstream.connections).toBe(1);
    });
  });

  describe('a call that fails', () => {
    const limits = { timeouts: { responseMs: 200, bodyIdleMs: 200 } };

    it.each<[string, (respond: () => void) => void, string]>([
      ['no answer', () => {}, 'ERR_RESPONSE_TIMEOUT'],
      ['half a body', (respond) => respond(), 'ERR_BODY_TIMEOUT'],
    ])('for %s leaves the session to the others', async (_, answer, code) => {
      const resets: number[] = [];
      const upstream = await startHttp2((request, response) => {
        if (request.url === '/fine') {
          response.end('fine');
          return;
        }
        request.stream.once('close', () => resets.push(request.stream.rstCode));
        answer(() => response.write('half'));
      });
      const { client } = startTransport({ ...PRIOR, ...limits });
      const failing = failureOf(client.get(upstream.url));
      const others = many(5, () => client.get(`${upstream.url}/fine`));
      expect(await failing).toMatchObject({ code });
      for (const { data } of await Promise.all(others)) expect(data).toBe('fine');
      expect((await client.get(`${upstream.url}/fine`)).data).toBe('fine');
      expect(upstream.connections).toBe(1);
      expect(resets).toEqual([constants.NGHTTP2_CANCEL]);
    });

    it('because its caller aborts it ends its stream only', async () => {
      const upstream = await startHttp2(() => {});
      const { client, transport } = startTransport(PRIOR);
      const abort = new AbortController();
      const failing = failureOf(client.get(upstream.url, { signal: abort.signal }));
      await once(upstream.server, 'stream');
      const [session] = upstream.sessions;
      abort.abort();
      expect(await failing).toMatchObject({ code: 'ERR_CANCELED' });
      await expect.poll(() => session!.state.outboundQueueSize).toBe(0);
      expect(transport.pool.stats().total).toMatchObject({ idle: 1, active: 0, closed: 0, errors: 0 });
    });

    it('while it waits for a session takes the opening with it only where nobody else waits', async () => {
      const upstream = await startHttp2(echo);
      const { client, transport } = startTransport(PRIOR);
      const abort = new AbortController();
      const failing = failureOf(client.get(upstream.url, { signal: abort.signal }));
      const other = client.get(upstream.url);
      await new Promise(setImmediate);
      abort.abort();
      expect(await failing).toMatchObject({ code: 'ERR_CANCELED' });
      expect((await other).status).toBe(200);
      expect(transport.pool.stats().total).toMatchObject({ created: 1 });
    });

    it('by a body or headers above their limits says so', async () => {
      const upstream = await startHttp2((request, response) => {
        if (request.url === '/headers') response.setHeader('x-long', 'x'.repeat(5_000));
        if (request.url === '/lines') for (const n of many(300, (i) => i)) response.setHeader(`x-${n}`, '1');
        if (request.url === '/bomb')
          for (const n of many(30, (i) => i)) response.setHeader(`x-${n}`, 'x'.repeat(1_000));
        response.end('x'.repeat(2_000));
      });
      const options = { maxResponseBytes: 1_000, maxHeaderBytes: 4_000 };
      const { client } = startTransport({ ...PRIOR, limits: options });
      const failures = ['/', '/headers', '/lines', '/bomb'].map((path) => failureOf(client.get(upstream.url + path)));
      const codes = (await Promise.all(failures)).map(({ code }) => code);
      expect(codes).toEqual([
        'ERR_BODY_TOO_LARGE',
        'ERR_HEADERS_TOO_LARGE',
        'ERR_HEADERS_TOO_LARGE',
        'ERR_HEADERS_TOO_LARGE',
      ]);
      expect(upstream.connections).toBe(1);
    });

    it('by a reset that asks for calm does not blame headers, whatever else has come meanwhile', async () => {
      let waiting: number | undefined;
      const upstream = await startFrames(({ type, stream }, { send }) => {
        if (type !== HEADERS) return;
        if (waiting === undefined) {
          waiting = stream;
          return;
        }
        send(HEADERS, END_HEADERS, waiting, OK);
        for (let n = 0; n < 4; n++) send(DATA, n === 3 ? END_STREAM : 0, waiting, Buffer.alloc(10_000, 'x'));
        send(RST_STREAM, 0, stream, uint32(constants.NGHTTP2_ENHANCE_YOUR_CALM)); // as Node 24 does at its limit of streams
      });
      const { client } = startTransport(PRIOR);
      const answered = client.get<string>(upstream.url);
      const failed = failureOf(client.get(upstream.url));
      expect((await answered).data).toHaveLength(40_000);
      expect(await failed).toMatchObject({ code: 'ECONNRESET', message: expect.stringContaining('(code 11)') });
    });

    it.each([
      [constants.NGHTTP2_INTERNAL_ERROR, 'ECONNRESET'],
      [constants.NGHTTP2_CANCEL, 'ECONNRESET'],
      [constants.NGHTTP2_NO_ERROR, 'ECONNRESET'],
      [constants.NGHTTP2_PROTOCOL_ERROR, 'ERR_HTTP2_STREAM_ERROR'],
    ])('because its stream is reset with code %i is not sent again', async (code, expected) => {
      const upstream = await startHttp2(undefined, { onStream: (stream) => stream.close(code) });
      const { client } = startTransport(PRIOR);
      await failureOf(client.get(upstream.url));
      expect(await failureOf(client.get(upstream.url))).toMatchObject({ isAxiosError: true, code: expected });
      expect(upstream).toMatchObject({ streams: 2, connections: 1 });
    });

    it.each([0, 2, 8])('by a reset with code %i in the middle of its body is no whole answer', async (code) => {
      const upstream = await startFrames(({ type, stream }, { send }) => {
        if (type !== HEADERS) return;
        send(HEADERS, END_HEADERS, stream, OK);
        send(DATA, 0, stream, Buffer.from('half'));
        send(RST_STREAM, 0, stream, uint32(code));
      });
      const { client } = startTransport(PRIOR);
      expect(await failureOf(client.get(upstream.url))).toMatchObject({ message: 'stream has been aborted' });
      const { data } = await client.get<Readable>(upstream.url, { responseType: 'stream' });
      await expect(data.toArray()).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(upstream.connections).toHaveLength(1);
    });

    it('has no connection', async () => {
      const { client } = startTransport(PRIOR);
      const failures = many(3, () => failureOf(client.get('http://127.0.0.1:1/')));
      for (const error of await Promise.all(failures)) expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    });
  });

  describe('streams', () => {
    /** Answers when told to. */
    async function startHolding(maxConcurrentStreams: number) {
      const held: (() => void)[] = [];
      let most = 0;
      const upstream = await startHttp2(
        (_, response) => {
          held.push(() => response.end('done'));
          most = Math.max(most, held.length);
        },
        { options: { settings: { maxConcurrentStreams } } },
      );
      const answer = async (count: number) => {
        await expect.poll(() => held.length).toBe(count);
        for (const respond of held.splice(0)) respond();
      };
      return { upstream, answer, most: () => most };
    }

    it('are as many as the peer allows on as many sessions as there may be; the others wait', async () => {
      const { upstream, answer, most } = await startHolding(3);
      const { client, transport } = startTransport({ ...PRIOR, pool: { maxSockets: 2 } });
      const calls = many(13, () => client.get(upstream.url));
      await answer(6);
      await answer(6);
      await answer(1);
      for (const { data } of await Promise.all(calls)) expect(data).toBe('done');
      expect(most()).toBe(6);
      expect(upstream.connections).toBe(2);
      expect(transport.pool.stats().total).toMatchObject({ created: 2, queued: 0 });
    });

    it('are given up by a redirect before the next is asked for', async () => {
      const upstream = await startHttp2(
        (request, response) => {
          if (request.url === '/old') response.writeHead(302, { location: '/new' });
          response.end(request.url === '/old' ? 'moved' : 'there');
        },
        { options: { settings: { maxConcurrentStreams: 1 } } },
      );
      const { client } = startTransport({ ...PRIOR, pool: { maxSockets: 1 } });
      const calls = many(4, () => client.get(`${upstream.url}/old`));
      for (const { data } of await Promise.all(calls)) expect(data).toBe('there');
      expect(upstream.connections).toBe(1);
    });

    it('are refused by the queue where too many wait', async () => {
      const { upstream, answer } = await startHolding(1);
      const { client } = startTransport({ ...PRIOR, pool: { maxSockets: 1, maxQueued: 1 } });
      const first = client.get(upstream.url);
      const second = client.get(upstream.url);
      expect(await failureOf(client.get(upstream.url))).toMatchObject({ code: 'ERR_POOL_QUEUE_FULL' });
      await answer(1);
      await answer(1);
      expect((await Promise.all([first, second])).map(({ data }) => data)).toEqual(['done', 'done']);
      expect(upstream.connections).toBe(1);
    });

    it('count as the sockets that they share, where there is a limit for all sockets', async () => {
      const { upstream, answer } = await startHolding(100);
      const { client } = startTransport({ ...PRIOR, pool: { maxSockets: 2, maxTotalSockets: 3 } });
      await Promise.all([client.get(upstream.url), answer(1)]);
      const calls = many(150, () => client.get(upstream.url));
      await answer(150);
      await Promise.all(calls);
      expect(upstream.connections).toBe(2);
    });

    it('of several new origins close as many idle sessions, not one of them twice', async () => {
      const listen: Listen = (_, response) => void response.end('ok');
      const upstreams = await Promise.all(many(4, () => startHttp2(listen)));
      const [first, second, ...others] = upstreams.map(({ url }) => url);
      const { client, transport } = startTransport({ ...PRIOR, pool: { maxSockets: 2, maxTotalSockets: 2 } });
      await Promise.all([client.get(first!), client.get(second!)]);
      await Promise.all(others.map((url) => client.get(url)));
      expect(transport.pool.stats().total).toMatchObject({ created: 4, idle: 2, closed: 2 });
    });
  });

  describe('a session that its peer ends', () => {
    const FORTY = many(40, (n) => n);

    /** Lets the streams up to `last` be answered, and says so when the fortieth has come. */
    async function startLeaving(leave: (session: http2.ServerHttp2Session, ids: number[]) => void) {
      const seen: string[] = [];
      const answered: string[] = [];
      let isFirst = true;
      const waiting: { id: number; respond: () => void }[] = [];
      const upstream = await startHttp2(undefined, {
        onStream: (stream, headers) => {
          const path = headers[':path']!;
          seen.push(path);
          const respond = () => {
            if (stream.destroyed) return;
            answered.push(path);
            stream.respond({ ':status': 200 });
            stream.end(path);
          };
          if (stream.session !== upstream.sessions[0] || !isFirst) return respond();
          waiting.push({ id: stream.id!, respond });
          if (waiting.length < 40) return;
          isFirst = false;
          leave(
            stream.session as http2.ServerHttp2Session,
            waiting.map(({ id }) => id),
          );
          for (const { respond: late } of waiting) setImmediate(late);
        },
      });
      return { upstream, seen, answered };
    }

    it.each<[string, (session: http2.ServerHttp2Session, ids: number[]) => void, string, number]>([
      ['after all of them', (session, ids) => session.goaway(0, ids.at(-1)), 'POST', 40],
      ['in the middle', (session, ids) => session.goaway(0, ids[9]), 'POST', 70],
      [
        'first as a warning, then in the middle',
        (session, ids) => {
          session.goaway(0, 2 ** 31 - 1);
          setImmediate(() => session.goaway(0, ids[9]));
        },
        'GET',
        70,
      ],
      [
        'in the middle with an error code',
        (session, ids) => session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, ids[9]),
        'POST',
        70,
      ],
    ])('with GOAWAY %s loses none of forty calls', async (_, leave, method, streams) => {
      const { upstream, seen } = await startLeaving(leave);
      const { client, transport } = startTransport(PRIOR);
      const calls = FORTY.map((n) => client.request({ method, url: `${upstream.url}/${n}` }));
      expect((await Promise.all(calls)).map(({ data }) => data)).toEqual(FORTY.map((n) => `/${n}`));
      const next = await client.get(`${upstream.url}/next`);
      expect(next.data).toBe('/next');
      expect(upstream.connections).toBe(2);
      if (method === 'POST') expect(seen).toHaveLength(streams + 1);
      await expect.poll(() => transport.pool.stats().total.closed).toBe(1);
    });

    it('with GOAWAY and at once loses only what it may have looked at', async () => {
      const upstream = await startHttp2(undefined, {
        onStream: (stream) => {
          if (upstream.connections > 1) {
            stream.respond({ ':status': 200 });
            stream.end('again');
          }
          if (upstream.connections > 1 || stream.id! < 79) return;
          const session = stream.session as http2.ServerHttp2Session;
          session.goaway(0, 19); // ten of forty
          setImmediate(() => session.destroy());
        },
      });
      const { client } = startTransport(PRIOR);
      const results = await Promise.allSettled(FORTY.map(() => client.post(upstream.url)));
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(30);
      for (const result of results.slice(0, 10)) {
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ECONNRESET' } });
      }
    });

    it('in the middle of forty GETs on a session that has served before answers all of them', async () => {
      let isCut = false;
      const upstream = await startHttp2(undefined, {
        onStream: (stream) => {
          if (stream.id === 81 && !isCut) {
            isCut = true;
            upstream.cut();
          } else if (upstream.connections > 1 || stream.id === 1) {
            stream.respond({ ':status': 200 });
            stream.end('fine');
          }
        },
      });
      const { client } = startTransport(PRIOR);
      await client.get(upstream.url);
      const responses = await Promise.all(FORTY.map(() => client.get(upstream.url)));
      expect(responses.map(({ data }) => data)).toEqual(FORTY.map(() => 'fine'));
      expect(upstream.connections).toBe(2);
    });

    it('by refusing a stream has it sent again, whatever its method, but not for ever', async () => {
      const seen: string[] = [];
      const upstream = await startHttp2(undefined, {
        onStream: (stream, headers) => {
          seen.push(headers[':path']!);
          if (headers[':path'] === '/always' || seen.length === 1)
            return stream.close(constants.NGHTTP2_REFUSED_STREAM);
          stream.respond({ ':status': 200 });
          stream.end('fine');
        },
      });
      const { client } = startTransport(PRIOR);
      expect((await client.post(`${upstream.url}/once`, { a: 1 })).data).toBe('fine');
      expect(seen).toEqual(['/once', '/once']);
      expect(await failureOf(client.post(`${upstream.url}/always`))).toMatchObject({ code: 'ECONNRESET' });
      expect(seen).toHaveLength(2 + 4);
    });

    it('while it is idle is not used again', async () => {
      const upstream = await startHttp2(echo);
      const { client, transport } = startTransport(PRIOR);
      await client.get(upstream.url);
      upstream.sessions[0]!.close();
      await expect.poll(() => transport.pool.stats().total).toMatchObject({ idle: 0, closed: 1 });
      expect((await client.post(upstream.url)).status).toBe(200);
      expect(upstream.connections).toBe(2);
    });
  });

  describe('where TLS has a say', () => {
    it('uses HTTP/2 for an upstream that speaks both', async () => {
      const upstream = await startHttp2(echo, { tls: { ...CERTIFICATE, allowHTTP1: true } });
      const { client } = startTransport({ http2: true, ...trusting });
      const { data, request } = await client.get(upstream.url);
      expect(data.headers).toMatchObject({ ':scheme': 'https' });
      expect(request.res.httpVersion).toBe('2.0');
    });

    it.each(['node:http', 'undici'] as const)(
      'falls back to the HTTP/1.1 of %s, each call with a socket of its own',
      async (engine) => {
        const { url, upstream } = await startHttp1();
        const { client, transport } = startTransport({ http2: true, engine, ...trusting, pool: { maxSockets: 5 } });
        const first = await Promise.all(many(20, () => client.get(url)));
        expect(first.map(({ data }) => data)).toEqual(many(20, () => 'GET'));
        expect(upstream.connections).toBe(5);
        const second = await client.post(url, Readable.from(['a', 'b']));
        expect(second.data).toBe('POST');
        expect(second.timings!.reusedSocket).toBe(true);
        expect(second.request.res.httpVersion).toBe('1.1');
        expect(upstream.connections).toBe(5);
        await expect.poll(() => transport.pool.stats().total).toMatchObject({ active: 0, idle: 5 });
      },
    );

    it.each(['node:http', 'undici'] as const)(
      'falls back to the HTTP/1.1 of %s with what that cannot send, or nobody can, as without HTTP/2',
      async (engine) => {
        const { url } = await startHttp1();
        const odd = [
          { method: 'post', data: 'a', headers: { expect: '100-continue' } },
          { method: 'post', data: 'a', headers: { 'transfer-encoding': 'chunked' } },
          { headers: { trailer: 'x-sum' } },
          { headers: { 'keep-alive': 'timeout=5' } },
          { headers: { 'x-other-script': '\u4e2d' } },
          { headers: { Host: 'a', host: 'b' } },
        ];
        const outcomes = async (http2: boolean, isWarm: boolean) => {
          const { client, transport } = startTransport({ http2, engine, ...trusting, pool: { maxSockets: 1 } });
          if (isWarm) await client.get(url);
          const seen: unknown[] = [];
          for (const config of odd) {
            // oxlint-disable-next-line no-await-in-loop -- each with the socket of the one before
            seen.push(
              await client.request({ url, ...config }).then(
                ({ data }) => data,
                ({ code }) => code,
              ),
            );
          }
          await expect.poll(() => transport.pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0 } });
          return seen;
        };
        const expected = await outcomes(false, true);
        expect(expected).toContain('ERR_HTTP_TRAILER_INVALID');
        expect(await outcomes(true, false)).toEqual(expected);
        expect(await outcomes(true, true)).toEqual(expected);
      },
    );

    it("does not fall back with 'prior-knowledge'", async () => {
      const server = https.createServer({ ...CERTIFICATE, ALPNProtocols: ['http/1.1'] }).listen(0);
      await once(server, 'listening');
      onTestFinished(() => void server.close());
      const { client } = startTransport({ ...PRIOR, ...trusting });
      const error = await failureOf(client.get(`https://localhost:${(server.address() as AddressInfo).port}`));
      expect(error).toMatchObject({ code: expect.stringMatching(/ALPN|NO_APPLICATION_PROTOCOL|NOT_OFFERED/) });
    });

    it('has cleartext go by HTTP/1.1', async () => {
      const upstream = await startUpstream();
      onTestFinished(() => upstream[Symbol.asyncDispose]());
      const { client } = startTransport({ http2: true });
      expect((await client.get(upstream.url)).request.res.httpVersion).toBe('1.1');
    });

    it('has an upstream that speaks HTTP/1.1 in clear told from one that does not answer', async () => {
      const upstream = await startUpstream();
      onTestFinished(() => upstream[Symbol.asyncDispose]());
      const { client } = startTransport(PRIOR);
      const error = await failureOf(client.get(upstream.url));
      expect(error).toMatchObject({ isAxiosError: true, code: expect.stringMatching(/^ERR_HTTP2|ECONNRESET/) });
    });
  });

  it('drains: what is under way is answered, then every session hears goodbye', async () => {
    const held: (() => void)[] = [];
    const upstream = await startHttp2((_, response) => {
      held.push(() => response.end('done'));
    });
    const { client, transport } = startTransport(PRIOR);
    const calls: Promise<AxiosResponse>[] = many(3, () => client.get(upstream.url));
    await expect.poll(() => held.length).toBe(3);
    const closing = transport.close();
    expect(await failureOf(client.get(upstream.url))).toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
    for (const respond of held) respond();
    for (const { data } of await Promise.all(calls)) expect(data).toBe('done');
    expect(await closing).toMatchObject({ finished: 3, aborted: 0, socketsClosed: 1 });
    await expect.poll(() => upstream.goaways).toEqual([0]);
  });

  it('closes idle sessions in order', async () => {
    const upstream = await startHttp2(echo);
    const { client, transport } = startTransport({ ...PRIOR, pool: { idleMs: 50 } });
    await client.get(upstream.url);
    await expect.poll(() => transport.pool.stats().total).toMatchObject({ idle: 0, closed: 1, errors: 0, timedOut: 0 });
    await expect.poll(() => upstream.goaways).toEqual([0]);
  });
});
