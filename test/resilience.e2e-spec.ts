import { HttpService } from '@nestjs/axios';
import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { AxiosInstance } from 'axios';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  CircuitOpenError,
  ConcurrencyLimitError,
  type ConnectionPool,
  DeadlineExceededError,
  getConnectionPoolToken,
  getHttpClientToken,
  HttpClientError,
  HttpClientModule,
  type HttpClientModuleOptions,
  HttpClients,
} from '../src/index.js';
import type { CustomLayer, Handler, HttpClientLayer } from '../src/layers/index.js';
import { itAtScale } from './support/at-scale.js';
import { startUpstream, type Upstream } from './support/upstream.js';

const HOUR_MS = 3_600_000;

let app: INestApplicationContext | undefined;
let upstream: Upstream | undefined;

async function start(
  options: HttpClientModuleOptions & { layers?: readonly CustomLayer[] },
  listener?: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ http: AxiosInstance; clients: HttpClients; url: string; upstream: Upstream }> {
  upstream = await startUpstream(listener);
  const testing = await Test.createTestingModule({
    imports: [HttpClientModule.forRoot({ baseURL: upstream.url, ...options })],
  }).compile();
  app = await testing.init();
  return { http: app.get(getHttpClientToken()), clients: app.get(HttpClients), url: upstream.url, upstream };
}

afterEach(async () => {
  await app?.close();
  await upstream?.[Symbol.asyncDispose]();
  app = undefined;
  upstream = undefined;
});

/** The same numbers every time: https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32 */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe("resilience: 'standard' on an upstream that fails 30 %, hangs 5 % and resets 5 %", () => {
  const DEADLINE_MS = 3_000;
  const GRACE_MS = 2_000;

  const name =
    'answers every GET of $n, or fails it with a typed error within its deadline; no POST is carried out twice';
  itAtScale(name, 100, 1_000, async (gets) => {
    const random = seeded(1);
    const executions = new Map<string, number>();
    const { http, clients, url } = await start(
      {
        timeouts: { attemptMs: 1_000, responseMs: 200 },
        resilience: { preset: 'standard', deadlineMs: DEADLINE_MS, breaker: { openMs: 20 } },
      },
      (request, response) => {
        request.resume();
        const dice = random();
        if (dice < 0.05) return; // hangs
        if (dice < 0.1) {
          request.socket.resetAndDestroy();
          return;
        }
        if (request.method === 'POST') executions.set(request.url!, (executions.get(request.url!) ?? 0) + 1);
        response.statusCode = dice < 0.4 ? 503 : 200;
        response.end(JSON.stringify({ path: request.url }));
      },
    );
    const outcomes = { answered: 0, refused: 0, failed: 0, posts: 0, overdue: 0 };
    let next = 0;
    // How many calls the breaker refuses depends on the machine's speed, so what was answered is what is counted.
    const goOn = () => outcomes.answered < gets || outcomes.posts < gets / 20 || outcomes.refused === 0;
    const caller = async () => {
      while (goOn()) {
        const n = next++;
        const post = n % 10 === 0;
        // A timer as the deadline has one: where the machine is late, it is late as well.
        const overdue = setTimeout(() => outcomes.overdue++, DEADLINE_MS + GRACE_MS);
        try {
          const { data } = post ? await http.post(`/order/${n}`, { n }) : await http.get(`/get/${n}`);
          expect(data).toEqual({ path: post ? `/order/${n}` : `/get/${n}` });
          outcomes[post ? 'posts' : 'answered']++;
        } catch (error) {
          clearTimeout(overdue);
          expect(error).toMatchObject({ isAxiosError: true, code: expect.any(String), attempts: expect.any(Array) });
          if (error instanceof CircuitOpenError) {
            outcomes.refused++;
            await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs));
          } else outcomes.failed++;
        } finally {
          clearTimeout(overdue);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(50, gets / 5) }, caller));

    expect(outcomes.overdue).toBe(0);
    expect([...executions.values()].filter((times) => times > 1)).toEqual([]);
    expect(clients.stats().breakers[url]).toMatchObject({ isolated: false });
    expect(clients.stats().pool).toMatchObject({ inFlight: 0, total: { queued: 0 } });
    await app!.close();
    expect(clients.stats().pool.total).toMatchObject({ active: 0, idle: 0, queued: 0 });
  });
});

