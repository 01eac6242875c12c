import { HttpClients } from 'nest-outbound';
import { hold, startUpstream, text } from 'nest-outbound/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AIRLINES_CLIENT } from '../src/airlines/airlines-client.js';
import type { DeskSnapshot } from '../src/desk/desk.dto.js';
import { DrainService } from '../src/drain/drain.service.js';
import { EmbeddedAirlines } from '../src/upstreams/airlines/embedded-airlines.js';
import { type EventStream, openEventStream } from './support/event-stream.js';
import { PATIENT, type RunningApp, startApp } from './support/running-app.js';

const SEARCH = '/fares?from=AMS&to=LIS&date=2026-03-01';

let running: RunningApp;
beforeEach(async () => {
  running = await startApp({
    fares: PATIENT,
    publicHosts: ['Desk.example'],
    monitor: { endpoints: [{ id: 'mine', behaviour: 'healthy' }] },
  });
});
afterEach(() => running.app.close());

const snapshot = async (): Promise<DeskSnapshot> => (await running.get('/desk').expect(200)).body;
const airline = (code: string) => running.app.get(EmbeddedAirlines, { strict: false }).find(code)!;
const spyOnTermination = () =>
  vi.spyOn(running.app.get(DrainService, { strict: false }), 'terminate').mockReturnValue(undefined);

describe('GET /desk', () => {
  it('tells of clients, sockets and circuit breakers by the names that people know', async () => {
    await running.get(SEARCH).expect(200);
    const { clients, sockets, breakers, drain } = await snapshot();
    expect(Object.fromEntries(clients.map(({ client, maxSockets }) => [client, maxSockets]))).toEqual({
      default: 1_000,
      airlines: 48,
      monitor: 50,
    });
    const key = { client: 'airlines', label: 'Polder Air', origin: airline('PO').origin };
    expect(sockets).toContainEqual(expect.objectContaining({ ...key, created: 1, reused: 0, reuseRatio: 0 }));
    expect(breakers).toContainEqual({ ...key, state: 'closed', calls: 1, failures: 0, halfOpenAt: null });
    expect(drain).toMatchObject({ phase: 'open', elapsedMs: null, deadlineMs: 10_000 });
  });

  it('tells how many requests needed no new socket', async () => {
    for (const day of [1, 2, 3, 4]) {
      await running.get(`/fares?from=AMS&to=LIS&date=2026-03-0${day}`).expect(200);
    }
    const { sockets } = await snapshot();
    const polder = sockets.find(({ label }) => label === 'Polder Air')!;
    expect(polder).toMatchObject({ created: 1, reused: 3, reuseRatio: 0.75 });
  });
});

describe('GET /desk/events', () => {
  let stream: EventStream;
  beforeEach(async () => {
    stream = await openEventStream(running.port, '/desk/events');
  });
  afterEach(() => stream.leave());

  const event = (type: string, data: object) =>
    stream.find((found) => {
      if (found.type !== type) return false;
      return Object.entries(data).every(([name, value]) => found.data[name] === value);
    });

  it('begins with a snapshot', async () => {
    const { data } = await stream.find(() => true);
    expect(stream.events[0]!.type).toBe('snapshot');
    expect(Object.keys(data)).toEqual(Object.keys(await snapshot()));
  });

  it('tells what a ping found', async () => {
    await stream.find(({ type, data }) =>
      type === 'snapshot' ? data.endpoints[0].state === 'up' : type === 'endpoint' && data.state === 'up',
    );
  });

  it('tells what a person did to an airline', async () => {
    await running.post('/desk/airlines/TJ/break').expect(200);
    await event('airline', { code: 'TJ', mode: 'broken' });
  });

  it('tells of retries, and of a circuit breaker that opens', async () => {
    airline('PO').mode = 'broken';
    await running.get(SEARCH).expect(200);
    expect((await event('retry', { client: 'airlines', label: 'Polder Air', attempt: 2 })).data).toMatchObject({
      outcome: 503,
      delayMs: expect.any(Number),
    });
    await running.get(`${SEARCH}&`).expect(200);
    await event('breaker', { client: 'airlines', label: 'Polder Air', state: 'open' });
    await event('airline', { code: 'PO', breaker: 'open' });
  });

  it('tells of sockets, and of clients', async () => {
    await running.get(SEARCH).expect(200);
    await event('sockets', { client: 'airlines', label: 'Rhein Express', idle: 1 });
    await event('client', { client: 'airlines', inFlight: 0, idle: 8 });
  });

  it('forgets who leaves', async () => {
    const watchers = async () => (await snapshot()).process.watchers;
    expect(await watchers()).toBe(1);
    stream.leave();
    await expect.poll(watchers).toBe(0);
  });

  it('tells of the drain, then ends, as the app closes', async () => {
    await stream.find(() => true);
    const closed = running.app.close();
    await stream.ended;
    await closed;
    const phases = stream.events.filter(({ type }) => type === 'drain').map(({ data }) => data.phase);
    expect(phases).toContain('draining');
    expect(stream.events.at(-1)).toMatchObject({ type: 'drain', data: { phase: 'closing', inFlight: 0 } });
  });

  it('still begins while the app drains, and does not keep it from closing', async () => {
    running.server.keepAliveTimeout = 0; // for ever: whoever waits for it does not finish in time
    await using upstream = await startUpstream();
    const held = hold(text('done'));
    upstream.on('/', held);
    const slow = running.callExternal(upstream.url).then(({ status }) => status);
    await held.arrived();
    const closed = running.app.close();
    await expect.poll(() => running.pool.state).toBe('draining');
    const late = await openEventStream(running.port, '/desk/events');
    expect((await late.find(() => true)).data.drain.phase).toBe('draining');
    held.release();
    await Promise.all([late.ended, closed]);
    expect(await slow).toBe(200);
    expect(late.events.at(-1)).toMatchObject({ data: { phase: 'closing' } });
  });
});

