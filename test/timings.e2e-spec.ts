import axios, { type AxiosError, type AxiosInstance, type AxiosResponse } from 'axios';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCall, type Handler } from '../src/call/call.js';
import { ClientStack, stackContext } from '../src/client/stack.js';
import { addressGuard, type ResolveHost } from '../src/guard/address-guard.js';
import { type HttpClientEventMap, HttpClientEvents, type HttpClientOptions, type Timings } from '../src/index.js';
import type { PlacedLayer } from '../src/layers/order.js';
import { resolveModuleOptions } from '../src/options/resolve-options.js';
import { ConnectionPool } from '../src/pool/connection-pool.js';
import { CA, CERTIFICATE } from './support/certificates.js';
import { failureOf } from './support/failure-of.js';
import { ManualClock } from './support/manual-clock.js';
import { startProxy } from './support/proxy.js';
import { startUpstream, type Upstream } from './support/upstream.js';

const LOCALHOST = { allowHosts: ['localhost'], allowPorts: false } as const;
const nothing: Timings = {
  queueMs: undefined,
  dnsMs: undefined,
  connectMs: undefined,
  tlsMs: undefined,
  firstByteMs: undefined,
  bodyMs: undefined,
  totalMs: undefined,
  reusedSocket: undefined,
};

let clock: ManualClock;
let events: HttpClientEvents;
let pool: ConnectionPool;
let disposables: AsyncDisposable[];

beforeEach(() => {
  clock = new ManualClock();
  events = new HttpClientEvents();
  disposables = [];
});

afterEach(async () => {
  await pool.close();
  for (const disposable of disposables) await disposable[Symbol.asyncDispose](); // oxlint-disable-line no-await-in-loop
});

/** A client as `forRoot` makes it, whose time moves only when told to. */
function timedClient(
  options: HttpClientOptions = {},
  resolve?: ResolveHost,
  layers: readonly PlacedLayer[] = [],
): AxiosInstance {
  const { client } = resolveModuleOptions(options);
  const guard = client.guard ? addressGuard(client.guard, resolve) : undefined;
  pool = new ConnectionPool({ ...client, addressGuard: guard, drainMs: 100, clock, events, random: Math.random });
  const stack = new ClientStack(client, { ...stackContext(pool, { events, placed: layers }), clock });
  return axios.create({
    timeout: client.timeouts.attemptMs || 0,
    adapter: (config) => stack.handle(createCall(config, 'default', clock)),
  });
}

/** Requests as they arrive, in order, each to be answered by the test. */
async function holding(): Promise<{ upstream: Upstream; next: () => Promise<ServerResponse> }> {
  const arrived: ServerResponse[] = [];
  const waiting: ((response: ServerResponse) => void)[] = [];
  const upstream = await startUpstream((_request, response) => {
    const resolve = waiting.shift();
    if (resolve) resolve(response);
    else arrived.push(response);
  });
  disposables.push(upstream);
  return {
    upstream,
    next: async () => arrived.shift() ?? new Promise((resolve) => waiting.push(resolve)),
  };
}

const published = <Name extends keyof HttpClientEventMap>(name: Name) => {
  const seen: HttpClientEventMap[Name][] = [];
  events.on(name, (event) => void seen.push(event));
  return seen;
};

