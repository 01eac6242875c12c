import { metrics as metricsApi } from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { responseTo, testCall } from '../../test/support/layer-contract.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { registerMetrics, unregisterAll } from '../../test/support/open-telemetry.js';
import { HttpClientEvents } from '../call/event-sink.js';
import type { CallEndEvent, QueueEndEvent } from '../call/events.js';
import type { BreakerState } from '../layers/breaker/state.js';
import type { AddressStats } from '../pool/addresses/addresses.js';
import type { OriginStats, PoolStats, SocketStats } from '../pool/pool-stats.js';
import { loadOpenTelemetryApi, openTelemetryApi } from './api.js';
import { ClientMetrics } from './metrics.js';

const SHORT = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const LONG = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

await loadOpenTelemetryApi();

const about = {
  callId: 1,
  client: 'default',
  origin: 'https://a.example',
  method: 'GET',
  urlTemplate: '/users/{id}',
} as const;
const callEnd: CallEndEvent = {
  ...about,
  durationMs: 40,
  status: 200,
  error: undefined,
  requests: 1,
  queuedMs: 0,
  timings: undefined,
};
const queueEnd: QueueEndEvent = { ...about, queue: 'pool', waitedMs: 20, error: undefined };
const A = { 'server.address': 'a.example', 'server.port': 443 };

function poolWith(id: string, origins: Record<string, Partial<OriginStats>>) {
  return { id, stats: () => ({ origins }) as unknown as PoolStats };
}

const closed = () => ({});

function setUp() {
  const events = new HttpClientEvents();
  const clock = new ManualClock();
  const metrics = new ClientMetrics(openTelemetryApi()!, events, clock);
  metrics.add('default', poolWith('p1', { 'https://a.example': { active: 2, idle: 3 } }), closed);
  return { events, clock, metrics };
}

afterEach(unregisterAll);

