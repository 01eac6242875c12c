import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { AxiosHeaders, type AxiosInstance, type AxiosResponse } from 'axios';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCall, deriveCall } from '../src/call/call.js';
import { getHttpClientToken, HttpClientModule, type HttpClientModuleOptions } from '../src/index.js';
import {
  bytes,
  FixtureError,
  hold,
  HttpClientTestingModule,
  type HttpClientTestingOptions,
  HttpTestingController,
  json,
  recordedTransport,
  type Recording,
  RecordingDriftError,
  type RecordingOptions,
  redirect,
  reset,
  sequence,
  startUpstream,
  status,
  text,
  type Upstream,
} from '../src/testing/index.js';
import { failureOf } from './support/failure-of.js';
import { settle, testCall, WatchedCancellation } from './support/layer-contract.js';
import { packagedForm } from './support/packaged-form.js';
import { leaks, secret } from './support/printed.js';

let folder: string;
let fixture: string;
let upstream: Upstream;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  vi.stubEnv('CI', '');
  vi.stubEnv('NEST_OUTBOUND_RECORDING', '');
  folder = await mkdtemp(join(tmpdir(), 'recording-'));
  fixture = join(folder, 'fixtures', 'x.json');
  upstream = await startUpstream();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closing.splice(0).toReversed()) await close();
  await upstream.close();
  await rm(folder, { recursive: true });
});

interface Run {
  readonly client: AxiosInstance;
  readonly recording: Recording;
}

/** A client of an app of its own whose exchanges are recorded or replayed. */
async function start(options: Partial<RecordingOptions> = {}, ofModule: HttpClientModuleOptions = {}): Promise<Run> {
  const recording = recordedTransport({ fixture, ...options });
  class AppModule {}
  Module({
    imports: [
      HttpClientModule.forRoot({
        baseURL: upstream.url,
        ...ofModule,
        layers: [{ use: recording, after: 'attemptTimeout' }],
      }),
    ],
  })(AppModule);
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  closing.push(() => app.close());
  return { client: app.get<AxiosInstance>(getHttpClientToken()), recording };
}

/** Makes the same calls twice: recorded, and replayed with the upstream down. */
async function twice<Result>(
  use: (client: AxiosInstance) => Promise<Result>,
  options: Partial<RecordingOptions> = {},
  ofModule: HttpClientModuleOptions = {},
): Promise<{ recorded: Result; replayed: Result }> {
  const first = await start({ mode: 'record', ...options }, ofModule);
  const recorded = await use(first.client);
  await first.recording.close();
  await upstream.down();
  const second = await start({ mode: 'replay', ...options }, ofModule);
  const replayed = await use(second.client);
  second.recording.verify();
  return { recorded, replayed };
}