describe('what the attempts of a call saw', () => {
  const byPath = ({ url }: IncomingMessage, response: ServerResponse) => {
    if (url === '/reset') response.destroy();
    else response.writeHead(url === '/broken' ? 503 : 200).end();
  };
  const viaAxios = { beforeRedirect: () => {} };

  it.each([
    ['the client', {}],
    ["axios's adapter", viaAxios],
  ])('is told by each response and each error also where nothing is repeated, sent by %s', async (_, config) => {
    const { http } = await start({}, byPath);
    expect((await http.get('/', config)).attempts).toEqual([{ number: 1, outcome: 200 }]);
    const accepted = await http.get('/broken', { ...config, validateStatus: null });
    expect(accepted.attempts).toEqual([{ number: 1, outcome: 503 }]);
    for (const [url, outcome] of [
      ['/broken', 503],
      ['/reset', 'ECONNRESET'],
    ] as const) {
      const error: unknown = await http.get(url, config).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ attempts: [{ number: 1, outcome }] });
      expect(JSON.parse(JSON.stringify(error))).toMatchObject({ attempts: [{ number: 1, outcome }] });
    }
  });

  it('is nothing where a call ends before its first', async () => {
    const { http } = await start({ resilience: { concurrency: { max: 1 } } }, () => {});
    const [holding, waiting] = [new AbortController(), new AbortController()];
    const calls = [holding, waiting].map(({ signal }) => http.get('/', { signal }).catch((error: unknown) => error));
    await once(upstream!.server, 'request');
    waiting.abort();
    expect(await calls[1]).toMatchObject({ code: 'ERR_CANCELED', attempts: [] });
    holding.abort();
    expect(await calls[0]).toMatchObject({ code: 'ERR_CANCELED', attempts: [{ number: 1, outcome: 'ERR_CANCELED' }] });
  });

  it('is told to all calls that share an exchange', async () => {
    let times = 0;
    const { http } = await start(
      { resilience: { coalesce: true, retry: { max: 1, baseMs: 1, capMs: 1 } } },
      (_, response) => void response.writeHead(++times === 1 ? 503 : 200).end(),
    );
    const responses = await Promise.all([http.get('/'), http.get('/')]);
    expect(times).toBe(2);
    const attempts = [
      { number: 1, outcome: 503 },
      { number: 2, outcome: 200 },
    ];
    for (const response of responses) expect(response).toMatchObject({ attempts });
  });
});

