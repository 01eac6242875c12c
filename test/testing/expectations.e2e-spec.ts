import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  type ExpectedRequest,
  HttpExpectationsError,
  type Reply,
  UnexpectedRequestError,
} from '../../src/testing/index.js';
import { failureOf } from '../support/failure-of.js';
import { BASE_URL, startTestApp } from '../support/testing-app.js';

describe('an expectation made first', () => {
  it('answers one request, and has it to look at', async () => {
    const { client, controller } = await startTestApp();
    const expected = controller.expectOne<{ name: string }>({ method: 'post', url: '/users' }).reply(201, { id: 1 });
    expect(() => expected.request).toThrow(/^the request has not come yet.*: POST \/users$/);
    const { status, data } = await client.post('/users?notify=yes', { name: 'Ada' }, { headers: { 'x-tenant': 'a' } });
    expect([status, data]).toEqual([201, { id: 1 }]);
    expect(expected.request).toMatchObject({
      client: 'default',
      method: 'POST',
      url: `${BASE_URL}/users?notify=yes`,
      path: '/users',
      headers: { 'x-tenant': 'a', 'content-type': 'application/json', host: 'api.example.com' },
      body: { name: 'Ada' },
      rawBody: Buffer.from('{"name":"Ada"}'),
      attempt: 1,
    });
    expect(await expected.received).toEqual(expected.request);
    controller.verify();
  });

  it('answers no second one', async () => {
    const { client, controller } = await startTestApp();
    controller.expectOne('/users').reply(200);
    await client.get('/users');
    const error = await failureOf(client.get('/users'));
    expect(error).toBeInstanceOf(UnexpectedRequestError);
    expect(error.message).toContain(`GET ${BASE_URL}/users of client "default" was not expected more than once`);
  });

  it('takes one answer', async () => {
    const { controller } = await startTestApp();
    const expected = controller.expectOne('/users').reply(200);
    expect(() => expected.reply(200)).toThrow(
      'there is an answer for the one request already; for more requests use `match`',
    );
  });

  it.each([
    ['a function', () => 'text', 'got a function; `replyWith` takes one'],
    ['a promise', Promise.resolve('text'), 'got a promise; await it, or use `replyWith`'],
    ['a stream', Readable.from(['text']), 'got a stream; `stream` takes one'],
  ])('is not answered with what would be sent as something else: %s', async (_what, body, told) => {
    const { controller } = await startTestApp();
    expect(() => controller.match('/users').reply(200, body)).toThrow(`body: ${told}`);
  });
});

it('a generator streams once: the next request fails, rather than get an empty body', async () => {
  const { client, controller } = await startTestApp();
  const generate = function* () {
    yield 'a';
  };
  controller.match('/used-up').stream(generate());
  controller.match('/each').stream(generate);
  controller.match('/list').stream(['a']);
  for (const path of ['/each', '/each', '/list', '/list', '/used-up']) expect((await client.get(path)).data).toBe('a');
  expect((await failureOf(client.get('/used-up'))).message).toContain('its chunks went to an earlier request');
  expect(() => controller.verify()).toThrow('pass a function that makes them');
});

describe('what can be no match is refused', () => {
  it.each<[unknown, string]>([
    [
      'GET /users',
      "expected an absolute URL, or a path that begins with /, got 'GET /users'; with a method: { method: 'GET', url: '/users' }",
    ],
    ['users', "expected an absolute URL, or a path that begins with /, got 'users'"],
    [{ url: '' }, "expected an absolute URL, or a path that begins with /, got ''"],
    [{ uri: '/users' }, 'uri: expected none but client, method, url, query, headers, body'],
    [undefined, 'expected a URL, a RegExp, a function or { method, url, … }, got undefined'],
  ])('%j', async (match, message) => {
    const { controller } = await startTestApp();
    expect(() => controller.expectOne(match as string)).toThrow(message);
    controller.verify();
  });

  it('as is a number of requests that is none', async () => {
    const { controller } = await startTestApp();
    expect(() => controller.match('/users', { times: 0 })).toThrow('for none there is `expectNone`');
  });
});

