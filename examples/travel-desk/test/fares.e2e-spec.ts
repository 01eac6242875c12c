import { getConnectionPoolToken, HttpClients } from 'nest-outbound';
import { afterEach, describe, expect, it } from 'vitest';
import { AIRLINES_CLIENT } from '../src/airlines/airlines-client.js';
import type { FareSearch } from '../src/fares/fares.dto.js';
import { EmbeddedAirlines } from '../src/upstreams/airlines/embedded-airlines.js';
import { openEventStream } from './support/event-stream.js';
import { PATIENT, type RunningApp, startApp } from './support/running-app.js';

const CODES = ['PO', 'TJ', 'AB', 'RX', 'CL', 'SI', 'TG', 'HW'];

let running: RunningApp;
afterEach(() => running.app.close());

const path = (date = '2026-03-01', more = '') => `?from=AMS&to=LIS&date=${date}${more}`;
const search = async (date?: string, more?: string): Promise<FareSearch> =>
  (await running.get(`/fares${path(date, more)}`).expect(200)).body;
const airline = (code: string) => running.app.get(EmbeddedAirlines, { strict: false }).find(code)!;
const stats = () => running.app.get(HttpClients).stats(AIRLINES_CLIENT);
const requestsTo = (code: string) => {
  const { created, reused } = stats().pool.origins[airline(code).origin]!;
  return created + reused;
};
/** Days of March. */
const dates = (count: number) => Array.from({ length: count }, (_, n) => `2026-03-${String(n + 1).padStart(2, '0')}`);

describe('a search', () => {
  it('has the fares of all airlines, whatever their shape, the cheapest first', async () => {
    running = await startApp({ fares: PATIENT });
    const found = await search();
    expect(found).toMatchObject({
      from: 'AMS',
      to: 'LIS',
      date: '2026-03-01',
      shared: true,
      deadlineMs: PATIENT.deadlineMs,
      complete: true,
      asked: 8,
      answered: 8,
      missing: [],
    });
    expect(new Set(found.fares.map((fare) => fare.airline))).toEqual(new Set(CODES));
    const prices = found.fares.map(({ price }) => price);
    expect(prices).toEqual(prices.toSorted((a, b) => a - b));
    for (const { airline: code, flight, departsAt, arrivesAt, price } of found.fares) {
      expect(flight).toMatch(new RegExp(`^${code}\\d+$`));
      expect(departsAt).toMatch(/^2026-03-01T\d\d:\d\d$/);
      expect(arrivesAt > departsAt).toBe(true);
      expect(price).toBeGreaterThanOrEqual(30);
      expect(price).toBeLessThanOrEqual(400);
    }
  });

  it('finds the same again, and in any other app with the same seed; with another seed it does not', async () => {
    running = await startApp({ seed: 5, fares: PATIENT });
    const { fares } = await search();
    expect((await search('2026-03-01', '&cached=false')).fares).toEqual(fares);
    await running.app.close();
    running = await startApp({ seed: 5, fares: PATIENT });
    expect((await search()).fares).toEqual(fares);
    await running.app.close();
    running = await startApp({ seed: 6, fares: PATIENT });
    expect((await search()).fares).not.toEqual(fares);
  });

  it('takes airports in any case', async () => {
    running = await startApp({ fares: PATIENT });
    const { body } = await running.get('/fares?from=ams&to=Lis&date=2026-03-01').expect(200);
    expect(body).toMatchObject({ from: 'AMS', to: 'LIS' });
  });

  it('makes a request again that fails for the moment', async () => {
    running = await startApp({ fares: PATIENT });
    const found = await Promise.all(dates(3).map((date) => search(date))); // every third one to Clover Hop fails
    expect(found.map(({ fares }) => fares.some((fare) => fare.airline === 'CL'))).toEqual([true, true, true]);
    expect(requestsTo('CL')).toBe(4);
  });

  it('asks a second time where the first takes long', async () => {
    running = await startApp({ fares: PATIENT });
    const found = await Promise.all(dates(4).map((date) => search(date))); // every fourth one to Albion Blue takes 1.5 s
    expect(found.map(({ fares }) => fares.some((fare) => fare.airline === 'AB'))).toEqual([true, true, true, true]);
    expect(requestsTo('AB')).toBeGreaterThan(4);
  });

  it('asks an airline with a quota no faster than that', async () => {
    running = await startApp({ fares: PATIENT });
    airline('TG').mode = 'broken'; // the slow one, which is not waited for
    const found = await Promise.all(dates(31).map((date) => search(date))); // 30 in a second are its quota
    expect(found.filter(({ fares }) => fares.some((fare) => fare.airline === 'SI'))).toHaveLength(31);
    expect(requestsTo('SI')).toBe(31);
  });
});

