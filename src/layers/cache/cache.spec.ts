import axios, { AxiosError, AxiosHeaders, type AxiosResponse } from 'axios';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { callOf } from '../../../test/support/call-of.js';
import { startCache } from '../../../test/support/cache-start.js';
import { itKeepsTheLayerContract, settle } from '../../../test/support/layer-contract.js';
import { CACHE_DEFAULTS } from '../../options/resolve-cache.js';
import { InFlight } from '../../pool/in-flight.js';
import { cache } from './cache.js';
import { CacheState } from './state.js';

const fresh = (headers: Record<string, string> = {}, data: unknown = 'text'): Partial<AxiosResponse> => ({
  status: 200,
  data,
  headers: new AxiosHeaders({ 'cache-control': 'max-age=60', ...headers }),
});

itKeepsTheLayerContract(
  'cache',
  ({ clock, now, events, rules }) =>
    cache({
      settings: CACHE_DEFAULTS,
      state: new CacheState(CACHE_DEFAULTS, { client: 'default', events }),
      clock,
      now,
      events,
      gate: new InFlight(),
      detached: (work) => work(),
      isSecretHeader: rules.isSecretHeader,
      hasUnknownCredentials: false,
      coalesces: false,
      maxRedirects: 5,
      maxResponseBytes: false,
    }),
  { copies: true, publishes: ['cache:decision', 'cache:miss'] },
);

