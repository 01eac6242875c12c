import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { redactionRules } from '../redaction/rules.js';
import { explainOptions } from './explain.js';
import { resolveModuleOptions, resolveNamedOptions } from './resolve-options.js';

const moduleOptions = {
  baseURL: 'https://user:SECRET@main.test',
  headers: { authorization: 'Bearer SECRET' },
  timeouts: { connectMs: 1_000 },
  resilience: 'standard' as const,
};
const clientOptions = {
  name: 'github',
  headers: { 'x-key': 'SECRET' },
  tls: { ca: 'SECRET' },
  timeouts: { attemptMs: 5_000 },
  resilience: { retry: { max: 5, retryIf: function onlyMondays() {} as never }, breaker: false as const },
};
const root = resolveModuleOptions(moduleOptions).client;
const explained = explainOptions(resolveNamedOptions(clientOptions, root), [
  { from: 'client "github"', options: clientOptions },
  { from: 'module', options: moduleOptions },
]);

it('tells of each option who set it', () => {
  expect(explained).toMatchObject({
    'timeouts.attemptMs': { value: 5_000, from: 'client "github"' },
    'timeouts.connectMs': { value: 1_000, from: 'module' },
    'timeouts.responseMs': { value: 10_000, from: 'default' },
    'resilience.deadlineMs': { value: 30_000, from: "module: 'standard'" },
    'resilience.retry.max': { value: 5, from: 'client "github"' },
    'resilience.retry.baseMs': { value: 50, from: "module: 'standard'" },
    'resilience.breaker': { value: false, from: 'client "github"' },
    'resilience.retry.retryIf': { value: '[function onlyMondays]', from: 'client "github"' },
  });
});

it('shows no secret', () => {
  expect(explained['headers.x-key']).toEqual({ value: '[redacted]', from: 'client "github"' });
  expect(JSON.stringify([explained, explainOptions(root, [])])).not.toContain('SECRET');
});

it('shows no secret of what the user has made, and of data what is none', () => {
  class StoreLimiter {
    store = { options: { url: 'redis://user:SECRET@redis.test:6379', password: 'SECRET' } };
  }
  const literal: Record<string, unknown> = {
    token: 'SECRET',
    url: 'redis://:SECRET@redis.test',
    pairs: [['cookie', 'SECRET']],
  };
  literal['self'] = { inner: literal };
  const rateLimit = {
    max: 10,
    limiter: new StoreLimiter(),
    other: literal,
    auth: { user: 'SECRET' },
    own: [{ name: 'x-tenant', value: 'SECRET' }],
  };
  const options = explainOptions({ resilience: { rateLimit } }, [], redactionRules({ headers: ['x-tenant'] }));
  expect(inspect(options, { depth: null, showHidden: true }) + JSON.stringify(options)).not.toContain('SECRET');
  expect(options).toMatchObject({
    'resilience.rateLimit.max': { value: 10 },
    'resilience.rateLimit.limiter': { value: '[StoreLimiter]' },
    'resilience.rateLimit.own': { value: [{ name: 'x-tenant', value: '[redacted]' }] },
  });
});
