import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { startAppContext } from './support/app-context.js';
import { CA, CERTIFICATE } from './support/certificates.js';
import { guardedClient } from './support/guarded-client.js';
import { ManualClock } from './support/manual-clock.js';
import { answerJson, startUpstream } from './support/upstream.js';

describe('the attempt timeout', () => {
  it('ends a call whose upstream never answers, and counts the socket as timed out', async () => {
    await using upstream = await startUpstream(() => {});
    const { client, pool } = await startAppContext({ timeouts: { attemptMs: 50 } });
    await expect(client.get(upstream.url)).rejects.toMatchObject({
      code: 'ECONNABORTED',
      message: expect.stringMatching(/^timeout of 50ms exceeded/), // a busy process says so behind it
    });
    await pool.close();
    expect(pool.stats().total).toMatchObject({ timedOut: 1, errors: 0, active: 0 });
  });

  it('ends a body that drips for ever', async () => {
    await using upstream = await startUpstream((_, response) => {
      const drip = setInterval(() => response.write('.'), 5);
      response.once('close', () => clearInterval(drip));
    });
    const { client, pool } = await startAppContext({ timeouts: { attemptMs: 100 } });
    await expect(client.get(upstream.url)).rejects.toMatchObject({ code: 'ECONNABORTED' });
    expect(pool.inFlight).toBe(0);
  });

  it('ends a call that waits for a socket', async () => {
    await using upstream = await startUpstream(() => {});
    const { client, pool } = await startAppContext({ pool: { maxSockets: 1 }, timeouts: { attemptMs: false } });
    const arrived = once(upstream.server, 'request');
    const blocking = client.get(`${upstream.url}/blocking`, { signal: AbortSignal.timeout(5_000) }).catch(() => {});
    await arrived;
    await expect(client.get(`${upstream.url}/queued`, { timeout: 50 })).rejects.toMatchObject({ code: 'ECONNABORTED' });
    expect(pool.stats().total).toMatchObject({ queued: 0, created: 1 });
    upstream.server.closeAllConnections();
    await blocking;
  });

  it('leaves a stream that flows alone once its headers are there', async () => {
    let finish!: () => void;
    await using upstream = await startUpstream((_, response) => {
      response.write('in time, ');
      finish = () => response.end('late');
    });
    const clock = new ManualClock();
    await using guarded = guardedClient({ timeouts: { attemptMs: 100 } }, undefined, clock);
    const { data } = await guarded.client.get(upstream.url, { responseType: 'stream' });
    await clock.advance(1_000);
    finish();
    expect(await text(data)).toBe('in time, late');
  });
});

describe('TLS', () => {
  const startTls = () => startUpstream(answerJson, CERTIFICATE);

  it('trusts the private CA of the options, and reuses the socket', async () => {
    await using upstream = await startTls();
    const { client, pool } = await startAppContext({ tls: { ca: CA } });
    await client.get(upstream.url);
    expect((await client.get(`${upstream.url}/x`)).data).toEqual({ path: '/x' });
    expect(upstream.connections).toBe(1);
    expect(pool.stats().origins[upstream.url]).toMatchObject({ idle: 1, created: 1, reused: 1 });
  });

  it('refuses a certificate of a CA it does not know, and counts the socket as failed', async () => {
    await using upstream = await startTls();
    const { client, pool } = await startAppContext();
    await expect(client.get(upstream.url)).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    await pool.close();
    expect(pool.stats().origins[upstream.url]).toMatchObject({ created: 1, errors: 1, closed: 1 });
  });
});

describe('sockets that end', () => {
  it('are counted as failed when the upstream resets them', async () => {
    await using upstream = await startUpstream((request) => void request.socket.resetAndDestroy());
    const { client, pool } = await startAppContext();
    await expect(client.get(upstream.url)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await pool.close();
    expect(pool.stats().total).toMatchObject({ created: 1, errors: 1, closed: 1 });
  });

  it('are not counted as failed when the caller cancels', async () => {
    await using upstream = await startUpstream(() => {});
    const { client, pool } = await startAppContext();
    const controller = new AbortController();
    const arrived = once(upstream.server, 'request');
    const answer = client.get(upstream.url, { signal: controller.signal });
    const rejected = expect(answer).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    await arrived;
    controller.abort();
    await rejected;
    await pool.close();
    expect(pool.stats().total).toMatchObject({ created: 1, errors: 0, timedOut: 0, closed: 1 });
  });
});

it('reaches a Unix socket through the pool', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nest-outbound-'));
  const socketPath = join(folder, 'upstream.sock');
  const server = createHttpServer(answerJson).listen(socketPath);
  await once(server, 'listening');
  const { client, pool } = await startAppContext();
  await client.get('/a', { socketPath });
  expect((await client.get('/b', { socketPath })).data).toEqual({ path: '/b' });
  expect(pool.stats().origins[`unix:${socketPath}`]).toMatchObject({ idle: 1, created: 1, reused: 1 });
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});
