import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { type } from 'arktype';
import type { AxiosResponse } from 'axios';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import {
  ApiError,
  del,
  get,
  HttpApi,
  paginate,
  post,
  RequestInvalidError,
  ResponseInvalidError,
} from '../src/contracts/index.js';
import {
  channelName,
  HttpClientModule,
  HttpClients,
  InvalidOptionsError,
  type NamedHttpClientOptions,
} from '../src/index.js';
import { failureOf } from './support/failure-of.js';
import { startUpstream, type Upstream } from './support/upstream.js';

const Repo = z.object({ id: z.number(), name: z.string() });
const NewIssue = z.object({ title: z.string().min(1), labels: z.array(z.string()).default([]) });
const Issue = z.object({ number: z.number(), createdAt: z.iso.datetime().transform((text) => new Date(text)) });

class Github extends HttpApi('github', {
  repos: get('/users/{user}/repos', {
    query: z.object({ page: z.number().optional() }),
    response: z.array(Repo),
    errors: { 404: z.object({ message: z.string() }), 422: z.object({ fields: z.array(z.string()) }) },
  }),
  openIssue: post('/repos/{owner}/{repo}/issues', { body: NewIssue, response: Issue, resilience: { retry: false } }),
  remove: del('/repos/{owner}/{repo}', { response: 'void', headers: { 'x-of4': 'fixed' } }),
  readme: get('/readme', { response: 'text' }),
  logo: get('/logo', { response: 'bytes' }),
  archive: get('/archive', { response: 'stream' }),
  anything: get('/anything'),
  search: get('/search', {
    headers: z.object({ 'x-trace': z.string() }),
    query: z.object({ q: z.string() }),
    response: z.array(Repo),
    select: ({ data }: AxiosResponse<{ items: unknown }>) => data.items,
  }),
}) {
  async names(user: string): Promise<string[]> {
    return (await this.repos({ user })).map(({ name }) => name);
  }
}

interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let upstream: Upstream;
let arrived: Arrived[];
let answer: (request: Arrived, response: ServerResponse) => void;
let close: (() => Promise<unknown>) | undefined;

beforeEach(async () => {
  arrived = [];
  close = undefined;
  answer = (_, response) => response.end('null');
  upstream = await startUpstream((request, response) => {
    let body = '';
    request.on('data', (part) => (body += String(part)));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      arrived.push({ method, url, headers, body });
      answer(arrived.at(-1)!, response);
    });
  });
});

afterEach(async () => {
  await close?.();
  await upstream[Symbol.asyncDispose]();
});

