import axios, { type AxiosAdapter, AxiosHeaders, type AxiosInstance, type AxiosResponse } from 'axios';
import fc, { type Arbitrary } from 'fast-check';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPreparedInstance } from '../src/client/prepared-instance.js';
import { createTransport, type Transport } from '../src/index.js';
import { startUpstream, type Upstream } from './support/upstream.js';

/*
 * Two clients, axios's own and ours, send the same calls over one transport to one upstream. What arrives there, byte
 * for byte, and what the callers get back must be the same.
 */

const RUNS = 200;

let upstream: Upstream;
let transport: Transport;
/** By itself, since a transport has the state of its sockets with it, and configs are compared. */
const adapter: AxiosAdapter = (config) => transport(config);
/** The bytes that came in since they were last taken. */
let received: Buffer[] = [];

function answer(request: IncomingMessage, response: ServerResponse): void {
  response.sendDate = false;
  const [, route, argument] = new URL(request.url!, 'http://upstream').pathname.split('/');
  if (route === 'status') response.writeHead(Number(argument), { 'X-Odd': ' value ' }).end('{"status":"odd"}');
  else if (route === 'cookies')
    response.writeHead(200, { 'Set-Cookie': ['a=1', 'b=2'], 'x-multi': ['1', '2'] }).end('5');
  else if (route === 'broken') response.writeHead(200, { 'content-type': 'application/json' }).end('{"broken":');
  else if (route === 'moved') response.writeHead(307, { location: '/json' }).end();
  else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ url: request.url }));
}

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    // Nothing is answered before all of it is here.
    request.resume().on('end', () => answer(request, response));
  });
  upstream.server.on('connection', (socket) => socket.on('data', (chunk) => received.push(chunk)));
  // Response streams that a transform or an interceptor swallowed are never read to their end.
  transport = createTransport({ shutdown: { drainMs: 1 } });
});
afterAll(async () => {
  await transport.close();
  await upstream[Symbol.asyncDispose]();
});

// --- calls -------------------------------------------------------------------------------------------------------------

/** Makes the same value again: each client has its own. */
type Recipe<T = any> = () => T;
type Settings = Record<string, Recipe>;

