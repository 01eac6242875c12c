import type { AxiosInstance, AxiosRequestConfig } from 'axios';
import { once } from 'node:events';
import * as http from 'node:http';
import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { BodyTooLargeError, type HttpClientModuleOptions, isHttpClientError } from '../../src/index.js';
import type { ErrorCode, ReplyHeaders } from '../../src/testing/index.js';
import { failureOf } from '../support/failure-of.js';
import { BASE_URL, startTestApp } from '../support/testing-app.js';
import { startUpstream } from '../support/upstream.js';

interface Sent {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: ReplyHeaders;
}

/** What a call comes to that is answered by a real upstream, and by the controller. */
async function both(sent: Sent, config: AxiosRequestConfig, options: HttpClientModuleOptions = {}) {
  await using upstream = await startUpstream((_request, response) => {
    response.sendDate = false;
    response.statusCode = sent.status;
    for (const [name, value] of Object.entries(sent.headers ?? {})) response.setHeader(name, value);
    response.end(sent.body);
  });
  const { client, controller } = await startTestApp({ confine: false, ...options }, { passThrough: [upstream.url] });
  controller.match('/').reply(sent.status, sent.body, sent.headers);
  return [await outcomeOf(client, { ...config, baseURL: upstream.url }), await outcomeOf(client, { ...config })];
}

async function outcomeOf(client: AxiosInstance, config: AxiosRequestConfig) {
  try {
    return shown(await client.request({ url: '/', ...config }));
  } catch (error: any) {
    const { name, code, isAxiosError } = error;
    const message = error.message.replace(new URL(config.baseURL ?? BASE_URL).origin, 'the upstream');
    return { name, message, code, isAxiosError, response: error.response && (await shown(error.response)) };
  }
}

async function shown({ status, statusText, headers, data, config, request }: any) {
  const { connection: _connection, 'keep-alive': _keepAlive, ...others } = headers.toJSON();
  const isStream = data instanceof Readable;
  return {
    status,
    statusText,
    headers: others,
    kind: isStream ? 'stream' : Buffer.isBuffer(data) ? 'bytes' : typeof data,
    data: isStream ? await text(data) : data,
    method: config.method,
    path: request.path,
  };
}

const JSON_TYPE = { 'content-type': 'application/json' };

describe('an answer is what it would be from a real upstream', () => {
  it.each<[string, Sent, AxiosRequestConfig?, HttpClientModuleOptions?]>([
    ['JSON', { status: 200, body: '{"a":[1,2]}', headers: JSON_TYPE }],
    ['text', { status: 200, body: 'text' }],
    ['nothing', { status: 204 }],
    ['a refused status', { status: 404, body: '{"why":"gone"}', headers: JSON_TYPE }],
    ['a status 500', { status: 500, body: 'oops' }],
    ['a status that is accepted', { status: 404, body: 'x' }, { validateStatus: () => true }],
    ['bytes', { status: 200, body: Buffer.from([0, 255]) }, { responseType: 'arraybuffer' }],
    ['a stream', { status: 200, body: 'streamed' }, { responseType: 'stream' }],
    ['a refused stream', { status: 502, body: 'streamed' }, { responseType: 'stream' }],
    ['a gzipped body', { status: 200, body: gzipSync('{"z":1}'), headers: { 'content-encoding': 'gzip' } }],
    ['bytes that are no gzip', { status: 200, body: 'no', headers: { 'content-encoding': 'gzip' } }],
    ['HEAD', { status: 200, body: 'text' }, { method: 'HEAD' }],
    ['several cookies', { status: 200, headers: { 'set-cookie': ['a=1', 'b=2'] } }],
    ['bad JSON', { status: 200, body: '{' }, { responseType: 'json', transitional: { silentJSONParsing: false } }],
    ['a body that is too large', { status: 200, body: 'x'.repeat(20) }, {}, { limits: { maxResponseBytes: 10 } }],
    ['a body larger than the call allows', { status: 200, body: 'x'.repeat(20) }, { maxContentLength: 10 }],
    ['a redirect in a circle', { status: 302, headers: { location: '/' } }],
    ['a redirect nowhere', { status: 302, headers: { location: 'ftp://files.example/' } }],
    ['a redirect that is not followed', { status: 302, headers: { location: '/' } }, { maxRedirects: 0 }],
    ['progress, by way of the adapter of axios', { status: 200, body: 'text' }, { onDownloadProgress: () => {} }],
  ])('%s', async (_case, sent, config = {}, options = {}) => {
    const [real, tested] = await both(sent, config, options);
    expect(tested).toEqual(real);
  });

  it('of the class that the transport throws', async () => {
    const { client, controller } = await startTestApp({ limits: { maxResponseBytes: 10 } });
    controller.match('/').reply(200, 'x'.repeat(11));
    expect(await failureOf(client.get('/'))).toBeInstanceOf(BodyTooLargeError);
  });
});

