import { AxiosHeaders } from 'axios';
import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { redactedCopy } from './redacted-copy.js';
import { redactionRules } from './rules.js';

const S = 'SECRET-7';
const jwt = `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(S).toString('base64url')}.c2ln`;
const basic = Buffer.from(`user:${S}`).toString('base64');
const printed = (value: unknown) =>
  inspect(value, { depth: null, showHidden: true, getters: true, maxArrayLength: null }) +
  JSON.stringify(value, null, 1);

class Store {
  readonly #hidden = S;
  options = { url: `redis://user:${S}@redis.test:6379`, password: S };
  get secretly() {
    return this.#hidden;
  }
  [inspect.custom]() {
    return this.#hidden;
  }
  toJSON() {
    return this.#hidden;
  }
}
const circle: Record<string, unknown> = { token: S };
circle['self'] = circle;
const deep = (levels: number): unknown => (levels === 0 ? { authorization: S } : { a: [deep(levels - 1)] });

describe('a copy shows no secret', () => {
  it.each<[what: string, value: unknown]>([
    ['a property', { a: { password: S, 'api-key': S, apiKey: S, user_token: S, clientSecret: S, _csrf: S } }],
    ['a property that holds an object', { credentials: { user: S }, session: [S], tokens: { a: { b: S } } }],
    ['a number', { otp: 99_123, a: { pin_token: 99_123 } }],
    [
      '{ name, value }',
      [
        { name: 'password', value: S },
        { key: 'X-Api-Key', value: S },
        { Name: 'token', Value: S },
      ],
    ],
    [
      '{ name, values }',
      {
        list: [
          { name: 'Set-Cookie', values: [S, S] },
          { header: 'cookie', content: S },
        ],
      },
    ],
    [
      'pairs',
      [
        ['authorization', S],
        ['accept', '*/*'],
      ],
    ],
    ['one pair in a list', { entries: [['x-api-key', S]] }],
    ['raw headers', { rawHeaders: ['Accept', '*/*', 'Authorization', S] }],
    ['a flat list of headers under another name', { lines: ['Accept', '*/*', 'X-Api-Key', `abc ${S}`] }],
    [
      'a Map',
      new Map<unknown, unknown>([
        ['authorization', S],
        ['other', { password: S }],
        [{ token: S }, 1],
      ]),
    ],
    ['a Set', new Set([{ token: S }, `Bearer ${S}`])],
    ['Headers', new Headers({ 'x-api-key': S, accept: 'a' })],
    ['AxiosHeaders', new AxiosHeaders({ Authorization: `Bearer ${S}` })],
    ['FormData', form({ password: S, a: 'b' })],
    ['URLSearchParams', new URLSearchParams({ token: S, page: '2' })],
    ['a URL', { at: new URL(`https://user:${S}@a.example/p?sig=${S}#access_token=${S}`) }],
    ['a bearer token under a harmless name', { note: `Bearer ${S}`, other: `got bearer ${S}, sorry` }],
    ['basic credentials under a harmless name', { note: `Basic ${basic}` }],
    ['a digest', { note: `Digest username="a", response="${S}"` }],
    ['a web token under a harmless name', { note: `see ${jwt}` }],
    [
      'a private key',
      { note: `-----BEGIN RSA PRIVATE KEY-----\n${S}\n-----END RSA PRIVATE KEY-----`.replace('-7', '7') },
    ],
    ['a cookie under a harmless name', { note: `theme=${S}; Path=/; HttpOnly`, second: `sid=${S}` }],
    ['a URL in a text', { note: `GET https://user:${S}@a.example/?code=${S} failed` }],
    ['a bearer token in a URL', { note: `https://a.example/?q=Bearer%20${S}`, path: `https://a.example/${jwt}/x` }],
    ['JSON in a text', { body: JSON.stringify({ a: [{ name: 'password', value: S }] }) }],
    ['JSON in JSON', { body: JSON.stringify({ inner: JSON.stringify({ token: S, list: [['cookie', S]] }) }) }],
    [
      'JSON in a sentence',
      { note: `body: {"user":"a","password":"${S}","list":[{"name":"token","value":"${S}"}]} was refused` },
    ],
    ['JSON that is cut off', { note: `{"user":"a","password":"${S}` }],
    ['what inspect prints', { note: inspect({ password: S, map: new Map([['token', S]]) }) }],
    ['lines of a head', { note: `GET / HTTP/1.1\r\nX-Api-Key: ${S}\r\nCookie: a=${S}; b=${S}\r\n\r\n` }],
    ['a form', { note: `user=a&password=${S}&x=1` }],
    ['XML', { note: `<a><ns:Password>${S}</ns:Password><user token="${S}"/><token><![CDATA[${S}]]></token></a>` }],
    [
      'XML of names and values',
      { note: `<param><name>password</name><value>${S}</value></param><add key="ApiKey" value="${S}"/>` },
    ],
    [
      'a hidden input',
      { note: `<input type="hidden" name="csrf_token" value="${S}"><input value='${S}' name=authenticity_token>` },
    ],
    ['a meta tag', { note: `<meta name="csrf-token" content="${S}" /><textarea name="password">${S}</textarea>` }],
    [
      'a form of several parts',
      { note: `--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n${S}\r\n--b--` },
    ],
    ['bytes', { body: Buffer.from(S), view: new Uint8Array(Buffer.from(S)), raw: new TextEncoder().encode(S).buffer }],
    [
      'an error',
      new Error(`https://u:${S}@a`, { cause: Object.assign(new TypeError('x'), { headers: { cookie: S } }) }),
    ],
    ['several errors', new AggregateError([Object.assign(new Error('x'), { token: S })], `token=${S}`)],
    ['an object of a class', { store: new Store() }],
    ['a getter', Object.defineProperty({}, 'note', { enumerable: true, get: () => S })],
    ['a symbol', { [Symbol('token')]: S, note: Symbol(`Bearer ${S}`) }],
    ['what is not enumerable', Object.defineProperty({ a: 1 }, 'note', { value: { password: S } })],
    ['a key', { [`https://user:${S}@a.example`]: 1 }],
    ['boxed texts', { note: new String(`Bearer ${S}`) }],
    ['a stream', Object.assign(Readable.from([S]), { password: S })],
    ['an emitter', Object.assign(new EventEmitter(), { note: S })],
    ['a circle', circle],
    ['what lies deep', deep(40)],
    ['a function', { note: Object.assign(() => S, { token: S }) }],
    ['a null prototype', Object.assign(Object.create(null), { token: S })],
  ])('of %s', (_, value) => {
    const copy = redactedCopy(value);
    expect(printed(copy.value)).not.toMatch(/SECRET|UNSRVQ|RUNSRV|53 45 43|83,\s*69|99123|99_123/);
    expect(copy.changed).toBe(true);
  });

  it('of the app’s own names, and of known secrets in any text', () => {
    const rules = redactionRules({ headers: ['X-Tenant'], query: ['email'] });
    const value = { 'x-tenant': S, Email: S, list: [{ name: 'email', value: S }], note: `it was ${S}` };
    const copy = redactedCopy(value, { rules, secrets: [S] });
    expect(copy.value).toEqual({
      'x-tenant': '[redacted]',
      Email: '[redacted]',
      list: [{ name: 'email', value: '[redacted]' }],
      note: 'it was [redacted]',
    });
  });
});

