import { hold, startUpstream, text } from 'nest-outbound/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningApp, startApp } from './support/running-app.js';

let running: RunningApp;

beforeEach(async () => {
  running = await startApp();
});
afterEach(() => running.app.close());

describe('GET /health and /ready', () => {
  it('say that the app lives, and takes requests', async () => {
    await running.get('/health').expect(200);
    const { body } = await running.get('/ready').expect(200);
    expect(body).toMatchObject({ status: 'ok', details: { outbound: { status: 'up' } } });
  });

  it('say that it takes none any more, as soon as it drains, while what is under way is answered', async () => {
    await using upstream = await startUpstream();
    const held = hold(text('done'));
    upstream.on('/', held);
    const slow = running.callExternal(upstream.url).then(({ status }) => status);
    await held.arrived();
    const closed = running.app.close();
    expect((await fetch(`http://127.0.0.1:${running.port}/ready`)).status).toBe(503);
    expect((await fetch(`http://127.0.0.1:${running.port}/health`)).status).toBe(200);
    held.release();
    expect(await slow).toBe(200);
    await closed;
  });
});

describe('GET /metrics', () => {
  it('has the duration of outbound requests, by the conventions of OpenTelemetry', async () => {
    await running.callExternal(`${running.upstream}/pages/1`).expect(200);
    const { text: metrics, headers } = await running.get('/metrics').expect(200);
    expect(headers['content-type']).toContain('text/plain');
    expect(metrics).toMatch(/^http_client_request_duration_count\{.*http_request_method="GET".*\} \d+$/m);
  });
});