const json = (value: unknown, status = 200) => {
  answer = (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};

async function start<One extends new (...args: never[]) => object>(
  Api: One,
  options: Partial<NamedHttpClientOptions> = {},
): Promise<{ api: InstanceType<One>; clients: HttpClients }> {
  const testing = await Test.createTestingModule({
    imports: [
      HttpClientModule.forRoot({ logging: false }),
      HttpClientModule.forFeature({ name: 'github', baseURL: `${upstream.url}/v3`, apis: [Api as never], ...options }),
    ],
  }).compile();
  const app = await testing.init();
  close = () => app.close();
  return { api: app.get(Api), clients: app.get(HttpClients) };
}

async function allOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('a contract', () => {
  it('is a class to inject, and its endpoints are methods', async () => {
    @Injectable()
    class Repos {
      constructor(readonly github: Github) {}
    }
    Reflect.defineMetadata('design:paramtypes', [Github], Repos);
    const testing = await Test.createTestingModule({
      imports: [
        HttpClientModule.forRoot({ logging: false }),
        HttpClientModule.forFeature({ name: 'github', baseURL: upstream.url, apis: [Github] }),
      ],
      providers: [Repos],
    }).compile();
    const app = await testing.init();
    close = () => app.close();
    json([{ id: 1, name: 'of4', private: true }]);
    const { github } = app.get(Repos);
    expect(github).toBeInstanceOf(Github);
    expect(await github.names('ada')).toEqual(['of4']);
  });

  it('sends what its schemas give, parameters of the path encoded, and gives what they parse', async () => {
    const { api } = await start(Github);
    json({ number: 7, createdAt: '2026-11-28T12:00:00Z' });
    const issue = await api.openIssue({ owner: 'a/b', repo: 'ü?', body: { title: 'of4' } });
    expect(issue).toEqual({ number: 7, createdAt: new Date('2026-11-28T12:00:00Z') });
    expect(arrived).toMatchObject([
      { method: 'POST', url: '/v3/repos/a%2Fb/%C3%BC%3F/issues', body: '{"title":"of4","labels":[]}' },
    ]);
  });

  it('adds the query, and takes the result out of an envelope', async () => {
    const { api } = await start(Github);
    json({ items: [{ id: 1, name: 'of4' }], total: 1 });
    const found = await api.search({ query: { q: 'of 4' }, headers: { 'x-trace': 't' } });
    expect(found).toEqual([{ id: 1, name: 'of4' }]);
    expect(arrived[0]).toMatchObject({ url: '/v3/search?q=of+4', headers: { 'x-trace': 't' } });
  });

  it('reads text, bytes, streams and nothing', async () => {
    const { api } = await start(Github);
    answer = (_, response) => response.end('"of4"');
    expect(await api.readme()).toBe('"of4"');
    expect(await api.logo()).toEqual(Buffer.from('"of4"'));
    let text = '';
    for await (const part of await api.archive()) text += String(part);
    expect(text).toBe('"of4"');
    expect(await api.remove({ owner: 'o', repo: 'r' })).toBeUndefined();
    expect(arrived.at(-1)).toMatchObject({ method: 'DELETE', headers: { 'x-of4': 'fixed' } });
    expect(await api.anything()).toBe('of4');
  });

  it('gives the whole response where it is asked for', async () => {
    const { api } = await start(Github);
    json([{ id: 1, name: 'of4', more: true }]);
    const response = await api.repos.raw({ user: 'ada' });
    expect(response).toMatchObject({ status: 200, data: [{ id: 1, name: 'of4' }] });
    expect(response.config.urlTemplate).toBe('/users/{user}/repos');
  });

  it('takes settings for one call, which go before its own', async () => {
    const { api } = await start(Github);
    await api.remove({ owner: 'o', repo: 'r' }, { headers: { 'x-of4': 'own', 'x-more': '1' } });
    expect(arrived[0]!.headers).toMatchObject({ 'x-of4': 'own', 'x-more': '1' });
    const controller = new AbortController();
    controller.abort();
    expect(await failureOf(api.remove({ owner: 'o', repo: 'r' }, { signal: controller.signal }))).toMatchObject({
      code: 'ERR_CANCELED',
    });
  });

  it('calls the host that a call names, where its client has none', async () => {
    const { api } = await start(Github, { baseURL: undefined as never, confine: false });
    json([]);
    await api.repos({ user: 'ada' }, { baseURL: `${upstream.url}/tenant` });
    expect(arrived[0]!.url).toBe('/tenant/users/ada/repos');
    const refused = await failureOf(api.repos({ user: '..' }, { baseURL: 'https://tenant.example/v1' }));
    expect(refused).toMatchObject({ code: 'ERR_REQUEST_INVALID', origin: 'https://tenant.example' });
    await close!();
    const { api: confined } = await start(Github);
    const elsewhere = await failureOf(confined.repos({ user: 'ada' }, { baseURL: 'https://tenant.example' }));
    expect(elsewhere).toMatchObject({ code: 'ERR_ADDRESS_BLOCKED' });
  });

  it('is listed by explain()', async () => {
    const { clients } = await start(Github);
    const { endpoints } = clients.explain('github');
    expect(endpoints).toHaveLength(8);
    expect(endpoints[0]).toEqual({ api: 'Github', name: 'repos', method: 'GET', path: '/users/{user}/repos' });
    expect(clients.explain().endpoints).toEqual([]);
  });

  it.each([
    ['valibot', v.object({ id: v.number() }), v.object({ page: v.optional(v.number()) })],
    ['arktype', type({ id: 'number' }), type({ 'page?': 'number' })],
    ['zod', z.object({ id: z.number() }), z.object({ page: z.number().optional() })],
  ] as const)('may be written with %s', async (_, response, query) => {
    class Own extends HttpApi('github', {
      one: get('/one', { response: response as typeof Repo, query: query as never }),
    }) {}
    const { api } = await start(Own);
    json({ id: 1, name: 'of4' });
    expect(await api.one({ query: { page: 1 } } as never)).toMatchObject({ id: 1 });
    json({ id: 'of4' });
    const error = await failureOf(api.one({ query: {} } as never));
    expect(error).toBeInstanceOf(ResponseInvalidError);
    expect(error.issues).toMatchObject([{ path: 'id' }]);
    expect(await failureOf(api.one({ query: { page: 'of4' } } as never))).toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      issues: [{ path: 'query.page' }],
    });
  });

  it('waits for schemas that answer with a promise', async () => {
    const slow = z.object({ id: z.number() }).refine(async ({ id }) => id > 0);
    class Own extends HttpApi('github', { one: post('/one', { body: slow, response: slow }) }) {}
    const { api } = await start(Own);
    json({ id: 1 });
    expect(await api.one({ body: { id: 1 } })).toEqual({ id: 1 });
    expect(await failureOf(api.one({ body: { id: 0 } }))).toBeInstanceOf(RequestInvalidError);
    json({ id: 0 });
    expect(await failureOf(api.one({ body: { id: 1 } }))).toBeInstanceOf(ResponseInvalidError);
  });
});