describe('ClientMetrics', () => {
  it('has the names, the units and the buckets of the conventions, and no other metrics', async () => {
    const { collect } = registerMetrics();
    const { events, metrics } = setUp();
    metrics.start(testCall(), undefined)!.end(200, undefined);
    events.publish('call:end', callEnd);
    events.publish('queue:end', queueEnd);
    events.publish('socket:close', {
      pool: 'p1',
      origin: 'https://a.example',
      address: undefined,
      openMs: 1_500,
      requests: 3,
      code: undefined,
    });
    const shapes = Object.values(await collect()).map(({ name, unit, buckets }) => [name, unit, buckets]);
    expect(shapes).toEqual([
      ['http.client.request.duration', 's', SHORT],
      ['http.client.active_requests', '{request}', undefined],
      ['http.client.open_connections', '{connection}', undefined],
      ['http.client.connection.duration', 's', LONG],
      ['http.client.request.time_in_queue', 's', SHORT],
      ['nest_outbound.call.duration', 's', SHORT],
    ]);
  });

  it('measures requests that fail by what they fail with', async () => {
    const { collect } = registerMetrics();
    const { clock, metrics } = setUp();
    const call = testCall({ url: 'https://a.example/users/7', method: 'brew' });
    for (const [status, error] of [
      [503, undefined],
      [undefined, Object.assign(new Error('x'), { code: 'ECONNRESET' })],
    ] as const) {
      const measurement = metrics.start(call, undefined)!;
      clock.tick(250);
      measurement.end(status, error);
    }
    const { points } = (await collect())['http.client.request.duration']!;
    const request = { 'http.request.method': '_OTHER', ...A };
    expect(points).toMatchObject([
      { attributes: { ...request, 'http.response.status_code': 503, 'error.type': '503' }, value: { sum: 0.25 } },
      { attributes: { ...request, 'error.type': 'ECONNRESET' }, value: { sum: 0.25 } },
    ]);
    expect(points[1]!.attributes).not.toHaveProperty('http.response.status_code');
  });

  it('counts what is under way, by the template where there is one', async () => {
    const { collect } = registerMetrics();
    const { metrics } = setUp();
    const call = testCall({ url: 'https://a.example/users/7', urlTemplate: '/users/{id}' });
    const first = metrics.start(call, undefined)!;
    metrics.start(call, undefined);
    const active = async () => (await collect())['http.client.active_requests']!.points;
    const attributes = { 'http.request.method': 'GET', ...A, 'url.template': '/users/{id}' };
    expect(await active()).toEqual([{ attributes, value: 2 }]);
    first.end(200, undefined);
    expect(await active()).toEqual([{ attributes, value: 1 }]);
  });

  it('measures calls as their callers see them, with the client that they were made with', async () => {
    const { collect } = registerMetrics();
    const { events } = setUp();
    events.publish('call:end', callEnd);
    const error = Object.assign(new Error('open'), { code: 'ERR_CIRCUIT_OPEN' });
    events.publish('call:end', { ...callEnd, durationMs: 1, status: undefined, error, requests: 0 });
    const call = {
      'nest_outbound.client': 'default',
      'http.request.method': 'GET',
      ...A,
      'url.template': '/users/{id}',
    };
    expect((await collect())['nest_outbound.call.duration']!.points).toMatchObject([
      { attributes: { ...call, 'http.response.status_code': 200 }, value: { count: 1, sum: 0.04 } },
      { attributes: { ...call, 'error.type': 'ERR_CIRCUIT_OPEN' }, value: { count: 1, sum: 0.001 } },
    ]);
  });

  it('counts the calls of a cache by what it answered', async () => {
    const { collect } = registerMetrics();
    const { events } = setUp();
    const age = { ageMs: 1_000, ttlMs: 2_000 };
    events.publish('cache:miss', about);
    events.publish('cache:hit', { ...about, ...age });
    events.publish('cache:hit', { ...about, ...age });
    events.publish('cache:stale', { ...about, ...age, reason: 'if-error' });
    events.publish('cache:revalidated', { ...about, ...age });
    events.publish('cache:hit', { ...about, client: 'of another app', ...age });
    const { points } = (await collect())['nest_outbound.cache.calls']!;
    expect(points.map(({ attributes, value }) => [attributes['nest_outbound.cache.status'], value])).toEqual([
      ['miss', 1],
      ['hit', 2],
      ['stale', 1],
      ['revalidated', 1],
    ]);
    expect(points[0]!.attributes).toEqual({
      'nest_outbound.client': 'default',
      'nest_outbound.cache.status': 'miss',
      ...A,
    });
  });

  it('measures waiting for a socket, not for other things', async () => {
    const { collect } = registerMetrics();
    const { events } = setUp();
    events.publish('queue:end', queueEnd);
    events.publish('queue:end', { ...queueEnd, queue: 'concurrency' });
    events.publish('queue:end', { ...queueEnd, queue: 'rateLimit' });
    expect((await collect())['http.client.request.time_in_queue']!.points).toMatchObject([
      { attributes: { 'http.request.method': 'GET', ...A }, value: { count: 1, sum: 0.02 } },
    ]);
  });

  it('measures how long sockets were open', async () => {
    const { collect } = registerMetrics();
    const { events } = setUp();
    events.publish('socket:close', {
      pool: 'p1',
      origin: 'https://a.example',
      address: undefined,
      openMs: 1_500,
      requests: 3,
      code: undefined,
    });
    expect((await collect())['http.client.connection.duration']!.points).toMatchObject([
      { attributes: A, value: { count: 1, sum: 1.5 } },
    ]);
  });

  it('tells the open sockets of each origin, all pools together', async () => {
    const { collect } = registerMetrics();
    const { metrics } = setUp();
    metrics.add('other', poolWith('p2', { 'https://a.example': { active: 1, idle: 0 } }), closed);
    metrics.add('third', poolWith('p3', { 'http://b.example:8080': { active: 0, idle: 4 } }), closed);
    const B = { 'server.address': 'b.example', 'server.port': 8080 };
    expect((await collect())['http.client.open_connections']!.points).toEqual([
      { attributes: { 'http.connection.state': 'active', ...A }, value: 3 },
      { attributes: { 'http.connection.state': 'idle', ...A }, value: 3 },
      { attributes: { 'http.connection.state': 'active', ...B }, value: 0 },
      { attributes: { 'http.connection.state': 'idle', ...B }, value: 4 },
    ]);
  });

  it('tells the open sockets of all apps together, of those that are not closed', async () => {
    const { collect } = registerMetrics();
    const apps = [setUp(), setUp(), setUp()] as const;
    const told = async () => (await collect())['http.client.open_connections']!.points.map(({ value }) => value);
    expect(await told()).toEqual([6, 9]);
    apps[0].metrics.close();
    apps[2].metrics.close();
    expect(await told()).toEqual([2, 3]);
    apps[1].metrics.close();
    expect(await told()).toEqual([0, 0]);
  });

  it('sums up the origins that have the attributes in common', async () => {
    const { collect } = registerMetrics();
    const { metrics } = setUp();
    metrics.add('odd', poolWith('p2', { 'http://a.example:443': { active: 1, idle: 1 } }), closed);
    expect((await collect())['http.client.open_connections']!.points.map(({ value }) => value)).toEqual([3, 4]);
  });

  it('tells that nothing is open to a server that pools have forgotten', async () => {
    const { collect } = registerMetrics();
    const { metrics } = setUp();
    const origins: Record<string, Partial<SocketStats>> = { 'http://b.example': { active: 0, idle: 7 } };
    metrics.add('other', poolWith('p2', origins), closed);
    const told = async () => (await collect())['http.client.open_connections']!.points.map(({ value }) => value);
    expect(await told()).toEqual([2, 3, 0, 7]);
    delete origins['http://b.example'];
    expect(await told()).toEqual([2, 3, 0, 0]);
  });

  it('tells how many requests wait for a socket, as long as some do', async () => {
    const { collect } = registerMetrics();
    const { metrics } = setUp();
    const origins: Record<string, Partial<SocketStats>> = { 'http://b.example': { active: 1, idle: 0, queued: 3 } };
    metrics.add('other', poolWith('p2', origins), closed);
    const told = async () => (await collect())['nest_outbound.queued_requests'];
    const B = { 'server.address': 'b.example', 'server.port': 80 };
    expect(await told()).toMatchObject({ unit: '{request}', points: [{ attributes: B, value: 3 }] });
    origins['http://b.example'] = { active: 1, idle: 0, queued: 0 };
    expect((await told())!.points).toEqual([{ attributes: B, value: 0 }]);
  });

  it('counts how often the state that replicas share became unavailable, and available', async () => {
    const { collect } = registerMetrics();
    const { events, metrics } = setUp();
    metrics.start(testCall(), undefined);
    const change = { reason: undefined, replicas: 4 };
    events.publish('shared:state', { ...change, from: 'available', to: 'unavailable' });
    events.publish('shared:state', { ...change, from: 'unavailable', to: 'available' });
    events.publish('shared:state', { ...change, from: 'available', to: 'unavailable' });
    expect((await collect())['nest_outbound.shared_state.changes']).toMatchObject({
      unit: '{change}',
      points: [
        { attributes: { 'nest_outbound.shared_state': 'unavailable' }, value: 2 },
        { attributes: { 'nest_outbound.shared_state': 'available' }, value: 1 },
      ],
    });
  });

  it('tells which circuit breakers are not closed', async () => {
    const { collect } = registerMetrics();
    const { metrics } = setUp();
    const states: Record<string, { state: BreakerState }> = {
      'https://a.example': { state: 'open' },
      'http://b.example': { state: 'half-open' },
      'http://c.example': { state: 'closed' },
    };
    metrics.add('other', poolWith('p2', {}), () => states);
    const told = async () => (await collect())['nest_outbound.open_breakers'];
    const client = { 'nest_outbound.client': 'other' };
    const B = { ...client, 'server.address': 'b.example', 'server.port': 80 };
    expect(await told()).toMatchObject({
      unit: '{breaker}',
      points: [
        { attributes: { ...client, ...A }, value: 1 },
        { attributes: B, value: 1 },
      ],
    });
    states['http://b.example'] = { state: 'closed' };
    expect((await told())!.points.map(({ value }) => value)).toEqual([1, 0]);
  });

  it('tells how many requests each address has, and how many addresses are ejected', async () => {
    const { collect } = registerMetrics();
    const { metrics } = setUp();
    const active = { state: 'active', inFlight: 2, requests: 9, failures: 0, slowness: 1 } as const;
    const addresses: Record<string, AddressStats> = {
      '10.0.0.7': active,
      '[fd00::7]:81': { ...active, state: 'ejected', inFlight: 0 },
    };
    metrics.add('other', poolWith('p2', { 'http://b.example': { active: 2, idle: 0, queued: 0, addresses } }), closed);
    const B = { 'server.address': 'b.example', 'server.port': 80 };
    const seven = { ...B, 'network.peer.address': '10.0.0.7' };
    const first = await collect();
    expect(first['nest_outbound.address_requests']).toMatchObject({
      unit: '{request}',
      points: [
        { attributes: seven, value: 2 },
        { attributes: { ...B, 'network.peer.address': 'fd00::7', 'network.peer.port': 81 }, value: 0 },
      ],
    });
    expect(first['nest_outbound.ejected_addresses']).toMatchObject({
      unit: '{address}',
      points: [{ attributes: B, value: 1 }],
    });
    delete addresses['[fd00::7]:81'];
    const then = await collect();
    expect(then['nest_outbound.address_requests']!.points[0]).toEqual({ attributes: seven, value: 2 });
    expect(then['nest_outbound.ejected_addresses']!.points).toEqual([{ attributes: B, value: 0 }]);
  });

  it('tells what adaptive concurrency limits allow', async () => {
    const { collect } = registerMetrics();
    const { metrics } = setUp();
    metrics.add('other', poolWith('p2', {}), closed, () => ({ 'https://a.example': { limit: 17 } }));
    expect((await collect())['nest_outbound.concurrency_limit']).toMatchObject({
      unit: '{call}',
      points: [{ attributes: { 'nest_outbound.client': 'other', ...A }, value: 17 }],
    });
  });

  it('does not measure clients and pools that it was not given', async () => {
    const { collect } = registerMetrics();
    const { events } = setUp();
    events.publish('call:end', { ...callEnd, client: 'private' });
    events.publish('queue:end', { ...queueEnd, client: 'private' });
    events.publish('socket:close', {
      pool: 'p9',
      origin: 'https://a.example',
      address: undefined,
      openMs: 1,
      requests: 0,
      code: undefined,
    });
    const all = await collect();
    for (const name of ['nest_outbound.call', 'http.client.connection']) {
      expect(all[`${name}.duration`]?.points ?? []).toEqual([]);
    }
    expect(all['http.client.request.time_in_queue']?.points ?? []).toEqual([]);
  });

  it('wants no events as long as no SDK is registered, and measures from its registration on', async () => {
    const { events, metrics } = setUp();
    expect(metrics.start(testCall(), undefined)).toBeUndefined();
    expect(events.wants('call:end')).toBe(false);
    const { collect } = registerMetrics();
    metrics.start(testCall(), undefined)!.end(responseTo(testCall()).status, undefined);
    expect(events.wants('call:end')).toBe(true);
    expect(Object.keys(await collect())).toEqual([
      'http.client.request.duration',
      'http.client.active_requests',
      'http.client.open_connections',
    ]);
  });

  it('goes over to an SDK that takes the place of another', async () => {
    const first = registerMetrics();
    const { events, metrics } = setUp();
    await first.collect();
    metricsApi.disable();
    const second = registerMetrics();
    metrics.start(testCall(), undefined)!.end(200, undefined);
    events.publish('call:end', callEnd);
    const { 'http.client.open_connections': sockets, ...others } = await first.collect();
    expect(sockets!.points.map(({ value }) => value)).toEqual([0, 0]);
    expect(others).toEqual({});
    expect(Object.keys(await second.collect())).toHaveLength(4);
  });

  it('lets go of everything when it is closed, and tells that its sockets are closed', async () => {
    const { collect } = registerMetrics();
    const { events, metrics } = setUp();
    const told = async () => (await collect())['http.client.open_connections']!.points.map(({ value }) => value);
    expect(await told()).toEqual([2, 3]);
    metrics.close();
    for (const name of ['call:end', 'queue:end', 'socket:close'] as const) expect(events.wants(name)).toBe(false);
    expect(metrics.start(testCall(), undefined)).toBeUndefined();
    expect(await told()).toEqual([0, 0]);
  });
});
