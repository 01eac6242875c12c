import { AxiosHeaders } from 'axios';
import { describe, expect, it } from 'vitest';
import { isDistinctive, knownSecrets, withoutSecrets } from './known-secrets.js';
import { DEFAULT_RULES } from './rules.js';

const circle: Record<string, unknown> = { password: 'of1-circle' };
circle['self'] = circle;

it('knows the values of headers that no other origin may get', () => {
  const headers = new AxiosHeaders({ 'X-Of1': 'of1-own-header', 'X-Other': 'of1-other-header' });
  expect(knownSecrets({ headers, sensitiveHeaders: ['x-of1'] }, DEFAULT_RULES)).toEqual(['of1-own-header']);
});

it('knows the secrets of a call by their names', () => {
  const secrets = knownSecrets(
    {
      baseURL: 'https://user:of1%20base@a.example/?token=of1-base-query',
      url: '/p?sig=of1%20query&page=of1-page-only',
      headers: new AxiosHeaders({
        Authorization: 'Bearer of1-authorization',
        'X-Api-Key': 'of1-api-key',
        Accept: 'of1-accept',
        Cookie: 'short',
      }),
      params: {
        key: 'of1-params',
        filter: { password: 'of1-nested' },
        list: [{ token: 'of1-listed' }],
        circle,
        page: 'of1-page-param',
      },
      auth: { username: 'of1-username', password: 'of1-password' },
      proxy: { host: 'p', port: 1, auth: { username: 'of1-username', password: 'of1-proxy' } },
      data: 'of1-data-of1-data',
    },
    DEFAULT_RULES,
  );
  expect(secrets.toSorted()).toEqual(
    [
      'Bearer of1-authorization',
      'of1-authorization',
      'of1-api-key',
      'of1-params',
      'of1-nested',
      'of1-listed',
      'of1-circle',
      'of1-password',
      'of1-proxy',
      'of1%20base',
      'of1 base',
      'of1-base-query',
      'of1%20query',
      'of1 query',
    ].toSorted(),
  );
});

it('finds none where there are none', () => {
  expect(knownSecrets({ headers: new AxiosHeaders() }, DEFAULT_RULES)).toEqual([]);
  expect(knownSecrets({ params: new URLSearchParams({ code: 'of1-params' }) } as never, DEFAULT_RULES)).toEqual([
    'of1-params',
  ]);
});

it('takes every one of them out of a text, the longest first', () => {
  const headers = new AxiosHeaders({ 'x-key': 'abcdefg1', 'x-token': 'abcdefg1hijk' });
  const secrets = knownSecrets({ headers }, DEFAULT_RULES);
  expect(withoutSecrets('abcdefg1, abcdefg1hijk, abcdefg1', secrets)).toBe('[redacted], [redacted], [redacted]');
});

it('knows each cookie, the password of basic credentials, and the secrets of a body', () => {
  const basic = Buffer.from('user:of1-basic').toString('base64');
  const secretsOf = (config: object) => knownSecrets({ headers: new AxiosHeaders(), ...config }, DEFAULT_RULES);
  expect(secretsOf({ headers: new AxiosHeaders({ cookie: 'a=of1-cookie-a; b=of1-cookie-b' }) })).toContain(
    'of1-cookie-b',
  );
  expect(secretsOf({ headers: new AxiosHeaders({ authorization: `Basic ${basic}` }) })).toContain('of1-basic');
  expect(secretsOf({ data: '{"user":"of1-user-a","login":{"password":"of1-password"}}' })).toEqual(['of1-password']);
  expect(secretsOf({ data: 'user=of1-user-a&client_secret=of1%2Dsecret' })).toEqual(['of1-secret']);
  expect(secretsOf({ data: '{"broken":' })).toEqual([]);
});

