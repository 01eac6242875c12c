import * as v from 'valibot';
import type { AirlineApi, Journey } from './airline-api.js';

const path = ({ from, to, date }: Journey): string => `/fares/${from}/${to}/${date}`;

const text = v.string();
const euros = v.pipe(v.number(), v.minValue(0));
const cents = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(0),
  v.transform((amount) => amount / 100),
);
const decimal = v.pipe(
  text,
  v.regex(/^\d+[.,]\d\d$/),
  v.transform((amount) => Number(amount.replace(',', '.'))),
);
const number = v.pipe(v.number(), v.integer());

const polderAir = v.object({
  fares: v.array(
    v.pipe(
      v.object({
        flight: text,
        price: v.object({ amount: euros, currency: v.literal('EUR') }),
        departs: text,
        arrives: text,
      }),
      v.transform(({ flight, price, departs, arrives }) => ({
        flight,
        departsAt: departs,
        arrivesAt: arrives,
        price: price.amount,
      })),
    ),
  ),
});

const tejoAirways = v.array(
  v.pipe(
    v.object({ flight_number: number, departure_time: text, arrival_time: text, total_cents: cents }),
    v.transform((fare) => ({
      flight: `TJ${fare.flight_number}`,
      departsAt: fare.departure_time,
      arrivesAt: fare.arrival_time,
      price: fare.total_cents,
    })),
  ),
);

const albionBlue = v.object({
  data: v.object({
    journeys: v.array(
      v.pipe(
        v.object({
          legs: v.tuple([v.object({ carrier: text, number: text, dep: text, arr: text })]),
          total: decimal,
        }),
        v.transform(({ legs: [{ carrier, number: no, dep, arr }], total }) => ({
          flight: `${carrier}${no}`,
          departsAt: dep,
          arrivesAt: arr,
          price: total,
        })),
      ),
    ),
  }),
});

const rheinExpress = v.pipe(
  text,
  v.regex(/^flight;departs;arrives;eur(\n|$)/),
  v.transform((csv) =>
    csv
      .split('\n')
      .slice(1)
      .map((line) => line.split(';')),
  ),
  v.array(
    v.pipe(
      v.strictTuple([text, text, text, decimal]),
      v.transform(([flight, departsAt, arrivesAt, price]) => ({ flight, departsAt, arrivesAt, price })),
    ),
  ),
);

const cloverHop = v.object({
  trips: v.array(
    v.object({
      flights: v.array(
        v.pipe(
          v.object({
            flightNumber: number,
            time: v.tuple([text, text]),
            regularFare: v.object({ fares: v.tuple([v.object({ type: v.literal('ADT'), amount: euros })]) }),
          }),
          v.transform(
            ({
              flightNumber,
              time: [departsAt, arrivesAt],
              regularFare: {
                fares: [adult],
              },
            }) => ({
              flight: `CL${flightNumber}`,
              departsAt,
              arrivesAt,
              price: adult.amount,
            }),
          ),
        ),
      ),
    }),
  ),
});

const solIberico = v.object({
  currency: v.literal('EUR'),
  items: v.array(
    v.pipe(
      v.strictTuple([text, text, text, text, text, euros]),
      v.transform(([flight, departureDay, departure, arrivalDay, arrival, price]) => ({
        flight,
        departsAt: `${departureDay}T${departure}`,
        arrivesAt: `${arrivalDay}T${arrival}`,
        price,
      })),
    ),
  ),
});

/** Lines of JSON; one alone is what axios has parsed already. */
const tangerineJet = v.pipe(
  v.union([
    v.pipe(
      text,
      v.transform((lines) => lines.split('\n')),
      v.array(v.pipe(text, v.parseJson())),
    ),
    v.pipe(
      v.record(text, v.unknown()),
      v.transform((only) => [only]),
    ),
  ]),
  v.array(
    v.pipe(
      v.object({ no: number, out: text, in: text, price: v.object({ minor: cents, digits: v.literal(2) }) }),
      v.transform(({ no, out, in: back, price }) => ({
        flight: `TG${no}`,
        departsAt: out,
        arrivesAt: back,
        price: price.minor,
      })),
    ),
  ),
);

const helveticWings = v.pipe(
  v.object({
    flights: v.record(text, v.object({ schedule: v.object({ departure: text, arrival: text }), eur: euros })),
  }),
  v.transform(({ flights }) =>
    Object.entries(flights).map(([flight, { schedule, eur }]) => ({
      flight,
      departsAt: schedule.departure,
      arrivesAt: schedule.arrival,
      price: eur,
    })),
  ),
);

/** The airlines that are asked for fares. No two answer in the same shape. */
export const AIRLINE_APIS: readonly AirlineApi[] = [
  { code: 'PO', path, read: (body) => v.parse(polderAir, body).fares },
  { code: 'TJ', path, read: (body) => v.parse(tejoAirways, body) },
  { code: 'AB', path, read: (body) => v.parse(albionBlue, body).data.journeys },
  { code: 'RX', path, read: (body) => v.parse(rheinExpress, body) },
  { code: 'CL', path, read: (body) => v.parse(cloverHop, body).trips.flatMap(({ flights }) => flights) },
  { code: 'SI', path, read: (body) => v.parse(solIberico, body).items },
  { code: 'TG', path, read: (body) => v.parse(tangerineJet, body) },
  { code: 'HW', path, read: (body) => v.parse(helveticWings, body) },
];
