import * as v from 'valibot';
import { withoutPrototype } from '../prototype-pollution.js';

// Every message completes the sentence "<path>: expected …".

/** An object with these options and no others. */
export const group = (entries: v.ObjectEntries, what = 'an object'): v.GenericSchema => {
  const object = v.strictObject(withoutPrototype(entries), ({ expected }) => {
    if (expected === 'never') return `one of the options ${Object.keys(entries).join(', ')}`;
    return expected === 'Object' ? what : 'a value';
  });
  const never = v.custom<never>(() => false, what);
  return v.lazy((input) => (Array.isArray(input) ? never : object));
};

const integerFrom = (least: number, what: string) => v.pipe(v.number(what), v.integer(what), v.minValue(least, what));

/** setTimeout turns a longer delay into 1 ms: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const MAX_TIMER_MS = 2 ** 31 - 1;
const aDuration = `a whole number of milliseconds from 1 to ${MAX_TIMER_MS}`;
const duration = (what: string) => v.pipe(integerFrom(1, what), v.maxValue(MAX_TIMER_MS, what));

export const milliseconds = duration(aDuration);
export const millisecondsOrOff = v.union(
  [duration(`${aDuration}, or false`), v.literal(false)],
  `${aDuration}, or false`,
);
export const count = integerFrom(1, 'a whole number from 1');
export const countOrOff = v.union([count, v.literal(false)], 'a whole number from 1, or false');
/** How many may wait. */
export const queueLength = integerFrom(0, 'a whole number from 0');
export const flag = v.boolean('true or false');
export const text = v.string('a string');

/** A number from 0 to 1. */
export const share = v.pipe(
  v.number('a number from 0 to 1'),
  v.check((value) => value >= 0 && value <= 1, 'a number from 0 to 1'),
);
/** A number from 0. */
export const amount = v.pipe(
  v.number('a number from 0'),
  v.check((value) => value >= 0 && value < Infinity, 'a number from 0'),
);