describe('resilience options', () => {
  const failing = (request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    response.statusCode = 503;
    response.end();
  };
  const quick = { baseMs: 1, capMs: 1 };

  it('are off by default: nothing is repeated, and the stack is short', async () => {
    const { http, clients, upstream: server } = await start({}, failing);
    await expect(http.get('/')).rejects.toMatchObject({ response: { status: 503 } });
    expect(server.requests).toBe(1);
    expect(clients.explain().stack.map(({ name }) => name)).toEqual([
      'callEvents',
      'admission',
      'confine',
      'telemetry',
      'attemptEvents',
      'attemptTimeout',
    ]);
  });

  it('hold for every way of calling', async () => {
    const { http, upstream: server } = await start({ resilience: { retry: { max: 1, ...quick } } }, failing);
    await expect(http.get('/')).rejects.toMatchObject({ attempts: [{ outcome: 503 }, { outcome: 503 }] });
    await expect(firstValueFrom(app!.get(HttpService).get('/'))).rejects.toMatchObject({ attempts: { length: 2 } });
    expect(server.requests).toBe(4);
  });

  it('may differ for an origin', async () => {
    await using other = await startUpstream(failing);
    const origins = { [other.url]: { resilience: { retry: { max: 3, ...quick } } } };
    const options = { baseURL: undefined, resilience: { retry: false }, origins } as const;
    const { http, clients, url, upstream: server } = await start(options, failing);
    await expect(http.get(url)).rejects.toMatchObject({ response: { status: 503 } });
    await expect(http.get(other.url)).rejects.toMatchObject({ attempts: { length: 4 } });
    expect([server.requests, other.requests]).toEqual([1, 4]);
    const { origins: explained } = clients.explain();
    expect(explained[other.url]!.options['resilience.retry.max']).toEqual({
      value: 3,
      from: `module, origin ${other.url}`,
    });
    expect(explained[other.url]!.stack.map(({ name }) => name)).toContain('retry');
  });

  it('may differ for a call, which may also do without a part', async () => {
    const { http, upstream: server } = await start({ resilience: { breaker: { consecutiveFailures: 1 } } }, failing);
    const withoutBreaker = { resilience: { breaker: false, retry: { max: 1, ...quick } } } as const;
    await expect(http.get('/', withoutBreaker)).rejects.toMatchObject({ attempts: { length: 2 } });
    await expect(http.get('/')).rejects.toMatchObject({ response: { status: 503 } });
    await expect(http.get('/')).rejects.toBeInstanceOf(CircuitOpenError);
    expect(server.requests).toBe(3);
  });

  it('of a call are checked like any others', async () => {
    const { http, upstream: server } = await start({}, failing);
    const wrong = { resilience: { deadlineMs: -1, breaker: true, tries: 3 } };
    await expect(http.get('/', wrong as never)).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTIONS',
      problems: [
        'resilience.deadlineMs: expected a whole number of milliseconds from 1 to 2147483647, or false, got -1',
        'resilience.breaker: expected false: only a client or an origin can have it, got true',
        'resilience.tries: expected one of the options deadlineMs, retry, hedge, breaker, concurrency, rateLimit, coalesce, got an unknown option',
      ],
    });
    expect(server.requests).toBe(0);
  });

  it('may differ for a named client, which inherits the rest', async () => {
    upstream = await startUpstream(failing);
    const testing = await Test.createTestingModule({
      imports: [
        HttpClientModule.forRoot({ resilience: 'standard' }),
        HttpClientModule.forFeature({ name: 'flights', resilience: { retry: { max: 1, ...quick } } }),
      ],
    }).compile();
    app = await testing.init();
    const http = app.get<AxiosInstance>(getHttpClientToken('flights'), { strict: false });
    await expect(http.get(upstream.url)).rejects.toMatchObject({ attempts: { length: 2 } });
    const { options, stack } = app.get(HttpClients).explain('flights');
    expect(options['resilience.retry.max']).toEqual({ value: 1, from: 'client "flights"' });
    expect(options['resilience.deadlineMs']).toEqual({ value: 30_000, from: "module: 'standard'" });
    expect(stack.map(({ name }) => name)).toEqual([
      'callEvents',
      'admission',
      'deadline',
      'retry',
      'breaker',
      'telemetry',
      'attemptEvents',
      'attemptTimeout',
    ]);
    expect(() => app!.get(HttpClients).explain('hotels')).toThrow('there are default, flights');
  });

  it('limit what is under way at once', async () => {
    const { http } = await start({ resilience: { concurrency: { max: 1, maxQueued: 1 } } });
    const calls = await Promise.allSettled([http.get('/1'), http.get('/2'), http.get('/3')]);
    expect(calls.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect((calls[2] as PromiseRejectedResult).reason).toBeInstanceOf(ConcurrencyLimitError);
  });

  it('share the answer of identical GETs', async () => {
    const { http, upstream: server } = await start({ resilience: { coalesce: true } });
    const answers = await Promise.all([http.get('/same'), http.get('/same'), http.get('/other')]);
    expect(answers.map(({ data }) => data.path)).toEqual(['/same', '/same', '/other']);
    expect(server.requests).toBe(2);
  });

  it('end a call at its deadline, with every part of it', async () => {
    const { http, clients } = await start({ resilience: { deadlineMs: 50, retry: true } }, () => {});
    await expect(http.get('/')).rejects.toBeInstanceOf(DeadlineExceededError);
    expect(clients.stats().pool).toMatchObject({ inFlight: 0, total: { queued: 0 } });
    await app!.close();
    expect(clients.stats().pool.total).toMatchObject({ active: 0, idle: 0 });
  });

  it('can be overruled by hand: a breaker opened and closed', async () => {
    const { http, clients, url } = await start({ resilience: 'standard' });
    clients.breakers().isolate(url);
    await expect(http.get('/')).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN', retryAfterMs: Infinity });
    expect(clients.stats().breakers[url]).toMatchObject({ state: 'open', isolated: true });
    clients.breakers().close(url);
    expect((await http.get('/')).status).toBe(200);
  });

  it('say so where there is no breaker to operate', async () => {
    const { clients, url } = await start({});
    expect(() => clients.breakers().isolate(url)).toThrow('see resilience.breaker');
    expect(clients.breakers().state(url)).toBe('closed');
  });
});

