import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CLIENTS } from '../support/redis-clients.js';
import { describeWithRedis, startRedis } from '../support/redis-server.js';
import {
  type CountingUpstream,
  mostWithin,
  ReplicaProcesses,
  startCountingUpstream,
  startTcpProxy,
  watchLateness,
} from '../support/replicas.js';

/** Calls in a second. Most have few: a machine has much to do for each. */
const MAX = { steady: 100, others: 20 };
const maxOf = (name: string) => (name === 'steady' ? MAX.steady : MAX.others);
/** A bucket begins full: of the first seconds nothing is said. */
const FIRST_MS = 2_000;
/** A process that was late by more says nothing of calls that failed: sockets time out. */
const MUCH_MS = 2_000;

/**
 * What came in the fullest second, as a multiple of the limit, but for the two calls at its edges. A process that was late by some time makes a
 * second that much longer.
 */
function fullest({ arrivals }: CountingUpstream, max: number, latestMs: number): number {
  const counted = arrivals.filter((time) => time > arrivals[0]! + FIRST_MS);
  return (mostWithin(counted, 1_000) - 2) / (max * (1 + latestMs / 1_000));
}

/** Calls in a second as a multiple of the limit, from and to so many milliseconds after the first. */
function rate({ arrivals }: CountingUpstream, max: number, fromMs: number, toMs: number): number {
  const counted = arrivals.filter((time) => time >= arrivals[0]! + fromMs && time < arrivals[0]! + toMs);
  return counted.length / ((toMs - fromMs) / 1_000) / max;
}

describeWithRedis('replicas in processes of their own', () => {
  it('keep to one limit, whatever happens to Redis', { tags: 'slow' }, async () => {
    const servers = await Promise.all(Array.from({ length: 7 }, () => startRedis()));
    onTestFinished(async () => void (await Promise.all(servers.map((server) => server.stop()))));
    const [steady, killed, slow, flushed, failing, heir, crowded] = servers.map(({ port }) => port);
    await using slowProxy = await startTcpProxy(slow!);
    await using failingProxy = await startTcpProxy(failing!);
    await using four = await ReplicaProcesses.start(4);
    await using mortal = await ReplicaProcesses.start(1);
    const names = ['steady', 'killed', 'slow', 'flushed', 'failed over', 'crowded'] as const;
    const upstreams = await Promise.all(names.map(() => startCountingUpstream()));
    onTestFinished(async () => void (await Promise.all(upstreams.map((one) => one[Symbol.asyncDispose]()))));
    const upstreamOf = (name: (typeof names)[number]) => upstreams[names.indexOf(name)]!;

    const common = { callers: 8, replicas: 4, timeoutMs: 500 };
    const of = (app: (typeof names)[number], redis: number) => ({
      ...common,
      max: maxOf(app),
      app,
      redis,
      upstream: upstreamOf(app).url,
    });
    await Promise.all([
      four.open(of('steady', steady!)),
      four.open(of('killed', killed!)),
      four.open({ ...of('slow', slowProxy.port), library: 'node-redis', timeoutMs: 100 }),
      four.open(of('flushed', flushed!)),
      four.open({ ...of('failed over', failingProxy.port), library: 'node-redis', replicas: 'auto' }),
      four.open({ ...of('crowded', crowded!), callers: 2, replicas: 20, here: 5 }),
      mortal.open({ ...of('crowded', crowded!), callers: 2, replicas: 20 }),
    ]);
    four.watch();
    const endLateness = watchLateness();
    await sleep(7_000);
    await servers[1]!.signal('SIGKILL');
    slowProxy.delay(200);
    failingProxy.leadTo(heir!);
    const flusher = CLIENTS['ioredis 6']!(flushed!);
    await (flusher.client as unknown as { flushall(): Promise<unknown> }).flushall();
    flusher.close();
    mortal.processes[0]!.kill('SIGKILL');
    await sleep(6_000);
    await servers[1]!.restart();
    slowProxy.delay(0);
    await sleep(9_000);
    const { failures, latestMs: theirs } = await four.end();
    const latestMs = theirs + endLateness();

    const rateOf = (name: (typeof names)[number], fromMs: number, toMs: number) =>
      rate(upstreamOf(name), maxOf(name), fromMs, toMs);
    const seen = Object.fromEntries(names.map((name) => [name, fullest(upstreamOf(name), maxOf(name), latestMs)]));
    const rates = Object.fromEntries(names.map((name) => [name, rateOf(name, FIRST_MS, 22_000)]));
    const info = JSON.stringify({ latestMs, seen, rates });
    if (process.env['SHOW_RATES']) console.log(info);
    if (latestMs < MUCH_MS) expect(failures, 'calls that failed').toEqual([]);
    expect(Math.abs(rates['steady']! - 1), info).toBeLessThanOrEqual(0.02 * (1 + latestMs / 20));
    for (const name of ['steady', 'flushed', 'crowded'] as const)
      expect(seen[name], `${name} ${info}`).toBeLessThanOrEqual(1.1);
    for (const name of ['killed', 'slow', 'failed over'] as const)
      expect(seen[name], `${name} ${info}`).toBeLessThanOrEqual(1.2);
    // Nobody stands still: calls go on after a moment. Of a machine that is late itself, less can be said.
    const least = 0.5 / (1 + latestMs / 50);
    for (const name of names) expect(rateOf(name, 9_000, 12_000), `${name} ${info}`).toBeGreaterThan(least);
    for (const name of names) expect(rateOf(name, 18_000, 21_000), `${name} ${info}`).toBeGreaterThan(least);
  });
});

describe('a span of time', () => {
  it('is counted wherever it begins', () => {
    expect(mostWithin([0, 1, 999, 1_000, 1_001, 5_000], 1_000)).toBe(3);
    expect(mostWithin([0, 999.9], 1_000)).toBe(2);
    expect(mostWithin([], 1_000)).toBe(0);
  });
});
