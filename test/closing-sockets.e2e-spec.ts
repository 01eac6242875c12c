import axios from 'axios';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createCall } from '../src/call/call.js';
import { openPool, resolvePlatform } from '../src/client/platform.js';
import { ClientStack, stackContext } from '../src/client/stack.js';
import { createTransport, type TransportOptions } from '../src/index.js';
import { resolveTransportOptions } from '../src/options/resolve-options.js';
import { CERTIFICATE } from './support/certificates.js';
import { ManualClock } from './support/manual-clock.js';
import { startUpstream } from './support/upstream.js';

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** Ends each connection after its first response, and does not say so. */
async function startClosing(close: (socket: Socket) => void, isTls = false) {
  let connections = 0;
  const serve = (socket: Socket) => {
    connections++;
    socket.on('error', () => {});
    let answered = false;
    socket.on('data', (data) => {
      if (!answered && data.includes('\r\n\r\n')) close(socket);
      answered = true;
    });
  };
  const server = isTls ? createTlsServer(CERTIFICATE, serve) : createServer(serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http${isTls ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, connections: () => connections };
}

function start(options: TransportOptions = {}) {
  const transport = createTransport({ tls: { rejectUnauthorized: false }, ...options });
  onTestFinished(() => void transport.close());
  return { http: axios.create({ adapter: transport }), pool: transport.pool };
}

/** On a clock of the test's. */
function startTimed() {
  const clock = new ManualClock();
  const platform = resolvePlatform({ clock });
  const options = resolveTransportOptions({});
  const pool = openPool(options, 0, { platform });
  onTestFinished(async () => void (await pool.close()));
  const { handle } = new ClientStack(options, stackContext(pool, { platform }));
  return { clock, pool, http: axios.create({ adapter: (config) => handle(createCall(config, 'default', clock)) }) };
}

const ends: [string, (socket: Socket) => void, boolean][] = [
  ['with the response', (socket) => void socket.end(ANSWER), false],
  ['right after it', (socket) => void socket.write(ANSWER, () => socket.end()), false],
  ['by closing it', (socket) => void socket.write(ANSWER, () => socket.destroy()), false],
  ['by a reset', (socket) => void socket.write(ANSWER, () => socket.resetAndDestroy()), false],
  ['with TLS', (socket) => void socket.end(ANSWER), true],
];

describe('a server that ends its connections without saying so', () => {
  it.each(ends)('%s, fails no POST that follows', async (_, close, isTls) => {
    const { url } = await startClosing(close, isTls);
    const { http } = start();
    for (let n = 0; n < 20; n++) expect((await http.post(url, { n })).data).toBe('ok');
  });

  it.each([
    ['a PUT of a stream', (url: string) => ({ url, method: 'put', data: Readable.from(['once']) })],
    ['a call of axios’s own adapter', (url: string) => ({ url, maxRate: 1_000_000 })],
  ])('fails no %s', async (_, config) => {
    const { url } = await startClosing((socket) => void socket.end(ANSWER));
    const { http } = start();
    for (let n = 0; n < 20; n++) expect((await http.request(config(url))).data).toBe('ok');
  });

  it('fails none of many POSTs at once', async () => {
    const { url } = await startClosing((socket) => void socket.end(ANSWER));
    const { http } = start();
    const worker = async () => {
      for (let n = 0; n < 20; n++) await http.post(url, { n });
    };
    await expect(Promise.all(Array.from({ length: 10 }, worker))).resolves.toHaveLength(10);
  });

  it('fails none that wait for its socket', async () => {
    const { url } = await startClosing((socket) => void socket.end(ANSWER));
    const { http } = start({ pool: { maxSockets: 1 } });
    const posts = Array.from({ length: 20 }, (_, n) => http.post(url, { n }));
    expect((await Promise.all(posts)).map(({ data }) => data)).toEqual(posts.map(() => 'ok'));
  });

  it('while this process was busy, fails no POST', async () => {
    let idle: Socket | undefined;
    const { url } = await startClosing((socket) => void (idle = socket).write(ANSWER));
    const { http, pool } = start();
    await http.get(url);
    expect(pool.stats().total.idle).toBe(1);
    idle!.destroy(); // its FIN arrives; nobody here has looked yet
    expect((await http.post(url, {})).data).toBe('ok');
  });
});

describe('a server that was seen to end a socket soon after its response', () => {
  async function seen() {
    let end: ((socket: Socket) => void) | undefined = (socket) => void socket.end();
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => socket.write(ANSWER, () => end?.(socket)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { http, pool, clock } = startTimed();
    await http.get(url);
    await expect.poll(() => pool.stats().total.closed).toBe(1);
    end = undefined;
    await http.get(url);
    expect(pool.stats().total).toMatchObject({ created: 2, idle: 1 });
    return { http, pool, url, clock };
  }

  it('gets a POST on a fresh socket: the end of an idle one may be under way', async () => {
    const { http, pool, url } = await seen();
    await http.post(url, {});
    expect(pool.stats().total).toMatchObject({ created: 3, closed: 2, reused: 0 });
  });

  it('gets a GET on an idle one: that may be repeated', async () => {
    const { http, pool, url } = await seen();
    await http.get(url);
    expect(pool.stats().total).toMatchObject({ created: 2, reused: 1 });
  });

  it('gets a POST on an idle one ten seconds later', async () => {
    const { http, pool, url, clock } = await seen();
    clock.tick(10_000);
    await http.post(url, {});
    expect(pool.stats().total).toMatchObject({ created: 2, reused: 1 });
  });
});

describe('a POST', () => {
  it('uses a socket that stays open', async () => {
    await using upstream = await startUpstream();
    const { http, pool } = start();
    for (let n = 0; n < 10; n++) await http.post(upstream.url, { n });
    expect(pool.stats().total).toMatchObject({ created: 1, reused: 9 });
  });

  it('that is given up while it waits a turn sends nothing, and leaves the socket to others', async () => {
    await using upstream = await startUpstream();
    const { http, pool } = start({ pool: { maxSockets: 1 } });
    await http.get(upstream.url);
    const controller = new AbortController();
    const post = http.post(upstream.url, {}, { signal: controller.signal });
    await Promise.resolve();
    controller.abort();
    await expect(post).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    await http.get(upstream.url);
    expect(upstream.requests).toBe(2);
    expect(pool.stats().total).toMatchObject({ created: 1, idle: 1, active: 0 });
  });
});
