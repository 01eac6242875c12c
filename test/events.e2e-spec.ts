import { type INestApplication, Injectable, type OnModuleInit } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import axios, { type AxiosInstance } from 'axios';
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { EVENT_NAMES, type HttpClientEventName } from '../src/call/events.js';
import {
  channelName,
  createTransport,
  getHttpClientToken,
  type HttpClientEvent,
  HttpClientEvents,
  HttpClientModule,
  type HttpClientModuleOptions,
  HttpClients,
} from '../src/index.js';
import type { CustomLayer } from '../src/layers/index.js';
import { leaks, secret } from './support/printed.js';
import { startRawUpstream } from './support/raw-upstream.js';
import { startUpstream, type Upstream } from './support/upstream.js';

type Options = HttpClientModuleOptions & { layers?: readonly CustomLayer[] };

let app: INestApplication | undefined;
let upstream: Upstream | undefined;

const answerShortly: RequestListener = (request, response) => {
  request.resume();
  response.end('{}');
};

async function start(options: Options = {}, listener: RequestListener = answerShortly) {
  upstream = await startUpstream(listener);
  const { url } = upstream;
  const testing = await Test.createTestingModule({
    imports: [HttpClientModule.forRoot({ baseURL: url, confine: false, ...options })],
  }).compile();
  app = await testing.createNestApplication().init();
  const http = app.get<AxiosInstance>(getHttpClientToken());
  return { http, url, ...listen(app) };
}

/** Everything that happens from now on. */
function listen(to: INestApplication) {
  const all: HttpClientEvent[] = [];
  const arrivals = new EventEmitter();
  let isComplete = false;
  to.get(HttpClientEvents)
    .stream()
    .subscribe({
      next: (event) => {
        all.push(event);
        arrivals.emit(event.name);
      },
      complete: () => (isComplete = true),
    });
  const of = <Name extends HttpClientEventName>(name: Name) =>
    all.filter((event) => event.name === name) as unknown as HttpClientEvent<Name>[];
  return {
    all,
    of,
    names: () => all.map(({ name }) => name),
    isComplete: () => isComplete,
    /** Waits until there are so many of them. */
    until: async <Name extends HttpClientEventName>(name: Name, count = 1) => {
      while (of(name).length < count) await once(arrivals, name);
      return of(name);
    },
  };
}

const failing: RequestListener = (_, response) => {
  response.statusCode = 503;
  response.end('sorry');
};
const quick = { baseMs: 1, capMs: 1 };
const ignore = () => {};

afterEach(async () => {
  await app?.close();
  await upstream?.[Symbol.asyncDispose]();
  app = undefined;
  upstream = undefined;
});