describe('a response that may be stored', () => {
  it('is given again, without a request, for as long as it is fresh', async () => {
    const { filled, handle, requests, pass } = startCache();
    const first = await filled(callOf(), fresh());
    expect(first.cache).toEqual({ status: 'miss', ageMs: 0, ttlMs: 60_000 });
    pass(59);
    const second = await handle(callOf());
    expect(second).toMatchObject({ data: 'text', status: 200, cache: { status: 'hit', ageMs: 59_000, ttlMs: 1_000 } });
    expect(second.headers['age']).toBe('59');
    expect(second.attempts).toEqual([]);
    pass(1);
    void handle(callOf());
    expect(requests).toHaveLength(2);
  });

  it('is validated when it is stale, and takes the headers of the 304 (RFC 9111 §4.3)', async () => {
    const { filled, handle, requests, pass } = startCache();
    await filled(callOf(), fresh({ etag: '"a"', x: '1' }));
    pass(60);
    const answer = handle(callOf());
    const { config } = requests[1]!.call;
    expect(config.headers.get('if-none-match')).toBe('"a"');
    expect(config.validateStatus?.(304) ?? true).toBe(true);
    requests[1]!.answer({ status: 304, headers: new AxiosHeaders({ 'cache-control': 'max-age=90', x: '2' }) });
    expect(await answer).toMatchObject({ status: 200, data: 'text', cache: { status: 'revalidated', ttlMs: 90_000 } });
    pass(89);
    const again = await handle(callOf());
    expect(again.headers['x']).toBe('2');
    expect(requests).toHaveLength(2);
  });

  it('is asked for anew where a 304 is about another', async () => {
    const { filled, handle, requests, pass } = startCache();
    await filled(callOf(), fresh({ etag: '"a"' }));
    pass(60);
    const answer = handle(callOf());
    requests[1]!.answer({ status: 304, headers: new AxiosHeaders({ etag: '"b"' }) });
    await settle();
    expect(requests[2]!.call.config.headers.get('if-none-match')).toBeUndefined();
    requests[2]!.answer(fresh({ etag: '"b"' }, 'new'));
    expect(await answer).toMatchObject({ data: 'new', cache: { status: 'miss' } });
  });

  it('never changes, whatever callers do with theirs', async () => {
    const { filled, handle } = startCache();
    const bytes = { responseType: 'arraybuffer' };
    const first = await filled(callOf(bytes), fresh({ list: 'a' }, Buffer.from('abc')));
    (first.data as Buffer).fill('x');
    const second = await handle(callOf(bytes));
    expect(String(second.data)).toBe('abc');
    (second.data as Buffer).fill('y');
    second.headers['list'] = 'b';
    const third = await handle(callOf(bytes));
    expect(String(third.data)).toBe('abc');
    expect(third.headers['list']).toBe('a');
    expect((await handle(callOf())).data).toBe('abc');
  });

  it('is parsed once, and frozen, where callers want to share it', async () => {
    const { filled, handle } = startCache({ frozen: true });
    const { transformResponse } = axios.defaults;
    const json = { transformResponse };
    await filled(callOf(json), fresh({}, '{"a":[1]}'));
    const [one, other] = [await handle(callOf(json)), await handle(callOf(json))];
    expect(one.data).toEqual({ a: [1] });
    expect(other.data).toBe(one.data);
    expect(() => (one.data as { a: number[] }).a.push(2)).toThrow(TypeError);
    expect((await handle(callOf({ transformResponse: [] }))).data).toBe('{"a":[1]}');
  });

  it('is judged by the validateStatus of each caller', async () => {
    const { filled, handle } = startCache();
    await filled(callOf(), { ...fresh(), status: 404 });
    const picky = handle(callOf({ validateStatus: (status: number) => status < 400 }));
    await expect(picky).rejects.toMatchObject({ status: 404, code: AxiosError.ERR_BAD_REQUEST });
  });

  it('of a status that the first caller refuses is for the others all the same', async () => {
    const { handle, requests } = startCache();
    const first = handle(callOf());
    const second = handle(callOf({ validateStatus: () => true }));
    const { config } = requests[0]!.call;
    const response = { ...fresh(), status: 404, config, statusText: '' } as AxiosResponse;
    requests[0]!.fail(new AxiosError('refused', AxiosError.ERR_BAD_REQUEST, config, undefined, response));
    await expect(first).rejects.toThrow('refused');
    expect(await second).toMatchObject({ status: 404, cache: { status: 'hit' } });
  });

  it('is deleted by an unsafe method that goes well, also where Location and Content-Location lead (§4.4)', async () => {
    const { filled, handle, requests, events } = startCache();
    const urls = ['http://a.example/', 'http://a.example/x', 'http://a.example/y', 'http://b.example/'];
    for (const url of urls) await filled(callOf({ url }), fresh());
    const failed = handle(callOf({ method: 'post' }));
    requests.at(-1)!.answer({ status: 500 });
    await failed;
    expect((await handle(callOf())).cache?.status).toBe('hit');
    const post = handle(callOf({ method: 'post' }));
    requests
      .at(-1)!
      .answer({ headers: new AxiosHeaders({ location: '/x#y', 'content-location': 'http://b.example/' }) });
    await post;
    expect(events.of('cache:evicted').map(({ reason }) => reason)).toEqual(['invalidated', 'invalidated']);
    const before = requests.length;
    for (const url of urls) void handle(callOf({ url }));
    expect(requests.slice(before).map(({ call }) => call.config.url)).toEqual(urls.slice(0, 2));
  });

  it('is not stored, if it was invalidated while it was on its way', async () => {
    const { handle, requests } = startCache();
    const get = handle(callOf());
    const post = handle(callOf({ method: 'post' }));
    requests[1]!.answer();
    await post;
    requests[0]!.answer(fresh());
    await get;
    void handle(callOf());
    expect(requests).toHaveLength(3);
  });

  it('says why it is stored, or not', async () => {
    const { filled, events } = startCache();
    await filled(callOf(), fresh());
    await filled(callOf({ url: 'http://a.example/1' }), fresh({ 'cache-control': 'no-store' }));
    await filled(callOf({ url: 'http://a.example/2' }), fresh({}, Readable));
    expect(events.of('cache:decision').map(({ stored, reason }) => [stored, reason])).toEqual([
      [true, 'fresh for 60 s'],
      [false, 'no-store'],
      [false, 'a body that is neither text nor bytes'],
    ]);
    expect(events.of('cache:stored')).toMatchObject([{ bytes: 4, ttlMs: 60_000 }]);
  });

  it('is not stored where its body is too large', async () => {
    const { filled, handle, requests } = startCache({ maxEntryBytes: 3 });
    await filled(callOf(), fresh());
    void handle(callOf());
    expect(requests).toHaveLength(2);
  });
});

