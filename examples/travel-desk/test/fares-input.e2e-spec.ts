import { HttpClients } from 'nest-outbound';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AIRLINES_CLIENT } from '../src/airlines/airlines-client.js';
import { type RunningApp, startApp } from './support/running-app.js';

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.app.close());

const BAD_QUERIES = [
  ['', 'from: expected, but missing; to: expected, but missing; date: expected, but missing'],
  ['?from=AMS&to=LIS', 'date: expected, but missing'],
  ['?from=AMSTERDAM&to=LIS&date=2026-03-01', 'from: expected one IATA code of an airport, as AMS'],
  ['?from=A1S&to=LIS&date=2026-03-01', 'from: expected one IATA code of an airport, as AMS'],
  ['?from=AMS&to=&date=2026-03-01', 'to: expected one IATA code of an airport, as AMS'],
  ['?from=AMS&from=BRU&to=LIS&date=2026-03-01', 'from: expected one IATA code of an airport, as AMS'],
  ['?from[]=AMS&to=LIS&date=2026-03-01', 'from: expected, but missing'],
  ['?from=AMS&to=AMS&date=2026-03-01', 'to: expected another airport than from'],
  ['?from=AMS&to=LIS&date=01-03-2026', 'date: expected one date, as 2026-03-01'],
  ['?from=AMS&to=LIS&date=2026-02-30', 'date: expected one date, as 2026-03-01'],
  ['?from=AMS&to=LIS&date=2026-13-01', 'date: expected one date, as 2026-03-01'],
  ['?from=AMS&to=LIS&date=2026-03-01T10:00', 'date: expected one date, as 2026-03-01'],
  ['?from=AMS&to=LIS&date=2026-03-01&shared=maybe', 'shared: expected true or false'],
  ['?from=AMS&to=LIS&date=2026-03-01&cached=0', 'cached: expected true or false'],
] as const;

describe.each(['/fares', '/fares/stream'])('%s answers 400 and names the parameter for', (route) => {
  it.each(BAD_QUERIES)('%s', async (query, message) => {
    const { body } = await running.get(route + query).expect(400);
    expect(body).toEqual({ statusCode: 400, message, error: 'Bad Request' });
    expect(running.app.get(HttpClients).stats(AIRLINES_CLIENT).pool.total.created).toBe(0);
  });
});