describe('an airline that is missing is given with the reason:', () => {
  const missing = async (date?: string) => (await search(date)).missing;

  it('it fails', async () => {
    running = await startApp({ fares: PATIENT });
    airline('PO').mode = 'broken';
    expect(await search()).toMatchObject({ complete: false, asked: 8, answered: 7 });
    airline('PO').mode = 'normal';
    airline('TJ').mode = 'broken';
    expect(await missing('2026-03-02')).toEqual([
      {
        airline: 'TJ',
        airlineName: 'Tejo Airways',
        reason: 'failed',
        code: 'ERR_BAD_RESPONSE',
        status: 503,
        detail: 'answered with status 503, 3 times',
        attempts: 3,
        durationMs: expect.any(Number),
      },
    ]);
  });

  it('it is dead', async () => {
    running = await startApp({ fares: PATIENT });
    airline('RX').close();
    expect(await missing()).toMatchObject([
      {
        airline: 'RX',
        reason: 'failed',
        code: 'ECONNREFUSED',
        status: null,
        detail: 'could not be called (ECONNREFUSED), 3 times',
      },
    ]);
  });

  it('it is broken, unless that is one of its three servers: then another answers', async () => {
    running = await startApp({ fares: PATIENT });
    airline('HW').mode = 'broken';
    const found = await Promise.all(dates(3).map((date) => search(date))); // with one that is made again; the fifth answer is unreadable
    expect(found.flatMap((one) => one.missing)).toEqual([]);
    const { body } = await running.get('/desk').expect(200);
    const { servers } = body.airlines.find(({ code }: { code: string }) => code === 'HW');
    expect(servers.map(({ address }: { address: string }) => address)).toEqual(airline('HW').addresses);
    expect(servers.map(({ requests }: { requests: number }) => requests > 0)).toEqual([true, true, true]);
  });

  it('it is late', async () => {
    running = await startApp({ fares: { deadlineMs: 300 } });
    airline('PO').mode = 'slow';
    // Of the others, too, some may be late on a slow machine.
    expect(await missing()).toContainEqual(
      expect.objectContaining({
        airline: 'PO',
        reason: 'deadline',
        detail: 'had not answered when the search was over',
      }),
    );
  });

  it('its circuit breaker is open', async () => {
    running = await startApp({ fares: PATIENT });
    running.app.get(HttpClients).breakers(AIRLINES_CLIENT).isolate(airline('AB').origin);
    expect(await missing()).toMatchObject([
      { airline: 'AB', reason: 'refused', code: 'ERR_CIRCUIT_OPEN', status: null, attempts: 0 },
    ]);
    expect(stats().pool.origins).not.toHaveProperty([airline('AB').origin]);
  });

  it('its answer cannot be read', async () => {
    running = await startApp({ fares: PATIENT });
    const found = await Promise.all(dates(5).map((date) => search(date))); // every fifth one of Helvetic Wings
    expect(found.flatMap((one) => one.missing)).toMatchObject([
      { airline: 'HW', reason: 'invalid', code: 'ERR_RESPONSE_INVALID', status: null },
    ]);
  });

  it('the desk is shutting down', async () => {
    running = await startApp({ fares: PATIENT });
    await running.app.get(getConnectionPoolToken(AIRLINES_CLIENT), { strict: false }).close();
    expect(new Set((await missing()).map(({ reason, code }) => `${reason} ${code}`))).toEqual(
      new Set(['refused ERR_CLIENT_CLOSED']),
    );
  });
});

