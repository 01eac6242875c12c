import axios, { AxiosError, AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import fc from 'fast-check';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual, types } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { callOf } from '../../../test/support/call-of.js';
import { scriptedHandler } from '../../../test/support/scripted-handler.js';
import { type Call, createCall, deriveCall } from '../../call/call.js';
import { BodyTooLargeError } from '../../errors/body.errors.js';
import { coalesce } from './coalesce.js';

function start() {
  const { handler, requests } = scriptedHandler();
  return { requests, handle: coalesce()(handler) };
}

/** How many exchanges calls with these settings make together. */
function exchangesOf(...configs: Record<string, unknown>[]): number {
  const { requests, handle } = start();
  for (const config of configs) void handle(callOf(config));
  return requests.length;
}

describe('calls that are the same', () => {
  it('share one exchange', async () => {
    const { requests, handle } = start();
    const calls = [handle(callOf()), handle(callOf()), handle(callOf())];
    expect(requests).toHaveLength(1);
    requests[0]!.answer({ data: 'text' });
    expect((await Promise.all(calls)).map(({ data }) => data)).toEqual(['text', 'text', 'text']);
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['headers in another order and case', { headers: { a: '1', b: '2' } }, { headers: { B: '2', A: '1' } }],
    ['a header that is undefined', { headers: { a: '1', b: undefined } }, { headers: { a: '1' } }],
    ['equal parameters', { params: { a: 1, b: ['x'] } }, { params: { a: 1, b: ['x'] } }],
    ['equal basic auth', { auth: { username: 'a', password: 'b' } }, { auth: { username: 'a', password: 'b' } }],
    ['transforms, which axios applies to each', { transformResponse: [() => 1] }, { transformResponse: [() => 2] }],
    ['signals', { signal: new AbortController().signal }, { signal: new AbortController().signal }],
    ['the same validateStatus', { validateStatus: isNaN }, { validateStatus: isNaN }],
    [
      'copies of nested settings',
      { transitional: { clarifyTimeoutError: true } },
      { transitional: { clarifyTimeoutError: true } },
    ],
  ])('may have %s', (_, a, b) => {
    expect(exchangesOf(a, b)).toBe(1);
  });

  it('are those that axios makes alike', async () => {
    const { requests, handle } = start();
    const client = axios.create({
      baseURL: 'http://a.example',
      adapter: (config) => handle(createCall(config, 'default')),
    });
    const options = { params: { a: 1 }, headers: { authorization: 'token' } };
    const answers = [client.get('/x', options), client.get('/x', options)];
    await setImmediate();
    expect(requests).toHaveLength(1);
    requests[0]!.answer({ data: '{"a":1}' });
    const [one, other] = await Promise.all(answers);
    expect(one!.data).toEqual({ a: 1 });
    expect(other!.data).toEqual({ a: 1 });
    expect(other!.data).not.toBe(one!.data);
  });
});

