import { AxiosHeaders } from 'axios';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { redactHeaders, secretHeaders } from './headers.js';
import { DEFAULT_RULES, redactionRules } from './rules.js';

it('replaces the values of secret headers, and secrets in those that are URLs', () => {
  const headers = {
    Authorization: 'a',
    accept: '*/*',
    'set-cookie': ['a', 'b'],
    location: '/p?code=c&a=1',
    Referer: 'http://u:p@a',
  };
  expect(redactHeaders(headers)).toEqual({
    Authorization: '[redacted]',
    accept: '*/*',
    'set-cookie': '[redacted]',
    location: '/p?code=[redacted]&a=1',
    Referer: 'http://a',
  });
});

it('copies, and takes AxiosHeaders', () => {
  const headers = new AxiosHeaders({ Cookie: 'c', 'x-tenant': 't' });
  expect(redactHeaders(headers, redactionRules({ headers: ['X-TENANT'] }))).toEqual({
    Cookie: '[redacted]',
    'x-tenant': '[redacted]',
  });
  expect(headers.get('cookie')).toBe('c');
});

it('shows no value of a secret header, in whatever case its name is, and every name', () => {
  const name = fc.constantFrom(
    'authorization',
    'cookie',
    'set-cookie',
    'x-api-key',
    'x-own-token',
    'x-signature',
    'proxy-authorization',
  );
  const anyCase = fc
    .tuple(name, fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }))
    .map(([text, upper]) =>
      Array.from(text, (letter, index) => (upper[index] ? letter.toUpperCase() : letter)).join(''),
    );
  const value = fc.oneof(fc.constant('CANARY'), fc.constant(['CANARY', 'CANARY']));
  fc.assert(
    fc.property(
      fc.dictionary(anyCase, value),
      fc.dictionary(fc.constantFrom('accept', '__proto__', 'etag'), fc.string()),
      (secret, plain) => {
        const redacted = redactHeaders({ ...secret, ...plain });
        expect(JSON.stringify(redacted)).not.toContain('CANARY');
        expect(Object.keys(redacted).toSorted()).toEqual(Object.keys({ ...secret, ...plain }).toSorted());
      },
    ),
  );
});

it('keeps headers with several values from another origin only where one of them is a secret', () => {
  const headers = { accept: ['a/b', 'c/d'], 'x-tags': ['a', 'Bearer abc123'], etag: '"1"' };
  expect(secretHeaders(headers, {}, DEFAULT_RULES)).toEqual(new Set(['x-tags']));
});
