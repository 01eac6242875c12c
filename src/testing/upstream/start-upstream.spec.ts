import axios, { type AxiosInstance } from 'axios';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTransport, type Transport } from '../../client/create-transport.js';
import type { TransportOptions } from '../../options/http-client-options.js';
import { bytes, json, redirect, retryLater, status, text } from './answers.js';
import { hold, sequence } from './control.js';
import { hang, reset } from './failures.js';
import { listener, raw } from './listener.js';
import { startUpstream, type Upstream } from './start-upstream.js';
import { testCertificate } from './test-certificate.js';

let upstream: Upstream;
const transports: Transport[] = [];

function start(options: TransportOptions = {}, baseURL = upstream.url): AxiosInstance {
  const transport = createTransport(options);
  transports.push(transport);
  return axios.create({ adapter: transport, baseURL, validateStatus: null });
}

beforeEach(async () => {
  upstream = await startUpstream();
});

afterEach(async () => {
  await Promise.all(transports.splice(0).map((transport) => transport.close()));
  await upstream.close();
});

describe('what is scripted', () => {
  it('answers with what a function makes of the request', async () => {
    upstream.on('POST /users/:id', (request) =>
      json({ id: request.params.id, page: request.query.get('page'), sent: request.json() }, { status: 201 }),
    );
    const { status: code, headers, data } = await start().post('/users/a%20b?page=2', { name: 'Ada' });
    expect(code).toBe(201);
    expect(headers['content-type']).toBe('application/json');
    expect(data).toEqual({ id: 'a b', page: '2', sent: { name: 'Ada' } });
  });

  it('is answered by the newest that matches', async () => {
    upstream.on('*', text('any')).on('/a', text('path')).on('GET /a', text('method'));
    const client = start();
    const answers = [client.get('/a'), client.post('/a'), client.get('/b')];
    expect((await Promise.all(answers)).map(({ data }) => data)).toEqual(['method', 'path', 'any']);
    upstream.on('*', text('newest'));
    expect((await client.get('/a')).data).toBe('newest');
  });

  it('is missing: the answer says so', async () => {
    const client = start();
    expect(await client.get('/x?token=t')).toMatchObject({
      status: 501,
      data: 'No handler for GET /x. Nothing is scripted.\n',
    });
    upstream.on('GET /users/:id', json({})).on('/flaky', reset());
    expect((await client.post('/users/7')).data).toBe(
      'No handler for POST /users/7. Scripted: GET /users/:id, /flaky.\n',
    );
  });

  it('fails: its request gets a 500, and close fails with the error', async () => {
    const own = await startUpstream();
    const mistake = new Error('expected another name');
    own.on('*', () => {
      throw mistake;
    });
    const answer = await start({}, own.url).get('/x');
    expect(answer.status).toBe(500);
    expect(answer.data).toBe('The handler of GET /x has failed: Error: expected another name');
    await expect(own.close()).rejects.toBe(mistake);
    await own.close();
  });

  it('fails more than once: close fails with all errors', async () => {
    const own = await startUpstream();
    own.on('*', async () => {
      throw new Error('again');
    });
    await Promise.all([start({}, own.url).get('/x'), start({}, own.url).get('/x')]);
    await expect(own.close()).rejects.toMatchObject({ errors: [{ message: 'again' }, { message: 'again' }] });
  });

  it('is forgotten by clear, with what was received', async () => {
    upstream.on('*', text('x'));
    const client = start();
    await client.get('/');
    upstream.clear();
    expect(upstream.requests()).toEqual([]);
    expect((await client.get('/')).status).toBe(501);
    expect(upstream.sockets.opened).toBe(1);
  });

  it.each([
    ['nothing', undefined],
    ['no reply', { status: 200 }],
  ])('is %s: that is refused, also from a function and in a sequence', async (_what, reply) => {
    const own = await startUpstream();
    const told = 'as json({ ok: true }) or status(503), got ';
    expect(() => own.on('/x', reply as never)).toThrow(`expected a reply, ${told}`);
    expect(() => sequence(reply as never)).toThrow(`expected a reply, ${told}`);
    own.on('/x', () => reply as never);
    await start({}, own.url).get('/x');
    await expect(own.close()).rejects.toThrow(`expected a reply from the function, ${told}`);
  });

  it('is no pattern', () => {
    expect(() => upstream.on('users', text('x'))).toThrow(TypeError);
  });
});