describe('calls do not share an exchange', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['another URL', { url: 'http://a.example/1' }, { url: 'http://a.example/2' }],
    ['another base URL', { url: '/', baseURL: 'http://a.example' }, { url: '/', baseURL: 'http://b.example' }],
    ['other parameters', { params: { a: 1 } }, { params: { a: 2 } }],
    ['other URLSearchParams', { params: new URLSearchParams('a=1') }, { params: new URLSearchParams('a=2') }],
    ['another Authorization', { headers: { Authorization: 'a' } }, { headers: { Authorization: 'b' } }],
    ['an Authorization and none', { headers: { Authorization: 'a' } }, {}],
    ['another basic auth', { auth: { username: 'a', password: '1' } }, { auth: { username: 'a', password: '2' } }],
    ['a header that is left out', { headers: { 'User-Agent': false } }, {}],
    ['another header', { headers: { 'X-A': '1' } }, { headers: { 'X-A': '2' } }],
    ['another responseType', { responseType: 'arraybuffer' }, { responseType: 'json' }],
    ['another limit', { maxContentLength: 1 }, { maxContentLength: 2 }],
    ['another timeout', { timeout: 1 }, { timeout: 2 }],
    ['another socket', { socketPath: '/a' }, { socketPath: '/b' }],
    ['another validateStatus', { validateStatus: () => true }, { validateStatus: () => true }],
    ['a setting that nobody knows of', { tenant: 'a' }, { tenant: 'b' }],
    ['a setting under a symbol', { [Symbol.for('tenant')]: 'a' }, { [Symbol.for('tenant')]: 'a' }],
    ['a setting that cannot be compared', { agent: new Map() }, { agent: new Map() }],
    ['a body', { data: 'a' }, { data: 'a' }],
    ['a stream', { responseType: 'stream' }, { responseType: 'stream' }],
    ['another method than GET', { method: 'head' }, { method: 'head' }],
    ['a listener, which is for axios’s adapter', { onDownloadProgress: isNaN }, { onDownloadProgress: isNaN }],
  ])('that have %s', (_, a, b) => {
    expect(exchangesOf(a, b)).toBe(2);
    expect(exchangesOf(b, a)).toBe(2);
  });

  it('whatever is in their headers', () => {
    const hostile = fc.string({
      unit: fc.constantFrom('1', '2', '3', ':', 'a', '{', '}', '[', ']', ';', '='),
      maxLength: 8,
    });
    const names = fc.constantFrom('a', 'b', 'ab', '1', '1a');
    const headers = fc.dictionary(names, fc.oneof(hostile, fc.array(hostile, { maxLength: 2 })), {
      maxKeys: 3,
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(headers, headers, (one, other) => {
        expect(exchangesOf({ headers: one }, { headers: other })).toBe(isDeepStrictEqual(one, other) ? 1 : 2);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['a name that ends as a length begins', { a1: '', bbbbbb: 'xy' }, { a: 'bbbbbb2:xy' }],
    ['a value that looks like another header', { a: 'x', b: 'y' }, { a: 'x1:b1:y' }],
    ['a list and its entries in one', { a: ['b', 'c'] }, { a: 'b, c' }],
    ['names and values exchanged', { a: 'b' }, { b: 'a' }],
  ])('that have headers with %s', (_, one, other) => {
    expect(exchangesOf({ headers: one }, { headers: other })).toBe(2);
  });

  it('where a header object is used again for somebody else while the first call is under way', () => {
    const { requests, handle } = start();
    const headers = new AxiosHeaders({ authorization: 'one' });
    const config = { url: 'http://a.example/', headers };
    void handle(createCall({ ...config }, 'default'));
    headers.set('authorization', 'other');
    void handle(createCall({ ...config }, 'default'));
    expect(requests).toHaveLength(2);
  });

  it('once there is an answer', async () => {
    const { requests, handle } = start();
    const first = handle(callOf());
    requests[0]!.answer({ data: 'old' });
    await first;
    const second = handle(callOf());
    expect(requests).toHaveLength(2);
    requests[1]!.answer({ data: 'new' });
    expect((await second).data).toBe('new');
  });

  it('once there is a failure', async () => {
    const { requests, handle } = start();
    const calls = [handle(callOf()), handle(callOf())];
    requests[0]!.fail(new Error('reset'));
    for (const call of calls) await expect(call).rejects.toThrow('reset');
    void handle(callOf());
    expect(requests).toHaveLength(2);
  });

  it('that a layer within has ended already', async () => {
    const { requests, handle } = start();
    const first = handle(callOf());
    requests[0]!.call.cancellation.cancel(new Error('timeout'));
    void handle(callOf());
    expect(requests).toHaveLength(2);
    await expect(first).rejects.toThrow('timeout');
    void handle(callOf());
    expect(requests).toHaveLength(2);
  });

  it('several at a time, of which each is shared', async () => {
    const { requests, handle } = start();
    const configs = [{}, { headers: { a: '1' } }, { headers: { a: '2' } }];
    const calls = [...configs, ...configs].map((config) => handle(callOf(config)));
    expect(requests).toHaveLength(3);
    requests.forEach((request, index) => request.answer({ data: `answer ${index}` }));
    expect((await Promise.all(calls)).map(({ data }) => data)).toEqual(
      [0, 1, 2, 0, 1, 2].map((index) => `answer ${index}`),
    );
    void handle(callOf(configs[1]));
    expect(requests).toHaveLength(4);
  });
});

describe('a caller that gives up', () => {
  const reason = new Error('gave up');

  it('gets its own reason, and the others their answer, also where it came first', async () => {
    const { requests, handle } = start();
    const [first, second] = [callOf(), callOf()];
    const answers = [handle(first), handle(second)];
    first.cancellation.cancel(reason);
    await expect(answers[0]).rejects.toBe(reason);
    expect(requests[0]!.cancelledWith).toBeUndefined();
    requests[0]!.answer({ data: 'text' });
    const { data, config } = await answers[1]!;
    expect(data).toBe('text');
    expect(config).toBe(second.config);
  });

  it('ends the exchange when it is the last, with its reason; the next call begins another', async () => {
    const { requests, handle } = start();
    const [first, second] = [callOf(), callOf()];
    const answers = [handle(first), handle(second)];
    first.cancellation.cancel(new Error('earlier'));
    second.cancellation.cancel(reason);
    expect(requests[0]!.cancelledWith).toBe(reason);
    await expect(answers[0]).rejects.toThrow('earlier');
    await expect(answers[1]).rejects.toBe(reason);
    void handle(callOf());
    expect(requests).toHaveLength(2);
  });

  it('before it begins makes no exchange to join', async () => {
    const { requests, handle } = start();
    const call = callOf();
    call.cancellation.cancel(reason);
    await expect(handle(call)).rejects.toBe(reason);
    void handle(callOf());
    expect(requests).toHaveLength(2);
  });

  it('after the answer cancels nothing, and is not listened to any more', async () => {
    const { requests, handle } = start();
    const call = callOf();
    const subscribe = vi.spyOn(call.cancellation, 'subscribe');
    const unsubscribe = vi.spyOn(call.cancellation, 'unsubscribe');
    const answer = handle(call);
    requests[0]!.answer();
    await answer;
    expect(unsubscribe.mock.calls).toEqual(subscribe.mock.calls);
    call.cancellation.cancel(reason);
    expect(requests[0]!.call.cancellation.reason).toBeUndefined();
  });
});

it('has the latest deadline of those who wait', () => {
  const { requests, handle } = start();
  const withDeadline = (deadline: number): Call => deriveCall(callOf(), { deadline });
  void handle(withDeadline(100));
  const { call } = requests[0]!;
  expect(call.deadline).toBe(100);
  const latest = withDeadline(300);
  handle(latest).catch(() => {});
  void handle(withDeadline(200));
  expect(call.deadline).toBe(300);
  latest.cancellation.cancel(new Error('gave up'));
  expect(call.deadline).toBe(200);
  void handle(callOf());
  expect(call.deadline).toBe(Infinity);
});

describe('what each caller gets', () => {
  const shared = async (answer: (request: ReturnType<typeof start>['requests'][number]) => void, count = 2) => {
    const { requests, handle } = start();
    const calls = Array.from({ length: count }, () => callOf());
    const results = Promise.allSettled(calls.map(handle));
    answer(requests[0]!);
    return { calls, results: await results };
  };

  it('is the very response, where it is alone', async () => {
    const { requests, handle } = start();
    const call = callOf();
    const answer = handle(call);
    const data = Buffer.from('bytes');
    requests[0]!.answer({ data });
    expect((await answer).data).toBe(data);
  });

  it('is a response of its own: its config, its headers, its bytes', async () => {
    const data = Buffer.from('bytes');
    const headers = new AxiosHeaders({ 'content-type': 'text/plain', 'set-cookie': ['a=1'] });
    const request = { sent: true };
    const { calls, results } = await shared((scripted) => scripted.answer({ data, headers, request }));
    const [one, other] = results.map((result) => (result as PromiseFulfilledResult<AxiosResponse>).value);
    expect(one!.config).toBe(calls[0]!.config);
    expect(other!.config).toBe(calls[1]!.config);
    one!.data.fill(0);
    (one!.headers['set-cookie'] as string[]).push('b=2');
    one!.headers['content-type'] = 'changed';
    one!.status = 500;
    expect(other).toMatchObject({ status: 200, statusText: 'OK', request });
    expect(other!.data.toString()).toBe('bytes');
    expect(other!.headers).toBeInstanceOf(AxiosHeaders);
    expect((other!.headers as AxiosHeaders).toJSON()).toEqual({ 'content-type': 'text/plain', 'set-cookie': ['a=1'] });
  });

  it('is an error of its own, with its config and a response of its own', async () => {
    let original: unknown;
    const { calls, results } = await shared((request) => {
      const { config } = request.call;
      const response = { status: 404, config, headers: new AxiosHeaders(), data: 'none' } as AxiosResponse;
      original = AxiosError.from(new Error('inner'), AxiosError.ERR_BAD_REQUEST, config, { sent: true }, response);
      request.fail(original);
    });
    const errors = results.map((result) => (result as PromiseRejectedResult).reason as AxiosError);
    errors.forEach((error, index) => {
      expect(error).not.toBe(original);
      expect(error).toBeInstanceOf(AxiosError);
      expect(types.isNativeError(error)).toBe(true);
      expect(error).toMatchObject({ message: 'inner', code: 'ERR_BAD_REQUEST', status: 404, request: { sent: true } });
      expect(error.stack).toBe((original as Error).stack);
      expect(error.cause).toBe((original as Error).cause);
      expect(error.config).toBe(calls[index]!.config);
      expect(error.response!.config).toBe(calls[index]!.config);
      expect(error.response!.data).toBe('none');
    });
    expect(errors[0]).not.toBe(errors[1]);
    expect(errors[0]!.response).not.toBe(errors[1]!.response);
  });

  it('is an error whose cause, too, is of its own request', async () => {
    const { calls, results } = await shared((request) => {
      const cause = new AxiosError('inner', 'ECONNRESET', request.call.config);
      request.fail(AxiosError.from(cause, 'OUTER', request.call.config));
    });
    results.forEach((result, index) => {
      const { cause } = (result as PromiseRejectedResult).reason as AxiosError;
      expect((cause as AxiosError).config).toBe(calls[index]!.config);
    });
  });

  it('is a client error of its own class, with the config of its own call', async () => {
    const { calls, results } = await shared((request) => request.fail(new BodyTooLargeError(request.call, 10)));
    const [one, other] = results.map((result) => (result as PromiseRejectedResult).reason as BodyTooLargeError);
    expect(one).toBeInstanceOf(BodyTooLargeError);
    expect(one).toMatchObject({ code: 'ERR_BODY_TOO_LARGE', origin: 'http://a.example', method: 'GET' });
    expect(other!.message).toBe(one!.message);
    expect(other).not.toBe(one);
    [one, other].forEach((error, index) => expect(error!.config).toBe(calls[index]!.config));
    expect(Object.keys(other!)).not.toContain('config');
  });

  it('is the same error where it says nothing of a request', async () => {
    const error = new TypeError('bug');
    const { results } = await shared((request) => request.fail(error));
    for (const result of results) expect((result as PromiseRejectedResult).reason).toBe(error);
  });

  it('does not depend on what the first one was given', async () => {
    const { requests, handle } = start();
    const config: InternalAxiosRequestConfig = callOf().config;
    const one = handle(createCall(config, 'default'));
    const other = handle(createCall(config, 'default'));
    requests[0]!.answer({ data: Buffer.from('bytes') });
    expect((await one).data).not.toBe((await other).data);
  });
});