describe('what can be no answer is refused', () => {
  it.each<[string, (expected: ExpectedRequest) => unknown, string]>([
    [
      'an unknown code',
      (expected) => expected.error('ENOSUCH' as never),
      'or one of ENOTFOUND, EAI_AGAIN, ECONNREFUSED',
    ],
    ['no code', (expected) => expected.error(undefined as never), 'got undefined'],
    ['no chunks', (expected) => expected.stream({} as never), 'stream: expected an iterable of chunks, or a function'],
    ['a time that is none', (expected) => expected.delay(NaN), 'delay: expected milliseconds from 0, got NaN'],
    [
      'a time that is endless',
      (expected) => expected.delay(Infinity),
      'delay: expected milliseconds from 0, got Infinity',
    ],
    ['a time as a text', (expected) => expected.delay('5' as never), "delay: expected milliseconds from 0, got '5'"],
    ['a time as a BigInt', (expected) => expected.delay(5n as never), 'delay: expected milliseconds from 0, got 5n'],
    ['no time', (expected) => expected.delay(null as never), 'delay: expected milliseconds from 0, got null'],
    ['a time before', (expected) => expected.delay(-1), 'delay: expected milliseconds from 0, got -1'],
  ])('%s', async (_what, answer, message) => {
    const { controller } = await startTestApp();
    const expected = controller.expectOne('/users');
    expect(() => answer(expected)).toThrow(message);
    controller.reset();
  });

  it('as are no chunks of a function, when the request has come', async () => {
    const { client, controller } = await startTestApp();
    controller.match('/users').stream(() => undefined as never);
    await failureOf(client.get('/users'));
    expect(() => controller.verify()).toThrow(
      'could not be answered: TypeError: stream: expected an iterable of chunks',
    );
  });
});

describe('a request made first', () => {
  it('is waited for, looked at and answered', async () => {
    const { client, controller } = await startTestApp();
    const call = client.put('/users/1', { name: 'Ada' });
    const { request, reply } = await controller.waitFor({ method: 'PUT', url: '/users/1' }).then((expected) => ({
      request: expected.request,
      reply: expected.reply.bind(expected),
    }));
    expect(request.body).toEqual({ name: 'Ada' });
    reply(204);
    expect((await call).status).toBe(204);
  });

  it('is not waited for any longer when another comes that nobody expects', async () => {
    const { client, controller } = await startTestApp();
    const call = failureOf(client.get('/user'));
    const error = await failureOf(controller.waitFor('/users'));
    expect(error).toBe(await call);
    expect(error.message).toContain("url: expected '/users', got '/user'");
  });

  it('waits until somebody expects it, where the test says so', async () => {
    const { client, controller } = await startTestApp({}, { unexpected: 'wait' });
    const calls = [client.get('/a'), client.get('/b'), client.get('/a')];
    await controller.waitFor('/b').then((b) => b.reply(200, 'b'));
    controller.match('/a').reply(200, 'first').reply(200, 'second');
    const answers = await Promise.all(calls);
    expect(answers.map(({ data }) => data)).toEqual(['first', 'b', 'second']);
    controller.verify();
  });
});

