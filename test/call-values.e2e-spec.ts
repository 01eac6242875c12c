import { Test } from '@nestjs/testing';
import axios, { type AxiosInstance, type AxiosRequestConfig, isAxiosError } from 'axios';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  createTransport,
  getHttpClientToken,
  HttpClientModule,
  type HttpClientModuleOptions,
  HttpClients,
  InvalidOptionsError,
} from '../src/index.js';
import { deriveCall, type Layer } from '../src/layers/index.js';
import { errorOf } from './support/failure-of.js';
import { startUpstream, type Upstream } from './support/upstream.js';

/** What people put where a number, a text or a function belongs. */
const VALUES: Readonly<Record<string, unknown>> = {
  undefined,
  null: null,
  true: true,
  false: false,
  '0': 0,
  '-0': -0,
  '-1': -1,
  '-0.5': -0.5,
  '60000.5': 60_000.5,
  '60000': 60_000,
  '2 ** 31': 2 ** 31,
  '1e300': 1e300,
  NaN,
  Infinity,
  '-Infinity': -Infinity,
  '60000n': 60_000n,
  "'60000'": '60000',
  "' 60000\\n'": ' 60000\n',
  "'-1'": '-1',
  "''": '',
  "'abc'": 'abc',
  "'60s'": '60s',
  "'6e4'": '6e4',
  "'0x60'": '0x60',
  "'6.5'": '6.5',
  "'utf8'": 'utf8',
  '[]': [],
  '[60000]': [60_000],
  "['x']": ['x'],
  '{}': {},
  'an object without a prototype': Object.create(null),
  'a function': () => true,
  'a symbol': Symbol('60000'),
  'a date': new Date(0),
};

const FALSY = ['undefined', 'null', 'false', '0', '-0', 'NaN', "''"];
const TEXTS = ["'60000'", "' 60000\\n'", "'-1'", "''", "'abc'", "'60s'", "'6e4'", "'0x60'", "'6.5'", "'utf8'"];
const DIGITS = ["'60000'", "' 60000\\n'"];
const AMOUNTS = ['0', '-0', '60000.5', '60000', '2 ** 31', '1e300', 'Infinity'];
const OBJECTS = ['[]', '[60000]', "['x']", '{}', 'an object without a prototype', 'a date'];
const FUNCTION = 'a function';

/** Setting → the values that are taken: all others are refused. */
const TAKEN: readonly (readonly [keyof AxiosRequestConfig, readonly string[]])[] = [
  ['timeout', ['undefined', 'null', 'false', ...AMOUNTS, ...DIGITS]],
  ['maxRedirects', ['undefined', 'null', ...AMOUNTS.filter((value) => value !== '60000.5'), ...DIGITS]],
  ['maxContentLength', ['undefined', 'null', '-1', "'-1'", ...AMOUNTS, ...DIGITS]],
  ['maxBodyLength', ['undefined', 'null', '-1', "'-1'", ...AMOUNTS, ...DIGITS]],
  ['maxRate', ['undefined', 'null', 'false', ...AMOUNTS, ...DIGITS, '[]', '[60000]']],
  ['sensitiveHeaders', ['undefined', 'null', '[]', "['x']"]],
  ['decompress', ['undefined', 'null', 'true', 'false']],
  ['responseType', [...FALSY, ...TEXTS]],
  ['responseEncoding', [...FALSY, "'utf8'"]],
  ['family', FALSY],
  ['auth', [...FALSY, ...OBJECTS]],
  ['timeoutErrorMessage', [...FALSY, ...TEXTS]],
  ['validateStatus', [...FALSY, FUNCTION]],
  ['beforeRedirect', [...FALSY, FUNCTION]],
  ['onUploadProgress', [...FALSY, FUNCTION]],
  ['onDownloadProgress', [...FALSY, FUNCTION]],
];

let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream((_, response) => void response.end());
});
afterAll(() => upstream[Symbol.asyncDispose]());

async function start(options: HttpClientModuleOptions = {}, layers: Layer[] = []) {
  const { inbound: _, shutdown: __, logging: ___, ...client } = options;
  const testing = await Test.createTestingModule({
    imports: [
      HttpClientModule.forRoot({ logging: false, ...options }),
      HttpClientModule.forFeature({ name: 'own', ...client, layers }),
    ],
  }).compile();
  const app = await testing.init();
  onTestFinished(() => app.close());
  return { http: app.get<AxiosInstance>(getHttpClientToken('own')), clients: app.get(HttpClients) };
}

