import type { MatchedRequests } from 'nest-outbound/testing';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FareSearchService } from '../src/fares/fare-search.service.js';
import type { FareSearch } from '../src/fares/fares.dto.js';
import { EmbeddedAirlines } from '../src/upstreams/airlines/embedded-airlines.js';
import { type AppWithoutNetwork, startWithoutNetwork } from './support/app-without-network.js';

const FLIGHT = { number: 123, departsAt: '2026-03-01T09:30', arrivesAt: '2026-03-01T11:30', cents: 11_950 };
const DEADLINE_MS = 4_000;
const SEARCHES = 50;

let running: AppWithoutNetwork;

beforeEach(async () => {
  running = await startWithoutNetwork({ fares: { deadlineMs: DEADLINE_MS } });
  for (const { profile } of airlines().all) {
    const { code, type } = profile;
    requestsTo(code).reply(200, profile.render([FLIGHT], code), { 'content-type': type });
  }
});
afterEach(() => running.controller.verify());
afterEach(() => running.app.close());

const airlines = () => running.app.get(EmbeddedAirlines, { strict: false });

/** What an airline is asked, to answer it: in place of the flight that it has. */
function requestsTo(code: string): MatchedRequests {
  const airline = airlines().find(code)!;
  return running.controller.match({ client: 'airlines', url: ({ origin }) => origin === airline.origin });
}

/** Begins a search, and takes its answer once it is over. */
const search = async (day = 1): Promise<FareSearch> =>
  (await running.get(`/fares?from=AMS&to=LIS&date=2026-03-0${day}`).expect(200)).body;

it('asks each airline once, and takes its answer in its own shape', async () => {
  const { fares, complete, elapsedMs } = await search();
  expect({ complete, elapsedMs }).toEqual({ complete: true, elapsedMs: 0 });
  expect(Object.fromEntries(fares.map(({ flight, price }) => [flight, price]))).toEqual(
    Object.fromEntries(airlines().all.map(({ profile }) => [`${profile.code}123`, 119.5])),
  );
  const { requests } = running.controller;
  expect(requests).toHaveLength(8);
  for (const { path, headers } of requests) {
    expect({ path, agent: headers['user-agent'] }).toEqual({
      path: '/fares/AMS/LIS/2026-03-01',
      agent: 'travel-desk fares',
    });
  }
});

it('is over at its deadline, whoever has not answered by then', async () => {
  const polder = requestsTo('PO').hang();
  const found = search();
  await polder.received;
  await running.clock.advance(DEADLINE_MS - 1);
  expect(running.controller.requests.filter(({ attempt }) => attempt === 3)).toHaveLength(1); // two took too long
  await running.clock.advance(1);
  expect(await found).toMatchObject({
    complete: false,
    answered: 7,
    elapsedMs: DEADLINE_MS,
    missing: [{ airline: 'PO', reason: 'deadline', durationMs: DEADLINE_MS }],
  });
});