describe('the timings of a response', () => {
  it('are those of its exchange, on a fresh socket and on a reused one', async () => {
    const client = timedClient();
    const { upstream, next } = await holding();
    const answer = async (ms: number): Promise<AxiosResponse> => {
      const call = client.get(upstream.url);
      const response = await next();
      clock.tick(ms);
      response.end('text');
      return call;
    };
    expect((await answer(30)).timings).toEqual({
      queueMs: 0,
      dnsMs: 0,
      connectMs: 0,
      tlsMs: undefined,
      firstByteMs: 30,
      bodyMs: 0,
      totalMs: 30,
      reusedSocket: false,
    });
    expect((await answer(20)).timings).toEqual({
      ...nothing,
      queueMs: 0,
      firstByteMs: 20,
      bodyMs: 0,
      totalMs: 20,
      reusedSocket: true,
    });
  });

  it('tell the look-up, the connection and the TLS handshake apart, as the socket that is opened does', async () => {
    const { secure, accepted } = await holdingTls();
    const lookups: ((error: null, addresses: { address: string; family: number }[]) => void)[] = [];
    const client = timedClient({ tls: { ca: CA }, guard: LOCALHOST }, (_host, _options, callback) =>
      lookups.push(callback),
    );
    const opened = published('socket:open');
    const call = client.get(secure.url.replace('127.0.0.1', 'localhost'));
    await expect.poll(() => lookups.length).toBe(1);
    clock.tick(5);
    lookups[0]!(null, [{ address: '127.0.0.1', family: 4 }]);
    clock.tick(3); // before the event loop can have noticed that it is connected
    const shakeHands = await accepted();
    clock.tick(7);
    shakeHands();
    const { timings } = await call;
    expect(timings).toEqual({
      queueMs: 0,
      dnsMs: 5,
      connectMs: 3,
      tlsMs: 7,
      firstByteMs: 0,
      bodyMs: 0,
      totalMs: 15,
      reusedSocket: false,
    });
    const origin = secure.url.replace('127.0.0.1', 'localhost');
    expect(opened).toEqual([{ pool: pool.id, origin, dnsMs: 5, connectMs: 3, tlsMs: 7 }]);
  });

  it('have a look-up of names that Node looks up itself', async () => {
    const client = timedClient();
    const { upstream, next } = await holding();
    const opened = published('socket:open');
    const origin = upstream.url.replace('127.0.0.1', 'localhost');
    const call = client.get(origin, { family: 4 });
    (await next()).end();
    expect((await call).timings).toMatchObject({ dnsMs: 0, connectMs: 0, reusedSocket: false });
    expect(opened).toEqual([{ pool: pool.id, origin, dnsMs: 0, connectMs: 0, tlsMs: undefined }]);
  });

  it('are there on a socket with a path', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'timings-'));
    const socketPath = join(folder, 'socket');
    const server = createHttpServer((_request, response) => response.end()).listen(socketPath);
    await once(server, 'listening');
    try {
      const opened = published('socket:open');
      const { timings } = await timedClient().get('http://unix/', { socketPath });
      expect(timings).toMatchObject({ dnsMs: 0, connectMs: 0, firstByteMs: 0, totalMs: 0, reusedSocket: false });
      expect(opened).toMatchObject([{ origin: `unix:${socketPath}`, dnsMs: 0, connectMs: 0 }]);
    } finally {
      server.close();
      await rm(folder, { recursive: true });
    }
  });

  it('have the opening of a tunnel in the connection', async () => {
    const secure = await startUpstream(undefined, createHttpsServer(CERTIFICATE));
    const tunnel = await holdingProxy();
    disposables.push(secure, tunnel);
    const client = timedClient({ tls: { ca: CA } });
    const opened = published('socket:open');
    const call = client.get(secure.url, { proxy: { protocol: 'http', host: '127.0.0.1', port: tunnel.port } });
    const open = await tunnel.asked();
    clock.tick(11);
    open();
    expect((await call).timings).toMatchObject({ dnsMs: undefined, connectMs: 11, tlsMs: 0, totalMs: 11 });
    expect(opened).toEqual([{ pool: pool.id, origin: secure.url, dnsMs: undefined, connectMs: 11, tlsMs: 0 }]);
    const again = await client.get(secure.url, { proxy: { protocol: 'http', host: '127.0.0.1', port: tunnel.port } });
    expect(again.timings).toMatchObject({ connectMs: undefined, tlsMs: undefined, totalMs: 0, reusedSocket: true });
  });

  it('are complete when a stream has ended', async () => {
    const client = timedClient();
    const { upstream, next } = await holding();
    const ended = published('call:end');
    const call = client.get(upstream.url, { responseType: 'stream' });
    const response = await next();
    clock.tick(10);
    response.write('first');
    const { data, timings } = await call;
    expect(timings).toMatchObject({ firstByteMs: 10, bodyMs: undefined, totalMs: undefined });
    clock.tick(25);
    response.end('last');
    expect(await text(data)).toBe('firstlast');
    expect(timings).toMatchObject({ firstByteMs: 10, bodyMs: 25, totalMs: 35 });
    expect(ended).toMatchObject([{ timings: { bodyMs: 25, totalMs: 35 } }]);
  });

  it('are complete as well when a stream is closed before its end', async () => {
    const client = timedClient();
    const { upstream, next } = await holding();
    const call = client.get(upstream.url, { responseType: 'stream' });
    (await next()).write('first');
    const { data, timings } = await call;
    clock.tick(4);
    data.destroy();
    await once(data, 'close');
    expect(timings).toMatchObject({ bodyMs: 4, totalMs: 4 });
  });

  it('have all waiting for a place, and all attempts in the total', async () => {
    const queued = (next: Handler): Handler => {
      return (call) => {
        call.journal.queuedMs += 6.123_456;
        return next(call);
      };
    };
    const retry = { max: 1, baseMs: 100, capMs: 100 };
    const client = timedClient({ resilience: { retry } }, undefined, [
      { name: 'queue', layer: queued, place: { after: 'retry' } },
    ]);
    const { upstream, next } = await holding();
    const attempts = published('attempt:end');
    const call = client.get(upstream.url);
    const first = await next();
    clock.tick(50);
    first.writeHead(503).end();
    await expect.poll(() => attempts.length).toBe(1);
    await expect.poll(() => clock.pending).toBe(1);
    clock.tick(100); // the pause
    const second = await next();
    clock.tick(5);
    second.end();
    const { timings } = await call;
    expect(timings).toMatchObject({ queueMs: 12.247, firstByteMs: 5, reusedSocket: true });
    expect(timings!.totalMs).toBe(155);
    expect(attempts.map(({ timings: those }) => those)).toMatchObject([{ firstByteMs: 50, totalMs: 50 }, timings!]);
  });

  it('are those of the exchange with the last target after a redirect', async () => {
    const client = timedClient();
    const { upstream, next } = await holding();
    const call = client.get(upstream.url);
    const first = await next();
    clock.tick(40);
    first.writeHead(302, { location: '/elsewhere' }).end();
    const second = await next();
    clock.tick(2);
    second.end();
    expect((await call).timings).toMatchObject({ firstByteMs: 2, bodyMs: 0, totalMs: 42 });
  });

  it('are those of the fresh socket where a pooled one was dead', async () => {
    const client = timedClient();
    const { upstream, next } = await holding();
    const warm = client.get(upstream.url);
    (await next()).end();
    await warm;
    const call = client.get(upstream.url);
    const first = await next();
    clock.tick(8);
    first.socket!.destroy();
    const second = await next();
    clock.tick(2);
    second.end();
    const { timings } = await call;
    expect(timings).toMatchObject({ connectMs: 0, firstByteMs: 2, totalMs: 10, reusedSocket: false });
    const failed = client.get(upstream.url);
    (await next()).socket!.destroy();
    const { socket } = await next();
    clock.tick(3);
    socket!.destroy();
    expect((await failureOf(failed)).timings).toMatchObject({ connectMs: 0, firstByteMs: 3, reusedSocket: false });
  });

  it('are those of the request that was answered first, of a hedged call', async () => {
    const client = timedClient({ resilience: { hedge: { coldMs: 20 }, budget: false } });
    const { upstream, next } = await holding();
    const call = client.get(upstream.url);
    await next();
    clock.tick(20);
    const second = await next();
    clock.tick(3);
    second.end('second');
    expect((await call).timings).toMatchObject({ firstByteMs: 3, totalMs: 23 });
  });

  it('have a total of its own for each of the calls that share an exchange', async () => {
    const client = timedClient({ resilience: { coalesce: true } });
    const { upstream, next } = await holding();
    const first = client.get(upstream.url);
    const response = await next();
    clock.tick(10);
    const second = client.get(upstream.url);
    await Promise.resolve();
    await new Promise(setImmediate);
    clock.tick(20);
    response.end();
    const [early, late] = (await Promise.all([first, second])).map(({ timings }) => timings!);
    expect(early).toMatchObject({ firstByteMs: 30, totalMs: 30 });
    expect(late).toEqual({ ...early, totalMs: 20 });
    expect(upstream.requests).toBe(1);
  });

  it("say what can be known where axios's adapter has sent the call", async () => {
    const client = timedClient();
    const { upstream, next } = await holding();
    for (const reusedSocket of [false, true]) {
      const call = client.get(upstream.url, { insecureHTTPParser: true });
      const response = await next(); // oxlint-disable-line no-await-in-loop -- one after the other
      clock.tick(30);
      response.end();
      const opening = reusedSocket ? {} : { dnsMs: 0, connectMs: 0 };
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await call).timings).toEqual({ ...nothing, ...opening, queueMs: 0, totalMs: 30, reusedSocket });
    }
    const refused = client.get(upstream.url, { insecureHTTPParser: true });
    (await next()).writeHead(404).end();
    const { timings, response } = await failureOf(refused);
    expect(timings).toMatchObject({ totalMs: 0, reusedSocket: true });
    expect(timings).toBe(response!.timings);
    const gone = await startUpstream();
    await gone[Symbol.asyncDispose]();
    const failed = await failureOf(client.get(gone.url, { insecureHTTPParser: true }));
    expect(failed).toMatchObject({ code: 'ECONNREFUSED', timings: { ...nothing, queueMs: 0, totalMs: 0 } });
  });
});

