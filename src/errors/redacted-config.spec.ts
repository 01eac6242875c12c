import { AxiosHeaders } from 'axios';
import { expect, it } from 'vitest';
import { inspect } from 'node:util';
import { redactedConfig } from './redacted-config.js';

it('shows nothing of a call that could be a secret', () => {
  const config = redactedConfig({
    method: 'post',
    baseURL: 'https://user:SECRET@api.example.com/v1',
    url: '/users?token=SECRET#SECRET',
    headers: new AxiosHeaders({ authorization: 'Bearer SECRET', 'x-api-key': 'SECRET' }),
    params: { key: 'SECRET' },
    data: 'SECRET',
    auth: { username: 'SECRET', password: 'SECRET' },
    timeout: 100,
  });
  expect(inspect(config, { depth: null, showHidden: true })).not.toContain('SECRET');
  expect(config).toMatchObject({ method: 'post', baseURL: 'https://api.example.com/v1', url: '/users', timeout: 100 });
  expect(config.headers.has('x-api-key')).toBe(true);
});