it.each(['thenable', 'promise of another realm'])('waits for a schema that answers with a %s', async (kind) => {
  const promise = 'Promise.resolve({ value: { id: 7 } })';
  const made = kind === 'thenable' ? '({ then: (resolve) => resolve({ value: { id: 7 } }) })' : promise;
  const later: unknown = runInNewContext(made);
  const schema = { '~standard': { version: 1 as const, vendor: 'own', validate: () => later as Promise<never> } };
  class Own extends HttpApi('github', { one: post('/one', { body: schema, response: schema }) }) {}
  const { api } = await start(Own);
  json({ id: 1 });
  expect(await api.one({ body: {} })).toEqual({ id: 7 });
  expect(arrived[0]!.body).toBe('{"id":7}');
});

describe('a check that throws', () => {
  const thrown = new RangeError('of4-secret');
  const throwing = {
    '~standard': {
      version: 1 as const,
      vendor: 'own',
      validate: (): never => {
        throw thrown;
      },
    },
  };
  const rejecting = {
    '~standard': { version: 1 as const, vendor: 'own', validate: async (): Promise<never> => Promise.reject(thrown) },
  };
  const inTransform = z.object({ id: z.number() }).transform((): never => {
    throw thrown;
  });

  it.each([
    ['at once', throwing],
    ['later', rejecting],
    ['in a transform of zod', inTransform],
  ])('fails the call, which names the endpoint and what was thrown: %s', async (_, schema) => {
    class Own extends HttpApi('github', {
      give: post('/items/{id}', { body: schema as never }),
      take: get('/items/{id}', { response: schema }),
    }) {}
    const { api } = await start(Own);
    json({ id: 1 });
    const unsent = await failureOf(api.give({ id: 1, body: { id: 1 } } as never));
    expect(unsent).toBeInstanceOf(RequestInvalidError);
    expect(unsent.message).toBe(
      'POST /items/{id}: the request does not fit its contract: body (its check has thrown RangeError)',
    );
    expect(arrived).toEqual([]);
    const unread = await failureOf(api.take({ id: 1 }));
    expect(unread).toBeInstanceOf(ResponseInvalidError);
    expect(unread.message).toBe(
      'GET /items/{id}: the response (200) does not fit its contract: the whole of it (its check has thrown RangeError)',
    );
    for (const error of [unsent, unread]) {
      expect(error).toMatchObject({ client: 'github', endpoint: '/items/{id}', thrown });
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('of4-secret');
    }
  });

  it('may be select, of a response without its envelope', async () => {
    const select = ({ data }: AxiosResponse<{ data: { items: unknown } }>) => data.data.items;
    class Own extends HttpApi('github', { list: get('/list', { response: z.array(Repo), select }) }) {}
    const { api } = await start(Own);
    json({});
    const error = await failureOf(api.list());
    expect(error).toBeInstanceOf(ResponseInvalidError);
    expect(error).toMatchObject({ endpoint: '/list', thrown: expect.any(TypeError) });
  });

  it('of the body of an error leaves the error as it is', async () => {
    class Own extends HttpApi('github', { one: get('/one', { errors: { 404: throwing } }) }) {}
    const { api } = await start(Own);
    json({}, 404);
    expect(await failureOf(api.one())).toMatchObject({ code: 'ERR_BAD_REQUEST', response: { status: 404 } });
  });

  it('fails an attempt, where what does not fit is a failure', async () => {
    class Own extends HttpApi('github', {
      one: get('/one', { response: throwing, invalidResponse: 'failure' }),
    }) {}
    const { api } = await start(Own, { resilience: { retry: { max: 1, baseMs: 1, capMs: 1 } } });
    json({});
    expect(await failureOf(api.one())).toBeInstanceOf(ResponseInvalidError);
    expect(arrived).toHaveLength(2);
  });
});

