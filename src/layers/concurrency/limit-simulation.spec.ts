import { describe, expect, it } from 'vitest';
import { seededRandom, SimulatedCalls, type Simulation } from '../../../test/support/upstream-model.js';
import { AimdLimit } from './aimd.js';
import { GradientLimit } from './gradient.js';
import type { AdaptiveLimit } from './limit.js';

/**
 * The upstream of these simulations has M servers, each of which takes 50 ms for a request, so it serves M × 20 per second, and M is the best limit: with
 * less, servers stand idle; with more, requests wait. It either lets them wait, without end, or refuses them.
 */
const SERVICE_MS = 50;
const fixed: Simulation['serviceMs'] = () => SERVICE_MS;
/** From half to one and a half of it. */
const spread = (): Simulation['serviceMs'] => {
  const random = seededRandom();
  return () => SERVICE_MS * (0.5 + random());
};
const BOUNDS = { min: 1, max: 300, initial: 20 };
const algorithms = { aimd: () => new AimdLimit(BOUNDS), gradient: () => new GradientLimit(BOUNDS) };

const constant = (limit: number) => ({ limit, record: () => {} });

/** Capacity 100, then half of it for 20 s, then all of it. */
function halvedAndBack(
  limit: Pick<AdaptiveLimit, 'limit' | 'record'> & Partial<AdaptiveLimit>,
  of: Partial<Simulation>,
) {
  const calls = new SimulatedCalls(limit, { servers: 100, serviceMs: fixed, ...of });
  const found = () => limit.found!;
  const after10s = (servers: number) => {
    calls.upstream.servers = servers;
    calls.run(10_000);
    return calls.limits(10_000, found);
  };
  return { full: after10s(100), halved: after10s(50), recovered: after10s(100), calls };
}

const refusing = { maxQueued: 0 };
const waiting = {};

describe('an adaptive limit, where the capacity of its upstream is halved, and comes back', () => {
  it.each<[keyof typeof algorithms, string, Partial<Simulation>]>([
    ['aimd', 'refuses what it cannot serve', refusing],
    ['gradient', 'lets wait what it cannot serve', waiting],
    ['gradient', 'refuses what it cannot serve', refusing],
    ['gradient', 'lets wait, with response times that differ', { serviceMs: spread() }],
  ])('%s, that %s: is within a fifth of the capacity from 10 s on', (algorithm, _, upstream) => {
    const { full, halved, recovered } = halvedAndBack(algorithms[algorithm](), upstream);
    for (const [seen, capacity] of [
      [full, 100],
      [halved, 50],
      [recovered, 100],
    ] as const) {
      expect(Math.min(...seen)).toBeGreaterThanOrEqual(0.8 * capacity);
      expect(Math.max(...seen)).toBeLessThanOrEqual(1.2 * capacity);
    }
  });

  it.each<[keyof typeof algorithms, string, Partial<Simulation>]>([
    ['aimd', 'refuses', refusing],
    ['gradient', 'lets wait', waiting],
    ['gradient', 'refuses', refusing],
  ])('%s, that %s: serves nine tenths of what the best fixed limit would', (algorithm, _, upstream) => {
    const best = Math.max(...[50, 75, 100].map((limit) => halvedAndBack(constant(limit), upstream).calls.succeeded));
    expect(best).toBe((20_000 * 100 + 20_000 * 50 + 20_000 * 100) / SERVICE_MS);
    expect(halvedAndBack(algorithms[algorithm](), upstream).calls.succeeded).toBeGreaterThan(0.9 * best);
  });

  it('drops few: with a fixed limit of the whole capacity as many are refused as are served', () => {
    const { calls } = halvedAndBack(new AimdLimit(BOUNDS), refusing);
    expect(calls.dropped / calls.succeeded).toBeLessThan(0.01);
    const { calls: ofFixed } = halvedAndBack(constant(100), refusing);
    expect(ofFixed.dropped).toBeGreaterThan(0.9 * ofFixed.succeeded);
  });
});

describe('aimd', () => {
  it('sees nothing of requests that only wait: it grows to max', () => {
    const limit = new AimdLimit(BOUNDS);
    new SimulatedCalls(limit, { servers: 50, serviceMs: fixed }).run(20_000);
    expect(limit.limit).toBe(300);
  });

  it('... until they time out: then it stays where that begins', () => {
    const limit = new AimdLimit(BOUNDS);
    const calls = new SimulatedCalls(limit, { servers: 50, serviceMs: fixed, timeoutMs: 3 * SERVICE_MS + 1 });
    calls.run(10_000);
    const seen = calls.limits(10_000, () => limit.limit);
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(0.8 * 150);
    expect(Math.max(...seen)).toBeLessThanOrEqual(1.05 * 150);
  });
});

describe('gradient', () => {
  it('stays where it is, with an upstream that is at its capacity for five minutes', () => {
    const limit = new GradientLimit(BOUNDS);
    const calls = new SimulatedCalls(limit, { servers: 50, serviceMs: spread() });
    calls.run(10_000);
    const seen = calls.limits(290_000, () => limit.found);
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...seen)).toBeLessThanOrEqual(65);
    expect(calls.succeeded).toBeGreaterThan((0.98 * 300_000 * 50) / SERVICE_MS);
  });

  it('finds the capacity, where it starts above that under full load and so has never seen the upstream idle', () => {
    const limit = new GradientLimit({ ...BOUNDS, initial: 50 });
    const calls = new SimulatedCalls(limit, { servers: 20, serviceMs: fixed });
    calls.run(60_000);
    expect(limit.found).toBeGreaterThanOrEqual(20);
    expect(limit.found).toBeLessThanOrEqual(30);
  });

  it('takes new response times for the baseline, where the upstream has become slower for good', () => {
    let serviceMs = SERVICE_MS;
    const limit = new GradientLimit(BOUNDS);
    const calls = new SimulatedCalls(limit, { servers: 50, serviceMs: () => serviceMs });
    calls.run(20_000);
    serviceMs = 4 * SERVICE_MS;
    calls.run(60_000);
    expect(limit.baselineMs).toBeGreaterThan(3.5 * SERVICE_MS);
    expect(limit.found).toBeGreaterThanOrEqual(45);
  });

  it('does not grow while less than half of it is used', () => {
    const limit = new GradientLimit(BOUNDS);
    new SimulatedCalls(limit, { servers: 50, serviceMs: fixed, demand: 8 }).run(20_000);
    expect(limit.found).toBe(20);
  });
});
