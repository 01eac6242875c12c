import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { AxiosInstance } from 'axios';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { get, HttpApi } from '../src/contracts/index.js';
import {
  getHttpClientToken,
  HttpClientEvents,
  HttpClientModule,
  type HttpClientModuleOptions,
  HttpClients,
  type NamedHttpClientOptions,
} from '../src/index.js';
import { startUpstream, type Upstream } from './support/upstream.js';

let app: INestApplicationContext | undefined;
let upstream: Upstream | undefined;
let requests: IncomingMessage[] = [];

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const lasting: Answer = (_, response) => {
  response.setHeader('cache-control', 'max-age=60');
  response.setHeader('content-type', 'application/json');
  response.end('{"list":[1]}');
};

async function start(
  options: HttpClientModuleOptions,
  { answer = lasting, named }: { readonly answer?: Answer; readonly named?: NamedHttpClientOptions } = {},
): Promise<{ http: AxiosInstance; clients: HttpClients; url: string }> {
  upstream = await startUpstream((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  const testing = await Test.createTestingModule({
    imports: [HttpClientModule.forRoot(options), ...(named ? [HttpClientModule.forFeature(named)] : [])],
  }).compile();
  app = await testing.init();
  return { http: app.get(getHttpClientToken(named?.name)), clients: app.get(HttpClients), url: `${upstream.url}/x` };
}

afterEach(async () => {
  await app?.close();
  await upstream?.[Symbol.asyncDispose]();
  app = undefined;
  upstream = undefined;
  requests = [];
});

describe('a client with a cache', () => {
  it('answers from it, with data of its own for each caller', async () => {
    const { http, url } = await start({ cache: true });
    const first = await http.get<{ list: number[] }>(url);
    first.data.list.push(2);
    const second = await http.get<{ list: number[] }>(url);
    expect(second.data).toEqual({ list: [1] });
    expect(second.cache?.status).toBe('hit');
    expect(second.headers['age']).toMatch(/^\d+$/); // a busy machine may take a second
    expect(second.request).toBeUndefined();
    expect(requests).toHaveLength(1);
  });

  it('stores the bytes that came, whatever the first caller made of them', async () => {
    const bytes = Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0xff, 0x62]);
    const { http, url } = await start(
      { cache: true },
      {
        answer(_, response) {
          response.setHeader('cache-control', 'max-age=60');
          response.setHeader('content-encoding', 'gzip');
          response.end(gzipSync(bytes));
        },
      },
    );
    const asText = await http.get<string>(url, { responseType: 'text' });
    expect(asText.data).toBe('a\ufffdb');
    const asBytes = await http.get<Buffer>(url, { responseType: 'arraybuffer' });
    expect([...asBytes.data]).toEqual([...bytes]);
    const asLatin = await http.get<string>(url, { responseType: 'text', responseEncoding: 'latin1' });
    expect(asLatin.data).toBe('ï»¿aÿb');
    const raw = await http.get<Buffer>(url, { responseType: 'arraybuffer', decompress: false });
    expect(raw.cache?.status).toBe('miss');
    expect(requests).toHaveLength(2);
  });

  it.each(['node:http', 'undici'] as const)('keeps no response that a redirect has led to, on %s', async (engine) => {
    const { http, url } = await start(
      { cache: true, engine },
      {
        answer(request, response) {
          if (request.url === '/x') response.writeHead(302, { location: '/y' }).end();
          else lasting(request, response);
        },
      },
    );
    await http.get(url);
    await http.get(url);
    expect(requests.map((request) => request.url)).toEqual(['/x', '/y', '/x', '/y']);
  });

  it.each(['node:http', 'undici'] as const)('takes two lines of Age for a stale response, on %s', async (engine) => {
    const { http, url } = await start(
      { cache: true, engine },
      {
        answer(_, response) {
          response
            .writeHead(200, ['cache-control', 'max-age=60', 'etag', '"a"', 'age', '0', 'age', '3600'])
            .end('text');
        },
      },
    );
    await http.get(url);
    await http.get(url);
    expect(requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"a"']);
  });

  it('sends its credentials with none of what others share', async () => {
    const { http, url } = await start({ cache: true });
    await http.get(url, { headers: { authorization: 'Bearer one' } });
    await http.get(url, { headers: { authorization: 'Bearer one' } });
    expect(requests).toHaveLength(2);
  });

  it('validates with what it has, through retries and all', async () => {
    let wallMs = Date.UTC(2026, 0, 1);
    const original = Date.now;
    Date.now = () => wallMs;
    try {
      const { http, url } = await start(
        { cache: true, resilience: 'standard' },
        {
          answer(request, response) {
            response.sendDate = false;
            response.setHeader('cache-control', 'max-age=60');
            response.setHeader('etag', '"a"');
            if (request.headers['if-none-match'] === '"a"') response.writeHead(304).end();
            else response.end('body');
          },
        },
      );
      await http.get(url);
      wallMs += 61_000;
      const again = await http.get<string>(url);
      expect(again).toMatchObject({ status: 200, data: 'body', cache: { status: 'revalidated' } });
      expect(requests).toHaveLength(2);
    } finally {
      Date.now = original;
    }
  });

  it('tells of it by events, counts it, and lists the layer', async () => {
    const { http, url, clients } = await start({ cache: true });
    const seen: string[] = [];
    for (const name of ['cache:hit', 'cache:miss', 'cache:stored'] as const) {
      app!.get(HttpClientEvents).on(name, () => seen.push(name));
    }
    await http.get(url);
    await http.get(url);
    expect(seen).toEqual(['cache:stored', 'cache:miss', 'cache:hit']);
    expect(clients.cache().stats()).toMatchObject({ hits: 1, misses: 1, stored: 1, entries: 1 });
    const { stack, options } = clients.explain();
    expect(stack.map(({ name }) => name)).toContain('cache');
    expect(options['cache.maxBytes']).toEqual({ value: 50 * 1024 * 1024, from: 'module' });
  });
});

describe('whether there is a cache', () => {
  const statuses = async (http: AxiosInstance, url: string, cache?: boolean) => [
    (await http.get(url, cache === undefined ? {} : { cache })).cache?.status,
    (await http.get(url, cache === undefined ? {} : { cache })).cache?.status,
  ];

  it('is up to the call first', async () => {
    const { http, url } = await start({});
    expect(await statuses(http, url)).toEqual([undefined, undefined]);
    expect(await statuses(http, url, true)).toEqual(['miss', 'hit']);
    expect(await statuses(http, url, false)).toEqual([undefined, undefined]);
  });

  it('then to the origin, the client and the module', async () => {
    const { http, url } = await start({ cache: true }, { named: { name: 'one' } });
    expect(await statuses(http, url)).toEqual(['miss', 'hit']);
    await app!.close();
    const off = await start({ cache: true }, { named: { name: 'one', cache: false } });
    expect(await statuses(off.http, off.url)).toEqual([undefined, undefined]);
  });

  it('is up to an origin', async () => {
    const { url } = await start({});
    await app!.close();
    const origins = { [new URL(url).origin]: { cache: true } };
    const testing = await Test.createTestingModule({ imports: [HttpClientModule.forRoot({ origins })] }).compile();
    app = await testing.init();
    expect(await statuses(app.get(getHttpClientToken()), url)).toEqual(['miss', 'hit']);
  });

  it('and a call that turns it on where it is off uses the store that it would have had', async () => {
    const stored = new Map<string, unknown>();
    const store = {
      get: async (key: string) => stored.get(key),
      set: async (key: string, value: string) => stored.set(key, value),
      delete: async (key: string) => stored.delete(key),
    };
    const { http, clients, url } = await start({ cache: { store } }, { named: { name: 'own', cache: false } });
    expect((await http.get(url)).cache).toBeUndefined();
    expect(stored.size).toBe(0);
    await http.get(url, { cache: true });
    expect(stored.size).toBeGreaterThan(0);
    expect((await http.get(url, { cache: true })).cache?.status).toBe('hit');
    expect(clients.cache('own').stats()).toMatchObject({ hits: 1, misses: 1, entries: 0 });
  });

  it('and origins without cache options of their own share the memory of their client', async () => {
    const origins = (origin: string) => ({ [origin]: { timeouts: { attemptMs: 1_000 } } });
    upstream = await startUpstream((request, response) => lasting(request, response));
    const { origin } = new URL(upstream.url);
    const testing = await Test.createTestingModule({
      imports: [HttpClientModule.forRoot({ cache: { maxEntries: 2 }, origins: origins(origin) })],
    }).compile();
    app = await testing.init();
    const http = app.get<AxiosInstance>(getHttpClientToken());
    const other = origin.replace('127.0.0.1', 'localhost');
    for (const url of [`${origin}/1`, `${origin}/2`, `${other}/1`, `${other}/2`]) await http.get(url);
    expect(app.get(HttpClients).cache().stats()).toMatchObject({ stored: 4, entries: 2, evicted: 2 });
  });

  it('is up to an endpoint of a contract', async () => {
    class Things extends HttpApi('things', { lasting: get('/x', { cache: true }), other: get('/x') }) {}
    const { url } = await start({});
    await app!.close();
    const testing = await Test.createTestingModule({
      imports: [
        HttpClientModule.forRoot({}),
        HttpClientModule.forFeature({ name: 'things', baseURL: new URL(url).origin, apis: [Things] }),
      ],
    }).compile();
    app = await testing.init();
    const things = app.get(Things);
    await things.lasting();
    await things.lasting();
    expect(requests).toHaveLength(1);
    await things.other();
    expect(requests).toHaveLength(2);
  });

  it('and how it is told what is wrong with it', async () => {
    const wrong = { cache: { maxBytes: 0, tagHeader: 'a b', private: 'yes', stores: 1 } } as never;
    await expect(Test.createTestingModule({ imports: [HttpClientModule.forRoot(wrong)] }).compile()).rejects.toThrow(
      /cache\.maxBytes: expected .*\n.*|cache\.tagHeader/,
    );
    const { http, url } = await start({});
    await expect(http.get(url, { cache: { maxBytes: 1 } as never })).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTIONS',
    });
  });
});