const formData = () => {
  const form = new FormData();
  form.append('name', 'välue');
  form.append('file', new Blob(['bytes'], { type: 'text/x' }), 'file.txt');
  return form;
};
const circle = () => {
  const object: Record<string, unknown> = {};
  return Object.assign(object, { object });
};
const DATA: Recipe[] = [
  () => undefined,
  () => null,
  () => '',
  () => 'téxt €',
  () => '{"json":"already"}',
  () => 5,
  () => true,
  () => ({ a: 1, list: ['x', null, { deep: true }], date: new Date(0), none: undefined }),
  () => [1, { a: 2 }],
  () => Buffer.from([0, 255, 1]),
  () => new Uint8Array([0, 255, 1]),
  () => new Uint8Array([0, 255, 1]).buffer,
  () => new URLSearchParams({ a: '1', b: 'ü' }),
  () => new Blob(['blob'], { type: 'text/x' }),
  () => Readable.from(['a', 'b']),
  formData,
  circle,
  () => Symbol('no data'),
];
const upperCase = (data: unknown) => (typeof data === 'string' ? data.toUpperCase() : data);
const refuse = () => {
  throw new TypeError('refused');
};
function sign(data: unknown, headers: AxiosHeaders) {
  headers.set('X-Signature', typeof data);
  headers['x-odd-CASE'] = ' 1 ';
  return data;
}
const headerName = fc.constantFrom(
  'Accept',
  'ACCEPT',
  'content-type',
  'Content-TYPE',
  'user-agent',
  'Authorization',
  'accept-encoding',
  'Host',
  'X-Own',
  'x-own',
  'X_Under',
  'Get',
  'common',
  ' x-space ',
);
const headerValue = fc.constantFrom<unknown[]>(
  'application/json',
  'text/plain',
  'multipart/form-data',
  'application/x-www-form-urlencoded',
  'one',
  ' padded ',
  'a\r\nb: c',
  '€',
  7,
  true,
  false,
  null,
  undefined,
  ['a', 'b'],
);
const recipesOf = <T>(...values: T[]): Arbitrary<Recipe<T>> => fc.constantFrom(...values.map((value) => () => value));
const headers = fc.dictionary(headerName, headerValue, { maxKeys: 4 });
const SETTINGS: Record<string, Arbitrary<Recipe>> = {
  headers: fc.tuple(headers, fc.boolean()).map(
    ([given, isOwnKind]) =>
      () =>
        isOwnKind ? new AxiosHeaders(given as {}) : { ...given },
  ),
  params: fc.constantFrom<Recipe>(
    () => ({ b: [1, 2], c: 'x y&z', d: null, e: undefined, f: { g: 1 } }),
    () => ({ q: 'flat', n: 1 }),
    () => new URLSearchParams('a=1&a=2'),
    () => undefined,
  ),
  paramsSerializer: recipesOf<unknown>({ indexes: null }, { serialize: () => 'own=%20' }, () => 'function=1'),
  auth: recipesOf({ username: 'üser', password: 'p:w' }),
  timeout: recipesOf<number | undefined>(0, 20_000, undefined),
  responseType: recipesOf<string | undefined>('json', 'text', 'arraybuffer', 'stream', undefined),
  transformRequest: recipesOf<unknown>([sign], sign, [], [upperCase, sign], refuse, undefined),
  transformResponse: recipesOf<unknown>([upperCase], upperCase, [], refuse, undefined),
  validateStatus: recipesOf<unknown>(null, () => true, undefined),
  maxRedirects: recipesOf(0, 1),
  maxContentLength: recipesOf(3),
  maxBodyLength: recipesOf(3),
  signal: fc.constantFrom<Recipe>(
    () => new AbortController().signal,
    () => AbortSignal.abort(),
  ),
  transitional: recipesOf<unknown>({ silentJSONParsing: false }, { silentJSONParsing: 'no' }),
  baseURL: fc.constantFrom<Recipe>(
    () => `${upstream.url}/v2`,
    () => 'http://',
  ),
};
const settings: Arbitrary<Settings> = fc
  .array(
    fc.constantFrom(...Object.keys(SETTINGS)).chain((name) => fc.tuple(fc.constant(name), SETTINGS[name]!)),
    { maxLength: 4 },
  )
  .map((entries): Settings => Object.fromEntries(entries));
const made = (recipes: Settings) => Object.fromEntries(Object.entries(recipes).map(([name, make]) => [name, make()]));
const url = fc.constantFrom(
  '/json',
  '/json?a=1#b',
  '/ü ber/a b',
  '/status/404',
  '/status/204',
  '/cookies',
  '/broken',
  '/moved',
);

type Call = (client: AxiosInstance) => Promise<AxiosResponse>;
const data = fc.constantFrom(...DATA);
const calls: Arbitrary<Call> = fc.oneof(
  fc.tuple(fc.constantFrom('get', 'delete', 'head', 'options'), url, settings).map(
    ([method, to, own]): Call =>
      (client) =>
        client[method as 'get'](to, made(own)),
  ),
  fc.tuple(fc.constantFrom('post', 'put', 'patch', 'postForm'), url, data, settings).map(
    ([method, to, make, own]): Call =>
      (client) =>
        client[method as 'post'](to, make(), made(own)),
  ),
  fc.tuple(fc.constantFrom('GET', 'Post', 'delete', 'PURGE', undefined), url, data, settings).map(
    ([method, to, make, own]): Call =>
      (client) =>
        client({ ...made(own), url: to, data: make(), ...(method && { method }) }),
  ),
);

