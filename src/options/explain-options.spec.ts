import { expect, it } from 'vitest';
import { explainOptions } from './explain-options.js';
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