describe('who writes reads what is written', () => {
  const versioned = () => {
    let version = 1;
    let hold: (() => void)[] | undefined;
    const answer: Answer = (request, response) => {
      response.setHeader('cache-control', 'max-age=60');
      if (request.method !== 'GET') version++;
      const had = String(version);
      if (hold && request.method === 'GET') hold.push(() => response.end(had));
      else response.end(had);
    };
    return {
      answer,
      hold: () => (hold = []),
      release: () => {
        const held = hold!;
        hold = undefined;
        for (const send of held) send();
      },
    };
  };

  it.each<[string, HttpClientModuleOptions, Record<string, unknown>]>([
    ['with a POST without the cache', { cache: true }, { cache: false }],
    ['with a POST that shares no requests', { cache: true, resilience: { coalesce: true } }, { resilience: { coalesce: false } }],
    ['with a POST that does without both', { cache: true, resilience: { coalesce: true } }, { cache: false, resilience: { coalesce: false } }],
    ['without a cache', { resilience: { coalesce: true } }, {}],
    ['without a cache, with a POST that shares no requests', { resilience: { coalesce: true } }, { resilience: { coalesce: false } }],
  ])('%s', async (_, options, own) => {
    const { answer, hold, release } = versioned();
    const { http, url } = await start(options, { answer });
    const held = hold();
    const before = http.get<number>(url);
    await expect.poll(() => held.length).toBe(1);
    await http.post(url, undefined, own);
    const after = http.get<number>(url);
    await expect.poll(() => held.length).toBe(2);
    release();
    expect((await before).data).toBe(1);
    expect((await after).data).toBe(2);
    expect((await http.get<number>(url)).data).toBe(2);
  }); // prettier-ignore

  it('also where only the calls that read turn the cache on', async () => {
    const { http, url } = await start({}, { answer: versioned().answer });
    const read = async () => (await http.get<number>(url, { cache: true })).data;
    expect([await read(), await read()]).toEqual([1, 1]);
    await http.put(url);
    expect([await read(), await read()]).toEqual([2, 2]);
    expect(requests).toHaveLength(3);
  });

  it('also through an origin with settings of its own', async () => {
    const { answer } = versioned();
    upstream = await startUpstream((request, response) => answer(request, response));
    const origins = { [new URL(upstream.url).origin]: { timeouts: { attemptMs: 30_000 } } };
    const testing = Test.createTestingModule({ imports: [HttpClientModule.forRoot({ cache: true, origins })] });
    app = await (await testing.compile()).init();
    const http = app.get<AxiosInstance>(getHttpClientToken());
    const read = async () => (await http.get<number>(upstream!.url)).data;
    expect(await read()).toBe(1);
    await http.delete(upstream.url, { cache: false });
    expect(await read()).toBe(2);
  });

  it('and who deletes by hand joins no request that began before', async () => {
    const { answer, hold, release } = versioned();
    const { http, clients, url } = await start({ cache: true, resilience: { coalesce: true } }, { answer });
    const held = hold();
    for (const [index, what] of [url, /x/, { tag: 'any' }].entries()) {
      void http.get(url);
      await expect.poll(() => held.length).toBe(2 * index + 1);
      await clients.cache().delete(what);
      void http.get(url);
      await expect.poll(() => held.length).toBe(2 * index + 2);
      await clients.cache().delete(what);
    }
    release();
  });
});