describe('a call', () => {
  it('publishes its start and end, and those of its request, under one id', async () => {
    const { http, url, all, names } = await start();
    await http.get('/users/7?token=x', { urlTemplate: '/users/{id}' });
    expect(names()).toEqual(['call:start', 'attempt:start', 'socket:open', 'attempt:end', 'call:end']);
    const about = {
      callId: expect.any(Number),
      client: 'default',
      origin: url,
      method: 'GET',
      urlTemplate: '/users/{id}',
    };
    const timings = expect.objectContaining({ totalMs: expect.any(Number) });
    const outcome = { durationMs: expect.any(Number), status: 200, error: undefined, timings };
    expect(all.filter(({ name }) => name !== 'socket:open')).toEqual([
      { name: 'call:start', ...about },
      { name: 'attempt:start', ...about, attempt: 1, resendCount: 0 },
      { name: 'attempt:end', ...about, attempt: 1, resendCount: 0, ...outcome },
      { name: 'call:end', ...about, ...outcome, requests: 1, queuedMs: 0 },
    ]);
    expect(new Set(all.flatMap((event) => ('callId' in event ? event.callId : []))).size).toBe(1);
  });

  it('publishes each retry, before it is made, and the requests of all attempts', async () => {
    const { http, all, of, names } = await start({ resilience: { retry: { max: 2, ...quick } } }, failing);
    await expect(http.get('/')).rejects.toMatchObject({ response: { status: 503 } });
    const attempt = ['attempt:start', 'attempt:end'] as const;
    expect(names().filter((name) => name !== 'socket:open')).toEqual([
      'call:start',
      ...attempt,
      'retry',
      ...attempt,
      'retry',
      ...attempt,
      'call:fail',
      'call:end',
    ]);
    expect(of('retry')).toMatchObject([
      { attempt: 1, outcome: 503, delayMs: expect.any(Number) },
      { attempt: 2, outcome: 503 },
    ]);
    expect(of('attempt:start').map(({ attempt: number, resendCount }) => [number, resendCount])).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
    ]);
    expect(all.at(-1)).toMatchObject({ status: 503, requests: 3, error: { code: 'ERR_BAD_RESPONSE' } });
  });

  it('publishes a hedge, and the ends of the winner and of the loser', async () => {
    const held: ServerResponse[] = [];
    const { http, of, until } = await start(
      { resilience: { hedge: { coldMs: 5 }, budget: false } },
      (_, response) => void (held.push(response) === 2 && response.end('{}')),
    );
    await http.get('/');
    const ends = await until('attempt:end', 2);
    expect(of('hedge')).toMatchObject([{ attempt: 1, afterMs: expect.any(Number) }]);
    expect(of('hedge')[0]!.afterMs).toBeGreaterThan(3);
    expect(ends.map(({ attempt, resendCount, status }) => [attempt, resendCount, status])).toEqual(
      expect.arrayContaining([
        [1, 0, undefined],
        [1, 1, 200],
      ]),
    );
    expect(ends.find(({ resendCount }) => resendCount === 0)!.error).toMatchObject({ code: 'ERR_CANCELED' });
    expect(of('call:end')).toMatchObject([{ requests: 2, status: 200, error: undefined }]);
  });

  it('publishes the replay of a request whose pooled socket was closed', async () => {
    let requests = 0;
    await using raw = await startRawUpstream((socket) => {
      if (++requests === 2) socket.resetAndDestroy();
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
    });
    const { http, of } = await start();
    await http.get(raw.url);
    await http.get(raw.url);
    expect(of('replay')).toMatchObject([{ origin: raw.url, attempt: 1, callId: of('call:end')[1]!.callId }]);
    expect(of('attempt:end')).toHaveLength(2);
  });

  it.each([
    ['its own transport', {}],
    ['the adapter of axios', { maxRate: 1_000_000 }],
  ])('publishes each redirect that is followed by %s', async (_, config) => {
    const { http, url, of } = await start({}, (request, response) => {
      if (request.url !== '/end') response.writeHead(302, { location: request.url === '/a' ? '/b?x=1' : '/end' });
      response.end('{}');
    });
    await http.get('/a', config);
    expect(of('redirect')).toMatchObject([
      { status: 302, to: url, attempt: 1 },
      { status: 302, to: url },
    ]);
    await expect(http.get('/a', { ...config, maxRedirects: 1 })).rejects.toThrow('Maximum number of redirects');
    expect(of('redirect')).toHaveLength(3);
  });

  it.each([
    ['pool', { pool: { maxSockets: 1 } }],
    ['concurrency', { resilience: { concurrency: { max: 1 } } }],
    ['rateLimit', { resilience: { rateLimit: { max: 1, intervalMs: 50 } } }],
  ] as const)('publishes its waiting in the queue %s, and counts that in its end', async (queue, options) => {
    const { http, of } = await start(options);
    await Promise.all([http.get('/1'), http.get('/2')]);
    const [waited] = of('queue:end');
    expect(of('queue:end')).toEqual([
      expect.objectContaining({ queue, waitedMs: expect.any(Number), error: undefined }),
    ]);
    const ends = of('call:end').toSorted((a, b) => a.callId - b.callId);
    expect(ends[0]!.queuedMs).toBe(0);
    expect(ends[1]).toMatchObject({ callId: waited!.callId, queuedMs: waited!.waitedMs });
    expect(waited!.waitedMs).toBeGreaterThan(0);
  });

  it('that may not wait, or gives up waiting, publishes why', async () => {
    const held: ServerResponse[] = [];
    const { http, of, until } = await start(
      { resilience: { concurrency: { max: 1, maxQueued: 1 } } },
      (_, response) => void held.push(response),
    );
    const first = http.get('/1');
    const controller = new AbortController();
    const second = http.get('/2', { signal: controller.signal });
    await expect(http.get('/3')).rejects.toMatchObject({ code: 'ERR_CONCURRENCY_LIMIT' });
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    expect(of('queue:end')).toMatchObject([
      { queue: 'concurrency', error: { code: 'ERR_CONCURRENCY_LIMIT' } },
      { queue: 'concurrency', error: { code: 'ERR_CANCELED' } },
    ]);
    await until('attempt:start');
    while (held.length === 0) await once(upstream!.server, 'request');
    held[0]!.end('{}');
    await first;
  });
});

