import { lookup } from 'node:dns';
import { once } from 'node:events';
import { get, Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { RecordedEvents } from '../../test/support/recorded-events.js';
import { startUpstream } from '../../test/support/upstream.js';
import { type AddressGuard, AddressRefusal } from '../guard/address-guard.js';
import { DEFAULTS } from '../options/defaults.js';
import type { ResolvedPoolOptions } from '../options/resolve-options.js';
import { ConnectionPool } from './connection-pool.js';

const poolWith = (options: Partial<ResolvedPoolOptions> = {}, clock = new ManualClock(), random = () => 0.5) =>
  new ConnectionPool({ pool: { ...DEFAULTS.pool, ...options }, tls: {}, drainMs: 1_000, clock, random });

/** Sends a request; resolves with the response, its body unread. */
async function send(pool: ConnectionPool, url: string): Promise<IncomingMessage> {
  const request = get(url, { agent: pool.httpAgent });
  const [response] = await once(request, 'response');
  return response;
}

async function read(response: IncomingMessage): Promise<void> {
  const socket = response.socket;
  const released = Promise.race([once(socket, 'free'), once(socket, 'close')]);
  response.resume();
  await released;
}

const fetchPage = async (pool: ConnectionPool, url: string) => read(await send(pool, url));

describe('ConnectionPool', () => {
  it('keeps a socket for the next request and counts both', async () => {
    await using upstream = await startUpstream();
    const pool = poolWith();
    await fetchPage(pool, upstream.url);
    await fetchPage(pool, upstream.url);
    expect(pool.stats()).toMatchObject({
      state: 'open',
      inFlight: 0,
      total: { active: 0, idle: 1, queued: 0, created: 1, reused: 1, closed: 0, timedOut: 0, errors: 0 },
      origins: { [upstream.url]: { idle: 1, created: 1, reused: 1 } },
    });
    await pool.close();
    expect(upstream.connections).toBe(1);
    expect(pool.stats().total).toMatchObject({ idle: 0, created: 1, reused: 1, closed: 1 });
  });

  it('closes an idle socket that a request must not have, where the one that is opened for it would be one too many', async () => {
    await using upstream = await startUpstream();
    const pool = poolWith({ maxSockets: 1 });
    await fetchPage(pool, upstream.url);
    const response = await pool.idle.onRested(pool.httpAgent, -1, () => send(pool, upstream.url));
    expect(pool.stats().total).toMatchObject({ active: 1, idle: 0, created: 2, closed: 1 });
    await read(response);
    expect(pool.stats().total).toMatchObject({ active: 0, idle: 1 });
    await pool.close();
  });

  it('shows which sockets are active and which requests wait for one', async () => {
    await using upstream = await startUpstream((_, response) => void response.write('half'));
    const pool = poolWith({ maxSockets: 1 });
    await send(pool, upstream.url);
    expect(pool.slots.take(upstream.url)).toBe(true);
    const leaveQueue = pool.slots.queue(upstream.url, () => {});
    expect(pool.stats().origins[upstream.url]).toMatchObject({ active: 1, idle: 0, queued: 1, created: 1 });
    leaveQueue!();
    pool.slots.queue('http://no-socket.yet', () => {}); // cannot be: the slot is free. It is listed all the same
    expect(pool.stats()).toMatchObject({ total: { queued: 1 }, origins: { 'http://no-socket.yet': { queued: 1 } } });
    await pool.close();
  });

  it('does not take a socket for open that is about to say that it is closed', async () => {
    await using upstream = await startUpstream((_, response) => void response.write('half'));
    const pool = poolWith();
    const response = await send(pool, upstream.url);
    response.on('error', () => {});
    response.socket.destroy();
    expect(pool.stats().origins[upstream.url]).toMatchObject({ active: 0, idle: 0, created: 1, closed: 0 });
    await pool.close();
    expect(pool.stats().total).toMatchObject({ created: 1, closed: 1 });
  });

  it('counts a request handed over from the queue as a reuse', async () => {
    await using upstream = await startUpstream();
    const pool = poolWith({ maxSockets: 1 });
    await Promise.all([fetchPage(pool, upstream.url), fetchPage(pool, upstream.url)]);
    expect(pool.stats().total).toMatchObject({ created: 1, reused: 1 });
    await pool.close();
  });

  it('lets a queued request wait for its answer longer than a socket may be idle', async () => {
    await using upstream = await startUpstream((request, response) => {
      if (request.url === '/slow') setTimeout(() => response.end(), 200);
      else response.end();
    });
    const pool = poolWith({ maxSockets: 1, idleMs: 50 });
    await Promise.all([fetchPage(pool, `${upstream.url}/fast`), fetchPage(pool, `${upstream.url}/slow`)]);
    expect(pool.stats().total).toMatchObject({ created: 1, reused: 1, errors: 0 });
    await pool.close();
  });

  it('lets a request wait as long whose socket was opened for one that was given up', async () => {
    await using upstream = await startUpstream((_, response) => void setTimeout(() => response.end(), 200));
    const pool = poolWith({ maxSockets: 1, idleMs: 50 });
    const givenUp = get(upstream.url, { agent: pool.httpAgent }).on('error', () => {});
    const queued = fetchPage(pool, upstream.url);
    givenUp.destroy();
    await queued;
    expect(pool.stats().total).toMatchObject({ created: 1, errors: 0 });
    await pool.close();
  });

  it('counts a socket that could not connect as an error', async () => {
    const upstream = await startUpstream();
    await upstream[Symbol.asyncDispose]();
    const pool = poolWith();
    await expect(send(pool, upstream.url)).rejects.toThrow('ECONNREFUSED');
    await pool.close();
    expect(pool.stats().origins[upstream.url]).toMatchObject({ created: 1, errors: 1, closed: 1 });
  });

  it('closes a socket in time when the server announces that it soon will', async () => {
    await using upstream = await startUpstream((_, response) => response.setHeader('keep-alive', 'timeout=1').end());
    const pool = poolWith();
    await fetchPage(pool, upstream.url);
    expect(pool.stats().total.idle).toBe(0);
    await pool.close();
  });

  it('does not keep a socket beyond its age', async () => {
    await using upstream = await startUpstream((_, response) => void setTimeout(() => response.end(), 20));
    const pool = poolWith({ maxAgeMs: 10 });
    await fetchPage(pool, upstream.url);
    expect(pool.stats().total.idle).toBe(0);
    await pool.close();
  });

  it('gives each socket an age of its own, within 10 % of the option', async () => {
    await using upstream = await startUpstream();
    const pool = poolWith({ maxAgeMs: 100_000 }, new ManualClock(), () => 0);
    const before = Date.now();
    await fetchPage(pool, upstream.url);
    const [socket] = Object.values(pool.httpAgent.freeSockets)[0]!;
    const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => /CreatedTime/i.test(description!))!;
    const birth = (socket as unknown as Record<symbol, number>)[symbol]!;
    expect(before - birth).toBeGreaterThan(9_000);
    expect(before - birth).toBeLessThanOrEqual(10_000);
    await pool.close();
  });

  it('does not cut a socket in use, however long its server is silent', () => {
    expect((poolWith().httpAgent as HttpAgent & { options: { timeout: number } }).options.timeout).toBe(0);
  });

  describe('events', () => {
    const poolOf = (events: RecordedEvents, clock = new ManualClock()) =>
      new ConnectionPool({ pool: DEFAULTS.pool, tls: {}, drainMs: 1_000, clock, random: () => 0.5, events });

    it('tell of each socket that is closed: how long it was open, how often it was used, and why it broke', async () => {
      await using upstream = await startUpstream();
      const clock = new ManualClock();
      const events = new RecordedEvents();
      const pool = poolOf(events, clock);
      await fetchPage(pool, upstream.url);
      await fetchPage(pool, upstream.url);
      clock.tick(500);
      expect(events.names).toEqual(['socket:open']);
      await pool.close();
      const about = { pool: pool.id, origin: upstream.url };
      expect(events.of('socket:close')).toEqual([
        { name: 'socket:close', ...about, openMs: 500, requests: 2, code: undefined },
      ]);
    });

    it('tell of a socket that was never connected, and not that it was closed', async () => {
      const events = new RecordedEvents();
      const pool = poolOf(events);
      await expect(send(pool, 'http://127.0.0.1:1/')).rejects.toThrow('ECONNREFUSED');
      await pool.close();
      const about = { pool: pool.id, origin: 'http://127.0.0.1:1' };
      expect(events.of('socket:fail')).toEqual([{ name: 'socket:fail', ...about, afterMs: 0, code: 'ECONNREFUSED' }]);
      expect(events.of('socket:close')).toEqual([]);
    });

    it('tell of a socket that a guard closes when it is connected as of one that never was', async () => {
      await using upstream = await startUpstream();
      const events = new RecordedEvents();
      const addressGuard = {
        judgeTarget: () => undefined,
        judgeAddress: () => 'loopback',
        lookup,
      } as Partial<AddressGuard> as AddressGuard;
      const clock = new ManualClock();
      const settings = { pool: DEFAULTS.pool, tls: {}, drainMs: 1_000, clock, random: () => 0.5 };
      const pool = new ConnectionPool({ ...settings, events, addressGuard });
      await expect(send(pool, upstream.url)).rejects.toBeInstanceOf(AddressRefusal);
      await pool.close();
      expect(events.of('socket:fail')).toMatchObject([{ code: new AddressRefusal('loopback').code }]);
      expect(events.of('socket:close')).toEqual([]);
    });

    it('tell of each state once, and of the report at the end, also where the deadline closes the pool', async () => {
      const clock = new ManualClock();
      const events = new RecordedEvents();
      const pool = poolOf(events, clock);
      const lease = pool.admit(() => lease.release())!;
      const drained = [pool.drain(), pool.drain()];
      expect(events.all).toEqual([
        { name: 'pool:state', pool: pool.id, from: 'open', to: 'draining', inFlight: 1, report: undefined },
      ]);
      clock.tick(1_000);
      await Promise.all(drained);
      await expect.poll(() => events.all).toHaveLength(2);
      const report = await pool.close();
      expect(report).toMatchObject({ aborted: 1, durationMs: 1_000 });
      expect(events.all.slice(1)).toEqual([
        { name: 'pool:state', pool: pool.id, from: 'draining', to: 'closed', inFlight: 0, report },
      ]);
    });
  });

  describe('drain', () => {
    it('closes idle sockets at once, and sockets in use when their response has ended', async () => {
      const { promise: released, resolve: release } = withResolvers();
      await using upstream = await startUpstream((request, response) => {
        if (request.url === '/slow') void released.then(() => response.end('slow'));
        else response.end('fast');
      });
      upstream.server.keepAliveTimeout = 60_000; // as the idle time: longer than the test may take
      const pool = poolWith({ idleMs: 60_000 });
      await Promise.all([fetchPage(pool, `${upstream.url}/fast`), fetchPage(pool, `${upstream.url}/fast`)]);
      const slow = send(pool, `${upstream.url}/slow`);
      await once(upstream.server, 'request');
      await pool.drain();
      release();
      const response = await slow;
      response.resume();
      await once(response.socket, 'close');
      expect(pool.stats().total).toMatchObject({ active: 0, idle: 0, created: 2, closed: 2 });
      await pool.close();
    });

    it('closes the pool and aborts what is left at the deadline, even if nobody calls close', async () => {
      const clock = new ManualClock();
      const pool = poolWith({}, clock);
      let aborted = false;
      pool.admit(() => (aborted = true));
      const drained = pool.drain();
      clock.tick(999);
      expect(pool.state).toBe('draining');
      clock.tick(1);
      await drained;
      expect(aborted).toBe(true);
      expect(pool.state).toBe('closed');
      expect(pool.admit(() => {})).toBeUndefined();
    });
  });

  describe('close', () => {
    it('waits for calls in flight for what is left of the deadline that the drain began', async () => {
      const clock = new ManualClock();
      const pool = poolWith({}, clock);
      const early = pool.admit(() => {})!;
      const drained = pool.drain();
      clock.tick(400);
      pool.admit(() => {});
      early.release();
      await drained;
      const closed = pool.close();
      expect(pool.state).toBe('closed');
      clock.tick(600);
      expect(await closed).toEqual({
        finished: 1,
        admittedWhileDraining: 1,
        aborted: 1,
        socketsClosed: 0,
        durationMs: 1_000,
      });
    });

    it('ends as soon as nothing is in flight, and leaves no timer', async () => {
      const clock = new ManualClock();
      const pool = poolWith({}, clock);
      const lease = pool.admit(() => {})!;
      const closed = pool.close();
      clock.tick(10);
      lease.release();
      expect(await closed).toMatchObject({ finished: 1, aborted: 0, durationMs: 10 });
      expect(clock.pending).toBe(0);
    });

    it('gives the same report however often it is called', async () => {
      const pool = poolWith();
      expect(await pool.close()).toBe(await pool.close());
    });

    it('ends after the last socket has', async () => {
      await using upstream = await startUpstream();
      const pool = poolWith();
      await Promise.all([fetchPage(pool, upstream.url), fetchPage(pool, upstream.url)]);
      const [socket] = Object.values(pool.httpAgent.freeSockets)[0]!;
      expect(await pool.close()).toMatchObject({ socketsClosed: 2 });
      expect(socket!.closed).toBe(true);
    });
  });
});

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}
