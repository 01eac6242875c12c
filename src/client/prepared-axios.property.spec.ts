import axios, {
  type AxiosAdapter,
  AxiosError,
  AxiosHeaders,
  type AxiosInstance,
  type AxiosResponse,
  CanceledError,
  type InternalAxiosRequestConfig,
} from 'axios';
import fc, { type Arbitrary } from 'fast-check';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { itAtScale } from '../../test/support/at-scale.js';
import { createPreparedInstance } from './prepared-instance.js';

/*
 * Two clients, axios's own and ours, are made of the same settings, and the same happens to both: calls of every kind,
 * defaults that change, interceptors that come and go. What the adapter, the interceptors and the callers see of it is
 * drawn (`pictureOf`), and the drawings must be the same.
 *
 * The file is long because it lists what people pass to axios.
 */

/** Makes the same value again: what one client does to its own, the other must not see. */
type Recipe<T = any> = () => T;
type Bag = Record<PropertyKey, any>;
type Entries = readonly (readonly [PropertyKey, Recipe])[];

const oneOf = (...recipes: Recipe[]): Arbitrary<Recipe> => fc.constantFrom(...recipes);
const valueOf = (...values: unknown[]): Arbitrary<Recipe> => oneOf(...values.map((value) => () => value));
const mostly = <T>(usual: Arbitrary<T>, ...rare: Arbitrary<T>[]): Arbitrary<T> =>
  fc.oneof({ weight: 5 * rare.length, arbitrary: usual }, ...rare.map((arbitrary) => ({ weight: 1, arbitrary })));

const define = (object: Bag, name: PropertyKey, value: unknown) =>
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });

/** An object with the entries, also where their names mean something else when assigned to. */
const bagOf = (entries: Entries, bag: Bag = {}): Bag => {
  for (const [name, make] of entries) define(bag, name, make());
  return bag;
};

// --- values ------------------------------------------------------------------------------------------------------------

class Template {
  timeout = 7;
  get maxRate() {
    return 3;
  }
}
class List extends Array {}
class OwnHeaders extends AxiosHeaders {}
class Token {
  reason: Error | undefined;
  throwIfRequested() {
    if (this.reason) throw this.reason;
  }
}
/** A new one for each client: interceptors write on the errors they get. */
const canceled = () => new CanceledError('given up');
const inherited = { inherited: 1, timeout: 9 };
const terminal = Object.create(null, { inherited: { value: 1, enumerable: true } });
const pipe = () => {};
const toString = () => 'spoken';
const refuse = () => {
  throw new TypeError('refused');
};
const circle = () => {
  const bag: Bag = { name: 'circle' };
  bag['self'] = bag;
  return bag;
};

const scalar = valueOf(
  undefined,
  null,
  true,
  false,
  0,
  1,
  NaN,
  '',
  'text',
  ' padded\t',
  'a\nb',
  'é',
  10n,
  Symbol.for('x'),
);
const instance = oneOf(
  () => new Date(0),
  () => new URLSearchParams('a=1&b=2'),
  () => Buffer.from('bytes'),
  () => new Uint8Array([1, 2]),
  () => new ArrayBuffer(3),
  () => new Map([['a', 1]]),
  () => new Template(),
  () => Object.create(inherited),
  () => Object.create(terminal),
  () => List.from([1, 2]),
  () => ({ pipe }),
  () => new Error('data'),
  () => refuse,
);
const usualName = fc.constantFrom('a', 'b', 'c', 'nested');
const oddName = fc.constantFrom('toJSON', '__proto__', 'constructor', 'prototype', 'hasOwnProperty', '0');
const oddSymbol = fc.constantFrom(Symbol.for('key'), Symbol.toStringTag, Symbol.iterator);
const flat = fc.array(fc.tuple(usualName, scalar), { maxLength: 3 }).map((entries) => () => bagOf(entries));
const anything: Arbitrary<Recipe> = fc.letrec<{ value: Recipe; entries: Entries; tree: Recipe }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, scalar, flat, instance, mostly(tie('tree'), oneOf(circle))),
  entries: fc.array(fc.tuple(mostly<PropertyKey>(usualName, oddName, oddSymbol), tie('value')), { maxLength: 4 }),
  tree: fc.oneof(
    tie('entries').map((entries) => () => bagOf(entries)),
    tie('entries').map((entries) => () => bagOf(entries, Object.create(null))),
    fc.array(tie('value'), { maxLength: 3 }).map((values) => () => values.map((make) => make())),
  ),
})).value;

