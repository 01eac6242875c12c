import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningApp, startApp } from './support/running-app.js';

let running: RunningApp;

beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.app.close());

it.each(['//', '//[', '/', '/pages', '/pages/0', '/pages/1.5', '/status/99', '/status/600', '/?a=/pages/1'])(
  'has no page at %s',
  async (path) => {
    const { body } = await running.callExternal(`${running.upstream}${path}`).expect(200);
    expect(body).toEqual({ status: 404, result: { error: 'no such page' } });
  },
);

it('does not wait at all for a time that is none', async () => {
  const { body } = await running.callExternal(`${running.upstream}/slow?ms=soon`).expect(200);
  expect(body.result).toEqual({ tookMs: 0 });
});
