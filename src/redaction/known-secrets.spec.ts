import { AxiosHeaders } from 'axios';
import { expect, it } from 'vitest';
import { knownSecrets, withoutSecrets } from './known-secrets.js';
import { DEFAULT_RULES } from './redaction-rules.js';

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
  const headers = new AxiosHeaders({ 'x-key': 'abcdefgh', 'x-token': 'abcdefghijkl' });
  const secrets = knownSecrets({ headers }, DEFAULT_RULES);
  expect(withoutSecrets('abcdefgh, abcdefghijkl, abcdefgh', secrets)).toBe('[redacted], [redacted], [redacted]');
});
