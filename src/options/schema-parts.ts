import * as v from 'valibot';
import { MAX_TIMER_MS } from '../clock.js';
import { withoutPrototype } from '../prototype-pollution.js';

// Every message completes the sentence "<path>: expected …".

/** What an issue has `received` that is about an option which does not exist. */
export const UNKNOWN_OPTION = 'an unknown option';

/** An object with these options and no others: unlike a strict object of valibot's, it has an issue for each other. */
export const group = (entries: v.ObjectEntries, what = 'an object'): v.GenericSchema => {
  const object = v.pipe(
    v.looseObject(withoutPrototype(entries), ({ expected }) => (expected === 'Object' ? what : 'a value')),
    v.rawCheck(({ dataset, addIssue }) => {
      const given = dataset.value as Record<string, unknown>;
      if (typeof given !== 'object' || given === null) return;
      for (const key of Object.keys(given)) {
        if (Object.hasOwn(entries, key)) continue;
        addIssue({
          message: `one of the options ${Object.keys(entries).join(', ')}`,
          received: UNKNOWN_OPTION,
          input: given[key],
          path: [{ type: 'object', origin: 'key', input: given, key, value: given[key] }],
        });
      }
    }),
  );
  const never = v.custom<never>(() => false, what);
  return choice(entries, (input) => (Array.isArray(input) ? never : object));
};

/** A schema that depends on what is given; it tells the options of the group that may be. */
export const choice = (entries: v.ObjectEntries, schemaOf: (input: unknown) => v.GenericSchema): v.GenericSchema =>
  Object.assign(v.lazy(schemaOf), { entries });

/** `true`, `false`, or a group of options, whose problems keep their own paths. */
export const toggle = (entries: v.ObjectEntries) => {
  const options = group(entries, 'an object, true or false');
  return v.optional(choice(entries, (input) => (typeof input === 'boolean' ? flag : options)));
};

/** `false`, or a group of options. */
export const offOr = (entries: v.ObjectEntries, what = 'an object or false') => {
  const options = group(entries, what);
  return v.optional(choice(entries, (input) => (input === false ? v.literal(false) : options)));
};

const integerFrom = (least: number, what: string) => v.pipe(v.number(what), v.integer(what), v.minValue(least, what));

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
