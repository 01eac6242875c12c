import * as v from 'valibot';
import { MissingReasonSchema } from '../fares/fares.dto.js';
import { BreakerStateSchema } from '../traffic/traffic.dto.js';
import { count, moment, ms } from '../validation/schema-parts.js';

/** What a person has done to an airline: `broken` answers 503 at once, `slow` takes longer than a search. */
export const AirlineModeSchema = v.picklist(['normal', 'broken', 'slow']);
export type AirlineMode = v.InferOutput<typeof AirlineModeSchema>;

/** What became of the last search that asked an airline. */
const LastAnswerSchema = v.object({
  at: moment,
  outcome: v.picklist(['answered', ...MissingReasonSchema.options]),
  detail: v.pipe(v.string(), v.description('For people'), v.examples(['3 fares', 'answered with status 503, 3 times'])),
  durationMs: ms,
});
export type LastAnswer = v.InferOutput<typeof LastAnswerSchema>;

/** One of several servers behind the name of an airline. */
const ServerViewSchema = v.object({
  address: v.pipe(v.string(), v.examples(['127.0.0.1:40123'])),
  state: v.pipe(
    v.picklist(['active', 'ejected']),
    v.description('ejected: it fails, and gets no requests for a while'),
  ),
  requests: count,
});

/** Key: `code`. */
export const AirlineViewSchema = v.object({
  code: v.pipe(v.string(), v.examples(['PO'])),
  name: v.pipe(v.string(), v.examples(['Polder Air'])),
  origin: v.string(),
  temper: v.pipe(v.string(), v.description('What it is like by itself, for people'), v.examples(['fast'])),
  mode: AirlineModeSchema,
  breaker: BreakerStateSchema,
  servers: v.pipe(v.array(ServerViewSchema), v.description('Where it has several, and has been asked')),
  last: v.pipe(v.nullable(LastAnswerSchema), v.description('null: not asked yet')),
});
export type AirlineView = v.InferOutput<typeof AirlineViewSchema>;

/** The last part of `POST /desk/airlines/:code/:action`. */
export const AirlineActionSchema = v.picklist(['break', 'slow', 'restore'], 'action: expected break, slow or restore');
export type AirlineAction = v.InferOutput<typeof AirlineActionSchema>;
