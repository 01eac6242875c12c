import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { AxiosInstance } from 'axios';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type ConnectionPool,
  getConnectionPoolToken,
  getHttpClientToken,
  HttpClientModule,
  type HttpClientModuleOptions,
  HttpClients,
} from '../src/index.js';
import { startUpstream, type Upstream } from './support/upstream.js';

/** What a fresh socket has to answer in, on any machine, and a dead one is waited for. */
const RESPONSE_MS = 1_000;
const IDLE = { idleMs: 60_000, maxAgeMs: false } as const;

let app: INestApplicationContext | undefined;
let upstream: Upstream | undefined;

afterEach(async () => {
  await app?.close();
  await upstream?.[Symbol.asyncDispose]();
});

/** An upstream whose connections can vanish: what is sent on them reaches nobody, and nobody says so. */
async function start(options: HttpClientModuleOptions) {
  const vanished = new Map<Socket, (request: IncomingMessage) => void>();
  const seen = new Set<Socket>();
  let held: ServerResponse[] = [];
  let hold = 0;
  upstream = await startUpstream((request, response) => {
    const { socket } = request;
    const swallow = vanished.get(socket);
    if (swallow) return swallow(request);
    seen.add(socket);
    held.push(response);
    if (held.length < hold) return;
    for (const answered of held) answered.end('ok');
    held = [];
  });
  upstream.server.keepAliveTimeout = 60_000;
  const { url } = upstream;
  const testing = await Test.createTestingModule({
    imports: [HttpClientModule.forRoot({ baseURL: url, confine: false, logging: false, pool: IDLE, ...options })],
  }).compile();
  app = await testing.init();
  const http = app.get<AxiosInstance>(getHttpClientToken());
  return {
    http,
    url,
    upstream,
    pool: app.get<ConnectionPool>(getConnectionPoolToken()),
    breakers: app.get(HttpClients).breakers(),
    /** Opens as many sockets, which lie idle then. */
    warm: async (sockets: number) => {
      hold = sockets;
      await Promise.all(Array.from({ length: sockets }, () => http.get('/', { timeouts: { responseMs: false } })));
      hold = 0;
    },
    /** Everybody at the other end of what is open vanishes, or does something when a request comes. */
    vanish: (then: (request: IncomingMessage) => void = () => {}) => {
      for (const socket of seen) vanished.set(socket, then);
    },
  };
}

const reset = ({ socket }: IncomingMessage) => void socket.resetAndDestroy();
const statusesOf = (calls: Promise<{ status: number }>[]) =>
  Promise.all(calls.map((call) => call.then((r) => r.status)));
const codesOf = async (calls: Promise<unknown>[]) =>
  (await Promise.allSettled(calls)).map((result) =>
    result.status === 'rejected' ? (result.reason as { code: string }).code : 'ok',
  );
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