describe('by hand', () => {
  it('responses are deleted by URL, pattern and tag, and all at once', async () => {
    const { http, clients, url } = await start(
      { cache: { tagHeader: 'cache-tag' } },
      {
        answer(request, response) {
          response.setHeader('cache-tag', `tag${request.url}`);
          lasting(request, response);
        },
      },
    );
    const cache = clients.cache();
    const urls = ['?a', '?b', '?c', '?d'].map((query) => url + query);
    const misses = async () => {
      const before = requests.length;
      for (const one of urls) await http.get(one);
      return requests.slice(before).map((request) => request.url);
    };
    expect(await misses()).toHaveLength(4);
    expect(await misses()).toHaveLength(0);
    await cache.delete(urls[0]!);
    expect(await misses()).toEqual(['/x?a']);
    await cache.delete(/\?[bc]$/g);
    expect(await misses()).toEqual(['/x?b', '/x?c']);
    await cache.delete({ tag: 'tag/x?d' });
    expect(await misses()).toEqual(['/x?d']);
    await cache.clear();
    expect(await misses()).toHaveLength(4);
    for (const wrong of ['/x', 'ftp://a.example', {}, undefined]) {
      await expect(cache.delete(wrong as never)).rejects.toThrow(/expected an absolute http or https URL/);
    }
    expect(() => clients.cache('nobody')).toThrow(RangeError);
  });
});
