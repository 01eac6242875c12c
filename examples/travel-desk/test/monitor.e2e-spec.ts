import { HttpClients } from 'nest-outbound';
import { redirect, startUpstream, status, type UpstreamReply } from 'nest-outbound/testing';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EndpointDetail, MonitorView } from '../src/monitor/monitor.dto.js';
import { EmbeddedRounds } from '../src/monitor/embedded/embedded-rounds.js';
import { MonitorService } from '../src/monitor/monitor.service.js';
import { settingsWith } from '../src/settings/read-settings.js';
import type { SettingsInput } from '../src/settings/schema.js';
import { type RunningApp, startApp } from './support/running-app.js';

type MonitorInput = NonNullable<SettingsInput['monitor']>;

let running: RunningApp;
afterEach(() => running.app.close());

const monitor = () => running.app.get(MonitorService, { strict: false });
const embedded = () => running.app.get(EmbeddedRounds, { strict: false });
const pool = () => running.app.get(HttpClients).stats('monitor').pool;
const view = async (): Promise<MonitorView> => (await running.get('/monitor').expect(200)).body;
const detail = async (id: string): Promise<EndpointDetail> => (await running.get(`/monitor/${id}`).expect(200)).body;

/** The app after its first round, which is the only one that it begins by itself. A busy machine makes no endpoint a slow one. */
async function start(settings: MonitorInput): Promise<void> {
  running = await startApp({ monitor: { intervalMs: 86_400_000, slowMs: 60_000, ...settings } });
  await expect.poll(() => monitor().summary().ticks, { timeout: 20_000 }).toBe(1);
}

async function rounds(count: number): Promise<void> {
  for (let round = 0; round < count; round++) await embedded().tick();
}

const states = async (id: string) => (await detail(id)).history.map((ping) => [ping.state, ping.status, ping.code]);

describe('an endpoint that is', () => {
  it.each([
    ['healthy', { state: 'up', status: 200, code: null, attempts: 1 }],
    ['slow', { state: 'degraded', status: 200, code: null, attempts: 1 }],
    ['redirecting', { state: 'up', status: 200, code: null, attempts: 1 }],
    ['dead', { state: 'down', status: null, code: 'ECONNREFUSED', attempts: 2 }],
    ['expired-tls', { state: 'down', status: null, code: 'CERT_HAS_EXPIRED', attempts: 1 }],
  ] as const)('%s', async (behaviour, ping) => {
    await start({ endpoints: [{ id: 'it', behaviour }], ...(behaviour === 'slow' && { slowMs: 500 }) });
    const { endpoints } = await view();
    expect(endpoints).toMatchObject([{ id: 'it', behaviour, state: ping.state, last: ping, breaker: 'closed' }]);
    expect(endpoints[0]!.since).toBe(endpoints[0]!.last!.at);
    expect(endpoints[0]!.uptime).toBe(ping.state === 'down' ? 0 : 1);
  });

  it('flapping', async () => {
    await start({ endpoints: [{ id: 'it', behaviour: 'flapping' }] });
    await rounds(4);
    // Of its requests every fourth to sixth fails; one that fails is made once more.
    expect(await states('it')).toEqual([
      ['up', 200, null],
      ['up', 200, null],
      ['up', 200, null],
      ['down', 503, 'ERR_BAD_RESPONSE'],
      ['up', 200, null],
    ]);
    const { uptime, since, history } = await detail('it');
    expect({ uptime, since }).toEqual({ uptime: 0.8, since: history.at(-1)!.at });
  });

  it('rate-limiting, which is then left alone for as long as it asks', async () => {
    await start({ endpoints: [{ id: 'it', behaviour: 'rate-limiting' }] });
    await rounds(2);
    expect(await states('it')).toEqual([
      ['up', 200, null],
      ['degraded', 429, 'ERR_BAD_REQUEST'],
      ['degraded', null, 'ERR_RATE_LIMIT'],
    ]);
    expect((await detail('it')).last!.attempts).toBe(0);
  });

  it('dead for long, which is left alone by the circuit breaker', async () => {
    await start({ endpoints: [{ id: 'it', behaviour: 'dead' }] });
    await rounds(2);
    expect(await detail('it')).toMatchObject({
      state: 'down',
      breaker: 'open',
      last: { code: 'ERR_CIRCUIT_OPEN', attempts: 0 },
    });
  });
});