const content = () => readFile(fixture, 'utf8');
const exchanges = async () => JSON.parse(await content()).exchanges;
const partsOf = ({ status: code, statusText, data, headers }: AxiosResponse) => ({
  code,
  statusText,
  data,
  type: headers['content-type'],
  length: headers['content-length'],
  encoding: headers['content-encoding'],
});
describe('a replayed response', () => {
  it.each([
    ['JSON', json({ a: [1, 'ü'], b: null })],
    ['indented JSON', text('{\n  "a": 1\n}\n', { headers: { 'content-type': 'application/json' } })],
    ['JSON with numbers that JavaScript has not', text('{"id":12345678901234567890,"x":1.0}')],
    ['JSON that is spaced in a way of its own', text('{"a" : 1,\t"b":[ 2 ]}')],
    ['JSON with a field __proto__', text('{"__proto__":{"a":1}}')],
    ['a text', text('né\r\n')],
    ['nothing', status(204)],
    ['an empty body', text('')],
    ['a byte order mark', text('\ufeff{"a":1}')],
    ['gzip', json({ a: 1 }, { encoding: 'gzip' })],
    ['deflate', json({ a: 1 }, { encoding: 'deflate' })],
    ['br', json({ a: 1 }, { encoding: 'br' })],
    ['bytes', bytes(Buffer.from([0, 255, 254, 10]))],
  ])('is the recorded one: %s', async (_, reply) => {
    upstream.on('*', reply);
    const { recorded, replayed } = await twice(async (client) => [
      partsOf(await client.get('/json')),
      partsOf(await client.get('/buffer', { responseType: 'arraybuffer' })),
      partsOf(await client.get('/text', { responseType: 'text' })),
      await textOf((await client.get('/stream', { responseType: 'stream' })).data),
      partsOf(await client.head('/head')),
    ]);
    expect(replayed).toEqual(recorded);
  });

  it('is encoded for a call that asks for it as it is', async () => {
    upstream.on('*', json({ a: 1 }, { encoding: 'gzip' }));
    const { recorded, replayed } = await twice(async (client) =>
      partsOf(await client.get('/', { responseType: 'arraybuffer', decompress: false })),
    );
    expect(recorded.encoding).toBe('gzip');
    expect(replayed).toEqual(recorded);
    expect((await exchanges())[0].response.body).toEqual({ json: { a: 1 } });
  });

  it('is kept as it is where its encoding is not known', async () => {
    upstream.on('*', bytes(Buffer.from('squeezed'), { headers: { 'content-encoding': 'middle-out' } }));
    const { recorded, replayed } = await twice(async (client) => partsOf(await client.get('/')));
    expect(replayed).toEqual(recorded);
    expect(replayed.data).toBe('squeezed');
  });

  it('is refused for its status, as the recorded one was, or accepted', async () => {
    upstream.on('*', json({ error: 'none' }, { status: 404 }));
    const { recorded, replayed } = await twice(async (client) => {
      const { message, code, response, config } = await failureOf(client.get('/a'));
      const accepted = await client.get('/b', { validateStatus: null });
      return [message, code, partsOf(response), config.url, accepted.status];
    });
    expect(replayed).toEqual(recorded);
    expect(replayed[1]).toBe('ERR_BAD_REQUEST');
  });

  it('is too large for a call that says so', async () => {
    upstream.on('*', text('x'.repeat(100)));
    const { recorded, replayed } = await twice(async (client) => {
      await client.get('/', { maxContentLength: 100 });
      const { code, message } = await failureOf(client.get('/', { maxContentLength: 99 }));
      return { code, message };
    });
    expect(replayed).toEqual(recorded);
    expect(replayed.message).toBe('maxContentLength size of 99 exceeded');
  });

  it('is what redirects have led to, and tells where', async () => {
    upstream.on('/old', redirect('/new')).on('/new', text('there'));
    const { recorded, replayed } = await twice(async (client) => {
      const { data, request } = await client.get('/old');
      return [data, request.res.responseUrl];
    });
    expect(recorded).toEqual(['there', `${upstream.url}/new`]);
    expect(replayed).toEqual(recorded);
  });

  it('is a redirect where the call follows none', async () => {
    upstream.on('*', redirect('/new'));
    const { recorded, replayed } = await twice(async (client) => {
      const { status: code, headers } = await client.get('/', { maxRedirects: 0, validateStatus: null });
      return [code, headers['location']];
    });
    expect(replayed).toEqual(recorded);
  });

  it('has all its cookies but their values', async () => {
    upstream.on('*', json({}, { headers: { 'set-cookie': ['a=1', 'b=2'], 'x-page': '2' } }));
    const { replayed } = await twice(async (client) => (await client.get('/')).headers);
    expect(replayed['x-page']).toBe('2');
    expect(replayed['set-cookie']).toBe('[redacted]');
  });

  it('ends like any other when the call is cancelled', async () => {
    upstream.on('*', text('x'));
    const controller = new AbortController();
    controller.abort();
    await twice(async (client) => client.get('/'));
    const { client } = await start();
    await expect(client.get('/', { signal: controller.signal })).rejects.toMatchObject({ code: 'ERR_CANCELED' });
  });
});

