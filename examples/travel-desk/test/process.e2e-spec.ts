import type { PoolStats } from 'nest-outbound';
import { hold, startUpstream, text } from 'nest-outbound/testing';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { openEventStream } from './support/event-stream.js';
import { startProcess } from './support/process.js';

describe.each([
  ['SIGTERM', {}],
  ['SIGINT', { tags: 'slow' }],
] as const)('a process that gets %s', (signal, options) => {
  it('answers what is under way, says so in its log, and is gone', options, async () => {
    const { child, errors, exited, line, listening } = startProcess();
    const url = await listening();
    expect(await line('Client "default"')).toContain('100 sockets per origin');
    const { id } = (await (await fetch(`${url}/pool`)).json()) as PoolStats;
    await using upstream = await startUpstream();
    const held = hold(text('done'));
    upstream.on('/', held);

    const answer = fetch(`${url}/call-external?url=${upstream.url}`);
    await held.arrived();
    child.kill(signal);
    expect(await line(`Pool ${id}: open → draining`)).toContain('calls in flight: 1');
    held.release();

    expect(await (await answer).json()).toEqual({ result: 'done', status: 200 });
    expect(await line(`Pool ${id}: draining → closed`)).toMatch(
      /calls finished: 1 \(0 admitted while draining\), aborted: 0/,
    );
    expect(await exited).toEqual([0, null]);
    expect(errors).toEqual([]);
  });
});

it('ends with the drain, whatever else keeps the process alive', async () => {
  const { child, exited, listening } = startProcess({ before: 'setInterval(() => {}, 1_000)' });
  await listening();
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});

async function expectRefusal(env: Record<string, string>, message: string): Promise<void> {
  const { errors, exited } = startProcess({ env });
  expect(await exited).toEqual([1, null]);
  expect(errors).toEqual([`travel-desk: ${message}`]);
}

it('says in one line why it does not start when HOST is no address', () =>
  expectRefusal({ HOST: 'localhost' }, 'HOST: expected an IP address, got "localhost"'));

it.each([
  ['PORT is no port', { PORT: 'http' }, 'PORT: expected a port from 0 to 65535, got "http"'],
  ['PORT is empty', { PORT: '' }, 'PORT: expected a port from 0 to 65535, got ""'],
  [
    'UPSTREAM_PORT is no port',
    { UPSTREAM_PORT: '70000' },
    'UPSTREAM_PORT: expected a port from 0 to 65535, got "70000"',
  ],
])('says in one line why it does not start when %s', { tags: 'slow' }, (_, env, message) =>
  expectRefusal(env, message),
);

async function expectToEndWhereTaken(name: string): Promise<void> {
  await using other = await startUpstream();
  const { port } = new URL(other.url);
  const { errors, exited } = startProcess({ env: { [name]: port } });
  expect(await exited).toEqual([1, null]);
  const message = `listen EADDRINUSE: address already in use 127.0.0.1:${port}`;
  expect(errors.at(-1)).toBe(`travel-desk: ${message}`);
  for (const error of errors) expect(error).toContain(message); // Nest logs that of its own server, too
}

it('ends with one line, without a stack, when PORT is taken', () => expectToEndWhereTaken('PORT'));
it('ends with one line, without a stack, when UPSTREAM_PORT is taken', { tags: 'slow' }, () =>
  expectToEndWhereTaken('UPSTREAM_PORT'),
);

it('listens on the address that it is given', { tags: 'slow' }, async () => {
  const { child, exited, listening } = startProcess({ env: { HOST: '127.0.0.2' } });
  expect(await listening()).toContain('http://127.0.0.2:');
  child.kill('SIGTERM');
  await exited;
});

it('drains and ends as with SIGTERM when a person asks for it, and whoever watches sees how', async () => {
  const { errors, exited, line, listening } = startProcess();
  const url = await listening();
  const { id } = (await (await fetch(`${url}/pool`)).json()) as PoolStats;
  const watcher = await openEventStream(Number(new URL(url).port), '/desk/events');
  await watcher.find(() => true);

  expect((await fetch(`${url}/desk/drain`, { method: 'POST' })).status).toBe(202);
  await watcher.ended;
  expect(await exited).toEqual([0, null]);

  const drains = watcher.events.filter(({ type, data }) => type === 'drain' && data.phase !== 'open');
  const counts = drains.map(({ data }) => data.inFlight as number);
  expect(counts[0]).toBeGreaterThanOrEqual(6); // a ping may be among them
  expect(new Set(counts).size).toBeGreaterThan(3);
  expect(watcher.events.at(-1)).toMatchObject({ type: 'drain', data: { phase: 'closing', inFlight: 0 } });
  expect(await line(`Pool ${id}: draining → closed`)).toMatch(/calls finished: 6 .* aborted: 0/);
  expect(errors).toEqual([]);
});

it('leaves nothing behind that keeps a process alive once the app is closed', { tags: 'slow' }, async () => {
  const script = `
    const { createApp } = await import(${JSON.stringify(new URL('../dist/create-app.js', import.meta.url).href)});
    const { settingsWith } = await import(${JSON.stringify(new URL('../dist/settings/read-settings.js', import.meta.url).href)});
    const { EmbeddedUpstream } = await import(${JSON.stringify(new URL('../dist/upstreams/pages/embedded-upstream.js', import.meta.url).href)});
    const app = await createApp(settingsWith({ port: 0, upstreamPort: 0, attemptMs: 100 }));
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    await fetch(url + '/call-external?url=' + app.get(EmbeddedUpstream, { strict: false }).url + '/slow?ms=60000');
    await fetch(url + '/fares?from=AMS&to=LIS&date=2026-03-01&shared=false');
    await fetch(url + '/desk/events');
    await app.close();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' });
  expect(await once(child, 'close')).toEqual([0, null]);
});