describe('an endpoint of somebody else', () => {
  const answering = async (reply: UpstreamReply) => (await startUpstream()).on('*', reply);

  it('is pinged where the settings say', async () => {
    await using upstream = await answering(status(204));
    await start({ endpoints: [{ id: 'mine', url: `${upstream.url}/alive` }] });
    expect(upstream.requests()).toMatchObject([{ method: 'GET', path: '/alive' }]);
    expect((await view()).endpoints).toMatchObject([
      { id: 'mine', behaviour: null, state: 'up', last: { status: 204 } },
    ]);
  });

  it('is shown without the secrets of its address, which it is sent all the same', async () => {
    await using upstream = await answering(status(204));
    const { host } = new URL(upstream.url);
    await start({ endpoints: [{ id: 'mine', url: `http://ann:hunter2@${host}/alive?token=s3cret` }] });
    expect(upstream.requests()).toMatchObject([
      { path: '/alive', headers: { authorization: expect.stringContaining('Basic ') } },
    ]);
    for (const path of ['/monitor', '/monitor/mine', '/desk', '/']) {
      expect((await running.get(path).expect(200)).text).not.toMatch(/hunter2|s3cret/);
    }
  });

  it('cannot send the monitor to another port of this machine', async () => {
    await using target = await answering(status(200));
    await using upstream = await answering(redirect(target.url));
    await start({ endpoints: [{ id: 'mine', url: upstream.url }] });
    expect(await states('mine')).toEqual([['down', null, 'ERR_ADDRESS_BLOCKED']]);
    expect(target.sockets.opened).toBe(0);
  });
});

it('counts the endpoints in each state', async () => {
  const endpoints = (['healthy', 'healthy', 'dead'] as const).map((behaviour, index) => ({
    id: `e${index}`,
    behaviour,
  }));
  await start({ endpoints });
  expect(await view()).toMatchObject({
    intervalMs: 86_400_000,
    ticks: 1,
    skippedTicks: 0,
    running: false,
    states: { unknown: 0, up: 2, degraded: 0, down: 1 },
  });
});

it('keeps so many pings of an endpoint, and no more', async () => {
  await start({ historySize: 3, endpoints: [{ id: 'it', behaviour: 'healthy' }] });
  await rounds(1);
  const second = (await detail('it')).last;
  await rounds(2);
  const { history } = await detail('it');
  expect(history).toHaveLength(3);
  expect(history[0]).toEqual(second);
});

it('begins a round at every interval', async () => {
  running = await startApp({ monitor: { intervalMs: 50, endpoints: [{ id: 'it', behaviour: 'healthy' }] } });
  await expect.poll(() => monitor().summary().ticks).toBeGreaterThanOrEqual(3);
});

it('never begins a round before the last is over', async () => {
  running = await startApp({ monitor: { intervalMs: 50, endpoints: [{ id: 'it', behaviour: 'slow' }] } });
  let most = 0;
  await expect
    .poll(
      () => {
        most = Math.max(most, pool().inFlight);
        return monitor().summary().ticks;
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThanOrEqual(2);
  expect(monitor().summary().skippedTicks).toBeGreaterThan(5);
  expect(most).toBe(1);
});

describe('sockets', () => {
  /** Client sockets that this process has opened and not closed. */
  let open: Set<Socket>;
  let most: number;

  const opened = (message: unknown) => {
    open.add((message as { socket: Socket }).socket);
    most = Math.max(most, [...open].filter(({ destroyed }) => !destroyed).length);
  };

  beforeEach(() => {
    open = new Set();
    most = 0;
    subscribe('net.client.socket', opened);
  });
  afterEach(() => void unsubscribe('net.client.socket', opened));

  it('are never more than there may be, however many endpoints there are', async () => {
    const endpoints = Array.from({ length: 30 }, (_, index) => ({ id: `e${index}`, behaviour: 'healthy' as const }));
    await start({ endpoints, maxSockets: 5 });
    await rounds(2);
    expect(most).toBe(5);
    expect(monitor().summary().states).toMatchObject({ unknown: 0, down: 0 });
  });

  it('to the fifty endpoints of the default are at most fifty, and are kept from one round to the next', async () => {
    await start({ endpoints: settingsWith().monitor.endpoints });
    const { created } = pool().total;
    await rounds(2);
    expect(most).toBeLessThanOrEqual(50);
    expect(pool().total.reused).toBeGreaterThanOrEqual(2 * 40);
    expect(pool().total.created - created).toBeLessThan(20); // those of requests that fail are closed
  });
});

it('ends a round that is under way when the app closes', async () => {
  running = await startApp({
    monitor: { intervalMs: 60_000, jitterMs: 50_000, endpoints: [{ id: 'a', behaviour: 'slow' }] },
  });
  expect(monitor().summary().running).toBe(true);
  await running.app.close();
  await expect.poll(() => monitor().summary().running).toBe(false);
  await embedded().tick();
  expect(monitor().detail('a')).toMatchObject({ state: 'unknown', last: null, history: [] });
});

it.each(['/monitor/nobody', '/monitor/__proto__', '/monitor/%00'])('answers 404 for %s', async (path) => {
  running = await startApp();
  const { body } = await running.get(path).expect(404);
  expect(body).toMatchObject({ message: 'id: expected that of an endpoint; GET /monitor lists them' });
});