describe('closing the client', () => {
  const stillWaiting = (promise: Promise<unknown>) =>
    promise.then(
      () => 'answered',
      (error: unknown) => error,
    );

  it('ends pauses between attempts at once, rather than when the drain deadline passes', async () => {
    // A pause, and a drain, that nobody would wait for here.
    const patient = { resilience: { retry: { baseMs: HOUR_MS, capMs: HOUR_MS } }, shutdown: { drainMs: HOUR_MS } };
    const { http, clients } = await start(patient, (_, response) => {
      response.statusCode = 503;
      response.end();
    });
    const call = stillWaiting(http.get('/'));
    await expect.poll(() => clients.stats().pool.total.idle).toBe(1);
    await app!.get<ConnectionPool>(getConnectionPoolToken()).close();
    expect(await call).toMatchObject({ code: 'ERR_CLIENT_CLOSED', attempts: [{ number: 1, outcome: 503 }] });
  });

  it('ends the waiting for a place, for a turn and for a socket at once', async () => {
    const held: ServerResponse[] = [];
    const { http } = await start(
      {
        pool: { maxSockets: 2 },
        resilience: { concurrency: { max: 4 }, rateLimit: { max: 3, intervalMs: 60_000 } },
      },
      (_, response) => void held.push(response),
    );
    const calls = [1, 2, 3, 4, 5].map((n) => stillWaiting(http.get(`/${n}`)));
    await expect.poll(() => held.length).toBe(2);
    const closing = app!.get<ConnectionPool>(getConnectionPoolToken()).close();
    const codes = (await Promise.all(calls.slice(2))).map((error) => (error as HttpClientError).code);
    expect(codes).toEqual(['ERR_CLIENT_CLOSED', 'ERR_CLIENT_CLOSED', 'ERR_CLIENT_CLOSED']);
    for (const response of held) response.end('{}');
    expect(await Promise.all(calls.slice(0, 2))).toEqual(['answered', 'answered']);
    await closing;
  });
});

describe('layers of the user', () => {
  it('see each call at their place: once outside the retries, once for each attempt within', async () => {
    const seen: string[] = [];
    class PerCall implements HttpClientLayer {
      wrap(next: Handler): Handler {
        return (call) => {
          seen.push(`call ${call.attempt}`);
          return next(call);
        };
      }
    }
    const perAttempt =
      (next: Handler): Handler =>
      (call) => {
        seen.push(`attempt ${call.attempt}`);
        return next(call);
      };
    const { http, clients } = await start(
      {
        resilience: { retry: { max: 1, baseMs: 1, capMs: 1 } },
        layers: [PerCall, { use: perAttempt, after: 'retry' }],
      },
      (_, response) => {
        response.statusCode = 503;
        response.end();
      },
    );
    await expect(http.get('/')).rejects.toBeInstanceOf(Error);
    expect(seen).toEqual(['call 1', 'attempt 1', 'attempt 2']);
    expect(clients.explain().stack.map(({ name }) => name)).toEqual([
      'callEvents',
      'admission',
      'confine',
      'PerCall',
      'retry',
      'perAttempt',
      'telemetry',
      'attemptEvents',
      'attemptTimeout',
    ]);
  });

  it('are refused where they are none', () => {
    const layers = [5, { use: () => {}, before: 'lunch' }] as never;
    expect(() => HttpClientModule.forRoot({ layers })).toThrow(
      /layers\.0: expected a layer[^]*layers\.1\.before: expected one of callEvents, admission/,
    );
  });
});

describe('errors of the client', () => {
  it('are told from those of the upstream by their class', async () => {
    const { http, url, clients } = await start({ resilience: 'standard' });
    clients.breakers().isolate(url);
    const error: unknown = await http.get('/').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HttpClientError);
    expect(error).toMatchObject({ attempts: [], origin: url, method: 'GET' });
  });
});
