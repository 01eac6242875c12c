import { AxiosError, AxiosHeaders, CanceledError, type InternalAxiosRequestConfig } from 'axios';
import { inspect } from 'node:util';
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { createCall } from '../call/call.js';
import { settled } from '../call/response-data.js';
import { redactionRules } from '../redaction/rules.js';
import { concealError } from './redact-error.js';
import { CircuitOpenError } from './refusal.errors.js';

const config: InternalAxiosRequestConfig = {
  method: 'post',
  baseURL: 'https://user:SECRET-pw@a.example/v1/',
  url: '/users?token=SECRET',
  headers: new AxiosHeaders({ 'x-tenant': 'SECRET-tenant' }),
};
const request = { path: 'SECRET' };
const response = { status: 503, statusText: '', headers: { cookie: 'SECRET' }, data: 'SECRET', config };
const call = { rules: redactionRules(), clientName: 'orders', config };

const refused = () => new AxiosError('refused', 'ERR_BAD_RESPONSE', config, request, response);

function concealed<Thrown>(error: Thrown, details = call): Thrown {
  concealError(error, details);
  return error;
}

const shown = (error: unknown) =>
  inspect(error, { depth: null }) + inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error);

describe('an error of axios', () => {
  it('keeps what it has', () => {
    const error = concealed(refused());
    expect(error.config).toBe(config);
    expect(error.request).toBe(request);
    expect(error.response).toBe(response);
    expect('response' in error && Object.hasOwn(error, 'response')).toBe(true);
  });

  it('shows which call it was, and none of it', () => {
    const error = concealed(refused());
    expect(shown(error)).not.toContain('SECRET');
    expect(Object.fromEntries(Object.entries(error))).toEqual({
      message: 'refused',
      name: 'AxiosError',
      isAxiosError: true,
      code: 'ERR_BAD_RESPONSE',
      status: 503,
      client: 'orders',
      method: 'POST',
      url: 'https://a.example/v1/users',
    });
    expect(JSON.parse(JSON.stringify(error))).toEqual(
      Object.fromEntries([...Object.entries(error), ['stack', error.stack]]),
    );
  });

  it('lets what it has be replaced, and still does not show it', () => {
    const error = concealed(refused());
    error.response = { ...response, data: 'SECRET' };
    expect(error.response.data).toBe('SECRET');
    expect(shown(error)).not.toContain('SECRET');
  });

  it('can be concealed again, when more was put into it', () => {
    const error = concealed(new CanceledError('gone', config));
    error.request = request;
    error.message = 'gone from http://u:SECRET@a.example';
    expect(shown(concealed(error))).not.toContain('SECRET');
    expect(error.message).toBe('gone from http://a.example');
  });

  it('keeps what others have called client, method and url', () => {
    const error = Object.assign(refused(), { client: 5, method: null, url: undefined });
    expect(concealed(error)).toMatchObject({ client: 5, method: null, url: undefined });
  });

  it('shows no body of a data URL, and no address that is none', () => {
    const urlOf = (url: string) => concealed<any>(new AxiosError('m', 'C', { ...config, baseURL: '', url })).url;
    expect(urlOf('data:text/plain,SECRET')).toBe('data:');
    expect(urlOf('http://u:SECRET@[')).toBe('invalid URL');
  });
});

it('takes secrets that are known out of every text, also out of those of causes', () => {
  const cause = new Error('cause: SECRET-tenant', { cause: new Error('SECRET-pw') });
  const several = new AggregateError([new Error('SECRET-tenant'), 'text'], 'no');
  const error = Object.assign(new TypeError('SECRET-tenant', { cause: several }), {
    detail: 'SECRET-tenant',
    reason: cause,
  });
  const rules = redactionRules({ headers: ['X-Tenant'] });
  expect(shown(concealed(error, { ...call, rules }))).not.toContain('SECRET');
  expect(error.message).toBe('[redacted]');
  expect(error.stack).toMatch(/^TypeError: \[redacted\]\n +at /);
});