describe('what does not fit', () => {
  it('is named by fields only: the keys of a record are data, whatever is in them', async () => {
    class Own extends HttpApi('github', { ages: get('/ages', { response: z.record(z.string(), z.number()) }) }) {}
    const { api } = await start(Own);
    json({ 'ada@of4.example\nERROR of4': 'x', ['k'.repeat(100_000)]: 'y', bob: 'z' });
    const error = await failureOf(api.ages());
    expect(error.message).toBe('GET /ages: the response (200) does not fit its contract: *.*, *, bob');
    expect(error.issues).toHaveLength(3);
    expect(inspect(error, { depth: 10 })).not.toContain('of4.example');
  });

  it.each([
    ['zod', z.object({ a: z.string() })],
    ['valibot', v.object({ a: v.string() })],
    ['arktype', type({ a: 'string' })],
  ] as const)('is the whole body, where there is none: %s', async (_, body) => {
    class Own extends HttpApi('github', { one: post('/one', { body: body as never }) }) {}
    const { api } = await start(Own);
    expect(await failureOf(api.one({} as never))).toMatchObject({ issues: [{ path: 'body' }] });
  });

  it('is not sent', async () => {
    const { api } = await start(Github);
    const error = await failureOf(api.openIssue({ owner: 'o', repo: 'r', body: { title: '', labels: [4 as never] } }));
    expect(error).toBeInstanceOf(RequestInvalidError);
    expect(error).toMatchObject({ client: 'github', method: 'POST', origin: upstream.url, attempts: [] });
    expect(error.message).toBe(
      'POST /repos/{owner}/{repo}/issues: the request does not fit its contract: body.title, body.labels[0]',
    );
    expect(arrived).toEqual([]);
  });

  it.each([['..'], ['.'], [''], ['\ud800'], [undefined], [null], [{}]])(
    'is a parameter that would lead elsewhere: %j',
    async (user) => {
      const { api } = await start(Github);
      expect(await failureOf(api.repos({ user: user as string }))).toMatchObject({ issues: [{ path: 'user' }] });
      expect(arrived).toEqual([]);
    },
  );

  it.each([['%2e%2e'], ['a/../b'], ['..\\..'], ['?q#f'], ['a;b']])(
    'is no parameter that only looks like it: %j',
    async (user) => {
      const { api } = await start(Github);
      json([]);
      await api.repos({ user });
      expect(arrived[0]!.url).toBe(`/v3/users/${encodeURIComponent(user)}/repos`);
    },
  );

  it('is told by its path, never by its value, and fails neither breaker nor retries', async () => {
    const { api, clients } = await start(Github, { resilience: { breaker: { consecutiveFailures: 1 }, retry: true } });
    json([
      { id: 1, name: 'of4' },
      { id: 'of4-secret', name: 'of4-secret' },
    ]);
    const error = await failureOf(api.repos({ user: 'ada' }));
    expect(error).toBeInstanceOf(ResponseInvalidError);
    expect(error.message).toBe('GET /users/{user}/repos: the response (200) does not fit its contract: [1].id');
    expect(error.issues).toEqual([{ path: '[1].id', message: expect.any(String) }]);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('of4-secret');
    expect(JSON.stringify(error)).not.toContain('of4-secret');
    expect(arrived).toHaveLength(1);
    expect(clients.breakers('github').snapshot()[upstream.url]).toMatchObject({ state: 'closed' });
  });

  it('is JSON that is none', async () => {
    const { api } = await start(Github);
    answer = (_, response) => response.end('<html>');
    expect(await failureOf(api.repos({ user: 'ada' }))).toMatchObject({ code: 'ERR_RESPONSE_INVALID', status: 200 });
  });
});