describe('whatever becomes of it, a call ends once, and so does each of its requests', () => {
  const streamed = { responseType: 'stream' } as const;
  const endlessly: RequestListener = (_, response) => void response.write('some');
  const throwAtOnce: CustomLayer = {
    use: () => () => {
      throw new Error('at once');
    },
    before: 'attemptTimeout',
  };
  const throwFirst: CustomLayer = {
    use: () => () => {
      throw new Error('at once');
    },
    before: 'admission',
  };
  const throwNothing: CustomLayer = { use: () => () => Promise.reject(), after: 'attemptEvents' }; // oxlint-disable-line prefer-promise-reject-errors
  const drained = async ({ data }: { data: Readable }) => {
    for await (const _ of data);
  };

  const scenarios: [string, Options, RequestListener, (http: AxiosInstance, url: string) => Promise<unknown>][] = [
    ['answered', {}, answerShortly, (http) => http.get('/')],
    ['refused for its status', {}, failing, (http) => http.get('/')],
    ['a stream that is read', {}, answerShortly, async (http) => drained(await http.get('/', streamed))],
    [
      'a stream that is half read and destroyed',
      {},
      endlessly,
      async (http) => {
        const { data } = await http.get<Readable>('/', streamed);
        await once(data, 'data');
        data.destroy();
      },
    ],
    [
      'a stream that is destroyed with an error',
      {},
      endlessly,
      async (http) => {
        const { data } = await http.get<Readable>('/', streamed);
        data.on('error', ignore).destroy(new Error('enough'));
      },
    ],
    [
      'a stream that breaks off',
      {},
      (_, response) => {
        response.writeHead(200, { 'content-length': 100 });
        response.write('some', () => response.destroy());
      },
      async (http) => drained(await http.get('/', streamed)),
    ],
    [
      'a stream refused for its status, destroyed',
      {},
      failing,
      (http) => http.get('/', streamed).catch(({ response }) => response.data.destroy()),
    ],
    [
      'streams that are retried and returned in the end',
      { resilience: { retry: { max: 1, ...quick } } },
      failing,
      async (http) => drained(await http.get('/', { ...streamed, validateStatus: null })),
    ],
    ['out of time', { timeouts: { attemptMs: 20 } }, ignore, (http) => http.get('/')],
    ['past its deadline', { resilience: { deadlineMs: 20, retry: true } }, ignore, (http) => http.get('/')],
    ['cancelled', {}, ignore, (http) => http.get('/', { signal: AbortSignal.timeout(10) })],
    ['never connected', {}, ignore, (http) => http.get('http://127.0.0.1:1/')],
    ['of no scheme', {}, ignore, (http) => http.get('gopher://127.0.0.1/')],
    ['that leaves its origin', { confine: 'origin' }, ignore, (http) => http.get('http://127.0.0.1:1/')],
    ['thrown in a layer around the requests', { layers: [throwFirst] }, ignore, (http) => http.get('/')],
    ['thrown in a layer within', { layers: [throwAtOnce] }, ignore, (http) => http.get('/')],
    ['failed with nothing', { layers: [throwNothing] }, ignore, (http) => http.get('/')],
    [
      'refused by an open breaker',
      { resilience: { breaker: true } },
      ignore,
      (http, url) => {
        app!.get(HttpClients).breakers().isolate(url);
        return http.get('/');
      },
    ],
    [
      'shared',
      { resilience: { coalesce: true } },
      answerShortly,
      (http) => Promise.all([http.get('/'), http.get('/'), http.get('/')]),
    ],
    [
      'shared, and given up by who came first',
      { resilience: { coalesce: true } },
      (_, response) => void setTimeout(() => response.end('{}'), 30),
      (http) => Promise.allSettled([http.get('/', { signal: AbortSignal.timeout(5) }), http.get('/')]),
    ],
    [
      'in flight when the drain ends',
      { shutdown: { drainMs: 20 } },
      endlessly,
      async (http) => {
        const calls = [http.get('/').catch(ignore), http.get('/', streamed)] as const;
        (await calls[1]).data.on('error', ignore);
        await app!.close();
        await calls[0];
      },
    ],
    [
      'made when the client is closed',
      {},
      ignore,
      async (http) => {
        await app!.close();
        await http.get('/');
      },
    ],
  ];

  it.each(scenarios)('%s', async (_, options, listener, work) => {
    const counts = new Map<string, number>();
    const count = (message: unknown, channel: string | symbol) => {
      const { callId, resendCount = '' } = message as { callId: number; resendCount?: number };
      const key = `${String(channel)} ${callId} ${resendCount}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    };
    const watched = (['call:start', 'call:end', 'attempt:start', 'attempt:end'] as const).map(channelName);
    for (const channel of watched) subscribe(channel, count);
    try {
      const { http, url } = await start(options, listener);
      await work(http, url).catch(ignore);
      const ended = () => {
        const keys = [...counts.keys()];
        return keys.filter((key) => key.includes(':start')).map((key) => key.replace(':start', ':end'));
      };
      await expect
        .poll(() => [...counts.keys()].filter((key) => key.includes(':end')).toSorted())
        .toEqual(ended().toSorted());
      expect(ended().length).toBeGreaterThan(0);
      await app!.close();
      expect([...counts.values()].filter((times) => times !== 1)).toEqual([]);
    } finally {
      for (const channel of watched) unsubscribe(channel, count);
    }
  });

  it('and says what it ended with', async () => {
    const { http, until } = await start({ layers: [throwNothing] });
    await expect(http.get('/')).rejects.toBeUndefined();
    expect(await until('call:end')).toMatchObject([{ error: expect.any(Error), status: undefined, requests: 1 }]);
  });

  it('at the end of its body, rather than with its headers', async () => {
    const { http, of, until } = await start({}, (_, response) => void response.write('some'));
    const { data } = await http.get<Readable>('/', streamed);
    expect(of('call:end')).toEqual([]);
    expect(of('attempt:end')).toEqual([]);
    data.destroy();
    expect(await until('call:end')).toMatchObject([{ status: 200, error: { code: 'ERR_STREAM_PREMATURE_CLOSE' } }]);
  });

  it('with no requests of its own where it shares those of another', async () => {
    const { http, of } = await start({ resilience: { coalesce: true } });
    await Promise.all([http.get('/'), http.get('/')]);
    expect(
      of('call:end')
        .map(({ requests }) => requests)
        .toSorted((a, b) => a - b),
    ).toEqual([0, 1]);
    expect(of('attempt:end')).toMatchObject([{ callId: of('call:start')[0]!.callId }]);
  });
});

describe('errors in events print no secrets', () => {
  it.each<[string, Options, RequestListener]>([
    ['of a refused status', {}, failing],
    ['of a broken body', {}, (_, response) => void response.write('x', () => response.destroy())],
    [
      'of a layer',
      { layers: [{ use: () => (call) => Promise.reject(fromLayer(call.config)), before: 'admission' }] },
      failing,
    ],
    [
      'of a layer within',
      { layers: [{ use: () => (call) => Promise.reject(fromLayer(call.config)), after: 'attemptEvents' }] },
      failing,
    ],
  ])('%s', async (_, options, listener) => {
    const { http, all, until } = await start(options, listener);
    const leaked: string[] = [];
    for (const name of EVENT_NAMES) {
      app!.get(HttpClientEvents).on(name, (event) => {
        if ('error' in event && event.error) leaked.push(...leaks(event.error));
        if (inspect(event, { depth: 10 }).includes('SECRET')) leaked.push(name);
      });
    }
    await http
      .post(
        `/?token=${secret('query')}`,
        { password: secret('body') },
        { headers: { authorization: secret('header') } },
      )
      .catch(ignore);
    await until('call:end');
    expect(all.filter((event) => 'error' in event && event.error).length).toBeGreaterThan(0);
    expect(leaked).toEqual([]);
  });

  it('of a call that gives up waiting', async () => {
    const held: ServerResponse[] = [];
    const { http, of } = await start({ pool: { maxSockets: 1 } }, (_, response) => void held.push(response));
    const seen: string[] = [];
    app!.get(HttpClientEvents).on('queue:end', ({ error }) => seen.push(...leaks(error)));
    const first = http.get('/').catch(ignore);
    const signal = AbortSignal.timeout(10);
    const config = { signal, headers: { authorization: secret('header') } };
    await expect(http.post('/', { password: secret('body') }, config)).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    expect(of('queue:end')).toMatchObject([{ queue: 'pool', error: { code: 'ERR_CANCELED' } }]);
    expect(seen).toEqual([]);
    upstream!.server.closeAllConnections();
    await first;
  });

  function fromLayer(config: object): Error {
    return new axios.AxiosError(`it was ${secret('header')}`, 'ERR_LAYER', config as never);
  }
});

describe('events keep the async context of their call', () => {
  const context = new AsyncLocalStorage<string>();

  it.each<[string, Options]>([
    ['on one socket', { pool: { maxSockets: 1 } }],
    ['in a concurrency limit', { resilience: { concurrency: { max: 1 } } }],
    ['in a rate limit', { resilience: { rateLimit: { max: 1, intervalMs: 20 } } }],
    ['shared', { resilience: { coalesce: true } }],
  ])('%s', async (_, options) => {
    const { http } = await start(options);
    const origins = new Map<number, string | undefined>();
    const wrong: string[] = [];
    for (const name of ['call:start', 'queue:end', 'call:end'] as const) {
      app!.get(HttpClientEvents).on(name, ({ callId }) => {
        const own = context.getStore();
        if (name === 'call:start') origins.set(callId, own);
        else if (origins.get(callId) !== own) wrong.push(`${name} of ${origins.get(callId)} in ${own}`);
      });
    }
    await Promise.all(
      ['a', 'b', 'c', 'd'].map((name, n) =>
        context.run(name, async () => {
          if (n % 2 === 0) return http.get('/same');
          const { data } = await http.get<Readable>('/stream', { responseType: 'stream' });
          const ended = once(data, 'close');
          // Read, and so ended, by somebody else.
          context.run(`the reader of ${name}`, () => data.resume());
          return ended;
        }),
      ),
    );
    expect([...origins.values()]).toEqual(['a', 'b', 'c', 'd']);
    expect(wrong).toEqual([]);
  });
});

describe('sockets, pools and breakers', () => {
  it('publish the close of each socket, then the states of the pool, then the stream is complete', async () => {
    const { http, url, of, all, isComplete } = await start();
    await http.get('/1');
    await http.get('/2');
    await app!.close();
    const { id } = app!.get(HttpClients).stats().pool;
    expect(of('socket:close')).toEqual([
      { name: 'socket:close', pool: id, origin: url, openMs: expect.any(Number), requests: 2, code: undefined },
    ]);
    expect(of('pool:state')).toEqual([
      { name: 'pool:state', pool: id, from: 'open', to: 'draining', inFlight: 0, report: undefined },
      {
        name: 'pool:state',
        pool: id,
        from: 'draining',
        to: 'closed',
        inFlight: 0,
        report: expect.objectContaining({ aborted: 0, socketsClosed: 1 }),
      },
    ]);
    expect(all.at(-1)).toMatchObject({ name: 'pool:state', to: 'closed' });
    expect(isComplete()).toBe(true);
  });

  it('publish why a socket was closed, and one that could not be connected', async () => {
    await using raw = await startRawUpstream((socket) => socket.resetAndDestroy());
    const { http, of, until } = await start();
    await expect(http.post(raw.url)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await until('socket:close')).toMatchObject([{ origin: raw.url, requests: 1, code: 'ECONNRESET' }]);
    await expect(http.get('http://127.0.0.1:1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await until('socket:fail')).toMatchObject([
      { origin: 'http://127.0.0.1:1', afterMs: expect.any(Number), code: 'ECONNREFUSED' },
    ]);
    expect(of('socket:close')).toHaveLength(1);
  });

  it('publish a breaker that opens by itself, or by hand', async () => {
    const { http, url, of } = await start({ resilience: { breaker: { consecutiveFailures: 1 } } }, failing);
    await expect(http.get('/')).rejects.toMatchObject({ response: { status: 503 } });
    app!.get(HttpClients).breakers().close(url);
    app!.get(HttpClients).breakers().isolate(url);
    app!.get(HttpClients).breakers().close(url);
    expect(of('breaker')).toEqual(
      [
        ['closed', 'open'],
        ['open', 'closed'],
        ['closed', 'open'],
        ['open', 'closed'],
      ].map(([from, to]) => ({ name: 'breaker', client: 'default', origin: url, from, to })),
    );
  });
});

describe('subscribing', () => {
  it('works from constructors and onModuleInit, to the calls that are made there', async () => {
    const seen: string[] = [];
    await using server = await startUpstream(answerShortly);
    @Injectable()
    class Watcher implements OnModuleInit {
      constructor(readonly events: HttpClientEvents) {
        events.on('call:start', ({ client }) => seen.push(`constructor: ${client}`));
      }

      async onModuleInit(): Promise<void> {
        this.events.stream('call:end').subscribe(({ name, status }) => seen.push(`onModuleInit: ${name} ${status}`));
        await app!.get<AxiosInstance>(getHttpClientToken()).get(server.url);
      }
    }
    Reflect.defineMetadata('design:paramtypes', [HttpClientEvents], Watcher);
    const testing = await Test.createTestingModule({
      imports: [HttpClientModule.forRoot()],
      providers: [Watcher],
    }).compile();
    app = testing.createNestApplication();
    await app.init();
    expect(seen).toEqual(['constructor: default', 'onModuleInit: call:end 200']);
  });

  it('is each app’s own; the channels are those of the process, for a transport by itself, too', async () => {
    const { http, url, of } = await start();
    const seen: unknown[] = [];
    const listener = (event: unknown, channel: string | symbol) =>
      seen.push([channel, (event as { client: string }).client]);
    subscribe('nest-outbound:call:end', listener);
    const transport = createTransport();
    try {
      await http.get('/');
      await axios.get(url, { adapter: transport });
    } finally {
      unsubscribe('nest-outbound:call:end', listener);
      await transport.close();
    }
    expect(seen).toEqual([
      ['nest-outbound:call:end', 'default'],
      ['nest-outbound:call:end', 'transport'],
    ]);
    expect(of('call:end')).toHaveLength(1);
    expect(of('pool:state')).toEqual([]);
  });

  it('with a listener that throws fails nothing', async () => {
    const { http, names } = await start();
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue();
    for (const name of EVENT_NAMES) {
      app!.get(HttpClientEvents).on(name, () => {
        throw new Error('a bug in a listener');
      });
    }
    expect((await http.get('/')).status).toBe(200);
    await app!.close();
    expect(names()).toEqual(expect.arrayContaining(['call:end', 'socket:close', 'pool:state']));
    expect(warn).toHaveBeenCalledTimes(new Set(names()).size);
    expect(warn).toHaveBeenCalledWith(
      expect.stringContaining('call:end'),
      expect.objectContaining({ detail: expect.stringContaining('a bug in a listener') }),
    );
    warn.mockRestore();
  });
});