describe('calls for the same', () => {
  it('wait for one request: 10,000 of them for a cold key', async () => {
    const { handle, requests, events } = startCache();
    const calls = Array.from({ length: 10_000 }, () => handle(callOf()));
    expect(requests).toHaveLength(1);
    requests[0]!.answer(fresh());
    const responses = await Promise.all(calls);
    expect(requests).toHaveLength(1);
    expect(responses.filter(({ cache: of }) => of?.status === 'hit')).toHaveLength(9_999);
    expect(new Set(responses).size).toBe(10_000);
    expect(events.of('cache:miss')).toHaveLength(1);
  });

  it('fail with the first, and the next one tries', async () => {
    const { handle, requests } = startCache();
    const calls = [handle(callOf()), handle(callOf())];
    requests[0]!.fail(new AxiosError('reset', 'ECONNRESET'));
    for (const call of calls) await expect(call).rejects.toThrow('reset');
    void handle(callOf());
    expect(requests).toHaveLength(2);
  });

  it('share a status that fails, and none asks again at once', async () => {
    const { handle, requests } = startCache();
    const calls = [handle(callOf()), handle(callOf())];
    requests[0]!.answer({ status: 503, data: 'down', headers: new AxiosHeaders() });
    expect(await Promise.all(calls)).toMatchObject([
      { status: 503, data: 'down' },
      { status: 503, data: 'down' },
    ]);
    void handle(callOf());
    expect(requests).toHaveLength(2);
  });

  it('do not share what must not be stored, and do not wait for it the next time', async () => {
    const { handle, requests } = startCache();
    const calls = [handle(callOf()), handle(callOf()), handle(callOf())];
    requests[0]!.answer(fresh({ 'cache-control': 'no-store' }, 'first'));
    await settle();
    expect(requests).toHaveLength(3);
    requests[1]!.answer(fresh({ 'cache-control': 'no-store' }, 'second'));
    requests[2]!.answer(fresh({ 'cache-control': 'no-store' }, 'third'));
    expect((await Promise.all(calls)).map(({ data }) => data)).toEqual(['first', 'second', 'third']);
    void handle(callOf());
    void handle(callOf());
    expect(requests).toHaveLength(5);
  });

  it('that Vary tells apart get responses of their own', async () => {
    const { handle, requests } = startCache();
    const german = { headers: { 'accept-language': 'de' } };
    const calls = [handle(callOf()), handle(callOf(german)), handle(callOf(german))];
    requests[0]!.answer(fresh({ vary: 'Accept-Language' }, 'hello'));
    await settle();
    expect(requests).toHaveLength(2);
    requests[1]!.answer(fresh({ vary: 'Accept-Language' }, 'hallo'));
    expect((await Promise.all(calls)).map(({ data }) => data)).toEqual(['hello', 'hallo', 'hallo']);
    expect((await handle(callOf())).data).toBe('hello');
  });

  it('go on without the first one, when that is given up', async () => {
    const { handle, requests } = startCache();
    const first = callOf();
    const given = handle(first);
    const second = handle(callOf());
    first.cancellation.cancel(new Error('gone'));
    await expect(given).rejects.toThrow('gone');
    expect(requests[0]!.cancelledWith).toBeUndefined();
    requests[0]!.answer(fresh());
    expect((await second).data).toBe('text');
  });
});

