import type { Flight } from './timetable.js';

/** What an embedded airline is like. No two answer in the same shape. */
export interface AirlineProfile {
  readonly code: string;
  readonly name: string;
  /** For people. */
  readonly temper: string;
  /** The least and the most that an answer takes. */
  readonly latencyMs: readonly [number, number];
  /** Every so manieth request takes `tailMs` instead. */
  readonly tail?: { readonly every: number; readonly tailMs: number };
  /** Every so manieth request is answered with 503. */
  readonly failsEvery?: number;
  /** Every so manieth answer is a page for people, with status 200. */
  readonly oddEvery?: number;
  /** Servers behind its one name; absent: one, at its address. */
  readonly servers?: number;
  /** Requests in a second; those beyond are answered with 429. */
  readonly quotaPerSecond?: number;
  readonly type: string;
  render(flights: readonly Flight[], code: string): string;
}

const JSON_TYPE = 'application/json';
const euros = (cents: number): number => cents / 100;
const clockTime = (localTime: string): string => localTime.slice(11);

export const AIRLINE_PROFILES: readonly AirlineProfile[] = [
  {
    code: 'PO',
    name: 'Polder Air',
    temper: 'fast',
    latencyMs: [20, 60],
    type: JSON_TYPE,
    render: (flights, code) =>
      JSON.stringify({
        fares: flights.map(({ number, departsAt, arrivesAt, cents }) => ({
          flight: `${code}${number}`,
          price: { amount: euros(cents), currency: 'EUR' },
          departs: departsAt,
          arrives: arrivesAt,
        })),
      }),
  },
  {
    code: 'TJ',
    name: 'Tejo Airways',
    temper: 'fast, in cents',
    latencyMs: [30, 90],
    type: JSON_TYPE,
    render: (flights) =>
      JSON.stringify(
        flights.map(({ number, departsAt, arrivesAt, cents }) => ({
          flight_number: number,
          departure_time: departsAt,
          arrival_time: arrivesAt,
          total_cents: cents,
        })),
      ),
  },
  {
    code: 'AB',
    name: 'Albion Blue',
    temper: 'now and then slow: asked a second time (hedged)',
    latencyMs: [40, 90],
    tail: { every: 4, tailMs: 1_500 },
    type: JSON_TYPE,
    render: (flights, code) =>
      JSON.stringify({
        data: {
          journeys: flights.map(({ number, departsAt, arrivesAt, cents }) => ({
            legs: [{ carrier: code, number: String(number), dep: departsAt, arr: arrivesAt }],
            total: euros(cents).toFixed(2),
          })),
        },
      }),
  },
  {
    code: 'RX',
    name: 'Rhein Express',
    temper: 'answers in CSV',
    latencyMs: [60, 140],
    type: 'text/csv; charset=utf-8',
    render: (flights, code) =>
      [
        'flight;departs;arrives;eur',
        ...flights.map(
          ({ number, departsAt, arrivesAt, cents }) =>
            `${code}${number};${departsAt};${arrivesAt};${euros(cents).toFixed(2).replace('.', ',')}`,
        ),
      ].join('\n'),
  },
  {
    code: 'CL',
    name: 'Clover Hop',
    temper: 'flaky: every third request fails, and is made again',
    latencyMs: [30, 80],
    failsEvery: 3,
    type: JSON_TYPE,
    render: (flights) =>
      JSON.stringify({
        trips: [
          {
            flights: flights.map(({ number, departsAt, arrivesAt, cents }) => ({
              flightNumber: number,
              time: [departsAt, arrivesAt],
              regularFare: { fares: [{ type: 'ADT', amount: euros(cents) }] },
            })),
          },
        ],
      }),
  },
  {
    code: 'SI',
    name: 'Sol Ibérico',
    temper: 'has a quota: asked no faster than that (rate limit)',
    latencyMs: [40, 100],
    quotaPerSecond: 30,
    type: JSON_TYPE,
    render: (flights, code) =>
      JSON.stringify({
        currency: 'EUR',
        items: flights.map(({ number, departsAt, arrivesAt, cents }) => [
          `${code}${number}`,
          departsAt.slice(0, 10),
          clockTime(departsAt),
          arrivesAt.slice(0, 10),
          clockTime(arrivesAt),
          euros(cents),
        ]),
      }),
  },
  {
    code: 'TG',
    name: 'Tangerine Jet',
    temper: 'slow',
    latencyMs: [600, 1_100],
    type: 'application/x-ndjson',
    render: (flights) =>
      flights
        .map(({ number, departsAt, arrivesAt, cents }) =>
          JSON.stringify({ no: number, out: departsAt, in: arrivesAt, price: { minor: cents, digits: 2 } }),
        )
        .join('\n'),
  },
  {
    code: 'HW',
    name: 'Helvetic Wings',
    temper: 'three servers, of which "Break" breaks one; now and then answers what nobody understands',
    latencyMs: [50, 120],
    servers: 3,
    oddEvery: 5,
    type: JSON_TYPE,
    render: (flights, code) =>
      JSON.stringify({
        flights: Object.fromEntries(
          flights.map(({ number, departsAt, arrivesAt, cents }) => [
            `${code}${number}`,
            { schedule: { departure: departsAt, arrival: arrivesAt }, eur: euros(cents) },
          ]),
        ),
      }),
  },
];