/** Labels of the values that are not refused; what is refused must be so in full. */
async function takenBy(call: (config: AxiosRequestConfig) => Promise<unknown>, name: string): Promise<string[]> {
  const taken: string[] = [];
  for (const [label, value] of Object.entries(VALUES)) {
    const before = upstream.requests;
    // oxlint-disable-next-line no-await-in-loop -- the requests of one are counted
    const error = await errorOf(call({ [name]: value }));
    if (error?.code === 'ERR_BAD_OPTION_VALUE') {
      expect(isAxiosError(error), label).toBe(true);
      expect(error.message, label).toContain(name);
      expect(error.config, label).toHaveProperty(name);
      expect(error.attempts, label).toEqual([]);
      expect(upstream.requests, label).toBe(before);
    } else taken.push(label);
  }
  return taken;
}

describe('a setting of a call', () => {
  const onRetry = vi.fn<() => void>();
  let http: AxiosInstance;
  let clients: HttpClients;
  beforeEach(async () => {
    onRetry.mockClear();
    const resilience = { preset: 'standard', retry: { onRetry }, breaker: { consecutiveFailures: 1 } } as const;
    ({ http, clients } = await start({ resilience }));
  });

  it.each(TAKEN)('%s is taken as axios takes it, or refused before anything is sent', async (name, expected) => {
    const taken = await takenBy((config) => http.get(upstream.url, config), name);
    expect(taken.toSorted()).toEqual([...new Set(expected)].toSorted());
    expect(onRetry).not.toHaveBeenCalled();
    const states = Object.values(clients.stats('own').breakers).map(({ state }) => state);
    expect(states).toEqual(['closed']);
  });

  it.each([4, 6, 'IPv4', 'IPv6'])('family may be %o', async (family) => {
    expect((await http.get(upstream.url, { family: family as 4 })).status).toBe(200);
  });

  it('socketPath is a text, and else refused before anything is connected', async () => {
    const taken = await takenBy((config) => http.get(`${upstream.url}/x`, config), 'socketPath');
    expect(taken.toSorted()).toEqual([...FALSY, ...TEXTS.filter((value) => value !== "''")].toSorted());
  });
});

it.each<[string, (config: AxiosRequestConfig) => Promise<unknown>]>([
  [
    'an interceptor',
    async (config) => {
      const { http } = await start();
      http.interceptors.request.use((asked) => Object.assign(asked, config));
      return http.get(upstream.url);
    },
  ],
  [
    'the defaults',
    async (config) => {
      const { http } = await start();
      Object.assign(http.defaults, config);
      return http.get(upstream.url);
    },
  ],
  [
    'a layer',
    async (config) => {
      const layer: Layer = (next) => async (call) =>
        next(deriveCall(call, { config: Object.assign(Object.create(null), call.config, config) }));
      const { http } = await start({ resilience: 'standard' }, [layer]);
      return http.get(upstream.url);
    },
  ],
  [
    'a call on a transport by itself',
    (config) => {
      const transport = createTransport();
      onTestFinished(async () => void (await transport.close()));
      return axios.create({ adapter: transport }).get(upstream.url, config);
    },
  ],
  [
    'a call to an origin of its own',
    async (config) => {
      const { http } = await start({ origins: { [upstream.url]: { timeouts: { attemptMs: 5_000 } } } });
      return http.get(upstream.url, config);
    },
  ],
])('a wrong value of %s is refused likewise', async (_, call) => {
  const before = upstream.requests;
  for (const config of [
    { timeout: '5s' },
    { socketPath: {} },
    { maxRedirects: NaN },
  ] as unknown as AxiosRequestConfig[]) {
    // oxlint-disable-next-line no-await-in-loop -- one app after the other
    expect(await errorOf(call(config))).toMatchObject({ code: 'ERR_BAD_OPTION_VALUE', attempts: [] });
  }
  expect(upstream.requests).toBe(before);
});