// --- headers -----------------------------------------------------------------------------------------------------------

const usualHeader = fc.constantFrom(
  'Accept',
  'accept',
  'Content-Type',
  'content-type',
  'X-A',
  'x-a',
  'X-B',
  'Authorization',
);
const oddHeader = fc.constantFrom(
  ' X-A',
  'X-A ',
  '',
  'X_A',
  'has space',
  'é',
  '1',
  'X-A: x\r\nX-B',
  'get',
  'Get',
  'post',
  'POST',
  'common',
  'query',
  'link',
  'Link',
  'set',
  'normalize',
  'hasContentType',
  'constructor',
  'prototype',
  '__proto__',
  'toString',
);
const usualHeaderValue = valueOf(
  'one',
  'two',
  'application/json',
  'application/x-www-form-urlencoded',
  'text/plain',
  7,
  true,
);
const oddHeaderValue = mostly(
  valueOf(
    undefined,
    null,
    false,
    ' padded ',
    'tab\t',
    'line\nbreak',
    'nul\0',
    'é',
    '',
    10n,
    'multipart/form-data; boundary=x',
  ),
  oneOf(
    () => ['a', ' b '],
    () => ({ nested: 'x' }),
    () => ({ toString }),
    () => new Date(0),
  ),
);
const header = fc.tuple(mostly(usualHeader, oddHeader), mostly(usualHeaderValue, oddHeaderValue));
const headerEntries = fc.array(header, { maxLength: 4 });
const headers = mostly<Recipe>(
  headerEntries.map((entries) => () => bagOf(entries)),
  headerEntries.map((entries) => () => new AxiosHeaders(bagOf(entries))),
  headerEntries.map((entries) => () => bagOf(entries, Object.create(null))),
  oneOf(
    () => undefined,
    () => null,
    () => 'X-Raw: 1',
    () => [['X-A', '1']],
    () => new Map([['X-A', '1']]),
    () => ({ common: { 'X-Common': '1' }, get: { 'X-Get': '1' }, post: { 'X-Post': '1' } }),
    () => Object.create(inherited),
    () => new OwnHeaders({ 'X-A': '1' }),
    () => ({ 'X-A': '1', [Symbol.iterator]: undefined }),
    () => ({ 'X-A': '1', [Symbol.for('key')]: 'x' }),
  ),
);

// --- configs -----------------------------------------------------------------------------------------------------------

const upperCase = (data: unknown) => (typeof data === 'string' ? data.toUpperCase() : data);
const asText = (data: unknown) => JSON.stringify(data);
function meddle(this: InternalAxiosRequestConfig, data: unknown, given: AxiosHeaders) {
  given.set('X-Meddled', `${this.method}`);
  (given as Bag)[' X-Odd '] = 5;
  return data;
}
function witness(this: Bag, data: unknown, _headers: unknown, status?: number) {
  return { names: Reflect.ownKeys(this).length, hasResponse: 'response' in this, status, data };
}
const transforms = oneOf(
  ...[undefined, null, upperCase, refuse, 'not a function', 5].map((value) => () => value),
  () => [],
  () => [upperCase, meddle],
  () => [meddle, witness],
  () => [refuse],
  () => ({ first: upperCase }),
  () => [...(axios.defaults.transformRequest as []), upperCase],
  () => [asText, ...(axios.defaults.transformResponse as [])],
  () => ['not a function'],
);