describe('match', () => {
  it('answers any number of requests, each with the answer at its place, the rest with the last', async () => {
    const { client, controller } = await startTestApp({ axios: { validateStatus: () => true } });
    const matched = controller.match('/rates').reply(503).reply(429).reply(200, 'at last');
    const statuses: number[] = [];
    for (let count = 0; count < 4; count++) statuses.push((await client.get('/rates')).status);
    expect(statuses).toEqual([503, 429, 200, 200]);
    expect(matched.requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET', 'GET']);
    controller.verify();
  });

  it.each([
    [2, '2 requests'],
    [{ min: 2 }, 'at least 2 requests'],
    [{ min: 2, max: 5 }, 'at least 2 requests'],
  ])('has as many as there must be: %j', async (times, told) => {
    const { client, controller } = await startTestApp();
    controller.match('/rates', { times }).reply(200);
    await client.get('/rates');
    expect(() => controller.verify()).toThrow(`expected ${told}, got 1: any method /rates`);
    controller.match('/rates', { times }).reply(200);
    await client.get('/rates');
    await client.get('/rates');
    controller.verify();
  });

  it('has no more than there may be', async () => {
    const { client, controller } = await startTestApp();
    controller.match('/rates', { times: { max: 2 } }).reply(200);
    await client.get('/rates');
    await client.get('/rates');
    expect((await failureOf(client.get('/rates'))).message).toContain('was not expected more than 2 times');
  });

  it.each([-1, 1.5, { min: 3, max: 2 }])('refuses to be for %j', async (times) => {
    const { controller } = await startTestApp();
    expect(() => controller.match('/rates', { times })).toThrow('times: expected whole numbers');
  });

  it('lets a test say what an answer depends on, also later', async () => {
    const { client, controller } = await startTestApp();
    controller
      .match<{ n: number }>('/double')
      .replyWith(async ({ body }) => ({ status: 200, body: { n: body.n * 2 }, headers: { 'x-calc': 'yes' } }));
    const { data, headers } = await client.post('/double', { n: 21 });
    expect([data, headers['x-calc']]).toEqual([{ n: 42 }, 'yes']);
  });

  it('fails the call with what the answer fails with, and tells at the end which request met it', async () => {
    const { client, controller } = await startTestApp();
    const bug = new RangeError('a bug in the test');
    controller.match('/broken').replyWith(() => {
      throw bug;
    });
    expect((await failureOf(client.get('/broken'))).message).toBe('a bug in the test');
    const error = await failureOf(Promise.resolve().then(() => controller.verify()));
    expect(error.problems).toEqual([
      `GET ${BASE_URL}/broken of client "default" could not be answered: RangeError: a bug in the test`,
    ]);
    expect(error.cause).toBe(bug);
    controller.verify();
  });

  it.each<[unknown, string]>([
    [undefined, 'TypeError: expected a reply, as { status: 200, body: … }, got undefined'],
    ['text', "TypeError: expected a reply, as { status: 200, body: … }, got 'text'"],
    [{ body: 'text' }, 'RangeError: status: expected a whole number from 200 to 599, got undefined'],
    [{ status: 200, body: () => 'text' }, 'TypeError: body: got a function; `replyWith` takes one'],
  ])('says what is wrong with the answer %j', async (answer, told) => {
    const { client, controller } = await startTestApp();
    controller.match('/broken').replyWith(() => answer as Reply);
    await failureOf(client.get('/broken'));
    expect(() => controller.verify()).toThrow(`/broken of client "default" could not be answered: ${told}`);
  });
});

describe('of several expectations for a request', () => {
  it('those for a number of requests come first, in order; then the latest that lasts', async () => {
    const { client, controller } = await startTestApp();
    controller.match('/x').reply(200, 'lasting');
    controller.expectOne('/x').reply(200, 'first');
    controller.match('/x').reply(200, 'lasting, later');
    controller.expectOne('/x').reply(200, 'second');
    const answers: string[] = [];
    for (let count = 0; count < 4; count++) answers.push((await client.get('/x')).data);
    expect(answers).toEqual(['first', 'second', 'lasting, later', 'lasting, later']);
  });

  it('expectNone comes before all', async () => {
    const { client, controller } = await startTestApp();
    controller.match(/./).reply(200);
    controller.expectNone({ method: 'DELETE' });
    await client.get('/users');
    const error = await failureOf(client.delete('/users'));
    expect(error.message).toContain('was not expected: expectNone forbids DELETE any URL');
    expect(() => controller.verify()).toThrow(HttpExpectationsError);
  });
});

it('expectNone tells at once of a request that has come and that nobody expected', async () => {
  const { client, controller } = await startTestApp();
  await failureOf(client.get('/users'));
  controller.expectNone('/others');
  expect(() => controller.expectNone('/users')).toThrow(`expectNone: there was GET ${BASE_URL}/users of client`);
});

describe('a request that nobody expects', () => {
  it('fails at once, and says what came nearest and in which test', async () => {
    const { client, controller } = await startTestApp();
    controller.expectOne({ method: 'GET', url: '/orders/1' });
    controller.expectOne({ method: 'POST', url: '/users', query: { notify: 'yes' }, body: { name: 'Ada', age: 36 } });
    const error = await failureOf(client.post('/users', { name: 'Bob', age: 36 }));
    expect(error).toMatchObject({ code: 'ERR_UNEXPECTED_REQUEST', client: 'default', method: 'POST' });
    expect(error.message).toBe(
      `POST ${BASE_URL}/users of client "default" was not expected ` +
        '(test "a request that nobody expects > fails at once, and says what ' +
        'came nearest and in which test")\n' +
        "nearest expectation: POST /users with query { notify: 'yes' } with body { age: 36, name: 'Ada' }\n" +
        "  query.notify: expected 'yes', got none\n" +
        "  body.name: expected 'Ada', got 'Bob'",
    );
    controller.reset();
  });

  it('is told of a function that did not return true, be it a promise', async () => {
    const { client, controller } = await startTestApp();
    controller.match((async () => true) as never);
    const { message } = await failureOf(client.get('/users'));
    expect(message).toMatch(/\nnearest expectation: .*\n {2}what it returns: expected true, got Promise { true }$/);
    controller.reset();
  });

  it('is told of ten differences, and of how many there are besides', async () => {
    const { client, controller } = await startTestApp();
    const body = (of: string) => Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`field${index}`, of]));
    controller.expectOne({ url: '/users', body: body('a') });
    const { message } = await failureOf(client.post('/users', body('b')));
    expect(message).toMatch(/\n {2}body\.field9: expected 'a', got 'b'\n {2}and 2 more$/);
    controller.reset();
  });

  it('is told of where all that was expected has come', async () => {
    const { client, controller } = await startTestApp();
    controller.expectOne('/users').reply(200);
    await client.get('/users');
    const { message } = await failureOf(client.get('/others'));
    expect(message).toContain('was not expected: each expectation has had its requests (test ');
    controller.reset();
  });

  it('is told of where it is expected too late', async () => {
    const { client, controller } = await startTestApp();
    await failureOf(client.get('/users'));
    controller.expectOne('/users').reply(200);
    expect(() => controller.verify()).toThrow(
      '- expected 1 request, got 0: any method /users\n' +
        "  it came before it was expected: expect it first, or have requests wait by the option unexpected: 'wait'",
    );
  });

  it('is neither repeated nor held against the upstream', async () => {
    const { client, controller } = await startTestApp({ resilience: 'standard' });
    await failureOf(client.get('/users'));
    expect(controller.requests).toHaveLength(1);
    expect(() => controller.verify()).toThrow('1 problem with outbound HTTP calls');
  });

  it('is told of at the end, whatever the app made of it', async () => {
    const { client, controller } = await startTestApp();
    await client.get('/users').catch(() => 'a fallback');
    expect(() => controller.verify()).toThrow(`GET ${BASE_URL}/users of client "default" was not expected: nothing is`);
  });

  it('shows no secrets', async () => {
    const { client, controller } = await startTestApp({ redact: { query: ['pin'], headers: ['x-tenant'] } });
    controller.expectOne({
      url: '/users?token=expected-1&pin=expected-2',
      headers: { authorization: 'Bearer expected-3', 'x-tenant': 'expected-4' },
      query: { api_key: 'expected-5' },
      body: { password: 'expected-6', nested: { secret: 'expected-7' }, list: [{ token: 'expected-8' }] },
    });
    const url = '/users?token=sent-1&pin=sent-2&api_key=sent-5';
    const body = { password: 'sent-6', nested: { secret: 'sent-7' }, list: [{ token: 'sent-8' }] };
    const headers = { authorization: 'Bearer sent-3', 'x-tenant': 'sent-4' };
    const { message } = await failureOf(client.post(url, body, { headers }));
    expect(message).toContain('body.password: expected [redacted], got [redacted]');
    expect(message).toContain('headers.x-tenant');
    expect(message).not.toMatch(/expected-\d|sent-\d/);
    const error = await failureOf(Promise.resolve().then(() => controller.verify()));
    expect(error.message).toContain('nearest request');
    expect(error.message).not.toMatch(/expected-\d|sent-\d/);
  });
});