describe("a response that does not fit, with invalidResponse: 'failure'", () => {
  class Strict extends HttpApi('github', {
    repos: get('/repos', { response: z.array(Repo), invalidResponse: 'failure' }),
    search: get('/search', {
      response: z.array(Repo).refine(async () => true),
      select: ({ data }: AxiosResponse<{ items: unknown }>) => data.items,
      invalidResponse: 'failure',
    }),
    create: post('/repos', { response: Repo, invalidResponse: 'failure' }),
  }) {}
  const repo = { id: 1, name: 'of4' };
  const quick = { max: 2, baseMs: 1 };

  /** Answers with one after the other, then with the last. */
  const jsons = (...values: unknown[]) => {
    answer = (_, response) => response.end(JSON.stringify(values.length > 1 ? values.shift() : values[0]));
  };

  it('is retried', async () => {
    const { api } = await start(Strict, { resilience: { retry: quick } });
    jsons([{ id: 'of4' }], 'no list', [repo]);
    const { data, attempts } = await api.repos.raw();
    expect(data).toEqual([repo]);
    expect(attempts!.map(({ outcome }) => outcome)).toEqual(['ERR_RESPONSE_INVALID', 'ERR_RESPONSE_INVALID', 200]);
    jsons({ items: [{}] }, { items: [repo] });
    expect(await api.search()).toEqual([repo]);
  });

  it('is the error of the call when the attempts are over', async () => {
    const { api } = await start(Strict, { resilience: { retry: quick } });
    jsons([{ id: 'of4-secret', name: 'of4' }]);
    const error = await failureOf(api.repos());
    expect(error).toBeInstanceOf(ResponseInvalidError);
    expect(error).toMatchObject({ issues: [{ path: '[0].id' }], status: 200, client: 'github', origin: upstream.url });
    expect(error.attempts).toHaveLength(3);
    expect(arrived).toHaveLength(3);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('of4-secret');
  });

  it('is not retried where the method forbids it', async () => {
    const { api } = await start(Strict, { resilience: { retry: quick } });
    jsons({});
    expect((await failureOf(api.create())).attempts).toMatchObject([
      { notRetried: expect.stringContaining('POST is not idempotent') },
    ]);
    expect(arrived).toHaveLength(1);
  });

  it('counts for the circuit breaker, and a good one does not', async () => {
    const { api, clients } = await start(Strict, { resilience: { breaker: { consecutiveFailures: 2 } } });
    jsons(null, [repo], null, null);
    const results = [];
    // oxlint-disable-next-line no-await-in-loop -- one after another
    for (let n = 0; n < 5; n++)
      results.push(
        await api.repos().then(
          () => 'ok',
          ({ code }) => code as string,
        ),
      );
    const invalid = 'ERR_RESPONSE_INVALID';
    expect(results).toEqual([invalid, 'ok', invalid, invalid, 'ERR_CIRCUIT_OPEN']);
    expect(clients.breakers('github').snapshot()[upstream.url]).toMatchObject({ state: 'open' });
  });

  it('is a failed request to events, and calls still share one', async () => {
    const { api } = await start(Strict, { resilience: { coalesce: true, retry: quick } });
    const ends: unknown[] = [];
    const hear = (event: unknown) => {
      const { client, error, status } = event as { client: string; error?: { code?: string }; status?: number };
      if (client === 'github') ends.push(error?.code ?? status);
    };
    subscribe(channelName('attempt:end'), hear);
    onTestFinished(() => void unsubscribe(channelName('attempt:end'), hear));
    jsons(null, [repo]);
    expect(await Promise.all([api.repos(), api.repos(), api.repos()])).toEqual([[repo], [repo], [repo]]);
    expect(arrived).toHaveLength(2);
    expect(ends).toEqual(['ERR_RESPONSE_INVALID', 200]);
  });
});