const USUAL_SETTINGS: Record<string, Arbitrary<Recipe>> = {
  headers,
  params: mostly(flat, anything),
  data: anything,
  timeout: valueOf(0, 5, undefined, null),
  baseURL: valueOf('http://base.test/v1', undefined, ''),
  responseType: valueOf('json', 'text', 'stream', undefined),
  signal: oneOf(
    () => new AbortController().signal,
    () => new AbortController().signal,
    () => AbortSignal.abort(),
    () => undefined,
  ),
  cancelToken: oneOf(
    () => new Token(),
    () => new Token(),
    () => Object.assign(new Token(), { reason: canceled() }),
    () => undefined,
  ),
  validateStatus: valueOf(undefined, null, () => true),
  transformRequest: transforms,
  transformResponse: transforms,
  httpAgent: oneOf(() => new Template()),
  metadata: mostly(scalar, anything),
};
const SETTINGS: Record<string, Arbitrary<Recipe>> = {
  ...USUAL_SETTINGS,
  url: valueOf('/from-config', undefined, null, 5),
  method: valueOf('get', 'POST', 'Put', 'purge', 'propfind', 'common', '', undefined, null, 5),
  adapter: valueOf(undefined, null, 'nonsense', ['nonsense'], false),
  allowAbsoluteUrls: valueOf(true, false, undefined, null),
  transitional: oneOf(
    () => undefined,
    () => null,
    () => ({}),
    () => ({ silentJSONParsing: false, forcedJSONParsing: true }),
    () => ({ silentJSONParsing: 'no' }),
    () => ({ validateStatusUndefinedResolves: false }),
    () => ({ unknown: true }),
  ),
  paramsSerializer: oneOf(
    ...[undefined, null, asText, 'text'].map((value) => () => value),
    () => ({ indexes: null }),
    () => ({ encode: 'not a function' }),
    () => ({ serialize: String }),
  ),
  auth: oneOf(
    () => ({ username: 'u', password: 'p' }),
    () => bagOf([['username', () => 'u']], Object.create(null)),
  ),
  proxy: oneOf(
    () => false,
    () => ({ host: 'h', port: 1, auth: { username: 'u' } }),
  ),
  env: oneOf(
    () => undefined,
    () => ({ FormData }),
  ),
  formSerializer: oneOf(() => ({ dots: true })),
  allowedSocketPaths: oneOf(() => ['/a', '/b']),
  redact: oneOf(() => ['authorization']),
  parseReviver: valueOf((_name: string, value: unknown) => value),
  // What people misspell, and names that mean something in JavaScript or to axios.
  baseUrl: valueOf('http://typo.test', undefined),
  withXsrfToken: valueOf(true),
  response: valueOf('mine', undefined),
  constructor: valueOf('mine'),
  prototype: valueOf('mine'),
  hasOwnProperty: valueOf('mine', undefined),
  toString: valueOf('mine'),
  0: valueOf('zero'),
};
const settingOf = (table: Record<string, Arbitrary<Recipe>>): Arbitrary<[PropertyKey, Recipe]> =>
  fc.constantFrom(...Object.keys(table)).chain((name) => fc.tuple(fc.constant(name), table[name]!));
