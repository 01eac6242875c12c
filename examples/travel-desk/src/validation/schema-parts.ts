import * as v from 'valibot';

/** A whole number, 0 or more. */
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Milliseconds, 0 or more. */
export const ms = v.pipe(v.number(), v.minValue(0), v.description('milliseconds'));

/** A moment, as `2026-03-01T09:30:00.000Z`. */
export const moment = v.pipe(v.string(), v.isoTimestamp());

/** A share of something: from 0 to 1. */
export const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