describe('answers', () => {
  const answerTo = async (path = '/', options?: TransportOptions) => start(options).get(path);

  it('with bytes, a text, a status', async () => {
    upstream
      .on('/bytes', bytes(Buffer.from([1, 2, 3])))
      .on('/text', text('né'))
      .on('/none', status(204));
    expect((await start().get('/bytes', { responseType: 'arraybuffer' })).data).toEqual(Buffer.from([1, 2, 3]));
    expect((await answerTo('/text')).data).toBe('né');
    const { status: code, headers } = await answerTo('/none');
    expect(code).toBe(204);
    expect(headers).not.toHaveProperty('content-length');
    expect(headers).not.toHaveProperty('content-type');
  });

  it.each([NaN, -1, Infinity, 2 ** 31, '5', 5n, null])('never after a delay of %o, which is none', (delay) => {
    const ms = delay as number;
    expect(() => text('x', { headersDelayMs: ms })).toThrow(
      /^headersDelayMs: expected milliseconds from 0 to 2147483647/,
    );
    expect(() => json({}, { bodyDelayMs: ms })).toThrow(/^bodyDelayMs: expected milliseconds/);
    expect(() => text('x', { drip: { chunkBytes: 1, everyMs: ms } })).toThrow(/^drip.everyMs: expected milliseconds/);
  });

  it.each([0, NaN, 0.5, '1'])('never in parts of %o bytes', (chunkBytes) => {
    const drip = { chunkBytes: chunkBytes as number, everyMs: 1 };
    expect(() => text('x', { drip })).toThrow(/^drip.chunkBytes: expected a whole number from 1/);
  });

  it('with headers of their own, or without', async () => {
    upstream.on(
      '/',
      json({}, { headers: { 'content-type': 'application/problem+json', 'set-cookie': ['a=1', 'b=2'] } }),
    );
    upstream.on('/none', json({}, { headers: { 'content-type': undefined } }));
    const { headers } = await answerTo();
    expect(headers).toMatchObject({ 'content-type': 'application/problem+json', 'set-cookie': ['a=1', 'b=2'] });
    expect((await answerTo('/none')).headers).not.toHaveProperty('content-type');
  });

  it('to HEAD have no body', async () => {
    upstream.on('*', text('12345'));
    const { headers, data } = await start().head('/');
    expect(headers['content-length']).toBe('5');
    expect(data).toBe('');
  });

  it.each(['gzip', 'deflate', 'br'] as const)('are encoded with %s', async (encoding) => {
    upstream.on('*', json({ a: 1 }, { encoding }));
    const client = start();
    expect((await client.get('/')).data).toEqual({ a: 1 });
    expect((await client.get('/', { decompress: false })).headers['content-encoding']).toBe(encoding);
  });

  it('send elsewhere', async () => {
    upstream.on('/old', redirect('/new', 308)).on('/new', text('there'));
    expect((await answerTo('/old')).data).toBe('there');
    expect(upstream.requests().map(({ path }) => path)).toEqual(['/old', '/new']);
  });

  it('ask to come again later', async () => {
    upstream.on('/', retryLater(7)).on('/date', retryLater(new Date(0), 503));
    expect(await answerTo()).toMatchObject({ status: 429, headers: { 'retry-after': '7' } });
    expect(await answerTo('/date')).toMatchObject({
      status: 503,
      headers: { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' },
    });
  });

  it('have late headers', async () => {
    upstream.on('*', text('late', { headersDelayMs: 60_000 }));
    await expect(answerTo('/', { timeouts: { responseMs: 30 } })).rejects.toMatchObject({
      code: 'ERR_RESPONSE_TIMEOUT',
    });
  });

  it('have a late body', async () => {
    upstream.on('*', text('late', { bodyDelayMs: 60_000 }));
    await expect(answerTo('/', { timeouts: { bodyIdleMs: 30 } })).rejects.toMatchObject({ code: 'ERR_BODY_TIMEOUT' });
  });

  it('drip', async () => {
    upstream
      .on('/whole', text('abcde', { drip: { chunkBytes: 2, everyMs: 5 } }))
      .on('/slow', text('abcde', { drip: { chunkBytes: 2, everyMs: 60_000 } }));
    expect((await start().get('/whole')).data).toBe('abcde');
    const { data } = await start().get('/slow', { responseType: 'stream' });
    expect(String((await data[Symbol.asyncIterator]().next()).value)).toBe('ab');
    data.destroy();
  });

  it('close the connection unannounced', async () => {
    upstream.on('*', text('bye', { closes: true }));
    upstream.server.keepAliveTimeout = 60_000;
    const client = start({ pool: { idleMs: 60_000 } });
    const { data, headers } = await client.get('/');
    expect(data).toBe('bye');
    expect(headers['connection']).toBe('keep-alive');
    await upstream.disconnected();
    await client.get('/');
    expect(upstream.sockets).toMatchObject({ opened: 2, max: 1 });
  });
});

describe('failures', () => {
  it.each(['request', 'headers'] as const)('reset the connection: %s', async (at) => {
    upstream.on('*', reset(at));
    await expect(start().post('/')).rejects.toSatisfy(
      ({ code, response }) => code === 'ECONNRESET' && response === undefined,
    );
  });

  it('reset the connection: body', async () => {
    upstream.on('*', reset('body'));
    await expect(start().get('/')).rejects.toMatchObject({
      message: 'stream has been aborted',
      response: { status: 200 },
    });
  });

  it.each([
    ['request', 'ERR_RESPONSE_TIMEOUT'],
    ['headers', 'ERR_RESPONSE_TIMEOUT'],
    ['body', 'ERR_BODY_TIMEOUT'],
  ] as const)('hang: %s', async (at, code) => {
    upstream.on('*', hang(at));
    const client = start({ timeouts: { responseMs: 50, bodyIdleMs: 50 } });
    await expect(client.get('/')).rejects.toMatchObject({ code });
    await upstream.disconnected();
  });

  it('refuse connections, until the upstream is up again', async () => {
    upstream.on('*', text('up'));
    const client = start();
    expect((await client.get('/')).data).toBe('up');
    await upstream.down();
    await upstream.down();
    expect(upstream.sockets.open).toBe(0);
    await expect(client.get('/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await upstream.up();
    await upstream.up();
    expect((await client.get('/')).data).toBe('up');
  });

  it('end exchanges that are under way', async () => {
    upstream.on('*', hang());
    const answer = start().post('/');
    await upstream.received('/');
    await upstream.down();
    await expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('a sequence', () => {
  it('gives one reply after the other, and the last one from then on', async () => {
    upstream.on(
      '*',
      sequence(status(503), reset(), () => json({ ok: true })),
    );
    const client = start();
    expect((await client.post('/')).status).toBe(503);
    await expect(client.post('/')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await client.post('/')).data).toEqual({ ok: true });
    expect((await client.post('/')).data).toEqual({ ok: true });
  });
});

describe('held requests', () => {
  it('wait until they are released, in the order in which they came or all together', async () => {
    const held = hold(({ path }) => text(path));
    upstream.on('*', held);
    const client = start();
    const first = client.get('/1');
    await held.arrived();
    const others = [client.get('/2'), client.get('/3')];
    await held.arrived(3);
    expect(held.waiting).toBe(3);
    held.releaseNext();
    expect((await first).data).toBe('/1');
    expect(held.waiting).toBe(2);
    held.release();
    expect((await Promise.all(others)).map(({ data }) => data)).toEqual(['/2', '/3']);
    expect((await client.get('/4')).data).toBe('/4');
  });

  it('no longer wait when the client has gone', async () => {
    const held = hold(text('x'));
    upstream.on('*', held);
    const controller = new AbortController();
    const answer = start().get('/', { signal: controller.signal });
    await held.arrived();
    controller.abort();
    await expect(answer).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    await upstream.disconnected();
    expect(held.waiting).toBe(0);
  });

  it('do not keep the upstream from closing', async () => {
    const own = await startUpstream();
    const held = hold(text('x'));
    own.on('*', held);
    const answer = start({}, own.url).post('/');
    await held.arrived();
    await own.close();
    await expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('listeners', () => {
  it('answer as those of node:http do, and read the body themselves', async () => {
    upstream.on(
      '*',
      listener((request, response) => void request.pipe(response)),
    );
    expect((await start().post('/', 'echo')).data).toBe('echo');
    expect(upstream.requests()[0]!.body).toHaveLength(0);
  });

  it('write bytes of their own', async () => {
    upstream.on(
      '/:name',
      raw((socket, { params }) => void socket.end(`HTTP/1.1 299 ${params['name']}\r\n\r\nbytes`)),
    );
    const { status: code, statusText, data } = await start().get('/x');
    expect([code, statusText, data]).toEqual([299, 'x', 'bytes']);
  });
});

describe('what is received', () => {
  it('is kept, oldest first', async () => {
    upstream.on('*', text('x'));
    const client = start();
    await client.get('/users/7?a=1&b=2', { headers: { 'x-name': 'value' } });
    await client.put('/users/8', 'body');
    expect(upstream.requests()).toHaveLength(2);
    const [request] = upstream.requests('GET /users/:id');
    expect(request).toMatchObject({ method: 'GET', url: '/users/7?a=1&b=2', path: '/users/7', socket: 1 });
    expect(request!.headers['x-name']).toBe('value');
    expect(request!.query.get('b')).toBe('2');
    expect(upstream.requests('PUT *')[0]!.text()).toBe('body');
    expect(upstream.requests('DELETE /users/:id')).toEqual([]);
  });

  it('can be waited for, before and after', async () => {
    upstream.on('*', text('x'));
    const second = upstream.received('POST /orders', 2);
    const client = start();
    await client.post('/orders', { number: 1 });
    await client.get('/orders');
    await client.post('/orders', { number: 2 });
    expect((await second).json()).toEqual({ number: 2 });
    expect((await upstream.received('POST /orders')).json()).toEqual({ number: 1 });
  });

  it('has come in whole when the wait for it ends', async () => {
    upstream.on('*', text('x'));
    const socket = connect(Number(new URL(upstream.url).port), '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 8\r\n\r\nhalf');
    await once(upstream.server, 'request');
    expect(upstream.requests()).toHaveLength(1);
    const received = upstream.received('/');
    socket.write('half');
    expect((await received).text()).toBe('halfhalf');
    socket.destroy();
  });

  it('is no mistake where the client goes in the middle of it', async () => {
    upstream.on('*', text('x'));
    const socket = connect(Number(new URL(upstream.url).port), '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 8\r\n\r\nhalf');
    await once(upstream.server, 'request');
    socket.resetAndDestroy();
    await upstream.disconnected();
    await upstream.close();
  });

  it('is told where what was waited for never came', async () => {
    const own = await startUpstream();
    await start({}, own.url).get('/a?key=k');
    const waiting = own.received('GET /b', 2);
    await own.close();
    await expect(waiting).rejects.toThrow('Closed while 2 of GET /b were waited for. Received: GET /a');
    await expect(own.received('GET /b')).rejects.toThrow('Closed while 1 of GET /b were waited for. Received: GET /a');
    expect((await own.received('GET /a')).path).toBe('/a');
  });

  it('tells which connection it came on', async () => {
    const held = hold(text('x'));
    upstream.on('*', held);
    const client = start();
    const both = [client.get('/1'), client.get('/2')];
    await held.arrived(2);
    held.release();
    await Promise.all(both);
    await client.get('/3');
    const numbers = upstream.requests().map(({ socket }) => socket);
    expect(numbers.slice(0, 2)).toEqual([1, 2]);
    expect(upstream.sockets).toMatchObject({ opened: 2, open: 2, max: 2 });
  });
});

describe('TLS', () => {
  it('has a certificate that clients may trust', async () => {
    await using secure = await startUpstream({ tls: true });
    secure.on('*', ({ socket }) => json({ socket }));
    expect(secure.url).toMatch(/^https:/);
    const trusting = start({ tls: { ca: secure.ca! } }, secure.url);
    expect((await trusting.get('/')).data).toEqual({ socket: 1 });
    expect((await trusting.get(secure.url.replace('127.0.0.1', 'localhost'))).data).toEqual({ socket: 2 });
    await expect(start({}, secure.url).get('/')).rejects.toMatchObject({
      code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO_VERIFY/),
    });
  });

  it('takes a certificate of its own', async () => {
    const own = await testCertificate();
    await using secure = await startUpstream({ tls: own });
    secure.on('*', text('x'));
    expect(secure.ca).toBeUndefined();
    expect((await start({ tls: { ca: own.cert } }, secure.url).get('/')).data).toBe('x');
  });
});

it('leaves nothing behind when closed', async () => {
  const before = process.getActiveResourcesInfo().length;
  const own = await startUpstream();
  own.on('/hang', hang()).on('/late', text('x', { headersDelayMs: 60_000 }));
  const client = start({}, own.url);
  const calls = [client.post('/hang'), client.post('/late')].map((call) => call.catch(() => {}));
  await Promise.all([own.received('/hang'), own.received('/late')]);
  await Promise.all([own.close(), own.close()]);
  await Promise.all(calls);
  await transports.pop()!.close();
  expect(own.sockets.open).toBe(0);
  expect(own.server.listening).toBe(false);
  expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before);
});