describe('POST /desk/airlines/:code/:action', () => {
  it.each([
    ['break', 'broken'],
    ['slow', 'slow'],
    ['restore', 'normal'],
  ])('%s', async (action, mode) => {
    const { body } = await running.post(`/desk/airlines/CL/${action}`).expect(200);
    expect(body).toMatchObject({ code: 'CL', name: 'Clover Hop', mode, breaker: 'closed' });
    expect(airline('CL').mode).toBe(mode);
  });

  it('has searches see it', async () => {
    await running.post('/desk/airlines/PO/break').expect(200);
    const broken = await running.get(SEARCH).expect(200);
    expect(broken.body.missing).toMatchObject([{ airline: 'PO', status: 503 }]);
    await running.post('/desk/airlines/PO/restore').expect(200);
    running.app.get(HttpClients).breakers(AIRLINES_CLIENT).close(airline('PO').origin);
    const restored = await running.get(SEARCH).expect(200);
    expect(restored.body.complete).toBe(true);
  });

  it('answers 404 for an airline that there is not', async () => {
    const { body } = await running.post('/desk/airlines/XX/break').expect(404);
    expect(body.message).toBe('code: expected that of an airline; GET /desk lists them');
  });

  it.each(['explode', 'BREAK', '__proto__'])('answers 400 for the action %s', async (action) => {
    const { body } = await running.post(`/desk/airlines/PO/${action}`).expect(400);
    expect(body).toEqual({ statusCode: 400, message: 'action: expected break, slow or restore', error: 'Bad Request' });
  });
});

describe('POST /desk/drain', () => {
  it('puts calls under way, and ends the process once it is answered', async () => {
    const terminate = spyOnTermination();
    const { body } = await running.post('/desk/drain').expect(202);
    expect(body).toMatchObject({ phase: 'open', elapsedMs: null });
    expect(running.pool.inFlight).toBe(6);
    await expect.poll(() => terminate.mock.calls.length).toBe(1);
  });

  it('does so once', async () => {
    const terminate = spyOnTermination();
    await running.post('/desk/drain').expect(202);
    await expect.poll(() => terminate.mock.calls.length).toBe(1);
    await running.post('/desk/drain').expect(202);
    expect(running.pool.inFlight).toBe(6);
    expect(terminate).toHaveBeenCalledTimes(1);
  });
});

describe('what a page of another origin asks for', () => {
  const host = () => `127.0.0.1:${running.port}`;

  it.each<[string, () => Record<string, string>]>([
    ['with another origin', () => ({ origin: 'http://evil.example' })],
    ['with this host, but another port', () => ({ origin: 'http://127.0.0.1:1' })],
    ['with an origin that is kept secret', () => ({ origin: 'null' })],
    ['from another site', () => ({ 'sec-fetch-site': 'cross-site' })],
    ['from another origin of this site', () => ({ 'sec-fetch-site': 'same-site' })],
    ['by another name of this host', () => ({ origin: 'http://evil.example:8000', host: 'evil.example:8000' })],
  ])('is refused: %s', async (_, headers) => {
    const terminate = spyOnTermination();
    for (const path of ['/desk/airlines/PO/break', '/desk/drain']) {
      const { body } = await running.post(path).set(headers()).expect(403);
      expect(body.message).toBe('only pages of this very server may ask for that');
    }
    expect(airline('PO').mode).toBe('normal');
    expect(terminate).not.toHaveBeenCalled();
  });

  it.each<[string, () => Record<string, string>]>([
    ['a page of this server', () => ({ origin: `http://${host()}`, host: host(), 'sec-fetch-site': 'same-origin' })],
    [
      'a page of this server by its other name',
      () => ({ origin: `http://localhost:${running.port}`, host: `localhost:${running.port}` }),
    ],
    [
      'a page of this server by a name of the settings',
      () => ({ origin: 'https://desk.example', host: 'desk.example', 'sec-fetch-site': 'same-origin' }),
    ],
    ['the address bar', () => ({ 'sec-fetch-site': 'none' })],
  ])('is not: %s', async (_, headers) => {
    await running.post('/desk/airlines/PO/break').set(headers()).expect(200);
  });
});