it.each(['config', 'request', 'response', 'rawPacket', 'input', 'base'])(
  'hides the %s of a cause, and keeps it',
  (name) => {
    const value = name === 'rawPacket' ? Buffer.from('SECRET') : { text: 'SECRET' };
    const cause = Object.assign(new Error('parse'), { [name]: value });
    const error = concealed(AxiosError.from(cause, 'ERR', config));
    expect(shown(error) + shown(cause)).not.toMatch(/SECRET|53 45 43 52|83,69,67/);
    expect(Reflect.get(cause, name)).toBe(value);
  },
);

it('is not misled by circles', () => {
  const error: Error & { self?: unknown } = new Error('a', { cause: new Error('b') });
  error.self = error;
  (error.cause as Error).cause = error;
  concealError(error, call);
  expect(error.self).toBe(error);
});

it('takes errors of another realm', () => {
  const error: unknown = runInContext(
    'Object.assign(new Error("m"), { config: { secret: "SECRET" } })',
    createContext(),
  );
  expect(shown(concealed(error))).not.toContain('SECRET');
});

describe('an error that is concealed again', () => {
  const rules = redactionRules({ headers: ['x-tenant'] });
  const detailed = () => Object.assign(new Error('m'), { detail: 'of SECRET-tenant', port: 80 });

  it('is judged by the secrets of the call that it has ended now', () => {
    const error = concealed(detailed(), { ...call, rules, config: { ...config, headers: new AxiosHeaders() } });
    expect(error.detail).toBe('of SECRET-tenant');
    expect(concealed(error, { ...call, rules }).detail).toBe('of [redacted]');
  });

  it('is judged by the rules of the client whose call it has ended now', () => {
    const error = concealed(detailed());
    expect(error.detail).toBe('of SECRET-tenant');
    expect(concealed(error, { ...call, rules }).detail).toBe('of [redacted]');
  });

  it('is judged by what was put into it since', () => {
    const error: Error & { detail?: unknown } = concealed(detailed(), { ...call, rules });
    error.detail = 'SECRET-tenant';
    expect(shown(concealed(error, { ...call, rules }))).not.toContain('SECRET');
    error.detail = { token: 'SECRET' };
    expect(shown(concealed(error, { ...call, rules }))).not.toContain('SECRET');
  });
});

describe('an error of a refused status that is concealed again', () => {
  const rules = redactionRules({ headers: ['x-tenant'] });
  const again = (error: AxiosError) => concealed(error, { ...call, rules });
  const ofStatus = (): AxiosError => {
    try {
      settled({ ...response, request, config: { ...config, validateStatus: () => false } });
    } catch (error) {
      return again(error as AxiosError);
    }
    throw new Error('it was accepted');
  };

  it.each<[string, (error: AxiosError & Record<string, unknown>) => void]>([
    ['has another text', (error) => void (error.code = 'SECRET-tenant')],
    ['has another message', (error) => void (error.message = 'SECRET-tenant')],
    ['has another address', (error) => void (error['url'] = 'http://a.example/?token=SECRET')],
    ['has one text more', (error) => void (error['detail'] = 'SECRET-tenant')],
    ['has an object more', (error) => void (error['detail'] = { token: 'SECRET' })],
    ['has a cause', (error) => void (error.cause = new Error('SECRET-tenant'))],
    ['has lost a text, and has another instead', (error) => delete error.code && (error['detail'] = 'SECRET-tenant')],
    ['has another response', (error) => delete error.response && (error.response = response as never)],
    ['shows its response', (error) => void Object.defineProperty(error, 'response', { enumerable: true })],
    ['prints itself', (error) => void Object.assign(error, { [inspect.custom]: () => response })],
    ['has a getter for a text', (error) => void Object.defineProperty(error, 'code', { get: () => 'SECRET-tenant' })],
  ])('is judged anew where it %s', (_, change) => {
    const error = ofStatus() as AxiosError & Record<string, unknown>;
    expect(shown(error)).not.toContain('SECRET');
    change(error);
    expect(shown(again(error))).not.toContain('SECRET');
  });

  it('is judged anew where its response has another config', () => {
    const error = ofStatus();
    error.response!.config = { ...config };
    again(error);
    expect(shown(error.response!.config)).not.toContain('SECRET');
  });

  it('is judged anew where an object of it has changed', () => {
    const detail: Record<string, unknown> = { code: 5 };
    const error = again(Object.assign(ofStatus(), { detail }));
    detail['token'] = 'SECRET';
    expect(shown(again(error))).not.toContain('SECRET');
  });

  it('never throws, whatever became of it', () => {
    const error = ofStatus();
    const refuse = () => {
      throw new Error('no');
    };
    Object.defineProperty(error, 'code', { get: refuse, enumerable: true });
    Object.defineProperty(error, 'message', { get: refuse });
    expect(() => again(error)).not.toThrow();
  });
});