describe('says what is wrong', () => {
  it.each<[AxiosRequestConfig, string]>([
    [{ timeout: '5s' as never }, 'timeout: expected a number of milliseconds from 0, or digits, got "5s"'],
    [{ timeout: NaN }, 'timeout: expected a number of milliseconds from 0, or digits, got NaN'],
    // axios's own words, which people look for
    [{ timeout: { read: 5 } as never }, 'error trying to parse `config.timeout` to int'],
    [{ socketPath: {} as never }, 'socketPath must be a string'],
    [{ sensitiveHeaders: 'x-own' as never }, 'sensitiveHeaders must be an array of strings'],
    [{ maxRedirects: 1.5 }, 'maxRedirects: expected a whole number from 0, Infinity, or digits, got 1.5'],
    [
      { maxBodyLength: '10mb' as never },
      'maxBodyLength: expected a number of bytes from 0, Infinity, digits, or -1, got "10mb"',
    ],
    [{ auth: 'user:pass' as never }, 'auth: expected an object, got a string'],
  ])('%o', async (config, message) => {
    const { http } = await start();
    expect((await errorOf(http.get(upstream.url, config)))!.message).toBe(message);
  });

  it('at the start, where it is a setting of the client', async () => {
    const wrong = start({
      axios: { maxRedirects: '5x', maxContentLength: NaN, auth: 'user:pass', decompress: true } as never,
    });
    await expect(wrong).rejects.toMatchObject({
      problems: [
        'axios.maxRedirects: expected a whole number from 0, Infinity, or digits, got "5x"',
        'axios.maxContentLength: expected a number of bytes from 0, Infinity, digits, or -1, got NaN',
        'axios.auth: expected an object, got a string',
      ],
    });
  });
});

describe('a value that is taken', () => {
  it('ends a call after as many milliseconds as digits say, and blames nobody', async () => {
    await using hanging = await startUpstream(() => {});
    const { http } = await start();
    const error = await errorOf(http.get(hanging.url, { timeout: '60' as never }));
    expect(error).toMatchObject({ code: 'ECONNABORTED', message: expect.stringMatching(/^timeout of 60ms exceeded/) });
    expect(error!.config!.timeout).toBe('60');
  });

  it.each([Infinity, 2 ** 31, 3e9, '3000000000', null, false])('gives a slow answer its time: %o', async (timeout) => {
    await using slow = await startUpstream((_, response) => void setTimeout(() => response.end('ok'), 30));
    const { http } = await start({ timeouts: { responseMs: 5 } });
    expect((await http.get(slow.url, { timeout: timeout as number })).data).toBe('ok');
  });

  it('limits as its digits say', async () => {
    await using long = await startUpstream((request, response) => {
      if (request.url === '/again') response.writeHead(302, { location: '/again' });
      response.end('0123456789');
    });
    const { http } = await start({ limits: { maxResponseBytes: 5 } });
    const of = (config: object) => errorOf(http.post(long.url, '0123456789', config));
    expect((await of({ maxContentLength: '9' }))!.message).toBe('maxContentLength size of 9 exceeded');
    expect((await of({ maxContentLength: '-1' }))!.code).toBe('ERR_BODY_TOO_LARGE');
    expect((await of({ maxContentLength: null }))!.code).toBe('ERR_BODY_TOO_LARGE');
    expect(await of({ maxContentLength: Infinity })).toBeUndefined();
    expect((await of({ maxContentLength: Infinity, maxBodyLength: '9' }))!.code).toBe('ERR_BAD_REQUEST');
    const before = long.requests;
    const again = await errorOf(http.get(`${long.url}/again`, { maxRedirects: '2' as never }));
    expect(again!.code).toBe('ERR_FR_TOO_MANY_REDIRECTS');
    expect(long.requests - before).toBe(3);
  });
});

describe('options of ours that a call gets wrong', () => {
  it.each<[AxiosRequestConfig, string]>([
    [{ resilience: { deadlineMs: Infinity } }, 'resilience.deadlineMs: expected'],
    [{ resilience: { retry: { max: NaN } } }, 'resilience.retry.max: expected'],
    [{ timeouts: { attemptMs: 2 ** 31 } }, 'timeouts.attemptMs: expected'],
    [{ timeouts: { attemptMs: '60' as never } }, 'timeouts.attemptMs: expected'],
  ])('fail it as errors of ours do, with its config, before anything is sent: %o', async (options, problem) => {
    const before = upstream.requests;
    const { http, clients } = await start({ resilience: 'standard' });
    const config: AxiosRequestConfig = {
      ...options,
      headers: { authorization: 'Bearer secret' },
      params: { q: 'secret' },
    };
    const error = (await errorOf(http.get(upstream.url, config))) as InvalidOptionsError;
    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect(isAxiosError(error)).toBe(true);
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTIONS', attempts: [], client: 'own', method: 'GET' });
    expect(error.problems[0]).toContain(problem);
    expect(error.config).toMatchObject({ params: { q: 'secret' }, ...options });
    expect(JSON.stringify(error) + Object.keys(error).join(' ')).not.toMatch(/secret|config/);
    expect(upstream.requests).toBe(before);
    expect(clients.stats('own').breakers).toEqual({});
    const { timeouts: _, resilience: __, ...rest } = error.config!;
    expect((await http.request(rest as object)).status).toBe(200);
  });
});
