import { startUpstream } from 'nest-outbound/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RunningApp, startApp } from './support/running-app.js';

let running: RunningApp;

beforeEach(async () => {
  running = await startApp();
});
afterEach(() => running.app.close());

const none = { active: 0, idle: 0, queued: 0, created: 0, reused: 0, closed: 0, timedOut: 0, errors: 0 };

it('is empty before the first call', async () => {
  const { body } = await running.get('/pool').expect(200);
  expect(body).toEqual({ id: running.pool.id, state: 'open', inFlight: 0, total: none, origins: {} });
});

it('counts sockets in total and by origin', async () => {
  await using upstream = await startUpstream();
  await upstream.down();
  await running.get('/call-many?n=150').expect(200);
  await running.callExternal(upstream.url).expect(502);
  const { body } = await running.get('/pool').expect(200);
  expect(body).toMatchObject({
    total: { ...none, idle: 100, created: 101, reused: 50, closed: 1, errors: 1 },
    origins: {
      [running.upstream]: { ...none, idle: 100, created: 100, reused: 50 },
      [upstream.url]: { ...none, created: 1, closed: 1, errors: 1 },
    },
  });
});