it('shows no secrets of a text, either', async () => {
  const { client, controller } = await startTestApp();
  controller.expectOne({ url: '/login', body: 'user=a&token=expected-1' });
  const { message } = await failureOf(client.post('/login', 'user=b&token=sent-1'));
  expect(message).toContain("body: expected 'user=a&token=[redacted]', got 'user=b&token=[redacted]'");
  controller.reset();
});

it('nothing is waited for after a request that nobody expected, until that is verified', async () => {
  const { client, controller } = await startTestApp();
  const earlier = controller.match('/users').reply(200);
  const error = await failureOf(client.get('/user'));
  expect(await failureOf(controller.waitFor('/users'))).toBe(error);
  expect(await failureOf(earlier.received)).toBe(error);
  controller.reset();
  const expected = controller.expectOne('/users').reply(200);
  const call = client.get('/users');
  expect((await expected.received).path).toBe('/users');
  await call;
});

describe('verify', () => {
  it('lists what has not come, what was given no answer and what nobody expected', async () => {
    const { client, controller } = await startTestApp();
    controller.expectOne({ method: 'GET', url: '/users/1' });
    const unanswered = controller.waitFor('/unanswered');
    const call = failureOf(client.get('/unanswered'));
    await unanswered;
    await failureOf(client.get('/users/2'));
    const error = await failureOf(Promise.resolve().then(() => controller.verify()));
    expect(error).toMatchObject({
      code: 'ERR_HTTP_EXPECTATIONS',
      problems: [
        expect.stringContaining(`GET ${BASE_URL}/users/2 of client "default" was not expected`),
        'expected 1 request, got 0: GET /users/1\n' +
          `nearest request: GET ${BASE_URL}/users/2 of client "default"\n` +
          "  url: expected '/users/1', got '/users/2'",
        `GET ${BASE_URL}/unanswered of client "default" was given no answer`,
      ],
    });
    expect(error.message).toMatch(/^3 problems with outbound HTTP calls\n- GET/);
    expect(await call).toMatchObject({
      code: 'ERR_UNANSWERED_REQUEST',
      message: `GET ${BASE_URL}/unanswered of client "default" was given no answer before verify()`,
    });
  });

  it('forgets what it has checked, but for what lasts', async () => {
    const { client, controller } = await startTestApp();
    controller.match('/lasting').reply(200);
    controller.expectOne('/missing');
    controller.expectNone('/forbidden');
    await client.get('/lasting');
    expect(() => controller.verify()).toThrow('/missing');
    controller.verify();
    expect(controller.requests).toEqual([]);
    controller.expectOne('/forbidden').reply(200);
    await client.get('/forbidden');
    await client.get('/lasting');
    controller.verify();
    controller.reset();
    expect((await failureOf(client.get('/lasting'))).message).toContain('was not expected: nothing is');
  });

  it('has what lasts begin anew: its requests, its answers, and waiting for it', async () => {
    const { client, controller } = await startTestApp({ axios: { validateStatus: () => true } });
    const rates = controller.match('/rates').reply(503).reply(200);
    for (const status of [503, 200]) expect((await client.get('/rates')).status).toBe(status);
    await failureOf(client.get('/others'));
    expect(() => controller.verify()).toThrow('/others');

    expect(rates.requests).toEqual([]);
    const received = rates.received.then(({ path }) => path);
    expect((await client.get('/rates')).status).toBe(503);
    expect(await received).toBe('/rates');
  });

  it('leaves alone who waits for the first request to what lasts', async () => {
    const { client, controller } = await startTestApp();
    const { received } = controller.match('/rates').reply(200);
    controller.verify();
    await client.get('/rates');
    expect((await received).path).toBe('/rates');
  });

  it('ends what was waited for, and names it', async () => {
    const { controller } = await startTestApp();
    const wait = failureOf(controller.waitFor({ method: 'POST', url: '/users' }));
    expect(() => controller.verify()).toThrow('expected 1 request, got 0: POST /users');
    expect((await wait).message).toBe('no request came before verify(): POST /users');
  });

  it('is content with a request that its caller gave up', async () => {
    const { client, controller } = await startTestApp();
    const abort = new AbortController();
    const asked = controller.waitFor('/slow');
    const call = failureOf(client.get('/slow', { signal: abort.signal }));
    await asked;
    abort.abort();
    expect(await call).toMatchObject({ code: 'ERR_CANCELED' });
    controller.verify();
  });

  it('tells of a function that fails to judge a request', async () => {
    const { client, controller } = await startTestApp();
    controller.match(({ headers }) => headers['x-missing']!.includes('x')).reply(200);
    expect((await failureOf(client.get('/'))).message).toContain('undefined');
    expect(() => controller.verify()).toThrow(`GET ${BASE_URL}/ of client "default" could not be matched: TypeError: `);
  });
});