describe('a stale response', () => {
  const lenient = { 'cache-control': 'max-age=60, stale-while-revalidate=30, stale-if-error=600' };

  it('is given while it is validated in the background, once (RFC 5861 §3)', async () => {
    const { filled, handle, requests, pass, gate, events } = startCache();
    await filled(callOf(), fresh({ ...lenient, etag: '"a"' }));
    pass(61);
    const calls = await Promise.all([handle(callOf()), handle(callOf())]);
    expect(calls.map(({ cache: of }) => of?.status)).toEqual(['stale', 'stale']);
    expect(events.of('cache:stale').map(({ reason }) => reason)).toEqual(['while-revalidate', 'while-revalidate']);
    expect(requests).toHaveLength(2);
    expect(gate.size).toBe(1);
    requests[1]!.answer({ status: 304, headers: new AxiosHeaders(lenient) });
    await settle();
    expect(gate.size).toBe(0);
    expect((await handle(callOf())).cache?.status).toBe('hit');
    expect(requests).toHaveLength(2);
  });

  it('is validated by nobody’s call: its caller cannot end it, the client can', async () => {
    const { filled, handle, requests, pass, gate } = startCache();
    await filled(callOf(), fresh(lenient));
    pass(61);
    const controller = new AbortController();
    await handle(callOf({ signal: controller.signal }));
    controller.abort();
    expect(requests[1]!.cancelledWith).toBeUndefined();
    gate.close();
    gate.abortAll();
    expect(requests[1]!.cancelledWith).toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
    await settle();
    expect(gate.size).toBe(0);
    pass(1);
    expect((await handle(callOf())).cache?.status).toBe('stale'); // without validation: the client is closed
    expect(requests).toHaveLength(2);
  });

  it.each<[string, (request: ReturnType<typeof startCache>['requests'][number]) => void]>([
    ['a connection that breaks', (request) => request.fail(new AxiosError('reset', 'ECONNRESET'))],
    ['a circuit breaker that is open', (request) => request.fail(new AxiosError('open', 'ERR_CIRCUIT_OPEN'))],
    ['a timeout', (request) => request.fail(new AxiosError('late', 'ERR_RESPONSE_TIMEOUT'))],
    ['a status that fails', (request) => request.answer({ status: 503 })],
    ['a status that is refused', (request) => request.refuse(503)],
  ])('stands in for %s (RFC 5861 §4)', async (_, end) => {
    const { filled, handle, requests, pass } = startCache();
    await filled(callOf(), fresh({ ...lenient, 'cache-control': 'max-age=60, stale-if-error=600' }));
    pass(61);
    const calls = [handle(callOf()), handle(callOf())];
    end(requests[1]!);
    for (const call of calls) expect(await call).toMatchObject({ status: 200, cache: { status: 'stale' } });
    expect(requests).toHaveLength(2);
  });

  it.each<[string, unknown, Record<string, string>]>([
    ['where nothing says so', new AxiosError('reset', 'ECONNRESET'), {}],
    ['for an address that is refused', new AxiosError('no', 'ERR_ADDRESS_BLOCKED'), lenient],
    [
      'where it must be validated',
      new AxiosError('reset', 'ECONNRESET'),
      { 'cache-control': 'max-age=60, must-revalidate, stale-if-error=9' },
    ],
  ])('does not stand in %s', async (_, error, headers) => {
    const { filled, handle, requests, pass } = startCache();
    await filled(callOf(), fresh({ ...headers, etag: '"a"' }));
    pass(100);
    const call = handle(callOf());
    requests[1]!.fail(error);
    await expect(call).rejects.toBe(error);
  });

  it('is given to a request that takes it', async () => {
    const { filled, handle, pass } = startCache();
    await filled(callOf(), fresh());
    pass(100);
    const response = await handle(callOf({ headers: { 'cache-control': 'max-stale=100' } }));
    expect(response.cache).toEqual({ status: 'stale', ageMs: 100_000, ttlMs: -40_000 });
  });
});