describe('a status with a schema', () => {
  it('is an ApiError with its body', async () => {
    const { api } = await start(Github);
    json({ fields: ['user', 'of4-secret'] }, 422);
    const error = await failureOf(api.repos({ user: 'ada' }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 'ERR_API', status: 422, attempts: [{ number: 1, outcome: 422 }] });
    expect(error.message).toBe('GET /users/{user}/repos: refused with 422');
    expect(inspect(error, { showHidden: true })).not.toContain('of4-secret');
    expect(api.repos.isError(error, 404)).toBe(false);
    if (!api.repos.isError(error, 422)) throw error;
    expectTypeOf(error.body).toEqualTypeOf<{ fields: string[] }>();
    expect(error.body).toEqual({ fields: ['user', 'of4-secret'] });
  });

  it.each([
    ['another status', 500, { message: 'm' }],
    ['a body that does not fit', 404, { msg: 'm' }],
  ])('is an AxiosError for %s', async (_, status, body) => {
    const { api } = await start(Github);
    json(body, status);
    expect(await failureOf(api.repos({ user: 'ada' }))).toMatchObject({ name: 'AxiosError', response: { status } });
  });
});

describe('paginate', () => {
  class Lists extends HttpApi('github', {
    list: get('/list', {
      query: z.object({ page: z.number(), cursor: z.string() }).partial(),
      response: z.array(z.number()),
    }),
    pages: get('/pages', {
      query: z.object({ cursor: z.string().optional(), size: z.number() }),
      response: z.object({ items: z.array(z.string()), next: z.string().nullable() }),
    }),
  }) {}

  it('follows Link headers', async () => {
    const { api } = await start(Lists);
    answer = ({ url }, response) => {
      const page = Number(new URL(url, 'http://a').searchParams.get('p') ?? 1);
      const links = [`<${upstream.url}/v3/list?p=1>; rel="first"`];
      if (page < 3)
        links.push(page === 1 ? '</v3/list?p=2&x=a%2Cb>; rel="prefetch next"; title="a, b"' : '<list?p=3>; rel=next');
      response.setHeader('link', links.join(', '));
      response.end(JSON.stringify([page * 10, page * 10 + 1]));
    };
    const all: number[] = [];
    for await (const item of paginate(api.list, {}, { next: 'link' })) {
      expectTypeOf(item).toEqualTypeOf<number>();
      all.push(item);
    }
    expect(all).toEqual([10, 11, 20, 21, 30, 31]);
    expect(arrived.map(({ url }) => url)).toEqual(['/v3/list', '/v3/list?p=2&x=a%2Cb', '/v3/list?p=3']);
  });

  it('does not leave the base URL', async () => {
    const { api } = await start(Lists);
    answer = (_, response) => {
      response.setHeader('link', '<http://127.0.0.1:1/list>; rel="next"');
      response.end('[1]');
    };
    const all: number[] = [];
    const reading = (async () => {
      for await (const item of paginate(api.list, {}, { next: 'link' })) all.push(item);
    })();
    expect(await failureOf(reading)).toMatchObject({ code: 'ERR_ADDRESS_BLOCKED' });
    expect(all).toEqual([1]);
  });

  it('follows cursors', async () => {
    const { api } = await start(Lists);
    answer = ({ url }, response) => {
      const at = new URL(url, 'http://a').searchParams.get('cursor') ?? 'a';
      response.end(
        JSON.stringify({ items: [at], next: at === 'c' ? null : String.fromCharCode(at.charCodeAt(0) + 1) }),
      );
    };
    const all = paginate(
      api.pages,
      { query: { size: 1 } },
      {
        items: ({ items }) => items,
        next: ({ next }) => (next === null ? undefined : { query: { cursor: next, size: 1 } }),
      },
    );
    expect(await allOf(all)).toEqual(['a', 'b', 'c']);
    expect(arrived.map(({ url }) => url)).toEqual([
      '/v3/pages?size=1',
      '/v3/pages?cursor=b&size=1',
      '/v3/pages?cursor=c&size=1',
    ]);
  });

  it('counts pages until one is empty', async () => {
    const { api } = await start(Lists);
    answer = ({ url }, response) => response.end(url.endsWith('=3') ? '[]' : `[${url.at(-1)}]`);
    expect(await allOf(paginate(api.list, {}, { next: { page: 'page' } }))).toEqual([1, 2]);
    expect(arrived).toHaveLength(3);
  });

  it('reads no page before it is asked for, and no more than it may', async () => {
    const { api } = await start(Lists);
    json([1, 2]);
    const pages = paginate(api.list, {}, { next: { page: 'page' }, maxPages: 2 });
    expect(arrived).toHaveLength(0);
    await pages.next();
    await pages.next();
    expect(arrived).toHaveLength(1);
    expect(await failureOf(allOf(pages))).toBeInstanceOf(RangeError);
    expect(arrived).toHaveLength(2);
  });
});

