import * as v from 'valibot';
import { BreakerStateSchema } from '../traffic/traffic.dto.js';

/** What a person has done to an airline: `broken` answers 503 at once, `slow` takes longer than a search. */
export const AirlineModeSchema = v.picklist(['normal', 'broken', 'slow']);
export type AirlineMode = v.InferOutput<typeof AirlineModeSchema>;

/** Key: `code`. */
export const AirlineViewSchema = v.object({
  code: v.pipe(v.string(), v.examples(['PO'])),
  name: v.pipe(v.string(), v.examples(['Polder Air'])),
  origin: v.string(),
  temper: v.pipe(v.string(), v.description('What it is like by itself, for people'), v.examples(['fast'])),
  mode: AirlineModeSchema,
  breaker: BreakerStateSchema,
});
export type AirlineView = v.InferOutput<typeof AirlineViewSchema>;

/** The last part of `POST /desk/airlines/:code/:action`. */
export const AirlineActionSchema = v.picklist(['break', 'slow', 'restore'], 'action: expected break, slow or restore');
export type AirlineAction = v.InferOutput<typeof AirlineActionSchema>;