describe('where the peer of all pooled sockets has vanished', () => {
  it.each([
    ['the standard resilience', 'standard'],
    ['no breaker', { preset: 'standard', breaker: false }],
  ] as const)('calls under way on ten of them are answered on fresh ones: %s', async (_, resilience) => {
    const { http, warm, vanish } = await start({ resilience, timeouts: { responseMs: RESPONSE_MS } });
    await warm(20);
    vanish();
    expect(await statusesOf(times(10, () => http.get('/')))).toEqual(times(10, () => 200));
  });

  it('a call is answered by its second attempt, and the next one by its first', async () => {
    const { http, warm, vanish, pool } = await start({
      resilience: { retry: true, budget: false },
      timeouts: { responseMs: RESPONSE_MS },
    });
    await warm(10);
    vanish();
    const { attempts } = await http.get('/');
    expect(attempts).toMatchObject([{ outcome: 'ERR_RESPONSE_TIMEOUT' }, { outcome: 200 }]);
    await expect.poll(() => pool.stats().total).toMatchObject({ idle: 1, closed: 10 });
    expect((await http.get('/')).attempts).toMatchObject([{ outcome: 200 }]);
  });

  it.each([
    ["axios's timeout", { timeout: RESPONSE_MS }, 'ECONNABORTED'],
    ["a call's deadline", { resilience: { deadlineMs: 1_500 } }, 'ERR_DEADLINE_EXCEEDED'],
  ])('a call that is ended by %s says the same', async (_, config, code) => {
    const { http, warm, vanish, pool } = await start({});
    await warm(5);
    vanish();
    await expect(http.get('/', config)).rejects.toMatchObject({ code });
    await expect.poll(() => pool.stats().total).toMatchObject({ idle: 0, closed: 5 });
    expect((await http.get('/')).status).toBe(200);
  });

  it('ten timeouts count as one for the breaker, and those on fresh sockets as what they are', async () => {
    const { http, url, warm, vanish, breakers } = await start({
      resilience: { breaker: { consecutiveFailures: 3 } },
      timeouts: { responseMs: RESPONSE_MS },
    });
    await warm(10);
    vanish();
    await codesOf(times(10, () => http.get('/')));
    expect(breakers.snapshot()[url]).toMatchObject({ state: 'closed', failures: 1 });
    upstream!.server.removeAllListeners('request').on('request', () => {});
    await codesOf(times(2, () => http.get('/')));
    expect(breakers.snapshot()[url]).toMatchObject({ state: 'open' });
  });

  it.each([['get'], ['post']] as const)('ten resets of a %s at once do not open the breaker', async (method) => {
    const { http, url, warm, vanish, breakers, pool } = await start({
      resilience: { breaker: { consecutiveFailures: 2 } },
    });
    await warm(12);
    vanish(reset);
    const outcome = method === 'get' ? 'ok' : 'ECONNRESET';
    expect(await codesOf(times(10, () => http[method]('/')))).toEqual(times(10, () => outcome));
    expect(breakers.state(url)).toBe('closed');
    await expect.poll(() => pool.stats().total.closed).toBe(12);
  });

  it('a probe gets a fresh socket, so that it closes the breaker', async () => {
    let now = false;
    const { http, url, warm, vanish, breakers } = await start({
      resilience: {
        breaker: { consecutiveFailures: 1, openMs: 1, onStateChange: ({ to }) => (now ||= to === 'open') },
      },
      timeouts: { responseMs: RESPONSE_MS },
    });
    await warm(2);
    const { server } = upstream!;
    const [listener] = server.listeners('request') as [(request: IncomingMessage, response: ServerResponse) => void];
    server.removeAllListeners('request').once('request', (_, response) => void response.writeHead(503).end());
    await codesOf([http.get('/')]); // on a socket that is idle again after it
    expect(now).toBe(true);
    server.on('request', listener);
    vanish();
    await expect.poll(() => breakers.state(url)).toBe('half-open');
    expect((await http.get('/')).status).toBe(200);
    expect(breakers.state(url)).toBe('closed');
  });

  it('a hedge does not go to a sibling of the socket that is silent', async () => {
    const { http, warm, vanish } = await start({ resilience: { hedge: { coldMs: 20 } } });
    await warm(3);
    vanish();
    expect((await http.get('/')).status).toBe(200);
  });
});

describe('a socket that was heard from since the request was sent', () => {
  it('is kept, and so is one to another origin', async () => {
    await using other = await startUpstream();
    const { http, warm, vanish, pool } = await start({ timeouts: { responseMs: RESPONSE_MS } });
    await warm(1);
    await http.get(other.url);
    vanish();
    const dying = codesOf([http.get('/')]);
    await expect.poll(() => pool.stats().total.active).toBe(1);
    await http.get('/'); // on a socket of its own
    expect(await dying).toEqual(['ERR_RESPONSE_TIMEOUT']);
    await expect.poll(() => pool.stats().total).toMatchObject({ idle: 2, closed: 1 });
    await http.get('/');
    expect(pool.stats().total.created).toBe(3);
  });

  it('is used by a hedge', async () => {
    const { http, warm, vanish, pool } = await start({ resilience: { hedge: { coldMs: RESPONSE_MS, max: 1 } } });
    await warm(1);
    vanish();
    const first = http.get('/');
    await expect.poll(() => pool.stats().total.active).toBe(1);
    await http.get('/', { resilience: { hedge: false } });
    await first;
    expect(pool.stats().total.created).toBe(2);
  });
});