it.each<[what: string, value: unknown]>([
  ['data', { a: 1, b: 'text', c: [true, null, undefined, 5n], d: { e: 'x' } }],
  ['codes', { code: 'ERR_BAD_RESPONSE', errno: -111, syscall: 'connect', status: 503 }],
  [
    'counts and states',
    { max_tokens: 5, token_expires_in: 3600, tokenCount: 7, session: true, auth: false, key: null },
  ],
  ['names that only look like it', { token_type: 'bearer', publicKey: 'abc', sortKey: 'a', 'idempotency-key': '1-2' }],
  ['a list of names', { forward: ['authorization', 'x-tenant', 'cookie', 'accept'], two: ['authorization', 'cookie'] }],
  [
    '{ name, value } of something else',
    [
      { name: 'page', value: '2' },
      { key: 'Accept', value: '*/*' },
    ],
  ],
  [
    'sentences',
    { note: 'Bearer token missing; Basic auth is off. The token expired, the session: closed, key: expected a text' },
  ],
  ['a challenge', { note: 'Bearer realm="api", error="invalid_request"' }],
  ['a frame', { note: '    at listOnTimeout (node:internal/timers:588:17)' }],
  ['addresses', { note: 'connect ECONNREFUSED 127.0.0.1:80', url: 'https://a.example/p?page=2' }],
  ['HTML', { note: '<a href="/p?page=2" id="top">key</a><input name="q" value="x">' }],
  ['Dates and patterns', { at: new Date(0), pattern: /a=b/ }],
])('a copy of %s is equal', (_, value) => {
  const copy = redactedCopy(value);
  expect(copy.value).toEqual(value);
  expect(copy.changed).toBe(false);
});

it('does not change what it copies, and calls none of its getters and methods', () => {
  const fail = () => expect.unreachable('it was called');
  const value = Object.defineProperties(
    { password: S, list: [`Bearer ${S}`], toJSON: fail, [inspect.custom]: fail },
    { getter: { enumerable: true, get: fail }, on: { get: fail }, pipe: { get: fail } },
  );
  redactedCopy(value);
  expect(value.password).toBe(S);
  expect(value.list).toEqual([`Bearer ${S}`]);
});

it('prints objects of classes under their names, and shows no more of machines', () => {
  expect(
    inspect(redactedCopy({ store: new Store(), stream: Readable.from([]), f: function own() {} }).value, { depth: 9 }),
  ).toBe(
    "{\n  store: Store {\n    options: { url: 'redis://redis.test:6379', password: '[redacted]' }\n  },\n  stream: '[Readable]',\n  f: '[function own]'\n}",
  );
  expect(redactedCopy({ store: new Store() }, { opensInstances: false }).value).toEqual({ store: '[Store]' });
});

it('does not throw, whatever it gets', () => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const throwing = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('no');
      },
    },
  );
  expect(redactedCopy({ a: revoked.proxy, b: throwing }).value).toEqual({ a: '[unreadable]', b: '[unreadable]' });
  for (const value of [undefined, null, NaN, 5n, Symbol.iterator, new WeakMap(), Promise.resolve(), Array(2)])
    redactedCopy(value);
});

it('ends, however large a value is', () => {
  const list = Array.from({ length: 100_000 }, () => ({ a: {} }));
  expect(JSON.stringify(redactedCopy(list, { maxObjects: 100 }).value)).toContain('[Object]');
});

function form(fields: Record<string, string>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  return data;
}