describe('a definition that makes no sense is refused', () => {
  it.each([
    ['a path without a slash', () => HttpApi('a', { one: get('users') }), 'a path begins with /'],
    [
      'no endpoint',
      () => HttpApi('a', { one: '/users' as never }),
      'one: expected an endpoint, such as get(\'/path\'), got "/users"',
    ],
    // oxlint-disable-next-line unicorn/no-thenable -- it is refused
    ['a name that await calls', () => HttpApi('a', { then: get('/') }), 'choose another name'],
    ['a name that Nest calls', () => HttpApi('a', { onModuleDestroy: get('/') }), 'choose another name'],
    ['a query in the path', () => HttpApi('a', { one: get('/users?page=1') }), 'neither query nor fragment'],
    ['a parameter named query', () => HttpApi('a', { one: get('/{query}') }), '{query} has the name of a part'],
    ['a parameter twice', () => HttpApi('a', { one: get('/{a}/{a}') }), 'named twice'],
    [
      'failures of responses that nothing describes',
      () => HttpApi('a', { one: get('/', { invalidResponse: 'failure' }) }),
      'invalidResponse needs a schema',
    ],
    [
      'a kind of response',
      () => HttpApi('a', { one: get('/', { response: 'xml' as never }) }),
      'one of text, bytes, stream, void',
    ],
  ])('%s', (_, define, message) => {
    expect(define).toThrow(TypeError);
    expect(define).toThrow(message);
  });

  it.each([
    ['a class that is none', class Plain {}, 'apis: expected classes that extend HttpApi(…), got Plain'],
    [
      'one of another client',
      class Other extends HttpApi('gitlab', {}) {},
      "got Other, which HttpApi('gitlab', …) has made",
    ],
  ])('at the start: %s', (_, Api, problem) => {
    const define = () => HttpClientModule.forFeature({ name: 'github', apis: [Api as never] });
    expect(define).toThrow(InvalidOptionsError);
    expect(define).toThrow(problem);
  });
});

it('types say what is missing and what comes back', () => {
  const check = (api: Github) => {
    expectTypeOf(api.repos).returns.resolves.toEqualTypeOf<{ id: number; name: string }[]>();
    expectTypeOf(api.readme).returns.resolves.toEqualTypeOf<string>();
    expectTypeOf(api.logo).returns.resolves.toEqualTypeOf<Buffer>();
    expectTypeOf(api.archive).returns.resolves.toEqualTypeOf<Readable>();
    expectTypeOf(api.remove).returns.resolves.toEqualTypeOf<void>();
    const anything: (result: Awaited<ReturnType<typeof api.anything>>) => unknown = (result) => result;
    anything('of any type');
    // @ts-expect-error -- it is to be looked at first
    void api.anything().then((result) => result.length);
    expectTypeOf(api.openIssue).returns.resolves.toEqualTypeOf<{ number: number; createdAt: Date }>();
    // @ts-expect-error -- a parameter of the path is missing
    void api.repos({});
    // @ts-expect-error -- so are all of them
    void api.openIssue();
    // @ts-expect-error -- the body is missing
    void api.openIssue({ owner: 'o', repo: 'r' });
    // @ts-expect-error -- a title is a text
    void api.openIssue({ owner: 'o', repo: 'r', body: { title: 1 } });
    // @ts-expect-error -- there is no such parameter
    void api.repos({ usr: 'ada' });
    // @ts-expect-error -- a page is a number
    void api.repos({ user: 'ada', query: { page: '1' } });
    // @ts-expect-error -- the method is the endpoint's
    void api.readme({}, { method: 'post' });
    // @ts-expect-error -- no such status is declared
    api.repos.isError(new Error('e'), 500);
    // @ts-expect-error -- no such option
    get('/', { respons: 'text' });
  };
  expect(check).toBeTypeOf('function');
});
