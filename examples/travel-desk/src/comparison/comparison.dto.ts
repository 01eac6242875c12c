import * as v from 'valibot';
import { count, ms } from '../validation/schema-parts.js';

/** Round trips to choose from, in milliseconds: the same machine, the same continent, the next one. */
export const ROUND_TRIPS_MS = [0, 10, 40] as const;
export const MAX_CALLS = 200;
const DEFAULT_CALLS = 100;
const DEFAULT_ROUND_TRIP_MS = 40;

const CALLS_EXPECTED = `expected a whole number from 1 to ${MAX_CALLS}`;
const ROUND_TRIP_EXPECTED = `expected ${ROUND_TRIPS_MS.join(' or ')}`;

/** Query of `POST /comparison`. */
export const ComparisonQuerySchema = v.object({
  roundTripMs: v.optional(
    v.pipe(
      v.picklist(ROUND_TRIPS_MS.map(String), ROUND_TRIP_EXPECTED),
      v.description('Milliseconds that the network takes, there and back'),
      v.transform(Number),
    ),
    String(DEFAULT_ROUND_TRIP_MS),
  ),
  calls: v.optional(
    v.pipe(
      v.string(CALLS_EXPECTED),
      v.regex(/^[1-9]\d{0,2}$/, CALLS_EXPECTED),
      v.description(`Calls at once: 1 to ${MAX_CALLS}`),
      v.transform(Number),
      v.maxValue(MAX_CALLS, CALLS_EXPECTED),
    ),
    String(DEFAULT_CALLS),
  ),
});
export type ComparisonQuery = v.InferOutput<typeof ComparisonQuerySchema>;

/** What a query that says nothing asks for. */
export const DEFAULT_QUERY: ComparisonQuery = { roundTripMs: DEFAULT_ROUND_TRIP_MS, calls: DEFAULT_CALLS };

const microseconds = v.pipe(count, v.description('microseconds of CPU time for each call'));

/** What the calls of one way came to. */
const WaySchema = v.object({
  p50Ms: v.pipe(ms, v.description('milliseconds that a call took: the median')),
  handshakes: v.pipe(count, v.description('TLS handshakes, of all calls together')),
  clientCpuUs: microseconds,
  upstreamCpuUs: microseconds,
  timeWait: v.pipe(
    v.nullable(count),
    v.description(
      'Sockets that the kernel keeps in TIME_WAIT, warm-up included; null: unknown, as where there is no /proc',
    ),
  ),
});
export type ComparedWay = v.InferOutput<typeof WaySchema>;

/** `POST /comparison`. */
export const ComparisonSchema = v.object({
  roundTripMs: ms,
  calls: v.pipe(count, v.description('At once')),
  bursts: v.pipe(count, v.description('How often, each way: the ways take turns')),
  shared: v.pipe(WaySchema, v.description('One client for all calls; its pool is warm')),
  perCall: v.pipe(WaySchema, v.description('A client and an agent for each call')),
});
export type Comparison = v.InferOutput<typeof ComparisonSchema>;