it('takes secrets out of the frames of a stack, and out of what stands between them', () => {
  const error = new Error('m');
  error.stack = `Error: m
    at run (file:///app/main.mjs?token=SECRET:1:2)
    at next (node:internal/timers:588:17)
caused by http://u:SECRET@a.example
    at last (file:///app/@scope/other.mjs:3:4)`;
  expect(concealed(error).stack).toBe(`Error: m
    at run (file:///app/main.mjs?token=[redacted]
    at next (node:internal/timers:588:17)
caused by http://a.example
    at last (file:///app/@scope/other.mjs:3:4)`);
});

describe('an error of the library', () => {
  it('has the config of the call and prints none of it, from the beginning', () => {
    const error = new CircuitOpenError(createCall(config, 'orders'), 5);
    expect(error.config).toBe(config);
    expect(shown(error)).not.toContain('SECRET');
    expect(inspect({ list: [{ error }] }, { depth: null, showHidden: true })).not.toContain('SECRET');
  });

  it('shows which call it was, and keeps what others put into it', () => {
    const error = Object.assign(concealed(new CircuitOpenError(createCall(config, 'orders'), 5)), {
      request,
      response,
    });
    expect(shown(concealed(error))).not.toContain('SECRET');
    expect(error.request).toBe(request);
    expect(error.response).toBe(response);
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'CircuitOpenError',
      message: error.message,
      stack: error.stack,
      isAxiosError: true,
      code: 'ERR_CIRCUIT_OPEN',
      client: 'orders',
      origin: 'https://a.example',
      method: 'POST',
      url: 'https://a.example/v1/users',
      attempts: [],
      retryAfterMs: 5,
    });
  });
});

describe('the config of a failed call', () => {
  it('prints its method and address when it is printed by itself, and is what it was for code', () => {
    const own: InternalAxiosRequestConfig = { ...config, data: 'SECRET' };
    const before = Object.entries(own);
    const error = concealed(new AxiosError('m', 'C', own, request, { ...response, config: own }));
    expect(inspect(error.config)).toBe(
      '[config of POST https://a.example/v1/users; copy it, as { ...config }, to print its values]',
    );
    expect(inspect({ config: error.response!.config }, { depth: null, showHidden: true })).not.toContain('SECRET');
    expect(JSON.stringify({ config: error.config })).toBe('{"config":"POST https://a.example/v1/users"}');
    expect(Object.entries(own)).toEqual(before);
    expect(inspect({ ...error.config })).toContain('SECRET');
  });

  it('may be frozen', () => {
    const own = Object.freeze({ ...config });
    expect(concealed(new AxiosError('m', 'C', own)).config).toBe(own);
  });
});

it('does not mind configs whose getters throw, and hides them all the same', () => {
  const odd = { ...config, url: new URL('https://u:SECRET@a.example/p?x=1') as never };
  const error = concealed(new AxiosError('m', 'C', odd), { ...call, config: odd });
  expect(error).toMatchObject({ url: 'https://a.example/p' });
  const throwing = {
    ...config,
    get auth(): never {
      throw new Error('a getter');
    },
  };
  const hidden = concealed(new AxiosError('m', 'C', throwing), { ...call, config: throwing });
  expect(Object.keys(hidden)).not.toContain('config');
});

it('does not mind what is thrown', () => {
  const frozen = Object.freeze(refused());
  for (const thrown of [undefined, null, 'text', 5, {}, frozen, new DOMException('m', 'AbortError')]) {
    expect(concealed(thrown)).toBe(thrown);
  }
  const getter = Object.defineProperty(new Error('m'), 'odd', { get: () => expect.unreachable('it was called') });
  concealError(getter, call);
});

