import { get, HttpApi } from 'nest-outbound/contracts';
import * as v from 'valibot';
import { FareSchema } from '../fares/fares.dto.js';

export const AIRLINES_CLIENT = 'airlines';

/** A flight as an airline offers it, in the desk's own words. */
const OfferSchema = v.omit(FareSchema, ['airline', 'airlineName', 'currency']);
type Offer = v.InferOutput<typeof OfferSchema>;

/** What an airline has for one journey. No two answer in the same shape. */
const fares = (shape: v.GenericSchema<unknown, Offer[]>) =>
  get('/fares/{from}/{to}/{date}', { response: v.pipe(shape, v.array(OfferSchema)) });

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

const polderAir = v.pipe(
  v.object({
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
  }),
  v.transform((body) => body.fares),
);

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

const albionBlue = v.pipe(
  v.object({
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
  }),
  v.transform(({ data }) => data.journeys),
);

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

const cloverHop = v.pipe(
  v.object({
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
  }),
  v.transform(({ trips }) => trips.flatMap(({ flights }) => flights)),
);

const solIberico = v.pipe(
  v.object({
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
  }),
  v.transform(({ items }) => items),
);

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

export class PolderAir extends HttpApi(AIRLINES_CLIENT, { fares: fares(polderAir) }) {}
export class TejoAirways extends HttpApi(AIRLINES_CLIENT, { fares: fares(tejoAirways) }) {}
export class AlbionBlue extends HttpApi(AIRLINES_CLIENT, { fares: fares(albionBlue) }) {}
export class RheinExpress extends HttpApi(AIRLINES_CLIENT, { fares: fares(rheinExpress) }) {}
export class CloverHop extends HttpApi(AIRLINES_CLIENT, { fares: fares(cloverHop) }) {}
export class SolIberico extends HttpApi(AIRLINES_CLIENT, { fares: fares(solIberico) }) {}
export class TangerineJet extends HttpApi(AIRLINES_CLIENT, { fares: fares(tangerineJet) }) {}
export class HelveticWings extends HttpApi(AIRLINES_CLIENT, { fares: fares(helveticWings) }) {}

/** IATA code → the API of the airline. */
export const AIRLINE_APIS: Readonly<Record<string, typeof PolderAir>> = {
  PO: PolderAir,
  TJ: TejoAirways,
  AB: AlbionBlue,
  RX: RheinExpress,
  CL: CloverHop,
  SI: SolIberico,
  TG: TangerineJet,
  HW: HelveticWings,
};
