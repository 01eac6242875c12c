import type { PoolStats } from 'nest-outbound';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { startRawUpstream } from './support/raw-upstream.js';

const MAIN = new URL('../dist/main.js', import.meta.url).pathname;
const ANY_PORTS = { PORT: '0', UPSTREAM_PORT: '0' };
/** How long Node keeps an inbound connection open after its answer. */
const KEEP_ALIVE_MS = 5_000;

/** The example as `npm start` runs it. */
function start(env: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN], { env: { ...process.env, NO_COLOR: '1', ...env } });
  const lines: string[] = [];
  const errors: string[] = [];
  const output = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  const ended = once(child, 'close').then(() => {
    throw new Error(`the process has ended: ${errors.join('\n')}`);
  });
  ended.catch(() => {}); // it is an error only for who waits for a line
  /** The first line, printed or to come, that has this part. */
  const line = async (part: string): Promise<string> => {
    for (;;) {
      const found = lines.find((candidate) => candidate.includes(part));
      if (found) return found;
      await Promise.race([once(output, 'line'), ended]);
    }
  };
  return { child, errors, line };
}

it.each(['SIGTERM', 'SIGINT'] as const)(
  'answers what is under way when it gets %s, says so in its log, and is gone',
  async (signal) => {
    const { child, errors, line } = start(ANY_PORTS);
    const [url] = (await line('Open http')).match(/http:\S+/)!;
    expect(await line('Client "default"')).toContain('100 sockets per origin');
    const pool = async () => (await (await fetch(`${url}/pool`)).json()) as PoolStats;
    await (await fetch(`${url}/call-many?n=1`)).json();
    const [upstream] = Object.keys((await pool()).origins);

    const exited = once(child, 'close');
    const answer = fetch(`${url}/call-external?url=${upstream}/slow?ms=1000`);
    await expect.poll(async () => (await pool()).inFlight).toBe(1);
    child.kill(signal);

    expect(await (await answer).json()).toEqual({ result: { tookMs: 1_000 }, status: 200 });
    const answeredAt = performance.now();
    expect(await line('open → draining')).toContain('calls in flight: 1');
    expect(await line('draining → closed')).toMatch(/calls finished: 1 \(0 admitted while draining\), aborted: 0/);
    expect(await exited).toEqual([null, signal]);
    expect(performance.now() - answeredAt).toBeLessThan(KEEP_ALIVE_MS);
    expect(errors).toEqual([]);
  },
);

it.each([
  ['PORT is no port', { PORT: 'http' }, 'PORT: expected a port from 0 to 65535, got "http"'],
  ['PORT is empty', { PORT: '' }, 'PORT: expected a port from 0 to 65535, got ""'],
  [
    'UPSTREAM_PORT is no port',
    { UPSTREAM_PORT: '70000' },
    'UPSTREAM_PORT: expected a port from 0 to 65535, got "70000"',
  ],
])('says in one line why it does not start when %s', async (_, env, message) => {
  const { child, errors } = start({ ...ANY_PORTS, ...env });
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(errors).toEqual([`travel-desk: ${message}`]);
});

it.each(['PORT', 'UPSTREAM_PORT'])('ends with one line, without a stack, when %s is taken', async (name) => {
  await using other = await startRawUpstream(() => {});
  const { child, errors } = start({ ...ANY_PORTS, [name]: String(other.port) });
  expect(await once(child, 'close')).toEqual([1, null]);
  const message = `listen EADDRINUSE: address already in use 127.0.0.1:${other.port}`;
  expect(errors.at(-1)).toBe(`travel-desk: ${message}`);
  for (const error of errors) expect(error).toContain(message); // Nest logs that of its own server, too
});

it('leaves nothing behind that keeps a process alive once the app is closed', async () => {
  const script = `
    const { createApp } = await import(${JSON.stringify(new URL('../dist/create-app.js', import.meta.url).href)});
    const { EmbeddedUpstream } = await import(${JSON.stringify(new URL('../dist/upstream/embedded-upstream.js', import.meta.url).href)});
    const app = await createApp({ port: 0, upstreamPort: 0, attemptMs: 100 });
    await app.listen(0, '127.0.0.1');
    await fetch(await app.getUrl() + '/call-external?url=' + app.get(EmbeddedUpstream).url + '/slow?ms=60000');
    await app.close();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' });
  expect(await once(child, 'close')).toEqual([0, null]);
});