it('takes what a second attempt brings', async () => {
  const tejo = requestsTo('TJ').reply(503).replyWith(flightOf('TJ'));
  const found = search();
  await tejo.received;
  await running.clock.advance(1_000);
  expect(tejo.requests.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(await found).toMatchObject({ complete: true });
});

it('waits with the second attempt for as long as the airline asks', async () => {
  const tejo = requestsTo('TJ').reply(503, '', { 'retry-after': '2' }).replyWith(flightOf('TJ'));
  const found = search();
  await tejo.received;
  await running.clock.advance(1_999);
  expect(tejo.requests).toHaveLength(1);
  await running.clock.advance(1);
  expect(await found).toMatchObject({ complete: true, elapsedMs: 2_000 });
});

it('asks Albion Blue a second time where the first takes long, and takes what comes first', async () => {
  const albion = requestsTo('AB').hang().replyWith(flightOf('AB'));
  const found = search();
  await albion.received;
  await running.clock.advance(249);
  expect(albion.requests).toHaveLength(1);
  await running.clock.advance(1);
  expect(await found).toMatchObject({ complete: true, elapsedMs: 250 });
});

it('asks each airline once for all who search for the same at the same time', async () => {
  let answer!: () => void;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  const asked = airlines().all.map(({ profile: { code } }) =>
    requestsTo(code).replyWith(() => answered.then(flightOf(code))),
  );
  const service = running.app.get(FareSearchService, { strict: false });
  const found = Promise.all(
    Array.from({ length: SEARCHES }, () =>
      service.search({ from: 'AMS', to: 'LIS', date: '2026-03-01', shared: 'true', cached: 'true' }),
    ),
  );
  // One begins in each turn of the event loop.
  for (let turn = 0; turn <= SEARCHES; turn++) await setImmediate();
  answer();
  expect((await found).map(({ complete }) => complete)).toEqual(Array.from({ length: SEARCHES }, () => true));
  expect(asked.map(({ requests }) => requests.length)).toEqual(asked.map(() => 1));
});

it('says that an airline was asked once whose calls are not repeated', async () => {
  requestsTo('TG').reply(503);
  const detail = 'answered with status 503';
  expect((await search()).missing).toMatchObject([{ airline: 'TG', reason: 'failed', detail, attempts: 1 }]);
});

it('leaves an airline alone after four failures in a row, and asks it again when 5 s are over', async () => {
  const failing = requestsTo('PO').reply(503);
  const first = search(1);
  await failing.received;
  await running.clock.advance(3_000);
  expect((await first).missing).toMatchObject([{ airline: 'PO', reason: 'failed', status: 503, attempts: 3 }]);

  const fourth = requestsTo('PO').reply(503);
  const second = search(2);
  await fourth.received;
  await running.clock.advance(3_000);
  expect((await second).missing).toMatchObject([{ airline: 'PO', reason: 'refused' }]);
  expect(fourth.requests).toHaveLength(1);

  const open = { reason: 'refused', code: 'ERR_CIRCUIT_OPEN', attempts: 0, durationMs: 0 };
  expect((await search(3)).missing).toMatchObject([{ airline: 'PO', ...open }]);
  expect(fourth.requests).toHaveLength(1);

  const fifth = requestsTo('PO').replyWith(flightOf('PO'));
  await running.clock.advance(5_000);
  expect(await search(4)).toMatchObject({ complete: true });
  expect(fifth.requests).toHaveLength(1);
});

describe('an answer that is none:', () => {
  it.each<[string, unknown]>([
    ['a page for people', '<!doctype html><title>We will be right back</title>'],
    ['nothing', undefined],
    ['another currency', { fares: [{ ...fareOf('PO123'), price: { amount: 119.5, currency: 'USD' } }] }],
    ['a fare below 0', { fares: [{ ...fareOf('PO123'), price: { amount: -1, currency: 'EUR' } }] }],
    ['a field under another name', { fares: [{ ...fareOf('PO123'), departs: undefined, departure: 'soon' }] }],
    ['JSON that is cut', '{"fares":[{"flight":"PO123"'],
  ])('%s', async (_, body) => {
    requestsTo('PO').reply(200, body);
    expect(await search()).toMatchObject({
      answered: 7,
      missing: [{ airline: 'PO', reason: 'invalid', code: 'ERR_RESPONSE_INVALID', status: null }],
    });
  });
});

it.each(['ENOTFOUND', 'ECONNRESET', 'CERT_HAS_EXPIRED'] as const)('says that a call failed with %s', async (code) => {
  const polder = requestsTo('PO').error(code);
  const found = search();
  await polder.received;
  await running.clock.advance(3_000);
  const times = code === 'ECONNRESET' ? 3 : 1; // another attempt would not change the others
  const detail = `could not be called (${code})${times > 1 ? `, ${times} times` : ''}`;
  expect((await found).missing).toMatchObject([{ airline: 'PO', reason: 'failed', code, detail, attempts: times }]);
});

function fareOf(flight: string) {
  const { departsAt: departs, arrivesAt: arrives } = FLIGHT;
  return { flight, departs, arrives, price: { amount: 119.5, currency: 'EUR' } };
}

function flightOf(code: string) {
  const { profile } = airlines().find(code)!;
  const headers = { 'content-type': profile.type, 'cache-control': 'max-age=30' };
  return () => ({ status: 200, body: profile.render([FLIGHT], code), headers });
}