describe('a request', () => {
  it('is found in whatever order requests come, and equal ones in the order in which they were recorded', async () => {
    let count = 0;
    upstream.on('/:name', ({ params }) => text(params.name)).on('/count', () => json(++count));
    const first = await start({ mode: 'record' });
    for (const path of ['/count', '/a', '/count', '/b']) await first.client.get(path);
    await first.recording.close();
    const { client, recording } = await start();
    const answers: unknown[] = [];
    for (const path of ['/b', '/count', '/count', '/a']) answers.push((await client.get(path)).data);
    expect(answers).toEqual(['b', 1, 2, 'a']);
    recording.verify();
  });

  it('has the response to the request that was made first, whichever was answered first', async () => {
    const held = hold(text('first'));
    upstream.on('*', sequence(held, text('second')));
    const first = await start({ mode: 'record' });
    const slow = first.client.get('/');
    await held.arrived();
    await first.client.get('/');
    held.release();
    await slow;
    await first.recording.close();
    const { client } = await start();
    expect((await client.get('/')).data).toBe('first');
    expect((await client.get('/')).data).toBe('second');
  });

  const bodies: [string, () => unknown][] = [
    ['JSON', () => ({ name: 'Ada', tags: [1] })],
    ['a text', () => 'plain'],
    ['a form', () => new URLSearchParams({ a: '1', b: '2' })],
    ['bytes', () => Buffer.from([0, 255])],
    ['a stream', () => Readable.from(['pa', 'rt'])],
    ['a long stream', () => Readable.from(Array.from({ length: 20 }, () => 'x'.repeat(10_000)))],
    ['FormData', () => Object.assign(new FormData(), {}) && formOf({ a: '1' })],
    ['a form of the form-data package', () => packagedForm({ a: '1', b: 'two' })],
    ['a Blob', () => new Blob(['blob'])],
  ];

  it.each(bodies)('is sent as it is, and found by its body: %s', async (_, body) => {
    upstream.on('*', (request) =>
      json({ bytes: request.body.length, type: request.headers['content-type']?.split(';')[0] }),
    );
    const { recorded, replayed } = await twice(async (client) => (await client.post('/', body())).data);
    expect(recorded.bytes).toBeGreaterThan(0);
    expect(replayed).toEqual(recorded);
    const { client } = await start();
    await expect(client.post('/', 'another body')).rejects.toThrow(RecordingDriftError);
  });

  it('may have the fields of its body in another order', async () => {
    upstream.on('*', text('x'));
    const first = await start();
    await first.client.post('/', { a: 1, b: { c: 2, d: 3 } });
    await first.recording.close();
    const { client } = await start();
    expect((await client.post('/', { b: { d: 3, c: 2 }, a: 1 })).data).toBe('x');
  });

  it('is told apart by chosen headers', async () => {
    upstream.on('*', ({ headers }) => text(String(headers['accept-language'])));
    const match = { headers: ['Accept-Language'] };
    const use = async (client: AxiosInstance, languages: string[]) => {
      const answers: unknown[] = [];
      for (const language of languages) {
        answers.push((await client.get('/', { headers: { 'accept-language': language } })).data);
      }
      return answers;
    };
    const first = await start({ match });
    await use(first.client, ['de', 'fr']);
    await first.recording.close();
    const { client } = await start({ match });
    expect(await use(client, ['fr', 'de'])).toEqual(['fr', 'de']);
  });

  it('may vary where that is to be ignored', async () => {
    upstream.on('*', json({ nonce: 17_000_000, seen: '1700000000' }));
    const match = { ignore: ['timestamp', 'nonce'], origin: false };
    const first = await start({ match });
    await first.client.post('/?timestamp=1700000000&page=2', { nonce: 17_000_000, a: [{ nonce: 'n' }] });
    await first.recording.close();
    const { client } = await start({ match }, { baseURL: 'https://other.example' });
    const { data } = await client.post('/?timestamp=2&page=2', { nonce: 18, a: [{ nonce: 'm' }] });
    expect(data).toEqual({ nonce: 17_000_000, seen: '1700000000' });
    await expect(client.post('/?timestamp=2&page=3', {})).rejects.toThrow(RecordingDriftError);
    expect(await content()).not.toContain(upstream.url);
  });

  it('may come again where that is allowed', async () => {
    upstream.on('*', sequence(json(1), json(2)));
    const first = await start();
    await first.client.get('/');
    await first.client.get('/');
    await first.recording.close();
    const { client } = await start({ allowRepeats: true });
    const answers: unknown[] = [];
    for (let count = 0; count < 4; count++) answers.push((await client.get('/')).data);
    expect(answers).toEqual([1, 2, 2, 2]);
  });

  it('is recorded once for each attempt', async () => {
    upstream.on('*', sequence(status(503), json('at last')));
    const resilience = { retry: { baseMs: 1 } };
    const { replayed } = await twice(async (client) => (await client.get('/')).data, {}, { resilience });
    expect(replayed).toBe('at last');
    expect((await exchanges()).map(({ response }: any) => response.status)).toEqual([503, 200]);
  });

  it('is not recorded where it fails without a response', async () => {
    upstream.on('/a', reset()).on('/b', text('b'));
    const { client, recording } = await start({ mode: 'record' });
    await expect(client.post('/a')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await client.get('/b');
    expect(await recording.close()).toMatchObject({ written: true, exchanges: 1 });
  });

  it('whose stream fails ends with that failure', async () => {
    const { client } = await start({ mode: 'record' });
    const broken = new PassThrough();
    const call = client.post('/', broken);
    broken.destroy(new Error('disk gone'));
    await expect(call).rejects.toThrow('disk gone');
  });
});

describe('drift', () => {
  beforeEach(async () => {
    upstream.on('*', ({ path }) => json({ path }));
    const { client, recording } = await start();
    await client.get('/users/1?page=1&limit=10');
    await client.post('/users', { name: 'Ada', tags: ['a', 'b'] });
    await recording.close();
  });

  it('of a request fails with the nearest that was recorded, what differs, and what to do', async () => {
    const { client } = await start();
    const error = await failureOf(client.post('/users', { name: 'Bob', tags: ['a'], age: 7 }));
    expect(error).toBeInstanceOf(RecordingDriftError);
    expect(error).toMatchObject({ code: 'ERR_RECORDING_DRIFT', fixture });
    expect(error.message.split('\n')).toEqual([
      `POST ${upstream.url}/users is not in ${fixture}.`,
      `Nearest is POST ${upstream.url}/users, which differs in`,
      '  body.age: recorded none, sent 7',
      '  body.name: recorded "Ada", sent "Bob"',
      '  body.tags.1: recorded "b", sent none',
      'To record it again, delete the file or run with NEST_OUTBOUND_RECORDING=record.',
    ]);
  });

  it('of a request is told by ten differences, and how many there are besides', async () => {
    const { client, recording } = await start();
    const tags = Array.from({ length: 14 }, (_, index) => `tag ${index}`);
    const { message } = await failureOf(client.post('/users', { name: 'Ada', tags }));
    expect(message).toContain('\n  body.tags.9: recorded none, sent "tag 9"\n  and 4 more\nTo record it again');
    expect(() => recording.verify()).toThrow('body.tags.9: recorded none, sent "tag 9"; and 4 more');
  });

  it('of the address is told part by part', async () => {
    const { client } = await start({ mode: 'replay' });
    const { message } = await failureOf(client.get('/users/2?page=2&limit=10'));
    expect(message).toContain(`Nearest is GET ${upstream.url}/users/1?page=1&limit=10, which differs in\n`);
    expect(message).toContain('  path: recorded /users/1, sent /users/2\n  query.page: recorded 1, sent 2\n');
    expect(message).toContain("run once with mode: 'record'.");
  });

  it('is a request that comes too often', async () => {
    const { client } = await start();
    await client.post('/users', { name: 'Ada', tags: ['a', 'b'] });
    const { message } = await failureOf(client.post('/users', { name: 'Ada', tags: ['a', 'b'] }));
    expect(message).toContain(`POST ${upstream.url}/users was recorded once in ${fixture}, and comes once more.`);
  });

  it('that the code under test has survived is found by verify, as are exchanges that nobody asked for', async () => {
    const { client, recording } = await start();
    await failureOf(client.get('/other'));
    expect(() => recording.verify()).toThrow(RecordingDriftError);
    try {
      recording.verify();
    } catch (error) {
      expect((error as RecordingDriftError).problems).toEqual(
        [
          `GET ${upstream.url}/other is not in ${fixture}; nearest is GET ${upstream.url}/users/1?page=1&limit=10: ` +
            'path: recorded /users/1, sent /other; query.page: recorded 1, sent none; query.limit: recorded 10, sent none',
          `POST ${upstream.url}/users was not asked for`,
          `GET ${upstream.url}/users/1?page=1&limit=10 was not asked for`,
        ].toSorted((a, b) => Number(b.includes('is not in')) - Number(a.includes('is not in'))),
      );
    }
    expect(() => recording.verify({ allowUnused: true })).toThrow(/\/other is not in/);
  });

  it('is not looked for where tests were left out', async () => {
    const { client, recording } = await start();
    await client.get('/users/1?page=1&limit=10');
    recording.verify({ allowUnused: true });
  });

  it('sends nothing in replay', async () => {
    const before = upstream.requests().length;
    const { client } = await start({ mode: 'replay' });
    await client.get('/users/1?page=1&limit=10');
    await failureOf(client.get('/other'));
    expect(upstream.requests()).toHaveLength(before);
  });
});

describe('mode check', () => {
  const record = async (reply: Parameters<Upstream['on']>[1]) => {
    upstream.on('*', reply);
    const { client, recording } = await start({ mode: 'record' });
    await client.get('/').catch(() => {});
    await recording.close();
  };

  it('gives the answer of the real upstream where it is of the recorded kind', async () => {
    await record(json({ id: 1, tags: ['a'], at: null, access_token: 'abcdefghijk' }));
    upstream.on('*', json({ id: 2, tags: [], at: 'now', access_token: 'lmnopqrstuv', more: true }));
    const { client, recording } = await start({ mode: 'check' });
    expect((await client.get('/')).data).toEqual({
      id: 2,
      tags: [],
      at: 'now',
      access_token: 'lmnopqrstuv',
      more: true,
    });
    recording.verify();
    const before = await content();
    expect(await recording.close()).toMatchObject({ mode: 'check', written: false });
    expect(await content()).toBe(before);
  });

  it('fails where it is not, and tells what has changed', async () => {
    await record(json({ id: 1, user: { name: 'Ada' }, items: [{ n: 1 }, { n: 2, m: 3 }] }));
    upstream.on('*', json({ id: '1', user: {}, items: [{ n: 'x' }] }));
    const { client, recording } = await start({ mode: 'check' });
    const { message } = await failureOf(client.get('/'));
    expect(message.split('\n')).toEqual([
      `The response to GET ${upstream.url}/ is not what it was in ${fixture}:`,
      '  body.id: recorded number, now string',
      '  body.user.name: recorded string, now missing',
      '  body.items[].n: recorded number, now string',
      "To record it again, run once with mode: 'record'.",
    ]);
    expect(() => recording.verify()).toThrow(/body\.id: recorded number, now string/);
  });

  it.each([
    ['status', json({}, { status: 500 }), 'status: recorded 200, now 500'],
    ['media type', text('{}'), 'content-type: recorded application/json, now text/plain'],
    ['format', text('no', { headers: { 'content-type': 'application/json' } }), 'body: recorded JSON, now no JSON'],
    ['body', text('', { headers: { 'content-type': 'application/json' } }), 'body: recorded JSON, now none'],
  ])('fails where it has another %s', async (_, reply, change) => {
    await record(json({}));
    upstream.on('*', reply);
    const { client } = await start({ mode: 'check' });
    await expect(client.get('/')).rejects.toThrow(`  ${change}\n`);
  });

  it('does not send what is not in the fixture', async () => {
    await record(json({}));
    const { client } = await start({ mode: 'check' });
    await expect(client.delete('/users/1')).rejects.toThrow(RecordingDriftError);
    expect(upstream.requests('DELETE *')).toEqual([]);
  });
});

describe('the mode', () => {
  it('auto records where there is no fixture, and replays it from then on', async () => {
    upstream.on('*', text('x'));
    const first = await start();
    expect(first.recording.mode).toBe('record');
    await first.client.get('/');
    await first.recording.close();
    expect((await start()).recording.mode).toBe('replay');
  });

  it('auto fails under CI where there is no fixture, and says so', () => {
    vi.stubEnv('CI', 'true');
    expect(() => recordedTransport({ fixture })).toThrow(FixtureError);
    expect(() => recordedTransport({ fixture })).toThrow(/nothing is recorded under CI \(CI is set/);
    vi.stubEnv('CI', 'false');
    expect(recordedTransport({ fixture }).mode).toBe('record');
  });

  it('is what the environment says where it is left open', async () => {
    upstream.on('*', text('x'));
    const first = await start();
    await first.client.get('/');
    await first.recording.close();
    vi.stubEnv('NEST_OUTBOUND_RECORDING', 'check');
    expect(recordedTransport({ fixture }).mode).toBe('check');
    expect(recordedTransport({ fixture, mode: 'auto' }).mode).toBe('check');
    expect(recordedTransport({ fixture, mode: 'replay' }).mode).toBe('replay');
    vi.stubEnv('NEST_OUTBOUND_RECORDING', 'rec');
    expect(() => recordedTransport({ fixture })).toThrow(
      /NEST_OUTBOUND_RECORDING in the environment: expected one of auto, /,
    );
  });

  it.each(['replay', 'check'] as const)('%s needs a fixture', (mode) => {
    expect(() => recordedTransport({ fixture, mode })).toThrow(
      `${fixture}: there is no such file. To record it again, run once with mode: 'record'.`,
    );
  });

  it.each([
    ['{', /cannot be read as JSON/],
    ['{}', /expected "format": "nest-outbound recording"/],
    ['{"format":"nest-outbound recording","version":2}', /expected "version": 1/],
    ['{"format":"nest-outbound recording","version":1,"exchanges":[{}]}', /exchanges\.0\.request: expected/],
  ])('needs one that can be read: %s', async (broken, message) => {
    const path = join(folder, 'broken.json');
    await writeFile(path, broken);
    expect(() => recordedTransport({ fixture: path })).toThrow(message);
    expect(() => recordedTransport({ fixture: path })).toThrow(FixtureError);
  });

  it('lists every wrong option', () => {
    expect(() => recordedTransport({ fixture: '', mode: 'once', redact: { header: [] } } as never)).toThrow(
      /^recordedTransport: 3 invalid options\n {2}- fixture: .*\n {2}- mode: .*\n {2}- redact\.header: /,
    );
  });
});

describe('the fixture', () => {
  it('is the same for the same calls, in whatever order they were answered', async () => {
    upstream.on('*', ({ path }) => json({ path }));
    const record = async (paths: string[]) => {
      const { client, recording } = await start({ mode: 'record' });
      await Promise.all(paths.map((path) => client.get(path)));
      await recording.close();
      return content();
    };
    const first = await record(['/a', '/b', '/c', '/a']);
    expect(await record(['/c', '/a', '/a', '/b'])).toBe(first);
  });

  it('can be read', async () => {
    upstream.on('*', json({ id: 1 }, { status: 201, headers: { etag: '"1"', 'x-request-id': 'r' } }));
    const { client, recording } = await start();
    await client.post('/users?page=1', { name: 'Ada' });
    await recording.close();
    expect(JSON.parse(await content())).toEqual({
      format: 'nest-outbound recording',
      version: 1,
      note: expect.stringContaining('[redacted]'),
      exchanges: [
        {
          request: { method: 'POST', url: `${upstream.url}/users?page=1`, body: { json: { name: 'Ada' } } },
          response: {
            status: 201,
            statusText: 'Created',
            headers: { 'content-length': '8', 'content-type': 'application/json', etag: '"1"' },
            body: { json: { id: 1 } },
          },
        },
      ],
    });
    expect(await content()).toMatch(/^\{\n {2}"format".*\n\}\n$/s);
  });

  it('has JSON as such where it can be written again byte by byte, else as a text', async () => {
    upstream
      .on('/indented', text('{\n    "a": 1\n}\n'))
      .on('/spaced', text('{"a": 1}'))
      .on('/large', text('{"a":1e400}'));
    const { client, recording } = await start();
    for (const path of ['/indented', '/spaced', '/large']) await client.get(path);
    await recording.close();
    expect((await exchanges()).map(({ response }: any) => response.body)).toEqual([
      { json: { a: 1 }, indent: 4, newline: true },
      { text: '{"a":1e400}' },
      { text: '{"a": 1}' },
    ]);
  });

  it('is written when the calls in flight have ended, as a whole, and nothing besides', async () => {
    const held = hold(text('x'));
    upstream.on('*', held);
    const { client, recording } = await start();
    const call = client.get('/');
    await held.arrived();
    const closed = recording.close();
    held.release();
    await call;
    expect(await closed).toMatchObject({ written: true, exchanges: 1, added: [`GET ${upstream.url}/`] });
    expect(await readdir(join(folder, 'fixtures'))).toEqual(['x.json']);
    await expect(client.get('/')).rejects.toThrow(FixtureError);
    expect(await recording.close()).toBe(await closed);
  });

  it('is left alone where nothing was recorded', async () => {
    const { recording } = await start();
    expect(await recording.close()).toMatchObject({ written: false });
    await expect(content()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('of several recorders at once is the whole of one of them', async () => {
    upstream.on('*', ({ path }) => text(path.repeat(1_000)));
    const runs = await Promise.all(Array.from({ length: 5 }, () => start({ mode: 'record' })));
    await Promise.all(runs.map(({ client }, index) => client.get(`/${index}`)));
    await Promise.all(runs.map(({ recording }) => recording.close()));
    expect(await exchanges()).toHaveLength(1);
    expect(await readdir(join(folder, 'fixtures'))).toEqual(['x.json']);
  });

  it('is compared with the one before when it is recorded again', async () => {
    upstream.on('/:name', ({ params }) => json({ [params.name]: 1 }));
    const first = await start();
    await Promise.all(['/a', '/b'].map((path) => first.client.get(path)));
    await first.recording.close();
    upstream.on('/b', json({ c: 1 }));
    const { client, recording } = await start({ mode: 'record' });
    await Promise.all(['/b', '/c'].map((path) => client.get(path)));
    expect(await recording.close()).toEqual({
      mode: 'record',
      written: true,
      exchanges: 2,
      added: [`GET ${upstream.url}/c`],
      removed: [`GET ${upstream.url}/a`],
      changed: [`GET ${upstream.url}/b: body.b: recorded number, now missing`],
    });
  });

  it('is written by await using', async () => {
    upstream.on('*', text('x'));
    {
      const { client, recording } = await start();
      await using _ = recording;
      await client.get('/');
    }
    expect(await exchanges()).toHaveLength(1);
  });
});

describe('a call that is cancelled', () => {
  it('ends with its reason, and takes nothing from the fixture', async () => {
    upstream.on('*', text('x'));
    const first = await start();
    await first.client.get('/');
    await first.recording.close();
    const recording = recordedTransport({ fixture, mode: 'replay' });
    const handle = recording(() => expect.unreachable('nothing is sent'));
    const reason = new Error('gone');
    const before = testCall({ url: `${upstream.url}/`, params: undefined });
    before.cancellation.cancel(reason);
    await expect(handle(before)).rejects.toBe(reason);
    expect(() => recording.verify()).toThrow(/was not asked for/);

    const meanwhile = testCall({ url: `${upstream.url}/`, params: undefined });
    const result = handle(meanwhile);
    meanwhile.cancellation.cancel(reason);
    await expect(result).rejects.toBe(reason);
    expect(meanwhile.cancellation.listeners.size).toBe(0);
  });

  it('ends at once while its body is still read', async () => {
    const recording = recordedTransport({ fixture });
    const body = new PassThrough();
    const config = { url: upstream.url, method: 'post', headers: new AxiosHeaders(), data: body };
    const call = deriveCall(createCall(config, 'default'), { cancellation: new WatchedCancellation() });
    const result = recording(() => expect.unreachable('nothing is sent'))(call);
    await settle();
    const reason = new Error('gone');
    call.cancellation.cancel(reason);
    await expect(result).rejects.toBe(reason);
    expect(body.destroyed).toBe(true);
    expect((call.cancellation as WatchedCancellation).listeners.size).toBe(0);
  });
});

describe('secrets', () => {
  const own = { redact: { headers: ['x-tenant'], query: ['email'], fields: ['iban'], values: [secret('of-values')] } };

  it('never reach the disk, wherever they are', async () => {
    upstream.on('/echo/*', (request) =>
      json(
        {
          url: request.url,
          headers: request.headers,
          seen: Object.values(request.headers),
          body: request.text(),
          base64: request.body.toString('base64'),
        },
        {
          headers: {
            'set-cookie': [`sid=${secret('of-set-cookie')}; HttpOnly`],
            'x-auth-token': secret('of-response-header'),
          },
        },
      ),
    );
    upstream.on(
      '/login',
      json({ access_token: secret('of-response-field'), nested: { password: [secret('of-nested')] } }),
    );
    upstream.on('/later', text(`seen: ${secret('of-response-field')}`));
    upstream.on('/xml', text(`<r><SecretAccessKey>${secret('of-xml')}</SecretAccessKey></r>`));
    upstream.on('/events', text(`data: {"api_key": "${secret('of-event')}"}\n\n`));
    upstream.on('/form', text(`access_token=${secret('of-form-response')}&scope=a`));
    upstream.on('/signed', json({ url: `https://s3.example/f?X-Amz-Signature=${secret('of-signed-url')}` }));
    upstream.on('/binary', bytes(Buffer.concat([Buffer.from([0, 255]), Buffer.from(secret('of-query'))])));
    upstream.on('/packed', json({ token: secret('of-packed') }, { encoding: 'gzip' }));
    const payload = Buffer.from(secret('of-web-token')).toString('base64url');
    upstream.on('/jwt', text(`Your session is eyJhbGciOiJIUzI1NiJ9.${payload}.${payload}`));
    upstream.on('/away', redirect(`/login?token=${secret('of-location')}`));

    const { client, recording } = await start({ ...own, match: { headers: ['authorization', 'x-tenant', 'accept'] } });
    const headers = {
      authorization: `Bearer ${secret('of-authorization')}`,
      cookie: `sid=${secret('of-cookie')}`,
      'x-api-key': secret('of-api-key'),
      'x-tenant': secret('of-tenant'),
    };
    await client.post(
      `/echo/${secret('of-values')}?token=${secret('of-query')}&email=${secret('of-email')}`,
      { password: secret('of-password'), deep: [{ client_secret: secret('of-deep') }], iban: secret('of-iban') },
      { headers, params: { sig: secret('of-params') } },
    );
    await client.get('/echo/basic', { auth: { username: 'user', password: secret('of-auth') } });
    await client.get(upstream.url.replace('://', `://user:${secret('of-userinfo')}@`) + '/echo/user');
    await client.post('/echo/form', new URLSearchParams({ password: secret('of-form'), code: secret('of-code') }));
    await client.post('/echo/multipart', formOf({ password: secret('of-multipart') }));
    await client.post('/echo/text', `password=${secret('of-text')}`, { headers: { 'content-type': 'text/plain' } });
    for (const path of [
      '/login',
      '/later',
      '/xml',
      '/events',
      '/form',
      '/signed',
      '/binary',
      '/packed',
      '/away',
      '/jwt',
    ]) {
      await client.get(path, { headers: { 'x-api-key': secret('of-query') }, responseType: 'arraybuffer' });
    }
    await client.get('/packed', { decompress: false, responseType: 'arraybuffer' });
    await client.get('/away', { maxRedirects: 0, validateStatus: null });
    await client.get('/echo/short', { auth: { username: 'user', password: 'short' } });
    await recording.close();

    expect(await exchanges()).toHaveLength(19);
    expect(await content()).not.toContain(Buffer.from('user:short').toString('base64'));
    const error = new Error((await content()).replaceAll(/client_secret|SecretAccessKey/g, ''));
    error.stack = '';
    expect(leaks(error)).toEqual([]);
    for (const { response } of await exchanges()) {
      if (response.body?.base64)
        expect(Buffer.from(response.body.base64, 'base64').toString('latin1')).not.toContain('SECRET');
    }
  });

  it('may be others in replay than they were when it was recorded', async () => {
    upstream.on('/login', json({ token: 'first-token-1' })).on('/sessions/:id', json({ ok: true }));
    const use = async (client: AxiosInstance, key: string) => {
      const { data } = await client.post(`/login?key=${key}`, { password: key }, { headers: { 'x-api-key': key } });
      return client.get(`/sessions/${encodeURIComponent(data.token)}?page=1`, {
        headers: { authorization: data.token },
      });
    };
    const first = await start();
    await use(first.client, 'the-real-key');
    await first.recording.close();
    const { client, recording } = await start();
    expect((await use(client, 'none')).data).toEqual({ ok: true });
    recording.verify();
  });

  it('may be others also where only their values tell them', async () => {
    upstream.on('*', text('x'));
    const first = await start({ redact: { values: ['bot-1234567'] } });
    await first.client.get('/bot-1234567/send?text=a');
    await first.recording.close();
    const { client } = await start();
    await expect(client.get('/another/other?text=a')).rejects.toThrow(RecordingDriftError);
    expect((await client.get('/another/send?text=a')).data).toBe('x');
  });

  it('are not in the messages of drift', async () => {
    upstream.on('*', text('x'));
    const first = await start();
    await first.client.get('/');
    await first.recording.close();
    const { client } = await start();
    const call = client.post(
      `/x?token=${secret('of-query')}`,
      { password: secret('of-body') },
      { headers: { authorization: secret('of-header') } },
    );
    expect(leaks(await failureOf(call))).toEqual([]);
  });

  it('are not what only looks like them', async () => {
    upstream.on(
      '*',
      json({ key: 'ABC-1', token_type: 'bearer', code: 'E1', usage: { total_tokens: 7 }, pin_otp: 123_456 }),
    );
    const first = await start({ redact: { keep: ['key'] } });
    await first.client.get('/?key=issue');
    await first.recording.close();
    expect((await exchanges())[0]).toMatchObject({
      request: { url: `${upstream.url}/?key=issue` },
      response: {
        body: { json: { key: 'ABC-1', token_type: 'bearer', code: 'E1', usage: { total_tokens: 7 }, pin_otp: 0 } },
      },
    });
  });
});

function formOf(fields: Record<string, string>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}

describe('in HttpClientTestingModule', () => {
  async function startTesting(recording: Recording, options: HttpClientTestingOptions = {}) {
    const app = await Test.createTestingModule({
      imports: [
        HttpClientModule.forRoot({ baseURL: upstream.url }),
        HttpClientModule.forFeature('other'),
        HttpClientTestingModule.withOptions({ recording, ...options }),
      ],
    }).compile();
    await app.init();
    closing.push(() => app.close());
    const client = (name?: string) => app.get<AxiosInstance>(getHttpClientToken(name), { strict: false });
    return { app, client, controller: app.get(HttpTestingController) };
  }

  it('calls of all clients are recorded, the fixture is written as the app closes, and then nothing is sent', async () => {
    upstream.on('/a', json({ a: 1 })).on('/b', json({ b: 1 }));
    const recorded = await startTesting(recordedTransport({ fixture }));
    await recorded.client().get('/a');
    await recorded.client('other').get(`${upstream.url}/b`);
    await recorded.app.close();
    await upstream.down();

    const recording = recordedTransport({ fixture });
    const replayed = await startTesting(recording);
    expect((await replayed.client('other').get(`${upstream.url}/b`)).data).toEqual({ b: 1 });
    expect(() => recording.verify()).toThrow(`GET ${upstream.url}/a was not asked for`);
    expect((await replayed.client().get('/a')).data).toEqual({ a: 1 });
    recording.verify();
  });

  it('a call that is under way as the app closes is recorded', async () => {
    const held = hold(json({ a: 1 }));
    upstream.on('/a', held);
    const { app, client } = await startTesting(recordedTransport({ fixture }));
    const call = client().get('/a');
    await held.arrived();
    const closed = app.close();
    held.release();
    await Promise.all([call, closed]);
    expect(await exchanges()).toHaveLength(1);
  });

  it('its own close fails where the app could not write the fixture, which Nest only logs', async () => {
    upstream.on('/a', json({ a: 1 }));
    await writeFile(join(folder, 'fixtures'), 'no folder');
    const recording = recordedTransport({ fixture });
    const { app, client } = await startTesting(recording);
    await client().get('/a');
    app.useLogger(false);
    await app.close();
    await expect(recording.close()).rejects.toMatchObject({ syscall: 'mkdir' });
  });

  it('calls that do not pass through are answered by the controller', async () => {
    upstream.on('/a', json({ a: 1 }));
    const { app, client, controller } = await startTesting(recordedTransport({ fixture }), {
      passThrough: [upstream.url],
    });
    controller.expectOne('https://api.example.com/').reply(200, 'not recorded');
    expect((await client().get('/a')).data).toEqual({ a: 1 });
    expect((await client('other').get('https://api.example.com/')).data).toBe('not recorded');
    controller.verify();
    await app.close();
    expect(await exchanges()).toMatchObject([{ request: { url: `${upstream.url}/a` } }]);
  });

  it('is for one app, and says so', async () => {
    upstream.on('/a', json({ a: 1 }));
    const recording = recordedTransport({ fixture });
    await (await startTesting(recording)).app.close();
    const { client } = await startTesting(recording);
    expect(await failureOf(client().get('/a'))).toMatchObject({
      code: 'ERR_FIXTURE',
      message: expect.stringContaining('it ends with the app that it was made for'),
    });
  });
});
