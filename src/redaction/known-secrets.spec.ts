import { AxiosHeaders } from 'axios';
import { describe, expect, it } from 'vitest';
import { isDistinctive, knownSecrets, withoutSecrets } from './known-secrets.js';
import { DEFAULT_RULES } from './rules.js';

const circle: Record<string, unknown> = { password: 'of-circle' };
circle['self'] = circle;

it('knows the secrets of a call by their names', () => {
  const secrets = knownSecrets(
    {
      baseURL: 'https://user:of%20base@a.example/?token=of-base-query',
      url: '/p?sig=of%20query&page=of-page-only',
      headers: new AxiosHeaders({
        Authorization: 'Bearer of-authorization',
        'X-Api-Key': 'of-api-key',
        Accept: 'of-accept',
        Cookie: 'short',
      }),
      params: {
        key: 'of-params',
        filter: { password: 'of-nested' },
        list: [{ token: 'of-listed' }],
        circle,
        page: 'of-page-param',
      },
      auth: { username: 'of-username', password: 'of-password' },
      proxy: { host: 'p', port: 1, auth: { username: 'of-username', password: 'of-proxy' } },
      data: 'of-data-of-data',
    },
    DEFAULT_RULES,
  );
  expect(secrets.toSorted()).toEqual(
    [
      'Bearer of-authorization',
      'of-authorization',
      'of-api-key',
      'of-params',
      'of-nested',
      'of-listed',
      'of-circle',
      'of-password',
      'of-proxy',
      'of%20base',
      'of-base-query',
      'of%20query',
      'of query',
    ].toSorted(),
  );
});

it('finds none where there are none', () => {
  expect(knownSecrets({ headers: new AxiosHeaders() }, DEFAULT_RULES)).toEqual([]);
  expect(knownSecrets({ params: new URLSearchParams({ code: 'of-params' }) } as never, DEFAULT_RULES)).toEqual([
    'of-params',
  ]);
});

it('takes every one of them out of a text, the longest first', () => {
  const headers = new AxiosHeaders({ 'x-key': 'abcdefg1', 'x-token': 'abcdefg1hijk' });
  const secrets = knownSecrets({ headers }, DEFAULT_RULES);
  expect(withoutSecrets('abcdefg1, abcdefg1hijk, abcdefg1', secrets)).toBe('[redacted], [redacted], [redacted]');
});

it('knows each cookie, the password of basic credentials, and the secrets of a body', () => {
  const basic = Buffer.from('user:of-basic').toString('base64');
  const secretsOf = (config: object) => knownSecrets({ headers: new AxiosHeaders(), ...config }, DEFAULT_RULES);
  expect(secretsOf({ headers: new AxiosHeaders({ cookie: 'a=of-cookie-a; b=of-cookie-b' }) })).toContain('of-cookie-b');
  expect(secretsOf({ headers: new AxiosHeaders({ authorization: `Basic ${basic}` }) })).toContain('of-basic');
  expect(secretsOf({ data: '{"user":"of-user-a","login":{"password":"of-password"}}' })).toEqual(['of-password']);
  expect(secretsOf({ data: 'user=of-user-a&client_secret=of%2Dsecret' })).toEqual(['of-secret']);
  expect(secretsOf({ data: '{"broken":' })).toEqual([]);
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