describe('what else an error has', () => {
  const headers = { authorization: 'Bearer SECRET', accept: '*/*' };

  it.each<[what: string, name: PropertyKey, value: unknown]>([
    ['headers', 'headers', headers],
    ['AxiosHeaders', 'headers', new AxiosHeaders(headers)],
    ['Headers', 'headers', new Headers(headers)],
    ['a Map', 'headers', new Map(Object.entries(headers))],
    ['options of another client', 'options', { url: new URL('https://u:SECRET@a.example'), agent: { key: 'SECRET' } }],
    ['names and values', 'fields', [{ name: 'password', value: 'SECRET' }]],
    ['raw headers', 'rawHeaders', ['Authorization', 'SECRET']],
    ['a body', 'body', Buffer.from('SECRET')],
    ['JSON', 'body', '{"password":"SECRET"}'],
    ['a symbol', Symbol('details'), headers],
    ['a property with a telling name', 'token', { value: 'SECRET' }],
    ['a text under a telling name', 'apiKey', 'SECRET'],
  ])('shows no secret of it, and keeps it: %s', (_, name, value) => {
    const error = concealed(Object.assign(new Error('bad body'), { [name]: value }));
    expect(shown(error) + shown({ error }) + shown(new Error('outer', { cause: error }))).not.toMatch(
      /SECRET|53 45 43|83,69/,
    );
    if (typeof value === 'object') expect(Reflect.get(error, name)).toBe(value);
  });

  it('shows the rest of it', () => {
    const error = concealed(Object.assign(new Error('bad body'), { headers, issues: [{ path: 'a' }] }));
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({
      message: 'bad body',
      headers: { authorization: '[redacted]', accept: '*/*' },
      issues: [{ path: 'a' }],
    });
    expect(inspect(error)).toContain("accept: '*/*'");
    expect(inspect(error)).toMatch(/^Error: bad body\n +at /);
    expect(Object.keys(error)).toEqual(['issues']);
  });

  it('shows no secret that is not enumerable', () => {
    const error = concealed(Object.defineProperty(new Error('m'), 'inner', { value: headers }));
    expect(inspect(error, { showHidden: true })).not.toContain('SECRET');
  });
});

it.each(['internal', 'exceeded', 'timers', 'node:internal/timers'])(
  'leaves the frames of a stack as they are, where %s is the value of a secret header',
  (value) => {
    const sent = { ...config, headers: new AxiosHeaders({ 'x-auth-type': value }) };
    const error = new Error('deadline exceeded');
    const frames =
      '\n    at listOnTimeout (node:internal/timers:588:17)\n    at process.processTimers (node:internal/timers:523:7)';
    error.stack = `Error: deadline exceeded${frames}`;
    concealError(error, { ...call, config: sent });
    expect(error.message).toBe('deadline exceeded');
    expect(error.stack).toBe(`Error: deadline exceeded${frames}`);
  },
);

describe('what is no error, but comes with one', () => {
  const secret = { headers: { authorization: 'Bearer SECRET' }, status: 401 };

  it.each<[string, () => Error]>([
    ['a cause', () => new Error('x', { cause: secret })],
    ['a text as a cause', () => new Error('x', { cause: 'refused SECRET-tenant' })],
    ['entries of an AggregateError', () => new AggregateError([secret, new Error('SECRET-tenant')], 'x')],
    ['what a function has', () => Object.assign(new Error('x'), { fn: Object.assign(() => {}, { defaults: secret }) })],
  ])('shows no secrets: %s', (_, make) => {
    const error = concealed(make(), { ...call, rules: redactionRules({ headers: ['x-tenant'] }) });
    const uncaught = inspect(error, { depth: null, customInspect: false }); // as Node prints what nobody catches
    expect(shown(error) + uncaught + inspect(error.cause)).not.toContain('SECRET');
  });

  it('keeps what is no secret, and the errors themselves', () => {
    const cause = { status: 401 };
    expect(concealed(new Error('x', { cause })).cause).toBe(cause);
    expect(concealed(new Error('x', { cause: secret })).cause).toMatchObject({ status: 401 });
    const inner = new Error('y');
    expect(concealed(new AggregateError([secret, inner])).errors[1]).toBe(inner);
  });
});