describe('a repeated search', () => {
  const statuses = ({ answers }: FareSearch) =>
    Object.fromEntries(answers.map(({ airline: code, cache }) => [code, cache?.status]));
  const all = (status: string) => Object.fromEntries(CODES.map((code) => [code, status]));

  it('is answered from the cache, and says so, for as long as the airlines stand by their fares', async () => {
    running = await startApp({ fares: PATIENT });
    const first = await search();
    expect(first.fromCache).toBe(0);
    expect(statuses(first)).toEqual(all('miss'));
    expect(first.answers.map(({ detail }) => detail)).toContainEqual(expect.stringMatching(/^\d fares?$/));
    const again = await search();
    expect(again).toMatchObject({ complete: true, answered: 8, fromCache: 8, fares: first.fares });
    expect(statuses(again)).toEqual(all('hit'));
    for (const { cache, detail } of again.answers) {
      expect(cache!.ageMs).toBeLessThan(30_000);
      expect(detail).toMatch(/^\d fares?, from the cache, \d+ s old$/);
    }
    const unhedged = CODES.filter((code) => code !== 'AB'); // a busy machine makes it slow, and it is asked a second time
    expect(unhedged.map(requestsTo)).toEqual(unhedged.map(() => 1));
    const { body } = await running.get('/desk').expect(200);
    expect(body.clients).toContainEqual(
      expect.objectContaining({
        client: AIRLINES_CLIENT,
        cache: { calls: 16, hits: 8, revalidated: 0, hitRatio: 0.5 },
      }),
    );
    expect(body.airlines[0].last.detail).toMatch(/from the cache/);
  });

  it('asks the airlines where it is not to be from the cache: they say that nothing has changed', async () => {
    running = await startApp({ fares: PATIENT });
    const { fares } = await search();
    const again = await search('2026-03-01', '&cached=false');
    expect(again).toMatchObject({ complete: true, fromCache: 0, fares });
    expect(statuses(again)).toEqual(all('revalidated'));
    expect(again.answers[0]!.detail).toMatch(/^\d fares?, unchanged \(304\)$/);
    expect(requestsTo('PO')).toBe(2);
  });

  it('asks an airline that somebody has done something to', async () => {
    running = await startApp({ fares: PATIENT });
    await search();
    await running.post('/desk/airlines/PO/break').expect(200);
    expect(await search()).toMatchObject({ fromCache: 7, missing: [{ airline: 'PO', status: 503 }] });
  });

  it('knows no cache when done the wrong way', async () => {
    running = await startApp({ fares: PATIENT });
    await search();
    const { answers } = await search('2026-03-01', '&shared=false');
    expect(answers.map(({ cache }) => cache)).toEqual(CODES.map(() => null));
  });
});

it('opens a socket for each call when done the wrong way, and closes it', async () => {
  running = await startApp({ fares: PATIENT });
  for (const date of dates(2))
    expect(await search(date, '&shared=false')).toMatchObject({ shared: false, complete: true });
  expect(stats().pool.total.created).toBe(0);
  const open = () => process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length;
  await expect.poll(open).toBe(0);
});

it('has no more sockets open than it may, however many search at once', async () => {
  running = await startApp({ fares: { maxSockets: 16 } });
  await Promise.all(
    Array.from({ length: 60 }, async (_, n) => {
      const found = await search(
        `2026-${String((n % 12) + 1).padStart(2, '0')}-${String((n % 28) + 1).padStart(2, '0')}`,
      );
      const { active, idle } = stats().pool.total;
      expect(active + idle).toBeLessThanOrEqual(16);
      expect(found.asked).toBe(8);
    }),
  );
});

describe('the stream', () => {
  it('has an event for each airline as it answers or fails, and one when all is done', async () => {
    running = await startApp({ fares: PATIENT });
    airline('PO').mode = 'broken';
    const stream = await openEventStream(running.port, `/fares/stream${path()}`);
    await stream.ended;
    expect(stream.response.headers['content-type']).toBe('text/event-stream');
    const of = (type: string) => stream.events.filter((event) => event.type === type).map(({ data }) => data);
    expect(new Set(of('fare').map(({ airline: code }) => code))).toEqual(
      new Set(CODES.filter((code) => code !== 'PO')),
    );
    expect(of('fare')).toHaveLength(7);
    expect(of('missing')).toMatchObject([{ airline: 'PO', reason: 'failed', attempts: 3 }]);
    expect(stream.events.at(-1)!.type).toBe('done');
    const cheapest = of('fare')
      .flatMap(({ fares }) => fares)
      .toSorted((a, b) => a.price - b.price)[0];
    expect(of('done')).toMatchObject([{ complete: false, asked: 8, answered: 7, from: 'AMS', cheapest }]);
    expect(of('fare').at(-1)).toMatchObject({ airline: 'TG' }); // the slow one is the last, and nobody waits for it
  });

  it('has those that are late, too, each once', async () => {
    running = await startApp({ fares: { deadlineMs: 300 } });
    const stream = await openEventStream(running.port, `/fares/stream${path()}`);
    await stream.ended;
    const codes = stream.events.slice(0, -1).map(({ data }) => data.airline);
    expect(codes).toHaveLength(8);
    expect(new Set(codes)).toEqual(new Set(CODES));
    expect(stream.events.find(({ data }) => data.airline === 'TG')).toMatchObject({
      type: 'missing',
      data: { reason: 'deadline' },
    });
  });

  it('ends its calls when whoever reads it leaves', async () => {
    running = await startApp({ fares: PATIENT });
    for (const code of CODES) airline(code).mode = 'slow';
    const stream = await openEventStream(running.port, `/fares/stream${path()}`);
    await expect.poll(() => stats().pool.inFlight).toBe(8);
    stream.leave();
    await expect.poll(() => stats().pool.inFlight).toBe(0);
  });
});