describe('the timings of an error', () => {
  it('are those of its response, where it has one', async () => {
    const client = timedClient();
    const { upstream, next } = await holding();
    const call = client.get(upstream.url);
    const response = await next();
    clock.tick(9);
    response.writeHead(404).end();
    const { response: refused, timings } = await failureOf(call);
    expect(timings).toBe(refused!.timings);
    expect(timings).toMatchObject({ firstByteMs: 9, bodyMs: 0, totalMs: 9 });
  });

  it('tell what was reached: the look-up', async () => {
    let lookups = 0;
    const client = timedClient({ guard: LOCALHOST }, () => void lookups++);
    const call = client.get('http://localhost:1/');
    await expect.poll(() => lookups).toBe(1);
    await new Promise(setImmediate); // Node tells a request of its socket a tick later
    const error = await failing(call, 5_000);
    expect(error).toMatchObject({ code: 'ERR_CONNECT_TIMEOUT' });
    expect(error.timings).toEqual({ ...nothing, queueMs: 0, dnsMs: 5_000, totalMs: 5_000, reusedSocket: false });
  });

  it('tell what was reached: the connection', async () => {
    const { upstream } = await holding();
    await upstream[Symbol.asyncDispose]();
    const error = await failureOf(timedClient().get(upstream.url));
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    expect(error.timings).toEqual({ ...nothing, queueMs: 0, dnsMs: 0, connectMs: 0, totalMs: 0, reusedSocket: false });
  });

  it('tell what was reached: the TLS handshake', async () => {
    const { secure, accepted } = await holdingTls();
    const opened = published('socket:open');
    const call = timedClient({ tls: { ca: CA } }).get(secure.url);
    await accepted();
    const error = await failing(call, 5_000);
    expect(error).toMatchObject({ code: 'ERR_CONNECT_TIMEOUT' });
    expect(error.timings).toMatchObject({
      dnsMs: 0,
      connectMs: 0,
      tlsMs: 5_000,
      firstByteMs: undefined,
      totalMs: 5_000,
    });
    expect(opened).toEqual([]);
  });

  it('tell what was reached: a tunnel that is not opened, or refused', async () => {
    const [silent, refusing] = [await startProxy({ hangs: true }), await startProxy({ status: 407 })];
    disposables.push(silent, refusing);
    const opened = published('socket:open');
    const client = timedClient();
    const through = ({ url }: { url: string }) => {
      return { proxy: { protocol: 'http', host: '127.0.0.1', port: Number(new URL(url).port) } };
    };
    const hanging = client.get('https://127.0.0.1:1/', through(silent));
    await expect.poll(() => silent.tunnels).toBe(1);
    const { timings } = await failing(hanging, 5_000);
    expect(timings).toEqual({ ...nothing, queueMs: 0, connectMs: 5_000, totalMs: 5_000, reusedSocket: false });
    await failureOf(client.get('https://127.0.0.1:1/', through(refusing)));
    expect(opened).toEqual([]);
  });

  it('tell what was reached: the response and its body', async () => {
    const client = timedClient({ timeouts: { responseMs: 1_000, bodyIdleMs: 500 } });
    const { upstream, next } = await holding();
    const unanswered = client.get(upstream.url);
    await next();
    expect(await failing(unanswered, 1_000)).toMatchObject({
      code: 'ERR_RESPONSE_TIMEOUT',
      timings: { connectMs: 0, firstByteMs: 1_000, bodyMs: undefined, totalMs: 1_000 },
    });
    const reset = client.get(upstream.url);
    const { socket } = await next();
    clock.tick(7);
    socket!.resetAndDestroy();
    expect(await failureOf(reset)).toMatchObject({ code: 'ECONNRESET', timings: { firstByteMs: 7, totalMs: 7 } });
    const cut = client.get(upstream.url);
    const response = await next();
    clock.tick(2);
    response.writeHead(200, { 'content-length': 100 }).write('half');
    setImmediate(() => response.socket!.destroy());
    expect(await failureOf(cut)).toMatchObject({ timings: { firstByteMs: 2, bodyMs: 0, totalMs: 2 } });
  });

  it('have the total also of a call that comes to no exchange', async () => {
    const client = timedClient({ pool: { maxSockets: 1 }, resilience: { concurrency: { max: 2, maxQueued: 1 } } });
    const { upstream, next } = await holding();
    const first = client.get(upstream.url);
    const response = await next();
    const second = client.get(upstream.url);
    await expect.poll(() => pool.stats().total.queued).toBe(1);
    const controller = new AbortController();
    const third = client.get(upstream.url, { signal: controller.signal });
    const fourth = await failureOf(client.get(upstream.url));
    expect(fourth).toMatchObject({ code: 'ERR_CONCURRENCY_LIMIT' });
    expect(fourth.timings).toEqual({ ...nothing, queueMs: 0, totalMs: 0 });
    clock.tick(15);
    controller.abort();
    const cancelled = await failureOf(third);
    expect(cancelled).toMatchObject({ code: 'ERR_CANCELED', timings: { totalMs: 15, reusedSocket: undefined } });
    const refused = await failing(second, 4_985);
    expect(refused).toMatchObject({ code: 'ERR_POOL_TIMEOUT' });
    expect(refused.timings).toMatchObject({ firstByteMs: undefined, totalMs: 5_000, reusedSocket: undefined });
    response.end();
    await first;
  });

  it('are there where the caller or a deadline ends the call', async () => {
    const client = timedClient({ resilience: { deadlineMs: 300 } });
    const { upstream, next } = await holding();
    const late = client.get(upstream.url);
    await next();
    expect(await failing(late, 300)).toMatchObject({
      code: 'ERR_DEADLINE_EXCEEDED',
      eventLoopDelayMs: 0,
      timings: { firstByteMs: 300, totalMs: 300 },
    });
    const controller = new AbortController();
    const cancelled = client.get(upstream.url, { signal: controller.signal });
    await next();
    clock.tick(6);
    controller.abort();
    expect(await failureOf(cancelled)).toMatchObject({ code: 'ERR_CANCELED', timings: { firstByteMs: 6, totalMs: 6 } });
  });

  it('show wherever the error is printed, and in the events', async () => {
    const client = timedClient();
    const { upstream, next } = await holding();
    const [calls, attempts] = [published('call:end'), published('attempt:end')];
    const errors: AxiosError[] = [];
    for (const act of [
      (response: ServerResponse) => response.writeHead(500).end(),
      () => clock.tick(10_000), // the response times out
    ]) {
      const call = failureOf(client.get(upstream.url));
      act(await next()); // oxlint-disable-line no-await-in-loop -- one after the other
      errors.push(await call); // oxlint-disable-line no-await-in-loop
    }
    for (const error of errors) {
      expect(inspect(error)).toContain('timings: {');
      expect(JSON.parse(JSON.stringify(error)).timings).toEqual(JSON.parse(JSON.stringify(error.timings)));
    }
    expect(calls.map(({ timings }) => timings)).toEqual(errors.map(({ timings }) => timings));
    expect(attempts.map(({ timings }) => timings)).toEqual(errors.map(({ timings }) => timings));
  });
});

