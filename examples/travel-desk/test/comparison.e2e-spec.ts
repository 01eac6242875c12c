import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_QUERY } from '../src/comparison/comparison.dto.js';
import { ComparisonService } from '../src/comparison/comparison.service.js';
import { connectionsAt } from '../src/comparison/time-wait.js';
import { startProcess } from './support/process.js';
import { type RunningApp, startApp } from './support/running-app.js';

/** Processes take their time to start on a machine that has much else to do. */
const WITH_PROCESSES_MS = 60_000;

describe('POST /comparison', () => {
  let running: RunningApp;

  beforeEach(async () => {
    running = await startApp();
  });
  afterEach(() => running.app.close());

  it(
    'finds no handshake through the one client, and one for each call through a client of its own',
    async () => {
      const { body } = await running.post('/comparison?roundTripMs=0&calls=5').expect(200);
      const isLinux = process.platform === 'linux';
      const figures = {
        p50Ms: expect.any(Number),
        clientCpuUs: expect.any(Number),
        upstreamCpuUs: expect.any(Number),
      };
      expect(body).toEqual({
        roundTripMs: 0,
        calls: 5,
        bursts: 3,
        shared: { ...figures, handshakes: 0, timeWait: isLinux ? 0 : null },
        perCall: { ...figures, handshakes: 15, timeWait: isLinux ? expect.any(Number) : null },
      });
    },
    WITH_PROCESSES_MS,
  );

  it('measures one at a time, and stops when the app drains', async () => {
    const comparisons = running.app.get(ComparisonService, { strict: false });
    const first = expect(comparisons.run(DEFAULT_QUERY)).rejects.toThrow('the app is shutting down');
    const { body } = await running.post('/comparison').expect(409);
    expect(body.message).toBe('a comparison is under way; ask again when it is over');
    await running.app.close();
    await first;
    await expect(comparisons.run(DEFAULT_QUERY)).rejects.toMatchObject({ status: 503 });
  });

  it.each([
    ['calls=0', 'calls: expected a whole number from 1 to 200'],
    ['calls=201', 'calls: expected a whole number from 1 to 200'],
    ['calls=1e2', 'calls: expected a whole number from 1 to 200'],
    ['calls=1&calls=2', 'calls: expected a whole number from 1 to 200'],
    ['roundTripMs=5', 'roundTripMs: expected 0 or 10 or 40'],
  ])('answers 400 for ?%s', async (query, message) => {
    expect((await running.post(`/comparison?${query}`).expect(400)).body.message).toBe(message);
  });

  it('is refused to pages of other origins', async () => {
    await running.post('/comparison').set('sec-fetch-site', 'cross-site').expect(403);
  });
});

/** `exited` waits for the processes of the comparison as well, which print where the app does. */
async function expectNoneLeftAfter(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const { child, exited, listening } = startProcess();
  const url = await listening();
  const post = async () => (await fetch(`${url}/comparison?calls=200`, { method: 'POST' })).status;
  const both = [post(), post()].map((answer) => answer.catch(() => 'cut off'));
  expect(await Promise.race(both)).toBe(409); // the other one has started its processes
  child.kill(signal);
  expect(await exited).toEqual(signal === 'SIGTERM' ? [0, null] : [null, 'SIGKILL']);
  expect(await Promise.all(both)).toContain(signal === 'SIGTERM' ? 503 : 'cut off');
}

it.each(['SIGTERM', 'SIGKILL'] as const)('leaves no process behind when the app gets %s', { tags: 'slow' }, (signal) =>
  expectNoneLeftAfter(signal),
);

it('ends each process once whoever has started it is killed', async () => {
  const relay = fileURLToPath(new URL('../src/comparison/processes/relay.js', import.meta.url));
  const script = `
    const { fork } = await import('node:child_process');
    const relay = fork(${JSON.stringify(relay)}, { execArgv: [] });
    relay.once('message', () => console.log('listens'));
    relay.send({ ask: 'listen', to: 1, roundTripMs: 0, ports: 1 });
  `;
  const args = ['--input-type=module', '--eval', script];
  const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(parent.stdout, 'data');
  parent.kill('SIGKILL');
  await once(parent, 'close'); // the relay prints there, too: it has ended
});

it('finds the connections at a port, and their states, in what the kernel tells', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:115C 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 20 1 0',
    '   1: 0100007F:A1B2 0100007F:115C 01 00000000:00000000 00:00000000 00000000  1000        0 21 1 0',
    '   2: 0100007F:A1B3 0100007F:115C 06 00000000:00000000 03:00000F9B 00000000     0        0 0 3 0',
    '   3: 0100007F:115C 0100007F:A1B3 06 00000000:00000000 03:00000F9B 00000000     0        0 0 3 0',
    '',
  ].join('\n');
  expect([...connectionsAt(4_444, table).values()]).toEqual([10, 1, 6, 6]);
});