describe('a request', () => {
  it('only for what is stored gets a 504 where nothing is (RFC 9111 §5.2.1.7)', async () => {
    const { handle, requests } = startCache();
    const asked = { headers: { 'cache-control': 'only-if-cached' } };
    expect(await handle(callOf(asked))).toMatchObject({ status: 504, data: '' });
    expect(requests).toHaveLength(0);
  });

  it('only for what is stored gets its 504 with data of the kind that it asks for', async () => {
    const { handle } = startCache();
    const dataOf = async (responseType?: string) => {
      const headers = { 'cache-control': 'only-if-cached' };
      return (await handle(callOf({ headers, ...(responseType && { responseType }), validateStatus: () => true })))
        .data;
    };
    expect([await dataOf(), await dataOf('arraybuffer')]).toEqual(['', Buffer.alloc(0)]);
    expect(await dataOf('stream')).toBeInstanceOf(Readable);
  });

  it('under its own conditions gets its 304 from the cache, or the upstream’s', async () => {
    const { filled, handle, requests, pass } = startCache();
    const asked = { headers: { 'if-none-match': '"a"' } };
    const unknown = handle(callOf(asked));
    expect(requests[0]!.call.config.headers.get('if-none-match')).toBe('"a"');
    requests[0]!.answer({ status: 304, headers: new AxiosHeaders() });
    expect((await unknown).status).toBe(304);
    await filled(callOf(), fresh({ etag: '"a"' }));
    expect(await handle(callOf(asked))).toMatchObject({ status: 304, data: '', cache: { status: 'hit' } });
    expect((await handle(callOf({ headers: { 'if-none-match': '"b"' } }))).status).toBe(200);
    pass(60);
    const stale = handle(callOf({ headers: { 'if-none-match': '"b"' } }));
    expect(requests.at(-1)!.call.config.headers.get('if-none-match')).toBe('"a"');
    requests.at(-1)!.answer({ status: 304, headers: new AxiosHeaders() });
    expect(await stale).toMatchObject({ status: 200, data: 'text' });
  });

  it('for the headers only is answered from a stored response, and updates it (§4.3.5)', async () => {
    const { filled, handle, requests, pass } = startCache();
    await filled(callOf(), fresh());
    expect(await handle(callOf({ method: 'head' }))).toMatchObject({ status: 200, data: '', cache: { status: 'hit' } });
    pass(60);
    const head = handle(callOf({ method: 'head' }));
    requests[1]!.answer(fresh({}, ''));
    await head;
    expect((await handle(callOf())).cache?.status).toBe('hit');
    pass(60);
    const changed = handle(callOf({ method: 'head' }));
    requests[2]!.answer(fresh({ etag: '"new"' }, ''));
    await changed;
    void handle(callOf({ headers: { 'cache-control': 'max-stale' } }));
    expect(requests).toHaveLength(4);
  });

  it.each<[string, Record<string, unknown>]>([
    ['a Range', { headers: { range: 'bytes=0-1' } }],
    ['If-Match', { headers: { 'if-match': '"a"' } }],
    ['no-store', { headers: { 'cache-control': 'no-store' } }],
    ['another method', { method: 'options' }],
    ['a body', { data: 'x' }],
    ['an agent of its own', { httpAgent: {} }],
  ])('with %s passes by the cache', async (_, config) => {
    const { filled, handle, requests, events } = startCache();
    await filled(callOf(), fresh());
    const before = events.all.length;
    const passed = handle(callOf(config));
    requests.at(-1)!.answer(fresh({}, 'its own'));
    expect((await passed).data).toBe('its own');
    expect(events.all.length).toBe(before);
    expect((await handle(callOf())).data).toBe('text');
  });

  it('for a stream gets one, and what it has read is stored', async () => {
    const { filled, handle, requests, state } = startCache();
    const stream = { responseType: 'stream' };
    const first = await filled(callOf(stream), fresh({}, Readable.from([Buffer.from('ab'), Buffer.from('cd')])));
    expect(state.memory.size).toBe(0);
    expect(await text(first.data as Readable)).toBe('abcd');
    await settle();
    const second = await handle(callOf(stream));
    expect(await text(second.data as Readable)).toBe('abcd');
    expect((await handle(callOf())).data).toBe('abcd');
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['breaks off', 10, () => Readable.from((async function* parts() { yield Buffer.from('a'); throw new Error('cut'); })())], // prettier-ignore
    ['is too long', 3, () => Readable.from([Buffer.from('ab'), Buffer.from('cd')])],
  ])('for a stream that %s stores nothing', async (_, maxEntryBytes, body) => {
    const { filled, state } = startCache({ maxEntryBytes });
    const { data } = await filled(callOf({ responseType: 'stream' }), fresh({}, body()));
    await text(data as Readable).catch(() => {});
    await settle();
    expect(state.memory.size).toBe(0);
  });
});

