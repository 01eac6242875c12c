import { spawn } from 'node:child_process';
import type { PoolStats } from 'nest-outbound';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';

const MAIN = new URL('../dist/main.js', import.meta.url).pathname;

/** The example as `npm start` runs it. */
function start(env: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN], { env: { ...process.env, NO_COLOR: '1', ...env } });
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
  /** The first line, printed or to come, that has this part. */
  const line = async (part: string): Promise<string> => {
    for (;;) {
      const found = lines.find((candidate) => candidate.includes(part));
      if (found) return found;
      await once(output, 'line');
    }
  };
  return { child, lines, line };
}

it('answers what is under way when it gets SIGTERM, says so in its log, and is gone', async () => {
  const { child, line } = start({ PORT: '0', UPSTREAM_PORT: '0' });
  const [url] = (await line('Open http')).match(/http:\S+/)!;
  const pool = async () => (await (await fetch(`${url}/pool`)).json()) as PoolStats;
  await fetch(`${url}/call-many?n=1`);
  const [upstream] = Object.keys((await pool()).origins);

  const exited = once(child, 'close');
  const answer = fetch(`${url}/call-external?url=${upstream}/slow?ms=1000`);
  await expect.poll(async () => (await pool()).inFlight).toBe(1);
  child.kill('SIGTERM');

  expect((await answer).status).toBe(200);
  expect(await line('draining → closed')).toMatch(/calls finished: 1 \(0 admitted while draining\), aborted: 0/);
  const [, signal] = await exited;
  expect(signal).toBe('SIGTERM');
});

it.each([
  ['PORT is no port', { PORT: 'http' }, 'travel-desk: PORT: expected a port from 0 to 65535, got "http"'],
  ['UPSTREAM_PORT is no port', { UPSTREAM_PORT: '70000' }, 'travel-desk: UPSTREAM_PORT: expected a port'],
])('says in one line why it does not start when %s', async (_, env, message) => {
  const { child, lines } = start(env);
  const [code] = await once(child, 'close');
  expect(code).toBe(1);
  expect(lines).toEqual([expect.stringContaining(message)]);
});

it.each(['PORT', 'UPSTREAM_PORT'])('says in one line that %s is taken', async (name) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { child, lines } = start({ PORT: '0', UPSTREAM_PORT: '0', [name]: String(port) });
  const [code] = await once(child, 'close');
  expect(code).toBe(1);
  expect(lines.at(-1)).toBe(`travel-desk: listen EADDRINUSE: address already in use 127.0.0.1:${port}`);
  other.close();
});
