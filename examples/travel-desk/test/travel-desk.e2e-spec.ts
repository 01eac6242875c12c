import type { INestApplication } from '@nestjs/common';
import { type ConnectionPool, getConnectionPoolToken } from 'nest-outbound';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../src/create-app.js';
import { EmbeddedUpstream } from '../src/upstream/embedded-upstream.js';

let app: INestApplication;
let upstream: string;

beforeEach(async () => {
  app = await createApp({ port: 0, upstreamPort: 0, attemptMs: 300 });
  app.useLogger(false);
  await app.listen(0, '127.0.0.1');
  upstream = app.get(EmbeddedUpstream).url;
});

afterEach(() => app.close());

const call = (path: string) => request(app.getHttpServer()).get(path);
const callExternal = (url: string) => call('/call-external').query({ url });

describe('GET /call-external', () => {
  it('answers with the body and the status of the upstream', async () => {
    const { body } = await callExternal(`${upstream}/pages/1`).expect(200);
    expect(body).toEqual({ result: { page: 1, destination: 'Amsterdam' }, status: 200 });
  });

  it.each([404, 503])('passes a status %i of the upstream on as an answer', async (status) => {
    const { body } = await callExternal(`${upstream}/status/${status}`).expect(200);
    expect(body).toEqual({ result: { status }, status });
  });

  it('waits for an upstream that is slow but in time', async () => {
    const { body } = await callExternal(`${upstream}/slow?ms=50`).expect(200);
    expect(body.result).toEqual({ tookMs: 50 });
  });

  it.each([
    ['is missing', '/call-external'],
    ['is empty', '/call-external?url='],
    ['is given twice', '/call-external?url=http://a.example&url=http://b.example'],
    ['is no URL', '/call-external?url=nonsense'],
    ['is relative', '/call-external?url=/pages/1'],
    ['is neither http nor https', '/call-external?url=ftp://files.example/'],
    ['is a data URL', '/call-external?url=data:,hello'],
  ])('answers 400 and names the parameter when url %s', async (_, path) => {
    const { body } = await call(path).expect(400);
    expect(body).toEqual({
      statusCode: 400,
      message: 'url: expected one absolute http or https URL',
      error: 'Bad Request',
    });
  });

  it('answers 504 when the upstream hangs', async () => {
    const { body } = await callExternal(`${upstream}/hang?token=SECRET`).expect(504);
    expect(body.message).toBe(`${new URL(upstream).host} did not answer in time`);
  });

  describe('with a broken upstream', () => {
    let broken: Server;
    let behave: (socket: Socket) => void;
    const url = () => `http://127.0.0.1:${(broken.address() as AddressInfo).port}/?token=SECRET`;

    beforeEach(async () => {
      broken = createServer((socket) => socket.once('data', () => behave(socket)).on('error', () => {}));
      broken.listen(0, '127.0.0.1');
      await once(broken, 'listening');
    });

    afterEach(() => void broken.close());

    it.each([
      ['closes the connection', (socket: Socket) => socket.end()],
      ['resets the connection', (socket: Socket) => socket.resetAndDestroy()],
      ['speaks no HTTP', (socket: Socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
      ['ends its body early', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf')],
      [
        'redirects for ever',
        (socket: Socket) => socket.end('HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n'),
      ],
    ])('answers 502, without what may be secret, when it %s', async (_, behaviour) => {
      behave = behaviour;
      const { body } = await callExternal(url()).expect(502);
      expect(body.message).toMatch(/^127\.0\.0\.1:\d+ gave no valid answer \(\w+\)$/);
    });

    it('answers 502 when nobody listens', async () => {
      const dead = url();
      broken.close();
      await once(broken, 'close');
      const { body } = await callExternal(dead).expect(502);
      expect(body.message).toMatch(/gave no valid answer \(ECONNREFUSED\)$/);
    });
  });
});

describe('GET /call-many', () => {
  it('fetches ten pages at once, in order', async () => {
    const { body } = await call('/call-many').expect(200);
    expect(body).toMatchObject({ shared: true, socketsUsed: 10, socketsOpened: 10 });
    expect(body.pages.map(({ page }: { page: number }) => page)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(body.elapsedMs).toBeGreaterThan(0);
  });

  it('opens no socket the second time', async () => {
    await call('/call-many?n=50').expect(200);
    const { body } = await call('/call-many?n=50').expect(200);
    expect(body).toMatchObject({ socketsUsed: 50, socketsOpened: 0 });
  });

  it('opens a socket for each call when done the wrong way', async () => {
    await call('/call-many?n=50').expect(200);
    const { body } = await call('/call-many?n=50&shared=false').expect(200);
    expect(body).toMatchObject({ shared: false, socketsUsed: 50, socketsOpened: 50 });
  });

  it.each(['0', '201', '-1', '1.5', 'ten', '', '1e2'])(
    'answers 400 and names the parameter when n is "%s"',
    async (n) => {
      const { body } = await call(`/call-many?n=${n}`).expect(400);
      expect(body.message).toBe('n: expected a whole number from 1 to 200');
    },
  );

  it('answers 400 and names the parameter when shared is neither true nor false', async () => {
    const { body } = await call('/call-many?shared=maybe').expect(400);
    expect(body.message).toBe('shared: expected true or false');
  });
});

it('GET /pool shows the sockets, by origin', async () => {
  await call('/call-many?n=5').expect(200);
  const { body } = await call('/pool').expect(200);
  expect(body).toMatchObject({
    state: 'open',
    inFlight: 0,
    total: { active: 0, idle: 5, created: 5 },
    origins: {
      [upstream]: { active: 0, idle: 5, queued: 0, created: 5, reused: 0, closed: 0, timedOut: 0, errors: 0 },
    },
  });
});

it('GET / leads to the documentation, which lists every route', async () => {
  await call('/').expect(302).expect('location', '/docs');
  await call('/docs').expect(200).expect('content-type', /html/);
  const { body } = await call('/docs-json').expect(200);
  expect(Object.keys(body.paths)).toEqual(['/call-external', '/call-many', '/pool']);
});

it('answers a request under way when it is closed, and does not wait for its keep-alive connection', async () => {
  const agent = new Agent({ keepAlive: true });
  const { port } = app.getHttpServer().address() as AddressInfo;
  const pool = app.get<ConnectionPool>(getConnectionPoolToken());
  const slow = encodeURIComponent(`${upstream}/slow?ms=200`);
  const inbound = get(`http://127.0.0.1:${port}/call-external?url=${slow}`, { agent });
  const answered = once(inbound, 'response') as Promise<[IncomingMessage]>;
  await once(app.getHttpServer(), 'request');
  await expect.poll(() => pool.inFlight).toBe(1);

  const closing = app.close();
  const [response] = await answered;
  expect(response.statusCode).toBe(200);
  expect(response.headers.connection).toBe('close');
  response.resume();
  // Node's keep-alive timeout would hold it open for 5 s, as long as the default timeout of a hook of this test.
  await closing;
  agent.destroy();
});