describe('callers with different credentials', () => {
  const as = (user: string, header = 'authorization') => ({ headers: { [header]: user } });

  it.each([['authorization'], ['cookie'], ['x-api-key'], ['X-Tenant-Token']])(
    'share no response, unless it is public: %s',
    async (header) => {
      const { filled, handle, requests } = startCache();
      const seen = { 'cache-control': 's-maxage=60' };
      await filled(callOf(as('one', header)), fresh(seen, 'of one'));
      await filled(callOf(as('two', header)), fresh(seen, 'of two'));
      await filled(callOf(), fresh({ 'cache-control': 'public, max-age=60', vary: 'x' }, 'of nobody'));
      expect((await handle(callOf(as('one', header)))).data).toBe('of nobody');
      expect(requests).toHaveLength(3);
    },
  );

  it('have those of others not stored where the RFC does not allow it (§3.5)', async () => {
    const { filled, handle, requests } = startCache();
    await filled(callOf(as('one')), fresh());
    void handle(callOf(as('one')));
    expect(requests).toHaveLength(2);
  });

  it('do not share in a private cache, either', async () => {
    const { filled, handle, requests } = startCache({ private: true });
    await filled(callOf(as('one')), fresh({ 'cache-control': 'private, max-age=60' }, 'of one'));
    expect((await handle(callOf(as('one')))).data).toBe('of one');
    void handle(callOf(as('two')));
    void handle(callOf());
    expect(requests).toHaveLength(3);
  });

  it('share nothing but what is public, where a layer within adds them', async () => {
    const { filled, handle, requests } = startCache({}, { hasUnknownCredentials: true });
    await filled(callOf(), fresh({ 'cache-control': 's-maxage=60, must-revalidate' }));
    await filled(callOf(), fresh({ 'cache-control': 'public, max-age=60' }));
    await handle(callOf());
    expect(requests).toHaveLength(2);
  });

  it('are not in what is stored', async () => {
    const { filled, state } = startCache({ private: true });
    await filled(
      callOf({ headers: { authorization: 'Bearer s3cret', cookie: 'sid=s3cret' } }),
      fresh({ vary: 'authorization' }),
    );
    expect(JSON.stringify(state.memory.get('http://a.example/'))).not.toContain('s3cret');
  });
});