describe('a reply', () => {
  it.each([
    [{ a: 1 }, { a: 1 }, 'application/json; charset=utf-8'],
    [[1, 2], [1, 2], 'application/json; charset=utf-8'],
    [null, null, 'application/json; charset=utf-8'],
    [0, 0, 'application/json; charset=utf-8'],
    ['text', 'text', undefined],
    [Buffer.from('bytes'), 'bytes', undefined],
    [undefined, '', undefined],
  ])('of %j', async (body, data, type) => {
    const { client, controller } = await startTestApp();
    controller.match('/').reply(200, body);
    const response = await client.get('/');
    expect([response.data, response.headers['content-type']]).toEqual([data, type]);
    const { 'content-type': _type, 'content-length': length, ...others } = response.headers;
    expect([Number(length), others]).toEqual([expect.any(Number), {}]); // nothing that the test has not said
  });

  it.each([
    [() => [99], 'status: expected a whole number from 200 to 599, got 99'],
    [() => [200, '', { 'bad name': 'x' }], 'Header name must be a valid HTTP token'],
    [() => [200, '', { x: 'line\nbreak' }], 'Invalid character in header content'],
  ])('is refused where no server could send it', async (args, message) => {
    const { controller } = await startTestApp();
    expect(() => controller.match('/').reply(...(args() as [number]))).toThrow(message);
  });
});

describe('a streamed answer', () => {
  it('comes part by part, or as a whole for a call that wants no stream', async () => {
    const { client, controller } = await startTestApp();
    controller
      .match('/')
      .stream(() => ['{"a":', Buffer.from('1}')], { headers: { 'content-type': 'application/json' } });
    expect((await client.get('/')).data).toEqual({ a: 1 });
    const { data } = await client.get<Readable>('/', { responseType: 'stream' });
    const parts: string[] = [];
    data.on('data', (part) => parts.push(String(part)));
    await once(data, 'end');
    expect(parts).toEqual(['{"a":', '1}']);
  });

  it('has objects as lines of JSON, and any status', async () => {
    const { client, controller } = await startTestApp({ axios: { validateStatus: () => true } });
    controller.expectOne('/').stream([{ id: 1 }, { id: 2 }], { status: 207 });
    expect(await client.get('/')).toMatchObject({ status: 207, data: '{"id":1}\n{"id":2}\n' });
  });

  it('is cut where its source fails', async () => {
    const { client, controller } = await startTestApp();
    controller.match('/').stream(async function* () {
      yield 'half';
      throw new Error('the source');
    });
    expect(await failureOf(client.get('/'))).toMatchObject({
      code: 'ERR_BAD_RESPONSE',
      message: 'stream has been aborted',
    });
    const { data } = await client.get<Readable>('/', { responseType: 'stream' });
    expect(await failureOf(text(data))).toMatchObject({ code: 'ECONNRESET', message: 'aborted' });
  });

  it('lets its source go when the caller does', async () => {
    const { client, controller } = await startTestApp();
    let closed!: () => void;
    const isClosed = new Promise<void>((resolve) => (closed = resolve));
    controller.match('/').stream(async function* () {
      try {
        for (;;) yield 'more';
      } finally {
        closed();
      }
    });
    const { data } = await client.get<Readable>('/', { responseType: 'stream' });
    data.destroy();
    await isClosed;
  });
});