/** The error of a call once so much time has passed. */
async function failing(call: Promise<unknown>, ms: number): Promise<AxiosError> {
  const error = failureOf(call);
  await expect.poll(() => clock.pending).toBeGreaterThan(0);
  clock.tick(ms);
  return error;
}

/** A TLS upstream that shakes hands when told to, after it has heard of the client. */
async function holdingTls() {
  const waiting: ((shakeHands: () => void) => void)[] = [];
  const https = createHttpsServer(CERTIFICATE, (_request: IncomingMessage, response) => response.end());
  const tcp = createTcpServer((socket: Socket) => {
    socket.on('error', () => {});
    socket.once('readable', () => waiting.shift()!(() => https.emit('connection', socket)));
  });
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  disposables.push({
    async [Symbol.asyncDispose]() {
      tcp.close();
    },
  });
  return {
    secure: { url: `https://127.0.0.1:${(tcp.address() as AddressInfo).port}` },
    accepted: () => new Promise<() => void>((resolve) => waiting.push(resolve)),
  };
}

/** A proxy that opens each tunnel when told to. */
async function holdingProxy() {
  const asked: (() => void)[] = [];
  const waiting: ((open: () => void) => void)[] = [];
  const server = createHttpServer();
  server.on('connect', (request, socket: Socket) => {
    const { hostname, port } = new URL(`http://${request.url}`);
    const open = () => {
      const onward = connect(Number(port), hostname, () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      socket.once('close', () => onward.destroy());
    };
    const resolve = waiting.shift();
    if (resolve) resolve(open);
    else asked.push(open);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked: async () => asked.shift() ?? new Promise<() => void>((resolve) => waiting.push(resolve)),
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}