describe('what is sent keeps calls apart', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['another Host', { headers: { host: 'evil.example' } }, {}],
    ['another X-Forwarded-Host', { headers: { 'x-forwarded-host': 'evil.example' } }, {}],
    ['another X-Forwarded-Proto', { headers: { 'X-Forwarded-Proto': 'https' } }, {}],
    ['another Forwarded', { headers: { forwarded: 'host=evil.example' } }, {}],
    ['another X-Original-URL', { headers: { 'x-original-url': '/admin' } }, {}],
    ['an override of the method', { headers: { 'x-http-method-override': 'DELETE' } }, {}],
    ['another case of the path', { url: 'http://a.example/A' }, { url: 'http://a.example/a' }],
    ['another encoding of the path', { url: 'http://a.example/%61' }, { url: 'http://a.example/a' }],
    ['an encoded slash', { url: 'http://a.example/a%2Fb' }, { url: 'http://a.example/a/b' }],
    ['another query', { url: 'http://a.example/?a=1' }, { url: 'http://a.example/?a=2' }],
    ['other params', { params: { a: 1 } }, { params: { a: 2 } }],
    ['another order of params', { params: { a: 1, b: 2 } }, { params: { b: 2, a: 1 } }],
    ['an encoded ampersand', { params: { a: '1&b=2' } }, { params: { a: '1', b: '2' } }],
    ['another scheme', { url: 'https://a.example/' }, { url: 'http://a.example/' }],
    ['another port', { url: 'http://a.example:81/' }, { url: 'http://a.example/' }],
    ['another socket', { socketPath: '/a' }, { socketPath: '/b' }],
    ['user and password', { auth: { username: 'a', password: 'b' } }, {}],
    ['a user in the URL', { url: 'http://u:p@a.example/' }, {}],
    ['bytes that are not decoded', { decompress: false }, {}],
  ])('%s', async (_, one, other) => {
    const { filled, handle, requests } = startCache({ private: true });
    await filled(callOf(one), fresh());
    void handle(callOf(other));
    expect(requests).toHaveLength(2);
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['a fragment', { url: 'http://a.example/#a' }, { url: 'http://a.example/#b' }],
    ['the case of the host', { url: 'HTTP://A.example/' }, { url: 'http://a.example/' }],
    ['the port of the scheme', { url: 'http://a.example:80/' }, { url: 'http://a.example/' }],
    ['dot segments', { url: 'http://a.example/x/../y' }, { url: 'http://a.example/y' }],
    ['params or a query', { params: { a: 1 } }, { url: 'http://a.example/?a=1' }],
    ['a base URL', { baseURL: 'http://a.example', url: '/' }, {}],
    [
      'the order and case of headers',
      { headers: { host: 'x', forwarded: 'y' } },
      { headers: { Forwarded: 'y', Host: 'x' } },
    ],
    ['a header that Vary does not name', { headers: { 'x-request-id': '1' } }, { headers: { 'x-request-id': '2' } }],
  ])('but not %s', async (_, one, other) => {
    const { filled, handle, requests } = startCache();
    await filled(callOf(one), fresh());
    await handle(callOf(other));
    expect(requests).toHaveLength(1);
  });

  it('and so does the kind of the cache', async () => {
    const { layerOf, handler, filled, requests } = startCache();
    await filled(callOf(), fresh());
    void layerOf({ private: true })(handler)(callOf());
    expect(requests).toHaveLength(2);
  });

  it('with a method that is overridden, what is stored is deleted', async () => {
    const { filled, handle, requests } = startCache();
    await filled(callOf(), fresh());
    await filled(callOf({ headers: { 'x-http-method-override': 'DELETE' } }), {});
    void handle(callOf());
    expect(requests).toHaveLength(3);
  });
});

describe('targeted fields (RFC 9213)', () => {
  it('come before Cache-Control where they are asked for', async () => {
    const { filled, handle } = startCache({ targetedHeaders: ['own-cache-control', 'cdn-cache-control'] });
    await filled(callOf(), fresh({ 'cache-control': 'no-store', 'cdn-cache-control': 'max-age=10' }));
    expect((await handle(callOf())).cache).toMatchObject({ status: 'hit', ttlMs: 10_000 });
  });
});

describe('tags', () => {
  it('come from a header, an option and the call, and condemn what has them', async () => {
    const { filled, handle, requests, state } = startCache({
      tagHeader: 'surrogate-key',
      tags: ({ data }) => [`data:${data as string}`],
    });
    const url = (path: string) => `http://a.example/${path}`;
    await filled(callOf({ url: url('1') }), fresh({ 'surrogate-key': 'a b' }, 'x'));
    await filled(callOf({ url: url('2'), cache: { tags: ['own'] } }), fresh({ 'surrogate-key': 'b' }, 'y'));
    expect(state.memory.get(url('1'))?.[0]?.tags).toEqual(['a', 'b', 'data:x']);
    expect(state.memory.get(url('2'))?.[0]?.tags).toEqual(['b', 'data:y', 'own']);
    await state.purge({ kind: 'tag', tag: 'a' });
    await handle(callOf({ url: url('2') }));
    expect(requests).toHaveLength(2);
    await state.purge({ kind: 'tag', tag: 'own' });
    void handle(callOf({ url: url('1') }));
    void handle(callOf({ url: url('2') }));
    expect(requests).toHaveLength(4);
  });

  it('that cannot be had fail no call', async () => {
    const { filled } = startCache({ tags: () => { throw new Error('a bug'); } }); // prettier-ignore
    expect((await filled(callOf(), fresh())).cache).toMatchObject({ status: 'miss', ttlMs: 60_000 });
  });
});