describe('an error', () => {
  const shownError = ({ name, message, code, isAxiosError, cause }: any) => ({
    name,
    message,
    code,
    isAxiosError,
    cause: cause && { ...cause, message: cause.message },
  });

  it('is what a real upstream makes of it', async () => {
    const reset = createServer((socket) => socket.on('data', () => socket.resetAndDestroy()));
    onTestFinished(() => void reset.close());
    const listening = await new Promise<number>((resolve) => {
      reset.listen(0, '127.0.0.1', () => resolve((reset.address() as { port: number }).port));
    });
    const refusing = 1; // nobody listens below 1024, and nobody is given such a port
    const [real, tested] = [
      await startTestApp({}, { passThrough: [`http://127.0.0.1:${listening}`, `http://127.0.0.1:${refusing}`] }),
      await startTestApp(),
    ];
    const codes: [ErrorCode, number][] = [
      ['ECONNRESET', listening],
      ['ECONNREFUSED', refusing],
    ];
    for (const [code, port] of codes) {
      const url = `http://127.0.0.1:${port}/`;
      tested.controller.expectOne(url).error(code);
      const failure = await failureOf(tested.client.post(url, 'x'));
      expect(shownError(failure)).toEqual(shownError(await failureOf(real.client.post(url, 'x'))));
    }
  });

  it.each<[ErrorCode, string]>([
    ['ENOTFOUND', 'getaddrinfo ENOTFOUND api.example.com'],
    ['EAI_AGAIN', 'getaddrinfo EAI_AGAIN api.example.com'],
    ['ETIMEDOUT', 'connect ETIMEDOUT api.example.com:443'],
    ['EHOSTUNREACH', 'connect EHOSTUNREACH api.example.com:443'],
    ['ENETUNREACH', 'connect ENETUNREACH api.example.com:443'],
    ['EPIPE', 'write EPIPE'],
    ['CERT_HAS_EXPIRED', 'certificate has expired'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'],
  ])('%s', async (code, message) => {
    const { client, controller } = await startTestApp();
    controller.expectOne('/').error(code);
    expect(await failureOf(client.get('/'))).toMatchObject({ name: 'Error', isAxiosError: true, code, message });
  });

  it.each<[ErrorCode, string, string]>([
    ['ERR_CONNECT_TIMEOUT', 'ConnectTimeoutError', 'not connected after 5000 ms'],
    ['ERR_RESPONSE_TIMEOUT', 'ResponseTimeoutError', 'no response headers after 10000 ms'],
    ['ERR_BODY_TIMEOUT', 'BodyTimeoutError', 'the response body was silent for 10000 ms'],
    ['ECONNABORTED', 'AxiosError', 'timeout of 30000ms exceeded'],
  ])('%s, without its time', async (code, name, message) => {
    const { client, controller } = await startTestApp();
    controller.expectOne('/').error(code);
    const error = await failureOf(client.get('/'));
    expect(error).toMatchObject({ name, code, message: expect.stringContaining(message) });
    expect(isHttpClientError(error)).toBe(code.startsWith('ERR_'));
  });

  it('cannot be a timeout that the client does not have', async () => {
    const { client, controller } = await startTestApp({ timeouts: { responseMs: false } });
    controller.expectOne('/').error('ERR_RESPONSE_TIMEOUT');
    expect((await failureOf(client.get('/'))).message).toContain('timeouts.responseMs is off for this client');
    expect(() => controller.verify()).toThrow('timeouts.responseMs is off');
  });

  it('is the very error that the test gives', async () => {
    const { client, controller } = await startTestApp();
    const error = new TypeError('mine');
    controller.expectOne('/').error(error);
    expect(await failureOf(client.get('/'))).toBe(error);
  });
});

describe('a request is what an upstream would get', () => {
  it('with its form', async () => {
    const { client, controller } = await startTestApp();
    const form = new FormData();
    form.set('name', 'Ada');
    form.set('file', new Blob(['content']), 'file.txt');
    const expected = controller.expectOne({ method: 'POST', body: /filename="file.txt"[^]*content/ }).reply(200);
    await client.post('/upload', form);
    expect(expected.request.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(Number(expected.request.headers['content-length'])).toBe(expected.request.rawBody.length);
  });

  it('with its stream, urlencoded fields, and parameters as axios writes them', async () => {
    const { client, controller } = await startTestApp();
    const expected = controller.match({ method: 'POST' }).reply(200);
    await client.post('/a', Readable.from(['part ', 'by part']), { headers: { 'content-type': 'text/plain' } });
    await client.post('/b', new URLSearchParams({ a: '1', b: '2' }));
    await client.post('/c', null, { params: { ids: [1, 2], at: new Date(0) } });
    const [a, b, c] = expected.requests;
    expect(a).toMatchObject({ body: 'part by part', headers: { 'transfer-encoding': 'chunked' } });
    expect(b!.body).toEqual({ a: '1', b: '2' });
    expect(c!.url).toBe(`${BASE_URL}/c?ids%5B%5D=1&ids%5B%5D=2&at=1970-01-01T00:00:00.000Z`);
  });

  it('at each hop of a redirect, without credentials at the next host', async () => {
    const { client, controller } = await startTestApp();
    controller.expectOne(`${BASE_URL}/old`).reply(302, '', { location: 'https://other.example/new' });
    controller.expectOne({ url: 'https://other.example/new', headers: { authorization: null } }).reply(200, 'moved');
    const { data } = await client.get('/old', { headers: { authorization: 'Bearer x' } });
    expect(data).toBe('moved');
    controller.verify();
  });

  it('through a socket path', async () => {
    const { client, controller } = await startTestApp({ confine: false });
    const expected = controller.expectOne({ url: '/containers' }).reply(200);
    await client.get('http://docker/containers', { socketPath: '/var/run/docker.sock' });
    expect(expected.request.url).toBe('http://docker/containers');
  });
});

describe('nothing reaches the network', () => {
  it.each<[string, (url: string) => AxiosRequestConfig]>([
    ['by an address', () => ({})],
    ['by an agent of its own', () => ({ httpAgent: new http.Agent() })],
    ['by a transport of its own', () => ({ transport: http })],
    ['by HTTP/2', () => ({ httpVersion: 2 }) as AxiosRequestConfig],
    ['by a proxy', (url) => ({ proxy: { host: '127.0.0.1', port: Number(new URL(url).port) } })],
    [
      'by a proxy and the adapter of axios',
      (url) => ({
        proxy: { host: '127.0.0.1', port: Number(new URL(url).port) },
        onDownloadProgress: () => {},
      }),
    ],
    ['by redirects of axios', () => ({ beforeRedirect: () => {} })],
  ])('%s', async (_case, config) => {
    await using upstream = await startUpstream();
    const { client, controller } = await startTestApp({ confine: false });
    const seen = controller
      .match(/./)
      .replyWith(({ path }) =>
        path === '/first' ? { status: 302, headers: { location: '/second' } } : { status: 200, body: 'tested' },
      );
    const { data } = await client.get(`${upstream.url}/first`, config(upstream.url));
    expect(data).toBe('tested');
    expect(seen.requests.map(({ url }) => url)).toEqual([`${upstream.url}/first`, `${upstream.url}/second`]);
    expect(upstream.connections).toBe(0);
  });

  it.each<[string, AxiosRequestConfig]>([
    ['the transport itself', {}],
    ['the adapter of axios', { onDownloadProgress: () => {} }],
  ])('by tunnels or proxies of the environment, with %s', async (_way, config) => {
    await using upstream = await startUpstream();
    vi.stubEnv('HTTP_PROXY', upstream.url);
    vi.stubEnv('HTTPS_PROXY', upstream.url);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { client, controller } = await startTestApp({ confine: false });
    controller.match(/./).reply(200, 'tested');
    const proxy = { host: '127.0.0.1', port: Number(new URL(upstream.url).port) };
    for (const url of ['http://plain.example/', 'https://secure.example/']) {
      expect((await client.get(url, config)).data).toBe('tested');
      expect((await client.get(url, { ...config, proxy })).data).toBe('tested');
    }
    expect(controller.requests.map(({ url }) => new URL(url).host)).toEqual([
      'plain.example',
      'plain.example',
      'secure.example',
      'secure.example',
    ]);
    controller.expectOne('http://plain.example/').error('ECONNREFUSED');
    const { message } = await failureOf(client.get('http://plain.example/', { ...config, proxy }));
    expect(message).toBe('connect ECONNREFUSED plain.example:80');
    expect(upstream.connections).toBe(0);
  });

  it('and what the guard refuses is refused, but names are not looked up', async () => {
    const { client, controller } = await startTestApp({ guard: true, confine: false });
    controller.match(/./).reply(200, 'ok');
    expect((await client.get('http://name.invalid/')).data).toBe('ok');
    expect(await failureOf(client.get('http://169.254.169.254/'))).toMatchObject({ code: 'ERR_ADDRESS_BLOCKED' });
    const withAgent = { httpAgent: new http.Agent() };
    expect(await failureOf(client.get('http://name.invalid/', withAgent))).toMatchObject({
      code: 'ERR_ADDRESS_BLOCKED',
    });
    controller.match('/away').reply(302, '', { location: 'http://10.0.0.1/' });
    const viaAxios = { onDownloadProgress: () => {} };
    const hook = (options: Record<string, any>) => void (options['nativeProtocols'] = {});
    for (const config of [{}, viaAxios]) {
      expect(await failureOf(client.get('http://name.invalid/away', config))).toMatchObject({ rule: 'private' });
      const proxy = { host: 'name.invalid', port: 80 };
      expect(await failureOf(client.get('http://name.invalid/', { ...config, proxy }))).toMatchObject({
        rule: 'setting proxy',
      });
    }
    expect(await failureOf(client.get('http://name.invalid/away', { beforeRedirect: hook }))).toMatchObject({
      rule: 'setting beforeRedirect',
    });
    expect(await failureOf(client.get('http://name.invalid/', { adapter: 'http' }))).toMatchObject({
      rule: 'setting adapter',
    });
  });
});

describe('hosts that are let through', () => {
  it('are called for real, and only they', async () => {
    await using upstream = await startUpstream((request, response) => {
      if (request.url === '/away') response.writeHead(302, { location: 'http://elsewhere.invalid/' }).end();
      else response.end('real');
    });
    const { client, controller } = await startTestApp(
      { baseURL: upstream.url, confine: false },
      { passThrough: [`${upstream.url}/any/path`] },
    );
    controller.match(`${BASE_URL}/`).reply(200, 'tested');
    expect((await client.get('/')).data).toBe('real');
    expect((await client.get('/', { onDownloadProgress: () => {} })).data).toBe('real');
    expect((await client.get(`${BASE_URL}/`)).data).toBe('tested');
    expect((await failureOf(client.get('/away'))).message).toContain('http://elsewhere.invalid/');
    const viaAxios = { beforeRedirect: () => {} };
    expect((await failureOf(client.get('/away', viaAxios))).message).toContain(
      'redirected to http://elsewhere.invalid',
    );
    expect(controller.requests.map(({ url }) => url)).toEqual([`${BASE_URL}/`, 'http://elsewhere.invalid/']);
    controller.reset();
  });
});
