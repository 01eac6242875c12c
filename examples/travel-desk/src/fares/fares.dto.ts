import * as v from 'valibot';
import { count, ms } from '../validation/schema-parts.js';

/** What is written on the boarding pass, in whatever case it is asked for. */
const airport = v.pipe(
  v.string('expected one IATA code of an airport, as AMS'),
  v.regex(/^[a-z]{3}$/i, 'expected one IATA code of an airport, as AMS'),
  v.toUpperCase(),
);

const DATE_EXPECTED = 'expected one date, as 2026-03-01';

/** There is no 30th of February, though Date.parse takes it for one of March. */
const isDayOfItsMonth = (text: string): boolean => {
  const midnight = Date.parse(text);
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(text);
};

const date = v.config(
  v.pipe(v.string(DATE_EXPECTED), v.isoDate(DATE_EXPECTED), v.check(isDayOfItsMonth, DATE_EXPECTED)),
  { abortPipeEarly: true },
);

const SWITCH_EXPECTED = 'expected true or false';

/** The query of `GET /fares` and `GET /fares/stream`. */
export const FareQuerySchema = v.pipe(
  v.object(
    {
      from: v.pipe(airport, v.description('IATA code'), v.examples(['AMS'])),
      to: v.pipe(airport, v.description('IATA code'), v.examples(['LIS'])),
      date: v.pipe(date, v.description('Of the departure'), v.examples(['2026-03-01'])),
      shared: v.pipe(
        v.optional(v.picklist(['true', 'false'], SWITCH_EXPECTED), 'true'),
        v.description('false: a client for each request, as it must not be done'),
      ),
      cached: v.pipe(
        v.optional(v.picklist(['true', 'false'], SWITCH_EXPECTED), 'true'),
        v.description('false: airlines are asked, whatever the cache has'),
      ),
    },
    'expected, but missing',
  ),
  v.forward(
    v.partialCheck([['from'], ['to']], ({ from, to }) => from !== to, 'expected another airport than from'),
    ['to'],
  ),
);
export type FareQuery = v.InferOutput<typeof FareQuerySchema>;

export const FareSchema = v.object({
  airline: v.pipe(v.string(), v.description('IATA code'), v.examples(['PO'])),
  airlineName: v.pipe(v.string(), v.examples(['Polder Air'])),
  flight: v.pipe(v.string(), v.examples(['PO1693'])),
  departsAt: v.pipe(v.string(), v.isoDateTime(), v.description('Local time'), v.examples(['2026-03-01T09:30'])),
  arrivesAt: v.pipe(v.string(), v.isoDateTime(), v.description('Local time'), v.examples(['2026-03-01T11:35'])),
  price: v.pipe(v.number(), v.minValue(0), v.examples([119.5])),
  currency: v.literal('EUR'),
});
export type Fare = v.InferOutput<typeof FareSchema>;

/**
 * - `deadline`: it had not answered when the search was over.
 * - `failed`: it answered with an error, or not at all, after whatever retries there were.
 * - `refused`: it was not asked: its circuit breaker is open, its quota is used up, or too many calls wait.
 * - `invalid`: its answer is none that the desk understands.
 */
export const MissingReasonSchema = v.picklist(['deadline', 'failed', 'refused', 'invalid']);
export type MissingReason = v.InferOutput<typeof MissingReasonSchema>;

/** Event `missing` of `GET /fares/stream`. */
export const MissingAirlineSchema = v.object({
  airline: v.string(),
  airlineName: v.string(),
  reason: MissingReasonSchema,
  code: v.pipe(
    v.nullable(v.string()),
    v.description('Of the error, as ERR_CIRCUIT_OPEN'),
    v.examples(['ERR_BAD_RESPONSE']),
  ),
  status: v.pipe(v.nullable(count), v.description('Of the last answer; null: there was none'), v.examples([503])),
  detail: v.pipe(v.string(), v.description('For people'), v.examples(['answered with status 503, 3 times'])),
  attempts: v.pipe(count, v.description('Requests that were sent, as far as is known')),
  durationMs: ms,
});
export type MissingAirline = v.InferOutput<typeof MissingAirlineSchema>;

/** Where the answer of an airline comes from. */
export const AnswerCacheSchema = v.object({
  status: v.pipe(
    v.picklist(['hit', 'miss', 'stale', 'revalidated']),
    v.description('hit: from the cache, without a request; revalidated: from the cache, and the airline has said 304'),
    v.examples(['hit']),
  ),
  ageMs: v.pipe(ms, v.description('milliseconds since the airline has given it'), v.examples([12_000])),
});
export type AnswerCache = v.InferOutput<typeof AnswerCacheSchema>;

/** The answer of one airline, without its fares. */
export const AirlineAnswerSchema = v.object({
  airline: v.string(),
  airlineName: v.string(),
  durationMs: ms,
  cache: v.pipe(v.nullable(AnswerCacheSchema), v.description('null: the call knew no cache')),
  detail: v.pipe(v.string(), v.description('For people'), v.examples(['3 fares, from the cache, 12 s old'])),
});
export type AirlineAnswer = v.InferOutput<typeof AirlineAnswerSchema>;

/** Event `fare` of `GET /fares/stream`: what one airline has, the cheapest first; it may have none. */
export const AirlineFaresSchema = v.object({ ...AirlineAnswerSchema.entries, fares: v.array(FareSchema) });
export type AirlineFares = v.InferOutput<typeof AirlineFaresSchema>;

const outcome = {
  from: v.string(),
  to: v.string(),
  date: v.string(),
  shared: v.pipe(v.boolean(), v.description('Whether one client made all calls')),
  deadlineMs: v.pipe(ms, v.description('milliseconds that the search had')),
  elapsedMs: v.pipe(ms, v.description('milliseconds that it took')),
  complete: v.pipe(v.boolean(), v.description('Whether every airline answered')),
  asked: v.pipe(count, v.description('Airlines')),
  answered: v.pipe(count, v.description('Of those')),
  fromCache: v.pipe(count, v.description('Of those: answers from the cache, without a request')),
};

/** Event `done` of `GET /fares/stream`, the last one. */
export const FareSearchDoneSchema = v.object({ ...outcome, cheapest: v.nullable(FareSchema) });
export type FareSearchDone = v.InferOutput<typeof FareSearchDoneSchema>;

/** `GET /fares` */
export const FareSearchSchema = v.object({
  ...outcome,
  fares: v.pipe(v.array(FareSchema), v.description('The cheapest first')),
  answers: v.pipe(v.array(AirlineAnswerSchema), v.description('Airlines that answered, and where from')),
  missing: v.pipe(v.array(MissingAirlineSchema), v.description('Airlines that did not answer, and why')),
});
export type FareSearch = v.InferOutput<typeof FareSearchSchema>;

/** Events of `GET /fares/stream`: type → data. */
export interface FareStreamEvents {
  readonly fare: AirlineFares;
  readonly missing: MissingAirline;
  readonly done: FareSearchDone;
}
