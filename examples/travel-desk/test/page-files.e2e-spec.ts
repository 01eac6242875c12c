import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningApp, startApp } from './support/running-app.js';

let running: RunningApp;

beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.app.close());

it.each([
  ['/', 'text/html; charset=utf-8', 'no-store'],
  ['/assets/main.js', 'text/javascript; charset=utf-8', 'no-cache'],
  ['/assets/fields/format.js', 'text/javascript; charset=utf-8', 'no-cache'],
  ['/assets/styles/base.css', 'text/css; charset=utf-8', 'no-cache'],
  ['/assets/icon.svg', 'image/svg+xml; charset=utf-8', 'no-cache'],
])('%s may run nothing but scripts of this server', async (path, type, caching) => {
  const { headers } = await running.get(path).expect(200).expect('content-type', type);
  expect(headers).toMatchObject({ 'cache-control': caching, 'x-content-type-options': 'nosniff' });
  expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; /);
  expect(headers['content-security-policy']).not.toContain('unsafe');
});

it('are sent again only when they have changed', async () => {
  const { headers } = await running.get('/assets/main.js');
  await running.get('/assets/main.js').set('if-none-match', headers.etag!).expect(304);
});

it.each(['/assets/', '/assets/nothing.js', '/assets/tsconfig.json', '/assets/..%2Fpage.module.ts'])(
  'do not include %s',
  async (path) => {
    await running.get(path).expect(404);
  },
);