/** What happens to a client between its calls. */
const changes = fc.oneof(
  fc.tuple(fc.constantFrom('common', 'get', 'post'), headerName, headerValue).map(
    ([group, name, value]) =>
      (client: AxiosInstance) =>
        Object.assign(client.defaults.headers[group] as {}, { [name]: value }),
  ),
  settings.map(
    (own) => (client: AxiosInstance) =>
      Object.assign(client.defaults, { ...made(own), headers: client.defaults.headers }),
  ),
  fc.constantFrom<(client: AxiosInstance) => unknown>(
    (client) => client.interceptors.response.use((response) => Object.assign(response, { seen: true })),
    (client) => client.interceptors.response.use(undefined, () => Promise.reject(new Error('translated'))),
    (client) => client.interceptors.response.clear(),
    (client) => client.interceptors.request.use((config) => (config.headers.set('X-Intercepted', '1'), config)),
    (client) => client.interceptors.request.clear(),
  ),
);

// --- what is compared --------------------------------------------------------------------------------------------------

/** Of forms, at random. */
const BOUNDARY = /-{26}[\da-f]{24}|axios-[\d.]+-boundary-[\w-]{25}/g;

function taken(): string {
  const bytes = Buffer.concat(received).toString('latin1');
  received = [];
  return bytes.replace(BOUNDARY, '(boundary)');
}

/** As a debugger shows it: every name in its order, of which class it is, and whether it has a prototype. */
const shown = (value: unknown) =>
  inspect(value, { depth: 6, maxArrayLength: null, maxStringLength: null }).replace(BOUNDARY, '(boundary)');

/** In order. Streams, agents and forms are shown as what they are only, not where they are at. */
const shownConfig = (config: object | undefined) =>
  Object.entries(config ?? {}).map(([name, value]) => {
    const isShown = typeof value !== 'object' || value === null || SHOWN.has(value.constructor);
    return [name, isShown ? shown(value) : value.constructor.name];
  });
const SHOWN = new Set([undefined, Object, Array, AxiosHeaders, Buffer, ArrayBuffer, URLSearchParams, AbortSignal]);

/** The bytes of a stream, or what it fails with, as beyond `maxContentLength`. */
const contentOf = (body: Readable) =>
  body.toArray().then(
    (chunks) => Buffer.concat(chunks),
    ({ name, message, code }) => ({ name, message, code }),
  );

async function shownResponse(response: AxiosResponse | undefined) {
  if (!response) return undefined;
  const { data: body, config, request: _request, duration, timings, ...others } = response;
  const content = body instanceof Readable ? await contentOf(body) : body;
  return {
    content: shown(content),
    config: shownConfig(config),
    times: [typeof duration, typeof timings],
    others: shown(others),
  };
}

async function outcomeOf(call: Call, client: AxiosInstance) {
  try {
    return { response: await shownResponse(await call(client)), sent: taken() };
  } catch (error) {
    const { name, message, code, status, config, response } = error as Record<string, any>;
    const failure = { name, message, code, status, config: shownConfig(config) };
    return { failure, response: await shownResponse(response), sent: taken() };
  }
}

async function outcomesOf(
  client: AxiosInstance,
  happenings: readonly (readonly [Call, (client: AxiosInstance) => unknown])[],
) {
  const outcomes = [];
  for (const [call, change] of happenings) {
    outcomes.push(await outcomeOf(call, client)); // oxlint-disable-line no-await-in-loop -- one after the other
    change(client);
  }
  return outcomes;
}

it('sends what axios sends, byte for byte, and its callers get the same', { timeout: 60_000 }, async () => {
  let arrived = 0;
  const happenings = fc.array(
    fc.tuple(
      calls,
      fc.oneof(
        changes,
        fc.constant(() => undefined),
      ),
    ),
    { minLength: 1, maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(happenings, async (given) => {
      const own = { adapter, baseURL: upstream.url, headers: { 'X-App': 'test' } };
      const expected = await outcomesOf(axios.create(own), given);
      expect(await outcomesOf(createPreparedInstance(own), given)).toEqual(expected);
      arrived += expected.filter(({ sent }) => sent !== '').length;
    }),
    { numRuns: RUNS },
  );
  expect(arrived).toBeGreaterThan(RUNS / 2);
});
