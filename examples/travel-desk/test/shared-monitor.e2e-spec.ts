import { getQueueToken } from '@nestjs/bullmq';
import { Logger } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { hold, startUpstream, status } from 'nest-outbound/testing';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeWithRedis, type RedisServer, startRedis } from '../../../test/support/redis-server.js';
import { MonitorService } from '../src/monitor/monitor.service.js';
import { isAlert } from '../src/monitor/alert.js';
import { keys, QUEUE } from '../src/monitor/shared/keys.js';
import type { MonitorRedis } from '../src/monitor/shared/commands.js';
import { REDIS } from '../src/monitor/shared/redis.module.js';
import type { SettingsInput } from '../src/settings/schema.js';
import { openEventStream } from './support/event-stream.js';
import { type RunningApp, startApp } from './support/running-app.js';

/** A round that does not begin by itself while a test runs. */
const DAY_MS = 86_400_000;

describeWithRedis('a monitor that several processes share', () => {
  let redis: RedisServer;
  let upstream: Awaited<ReturnType<typeof startUpstream>>;
  let apps: RunningApp[];

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  beforeEach(async () => {
    apps = [];
    upstream = (await startUpstream()).on('*', status(204));
  });
  afterEach(async () => {
    await Promise.all(apps.map(({ app }) => app.close()));
    await upstream[Symbol.asyncDispose]();
    vi.restoreAllMocks();
    await redis.signal('SIGKILL'); // the next test finds it empty
    await redis.restart();
  });

  const endpoints = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ id: `e${index}`, url: `${upstream.url}/e${index}` }));

  async function start(monitor: SettingsInput['monitor'] = {}): Promise<RunningApp> {
    const running = await startApp({
      redisUrl: redis.url,
      monitor: { intervalMs: DAY_MS, endpoints: endpoints(1), sliceSize: 1, ...monitor },
    });
    apps.push(running);
    return running;
  }

  const monitor = ({ app }: RunningApp) => app.get(MonitorService, { strict: false });
  const sharing = (running: RunningApp) => monitor(running).summary().sharing!;
  const ticks = (running: RunningApp) => monitor(running).summary().ticks;
  const history = (running: RunningApp, id = 'e0') => monitor(running).detail(id)!.history;

  /** Has a round begin now. */
  async function beginRound({ app }: RunningApp): Promise<void> {
    const queue = app.get<Queue>(getQueueToken(QUEUE), { strict: false });
    await expect.poll(() => queue.getDelayedCount()).toBeGreaterThan(0);
    await Promise.all((await queue.getDelayed()).map((job) => job.promote()));
  }

  async function round(running: RunningApp): Promise<void> {
    const before = ticks(running);
    await beginRound(running);
    await Promise.all(apps.map((app) => expect.poll(() => ticks(app)).toBe(before + 1)));
  }

  it('is dealt out in slices, and every process shows all of it', async () => {
    const settings = { intervalMs: 500, endpoints: endpoints(4) };
    const both = [await start(settings), await start(settings)];
    await expect.poll(() => both.map((running) => sharing(running).replicas)).toEqual([2, 2]);
    await expect.poll(() => both.map((running) => sharing(running).slicesHere)).toEqual([2, 2]);
    const [one, other] = both.map((running) => monitor(running).summary());
    expect(one!.sharing).toMatchObject({ slices: 4, connected: true });
    expect([one!.states.unknown, other!.states.unknown]).toEqual([0, 0]);
    expect(one!.sharing!.replica).not.toBe(other!.sharing!.replica);
    const { text: page } = await both[0]!.get('/').expect(200);
    expect(page).toContain(`2 replicas; this one, ${one!.sharing!.replica}, pinged 2 of 4 slices`);
  });

  it('tells of an endpoint that goes down, and comes up again, once: in one log, and to all pages', async () => {
    const log = vi.spyOn(Logger.prototype, 'log');
    const both = [await start(), await start()];
    const streams = await Promise.all(both.map(({ port }) => openEventStream(port, '/desk/events')));
    await round(both[0]!);
    upstream.on('*', status(503));
    await round(both[0]!);
    await round(both[0]!);
    upstream.on('*', status(204));
    await round(both[0]!);
    await round(both[0]!);
    await Promise.all(
      streams.map((stream) => stream.find(({ type, data }) => type === 'alert' && data.state !== 'down')),
    );
    for (const { events } of streams) {
      const alerts = events.filter(({ type }) => type === 'alert');
      expect(alerts.map(({ data }) => [data.id, data.state === 'down', data.status])).toEqual([
        ['e0', true, 503],
        ['e0', false, 204],
      ]);
    }
    const lines = log.mock.calls.map(([line]) => String(line)).filter((line) => line.startsWith('e0'));
    // Up, or degraded: a busy machine answers slowly.
    expect(lines).toEqual([
      'e0 is down: ERR_BAD_RESPONSE',
      expect.stringMatching(/^e0 is no longer down: (up|degraded)$/),
    ]);
    for (const stream of streams) stream.leave();
  });

  describe('what is written of a ping', () => {
    const STATES = ['unknown', 'up', 'degraded', 'down'] as const;
    const at = new Date(0).toISOString();
    const lease = keys.lease('slice-x');
    let client: MonitorRedis;

    beforeEach(async () => {
      const running = await start();
      client = running.app.get<MonitorRedis>(REDIS, { strict: false });
      await client.takeSlice(lease, keys.totals, 'job 1', 60_000, 'job ');
    });

    const record = (owner: string, id: string, before: string, after: string) => {
      const names = [lease, keys.states, keys.history(id)];
      return client.recordPings(3, ...names, owner, 10, 'nobody', '{"pings":[]}', id, after, at, before, '[]');
    };

    it('is an alert by the same rule as in a process alone', async () => {
      for (const before of STATES) {
        for (const after of STATES) {
          const id = `${before}-${after}`;
          expect(await record('job 1', id, before, after)).toEqual(isAlert(before, after) ? [id] : []);
          expect(await record('job 1', id, before, after)).toEqual([]); // the second time it is no news
        }
      }
    });

    it('is nothing where somebody else has the slice now', async () => {
      expect(await client.takeSlice(lease, keys.totals, 'other 1', 60_000, 'other ')).toBe(0);
      expect(await client.takeSlice(lease, keys.totals, 'job 2', 60_000, 'job ')).toBe(1); // the next try of the same job
      expect(await record('job 1', 'it', 'up', 'down')).toEqual([]);
      expect(await client.exists(keys.history('it'))).toBe(0);
      expect(await client.keepSlice(lease, 'job 1', 60_000)).toBe(0);
      expect(await client.keepSlice(lease, 'job 2', 60_000)).toBe(1);
    });
  });

  it('is told the same pings in every process, and whoever starts later knows them', async () => {
    const first = await start({ historySize: 3 });
    for (let count = 0; count < 5; count++) await round(first);
    const later = await start({ historySize: 3 });
    await expect.poll(() => history(later)).toEqual(history(first));
    expect(history(later)).toHaveLength(3);
    expect(ticks(later)).toBe(5);
    const { since } = monitor(first).detail('e0')!;
    expect(monitor(later).detail('e0')!.since).toBe(since);
  });

  it('pings a whole slice without a warning of Node', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const running = await start({ endpoints: endpoints(40), sliceSize: 50 });
    await round(running);
    process.off('warning', note);
    expect(monitor(running).summary().states).toMatchObject({ unknown: 0, down: 0 });
    expect(warnings).toEqual([]);
  });

  it('keeps no pings of an endpoint that is no longer in the settings', async () => {
    const first = await start({ endpoints: endpoints(3) });
    await round(first);
    await first.app.close();
    const later = await start({ endpoints: endpoints(1) });
    const client = later.app.get<MonitorRedis>(REDIS, { strict: false });
    await expect.poll(async () => (await client.keys('*history*')).length).toBe(1);
    expect((await client.keys('*repeat:slice-2*')).length).toBe(0);
  });

  it('has another process ping what was under way in one that shuts down, at once', async () => {
    const both = [await start(), await start()];
    const held = hold(status(204));
    upstream.on('*', held);
    await beginRound(both[0]!);
    await held.arrived();
    const busy = both.findIndex((running) => monitor(running).summary().running);
    upstream.on('*', status(200));
    await both[busy]!.app.close();
    const rest = both[1 - busy]!;
    await expect.poll(() => history(rest).map((ping) => ping.status)).toEqual([200]);
    await expect.poll(() => ticks(rest)).toBe(1);
    held.release();
  });

  it('begins no round of a slice while another one is under way', async () => {
    const both = [await start(), await start()];
    const held = hold(status(204));
    upstream.on('*', held);
    await beginRound(both[0]!);
    await held.arrived();
    await beginRound(both[0]!);
    const client = both[0]!.app.get<MonitorRedis>(REDIS, { strict: false });
    await expect.poll(() => client.hget(keys.totals, 'skipped')).toBe('1');
    held.release();
    await expect
      .poll(() => both.map((running) => monitor(running).summary()))
      .toMatchObject([
        { ticks: 1, skippedTicks: 1 },
        { ticks: 1, skippedTicks: 1 },
      ]);
    expect(upstream.requests()).toHaveLength(1);
  });

  it('goes on by itself when Redis has lost its memory, and knows what it knew', async () => {
    const running = await start({ intervalMs: 500 });
    await expect.poll(() => history(running).length).toBeGreaterThan(0);
    await running.app.get<MonitorRedis>(REDIS, { strict: false }).flushall();
    const before = history(running).length;
    await expect.poll(() => history(running).length).toBeGreaterThan(before + 2);
  });

  it('goes on by itself when Redis was gone, which it shows', async () => {
    const running = await start();
    await round(running);
    await redis.signal('SIGKILL');
    await expect.poll(() => sharing(running).connected).toBe(false);
    expect(monitor(running).views()[0]!.state).toMatch(/^(up|degraded)$/);
    await redis.restart();
    await expect.poll(() => sharing(running).connected).toBe(true);
    await beginRound(running);
    await expect.poll(() => history(running)).toHaveLength(2);
  });

  it('lets an app stop when Redis is gone', async () => {
    const running = await start();
    await round(running);
    await redis.signal('SIGKILL');
    await expect.poll(() => sharing(running).connected).toBe(false);
    await running.app.close();
  });

  it('lets an app stop when Redis hangs, which nobody has noticed yet', async () => {
    const running = await start();
    await round(running);
    await redis.signal('SIGSTOP');
    await running.app.close(); // waits for it, but not for ever
  });

  it('lets an app start, answer and stop without Redis', async () => {
    await redis.signal('SIGKILL');
    const running = await start();
    const { body } = await running.get('/monitor').expect(200);
    expect(body).toMatchObject({ states: { unknown: 1 }, sharing: { connected: false } });
    await running.app.close();
  });
});

it('loads neither BullMQ nor a client of Redis where no Redis is set', async () => {
  const dist = (file: string) => JSON.stringify(new URL(`../dist/${file}`, import.meta.url).href);
  const script = `
    import { createRequire } from 'node:module';
    const { createApp } = await import(${dist('create-app.js')});
    const { settingsWith } = await import(${dist('settings/read-settings.js')});
    const loaded = () => ['bullmq', 'ioredis'].filter((name) =>
      Object.keys(createRequire(${dist('main.js')}).cache).some((path) => path.includes('node_modules/' + name + '/')));
    for (const redisUrl of [undefined, 'redis://127.0.0.1:1']) {
      const app = await createApp(settingsWith({ redisUrl, port: 0, upstreamPort: 0 }));
      console.error('loaded: ' + JSON.stringify(loaded()));
    }
    process.exit(0);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines = (await text(child.stderr)).split('\n').filter((line) => line.startsWith('loaded: '));
  expect(lines).toEqual(['loaded: []', 'loaded: ["bullmq","ioredis"]']);
});