const setting = mostly<[PropertyKey, Recipe]>(
  settingOf(SETTINGS),
  fc.tuple(fc.constantFrom('__proto__', Symbol.for('key'), 'custom'), anything),
);
const settings: Arbitrary<Entries> = fc.oneof(
  { weight: 2, arbitrary: fc.array(settingOf(USUAL_SETTINGS), { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.array(setting, { maxLength: 4 }) },
);
const throwingGetter = { get: refuse, enumerable: true, configurable: true };
const config = mostly<Recipe>(
  settings.map((entries) => () => bagOf(entries)),
  valueOf(undefined),
  valueOf(undefined, null, 0, '', 5, 'text'),
  settings.map((entries) => () => Object.freeze(bagOf(entries))),
  settings.map((entries) => () => bagOf(entries, Object.create(null))),
  fc.tuple(settings, fc.constantFrom(inherited, terminal)).map(
    ([entries, prototype]) =>
      () =>
        bagOf(entries, Object.create(prototype)),
  ),
  settings.map((entries) => () => bagOf(entries, new Template())),
  fc.tuple(settings, fc.constantFrom('timeout', 'url', 'data', 'headers')).map(
    ([entries, name]) =>
      () =>
        Object.defineProperty(bagOf(entries), name, throwingGetter),
  ),
);

// --- what happens to a client ------------------------------------------------------------------------------------------

/** The client under way. Both have the one adapter and the one console, since they are in what is compared. */
interface World {
  readonly trace: unknown[];
  answer: (config: InternalAxiosRequestConfig) => unknown;
}
let world: World = { trace: [], answer: () => undefined };
const adapter = ((given: InternalAxiosRequestConfig) => {
  world.trace.push('the adapter got', pictureOf(given));
  return world.answer(given);
}) as AxiosAdapter;

type Step = (client: AxiosInstance) => unknown;

const changes: Arbitrary<Step> = fc.oneof(
  setting.map(
    ([name, make]): Step =>
      (client) =>
        define(client.defaults, name, make()),
  ),
  fc.constantFrom(...Object.keys(SETTINGS)).map(
    (name): Step =>
      (client) =>
        delete (client.defaults as Bag)[name],
  ),
  fc.tuple(fc.constantFrom('common', 'get', 'post', 'put', 'custom'), header).map(
    ([group, [name, make]]): Step =>
      (client) =>
        define(((client.defaults.headers as Bag)[group] ??= {}), name, make()),
  ),
  header.map(
    ([name, make]): Step =>
      (client) =>
        define(client.defaults.headers, name, make()),
  ),
  fc.tuple(fc.constantFrom('common', 'get', 'post', 'link', 'query'), headers).map(
    ([group, make]): Step =>
      (client) =>
        define(client.defaults.headers, group, make()),
  ),
  fc.constantFrom<Step>(
    (client) => delete (client.defaults.headers.common as Bag)['Accept'],
    (client) => (client.defaults.transformRequest as unknown[]).push(upperCase),
    (client) => (client.defaults.transformResponse as unknown[]).unshift(asText),
    (client) => (client.defaults.transitional!.silentJSONParsing = false),
    (client) => ((client.defaults.transitional as Bag)['unknown'] = true),
    (client) => ((client.defaults.env as Bag)['nested'] = { deep: [1] }),
    (client) => define((client.defaults.params ??= {}), Symbol.for('key'), 1),
    (client) => define(client.defaults.headers.common as Bag, Symbol.for('key'), 1),
    (client) => (client.defaults.params = { 'api-version': 1, a: 'default' }),
    (client) => (client.defaults.auth = { username: 'u', password: 'p' }),
  ),
);

const requestInterceptors: Arbitrary<Step> = fc
  .tuple(
    fc.constantFrom<(given: any) => any>(
      (given) => given,
      (given) => ({ ...given, timeout: 3 }),
      (given) => Object.assign(given, { headers: { 'X-Intercepted': '1' } }),
      (given) => Promise.resolve(given),
      refuse,
    ),
    fc.constantFrom(undefined, { synchronous: true }, { runWhen: () => false }),
  )
  .map(
    ([onFulfilled, options]): Step =>
      (client) =>
        client.interceptors.request.use(onFulfilled, null, options),
  );
const responseInterceptors: Arbitrary<Step> = fc
  .constantFrom<[((given: any) => any) | null, ((error: any) => any) | null]>(
    [(given) => Object.assign(given ?? {}, { seen: true }), null],
    [async (given) => ({ ...given, again: 1 }), null],
    [null, () => 'recovered'],
    [null, (error) => Object.assign(error, { seen: true })],
    [refuse, () => 'not for its own refusal'],
  )
  .map(
    ([onFulfilled, onRejected]): Step =>
      (client) =>
        client.interceptors.response.use(onFulfilled, onRejected),
  );
const fewerInterceptors = fc.constantFrom<Step>(
  (client) => client.interceptors.request.clear(),
  (client) => client.interceptors.response.clear(),
  (client) => client.interceptors.request.eject(0),
  (client) => client.interceptors.response.eject(0),
);

// --- calls -------------------------------------------------------------------------------------------------------------

const responseHeaders = oneOf(
  () => ({}),
  () => ({ 'Content-Type': 'text/plain', ' X-Odd ': ' 1' }),
  () => new AxiosHeaders({ 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'], etag: '"x"' }),
  () => new AxiosHeaders({ 'Content-Type': 'application/json', 'X-A': '1' }),
  () =>
    bagOf(
      [
        ['X-A', () => ' 1 '],
        ['x-a', () => '2'],
        [' y ', () => 'z'],
        ['n', () => 5],
      ],
      new AxiosHeaders(),
    ),
  () =>
    bagOf(
      [
        ['x-list', () => ['a ', 1]],
        ['x-none', () => undefined],
      ],
      new AxiosHeaders(),
    ),
  () =>
    bagOf(
      [
        ['X-a', () => '1'],
        ['X-A', () => '2'],
      ],
      new AxiosHeaders(),
    ),
  () => undefined,
  () => 'X-Raw: 1',
);
const responseData = valueOf('{"a":[1]}', '{broken', '', ' "x" ', undefined, null, 7, Object.freeze({ parsed: true }));
const response = fc
  .tuple(responseHeaders, responseData, fc.constantFrom(200, 204, 500))
  .map(([makeHeaders, makeData, status]) => (given: InternalAxiosRequestConfig): AxiosResponse => ({
    status,
    statusText: 'S',
    headers: makeHeaders(),
    data: makeData(),
    config: given,
  }));
type Answer = World['answer'];
const answers: Arbitrary<Answer> = mostly<Answer>(
  response.map((make) => async (given) => make(given)),
  response.map((make) => async (given) => {
    throw new AxiosError('bad', 'ERR_BAD', given, {}, make(given));
  }),
  fc.constantFrom<Answer>(
    async () => refuse(),
    () => refuse(),
    async () => {
      throw canceled();
    },
    async () => {
      throw Object.freeze(new Error('frozen'));
    },
    // oxlint-disable-next-line prefer-promise-reject-errors -- people do
    () => Promise.reject(),
    () => undefined,
    async () => undefined,
    async (given) => ({
      data: given.data,
      status: 200,
      headers: given.headers.set('X-By-Adapter', '1'),
      config: given,
    }),
    async (given) => {
      // What it writes there is for this call only.
      for (const value of Object.values(given)) {
        if (Array.isArray(value)) value.push(upperCase);
        else if (value && Object.getPrototypeOf(value) === Object.prototype) value.silentJSONParsing = false;
      }
      return { data: '{broken', status: 200, headers: {}, config: given };
    },
    async (given) => {
      Object.assign(given, { transformResponse: upperCase });
      if (given.cancelToken) Object.assign(given.cancelToken, { reason: canceled() });
      return { data: 'x', status: 200, headers: {}, config: given };
    },
  ),
);

const url = mostly(
  valueOf('/path', 'http://absolute.test/x', ''),
  oneOf(
    () => undefined,
    () => null,
    () => 5,
    () => new URL('http://url.test/'),
  ),
);
type Invocation = (client: any) => { readonly given: readonly unknown[]; readonly result: unknown };
const invocations: Arbitrary<Invocation> = fc.oneof(
  fc
    .tuple(fc.constantFrom('get', 'delete', 'head', 'options', 'request', 'call'), url, config)
    .map(([method, makeURL, makeConfig]): Invocation => (client) => {
      const given = [makeURL(), makeConfig()];
      return { given, result: method === 'call' ? client(...given) : client[method](...given) };
    }),
  fc
    .tuple(fc.constantFrom('post', 'put', 'patch', 'query', 'postForm'), url, anything, config)
    .map(([method, makeURL, makeData, makeConfig]): Invocation => (client) => {
      const given = [makeURL(), makeData(), makeConfig()];
      return { given, result: client[method](...given) };
    }),
  fc
    .tuple(fc.constantFrom('request', 'call', 'getUri'), settings, url, config)
    .map(([method, entries, makeURL, makeConfig]): Invocation => (client) => {
      const given = [entries.length > 2 ? makeConfig() : bagOf([...entries, ['url', makeURL]])];
      return { given, result: method === 'call' ? client(...given) : client[method](...given) };
    }),
  fc.tuple(fc.constantFrom('get', 'post'), settings).map(([method, entries]): Invocation => (client) => {
    const given = bagOf(entries);
    return { given: [given], result: client.create(given)[method]('/of-a-child') };
  }),
);
const calls: Arbitrary<Step> = fc.tuple(invocations, answers).map(([invoke, answer]): Step => async (client) => {
  world.answer = answer;
  let given: unknown;
  try {
    const call = invoke(client);
    ({ given } = call);
    world.trace.push('the call came to', pictureOf(await call.result));
  } catch (error) {
    world.trace.push('the call failed with', pictureOf(error));
  }
  world.trace.push('the caller still has', pictureOf(given));
});

// --- what is compared --------------------------------------------------------------------------------------------------

const prototypes: unknown[] = [];
const prototypeOf = (value: object): string => {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!prototypes.includes(prototype)) prototypes.push(prototype);
  return `prototype ${prototypes.indexOf(prototype)}`;
};

/** Of a multipart body, at random. */
const BOUNDARY = /(?<=-{26,})[\da-f]{24}/g;
/** Made by axios or Node, of functions of its own. */
const OPAQUE = [axios.defaults.env!.FormData!, FormData, AbortSignal] as (new () => object)[];

/** All there is to a value but its identity: names in their order, hidden ones too, and its prototype. */
function pictureOf(value: unknown, seen: unknown[] = []): unknown {
  if (typeof value === 'function') return `${value.name}: ${Function.prototype.toString.call(value)}`;
  if (typeof value !== 'object' || value === null) return `${typeof value} ${String(value).replace(BOUNDARY, '')}`;
  if (seen.includes(value)) return `object ${seen.indexOf(value)}`;
  seen.push(value);
  if (OPAQUE.some((type) => value instanceof type)) return prototypeOf(value);
  const entries = Reflect.ownKeys(value).flatMap((name) => {
    if (value instanceof Error && ['stack', 'Symbol(causeStack)'].includes(String(name))) return [];
    const property = Object.getOwnPropertyDescriptor(value, name)!;
    // In whole milliseconds: one client may be on the other side of a tick.
    const shown = name === 'duration' ? typeof property.value : pictureOf(property.value, seen);
    return [[String(name), property.enumerable, property.writable, shown]];
  });
  return [prototypeOf(value), Object.isExtensible(value), entries];
}

async function traceOf(create: typeof axios.create, defaults: Entries, steps: readonly Step[]): Promise<unknown[]> {
  const trace: unknown[] = [];
  world = { trace, answer: () => undefined };
  try {
    const client = create({ adapter, ...bagOf(defaults) });
    for (const step of steps) await step(client);
    trace.push('in the end its defaults are', pictureOf(client.defaults));
  } catch (error) {
    trace.push('it could not be made', pictureOf(error));
  }
  return trace;
}

// What axios falls back on where a client has no adapter.
const { adapter: adapterOfAxios } = axios.defaults;
beforeAll(() => {
  axios.defaults.adapter = adapter;
  vi.spyOn(console, 'warn').mockImplementation((...args) => void world.trace.push('a warning', ...args));
});
afterAll(() => {
  axios.defaults.adapter = adapterOfAxios!;
  vi.restoreAllMocks();
});

itAtScale('cannot be told from axios, whatever is called on it and done to it, $n times', 500, 2_000, async (runs) => {
  const defaults = mostly(fc.constant<Entries>([]), settings);
  const step = fc.oneof(
    { weight: 12, arbitrary: calls },
    { weight: 4, arbitrary: changes },
    { weight: 1, arbitrary: requestInterceptors },
    { weight: 1, arbitrary: responseInterceptors },
    { weight: 1, arbitrary: fewerInterceptors },
  );
  const steps = fc.array(step, { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(defaults, steps, async (given, happenings) => {
      const expected = await traceOf((own) => axios.create(own), given, happenings);
      expect(await traceOf(createPreparedInstance, given, happenings)).toEqual(expected);
    }),
    { numRuns: runs },
  );
});