it.each<[string, unknown]>([
  ['an object, which a transform has not got', { login: { password: 'of1-secret' } }],
  ['names and values', { fields: [{ name: 'password', value: 'of1-secret' }, ['page', 'of1-page']] }],
  ['labels, as forms of chats have them', [{ label: 'Password', value: 'of1-secret' }]],
  ['a list of pairs', [['password', 'of1-secret']]],
  ['a Map', new Map([['password', 'of1-secret']])],
  ['URLSearchParams', new URLSearchParams({ password: 'of1-secret', page: 'of1-page' })],
  ['bytes', Buffer.from('{"password":"of1-secret"}')],
  ['a typed array', new Uint8Array(Buffer.from('password=of1-secret'))],
  ['GraphQL', '{"query":"mutation { login(password: \\"of1-secret\\") { ok } }"}'],
  ['XML', '<login><user>of1-user</user><password>of1-secret</password></login>'],
])('finds the secrets of a body that is %s', (_, data) => {
  expect(knownSecrets({ headers: new AxiosHeaders(), data } as never, DEFAULT_RULES)).toEqual(['of1-secret']);
});

it('finds the secrets of a form', () => {
  const data = new FormData();
  data.append('password', 'of1-secret');
  data.append('page', 'of1-page');
  expect(knownSecrets({ headers: new AxiosHeaders(), data } as never, DEFAULT_RULES)).toEqual(['of1-secret']);
});

const twins = { a: {}, b: {} };
for (const [from, to] of [
  [twins.a, twins.b],
  [twins.b, twins.a],
]) {
  for (let index = 0; index < 40; index++) Object.assign(from!, { [`name${index}`]: to });
}

it.each<[string, unknown]>([
  ['a Buffer', Buffer.alloc(1_000_000)],
  ['a Float64Array', new Float64Array(1_000_000)],
  ['bytes in an object', { file: new Uint8Array(1_000_000), files: [Buffer.alloc(1_000_000)] }],
  ['a long list', Array.from({ length: 1_000_000 }, (_, index) => index)],
  ['a list of lists', Array.from({ length: 2_000 }, () => Array.from({ length: 100 }, () => 'a'))],
  ['many fields', Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`name${index}`, 1]))],
  ['a Map of many', new Map(Array.from({ length: 100_000 }, (_, index) => [`name${index}`, 1]))],
  ['objects that name each other many times', twins],
])('looks at no more than 10,000 fields, whatever the body is: %s', (_, data) => {
  let looks = 0;
  const isSecretKey = (name: string) => {
    looks++;
    return DEFAULT_RULES.isSecretKey(name);
  };
  const rules = { ...DEFAULT_RULES, isSecretKey, isSecretParam: isSecretKey };
  knownSecrets({ headers: new AxiosHeaders(), data, params: data } as never, rules);
  expect(looks).toBeLessThanOrEqual(2 * 10_001);
});

it('takes nothing for a secret that the address of the call shows anyway', () => {
  const headers = new AxiosHeaders({ cookie: 'back=/orders/42/items; id=of1-id', 'x-auth-host': 'api2.example.com' });
  const config = { baseURL: 'https://api2.example.com', url: '/orders/42/items', headers };
  expect(knownSecrets(config as never, DEFAULT_RULES)).toEqual([headers.get('cookie'), 'id=of1-id']);
});

describe('a value is looked for elsewhere', () => {
  it.each([
    'hunter2000',
    'SECRET-tenant',
    'correct horse',
    'abcdefghijklmnopqrstuvwxyz',
    '12345678',
    'p@ssword',
    'a1b2c3d4',
  ])('where nobody writes it by chance: %s', (value) => expect(isDistinctive(value)).toBe(true));

  it.each([
    'internal',
    'exceeded',
    'Unauthorized',
    'listOnTimeout',
    'passwort',
    'required',
    'short',
    'utf-8',
    'NOT_FOUND',
    'created_at',
    'client-credentials',
    'application/json',
    'api.example.com',
    '/orders/list',
    '2026-11-28',
    '127.0.0.1:8080',
    '10.20.30.40',
    '',
  ])('unless it is short, a word, a date or an address: %s', (value) => expect(isDistinctive(value)).toBe(false));

  it.each([
    [
      'as a word, where it has no digits',
      'my-secret',
      'my-secrets my-secret, (my-secret) xmy-secret',
      'my-secrets [redacted], ([redacted]) xmy-secret',
    ],
    ['within another, where it has letters and digits', 'abc12345', 'xabc12345y', 'x[redacted]y'],
    ['within another, where it is long', 'a long text with no digits', 'xa long text with no digits', 'x[redacted]'],
    ['as a number', '12345678', '12345678 123456789', '[redacted] 123456789'],
  ])('%s', (_, secret, text, expected) => expect(withoutSecrets(text, [secret])).toBe(expected));
});
