import * as v from 'valibot';
import { canParse } from '../base/can-parse.js';
import { MAX_TIMER_MS } from '../base/clock.js';
import { hostAddress } from '../base/host-address.js';
import { withoutPrototype } from '../base/prototype-pollution.js';
import { isCidr } from '../guard/ip-address.js';
import { isHostPattern } from '../guard/trusted-hosts.js';

// Every message completes the sentence "<path>: expected …".

/** What an issue has `received` that is about an option which does not exist. */
export const UNKNOWN_OPTION = 'an unknown option';

/** An object with these options and no others: unlike a strict object of valibot's, it has an issue for each other. */
export const group = (entries: v.ObjectEntries, what = 'an object'): v.GenericSchema => {
  const object = v.looseObject(withoutPrototype(entries), ({ expected }) => (expected === 'Object' ? what : 'a value'));
  const never = v.custom<never>(() => false, what);
  return choice(entries, (input) => {
    if (Array.isArray(input)) return never;
    return typeof input === 'object' && input !== null ? v.pipe(object, noOthers(entries, input)) : object;
  });
};

/** It looks at what was given: of that, valibot leaves `__proto__` and its like out. */
function noOthers(entries: v.ObjectEntries, given: object) {
  return v.rawCheck<Record<string, unknown>>(({ addIssue }) => {
    for (const [key, value] of Object.entries(given)) {
      if (Object.hasOwn(entries, key)) continue;
      addIssue({
        message: `one of the options ${Object.keys(entries).join(', ')}`,
        received: UNKNOWN_OPTION,
        input: value,
        path: [{ type: 'object', origin: 'key', input: given as Record<string, unknown>, key, value }],
      });
    }
  });
}

/** A schema that depends on what is given; it tells the options of the group that may be. */
const choice = (entries: v.ObjectEntries, schemaOf: (input: unknown) => v.GenericSchema): v.GenericSchema =>
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

export const isHttpUrl = (value: string) => canParse(value) && /^https?:$/.test(new URL(value).protocol);
const anHttpUrl = 'an absolute http or https URL';
export const httpUrl = v.pipe(v.string(anHttpUrl), v.check(isHttpUrl, anHttpUrl));

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
export const headerName = (what: string) => v.pipe(v.string(what), v.regex(/^[\w!#$%&'*+.^`|~-]+$/, what));

/** A number from 0 to 1. */
const share = v.pipe(
  v.number('a number from 0 to 1'),
  v.check((value) => value >= 0 && value <= 1, 'a number from 0 to 1'),
);
/** A number from 0. */
const amount = v.pipe(
  v.number('a number from 0'),
  v.check((value) => value >= 0 && value < Infinity, 'a number from 0'),
);

const listOf = (what: string, items: string, isOne: (value: string) => boolean) =>
  v.optional(v.array(v.pipe(v.string(what), v.check(isOne, what)), `an array of ${items}`));

const hosts = listOf("a host without a port, as 'api.example.com' or '*.example.com'", 'hosts', isHostPattern);
const cidrs = listOf("an address range, as '10.0.0.0/8'", 'address ranges', isCidr);

const aPort = 'a port, from 1 to 65535';
const port = v.pipe(v.number(aPort), v.integer(aPort), v.minValue(1, aPort), v.maxValue(65_535, aPort));
const somePorts = v.array(port, 'an array of ports, or false');
const ports = v.optional(v.lazy((input) => (input === false ? v.literal(false) : somePorts)));

export const guard = toggle({ allowHosts: hosts, allowCidrs: cidrs, blockCidrs: cidrs, allowPorts: ports });

export const confine = v.optional(
  v.lazy((input) => (input === false ? v.literal(false) : v.picklist(['origin', 'path'], "'origin', 'path' or false"))),
);

export const scheduling = v.optional(v.picklist(['lifo', 'fifo'], "'lifo' or 'fifo'"));

const anAddress = "an IP address, as '10.0.0.7' or '10.0.0.7:8080'";
const address = v.pipe(
  v.string(anAddress),
  v.check((value) => hostAddress(value) !== undefined, anAddress),
);

/** What an origin may say of its addresses. */
export const addresses = toggle({
  list: v.optional(v.pipe(v.array(address, 'an array of IP addresses'), v.minLength(1, 'at least one IP address'))),
  resolve: v.optional(v.function('a function')),
  resolveMs: v.optional(milliseconds),
  ejection: toggle({
    consecutiveFailures: v.optional(count),
    baseMs: v.optional(milliseconds),
    maxMs: v.optional(milliseconds),
    maxShare: v.optional(share),
    panicShare: v.optional(share),
  }),
});

const off = v.optional(v.literal(false, 'false: only a client or an origin can have it'));
const callback = v.optional(v.function('a function'));
const aStatus = 'a status from 400 to 599, but 501, which is final';
const status = v.pipe(
  v.number(aStatus),
  v.check((value) => Number.isInteger(value) && value >= 400 && value <= 599 && value !== 501, aStatus),
);
const scope = v.optional(v.picklist(['client', 'origin'], "'client' or 'origin'"));
const limiter = v.custom<never>(
  (value) => ['reserve', 'release', 'pause'].every((name) => typeof (value as never)?.[name] === 'function'),
  'an object with reserve, release and pause',
);

const retry = toggle({
  max: v.optional(count),
  statuses: v.optional(v.array(status, 'an array of statuses')),
  baseMs: v.optional(milliseconds),
  throttledBaseMs: v.optional(milliseconds),
  capMs: v.optional(milliseconds),
  retryIf: callback,
  onRetry: callback,
});

const places = { maxQueued: v.optional(queueLength), per: scope };
const adaptivePlaces = {
  max: v.optional(count),
  ...places,
  adaptive: v.optional(v.picklist(['aimd', 'gradient', false as never], "'aimd', 'gradient' or false")),
  min: v.optional(count),
  initial: v.optional(count),
};
const withAdaptive = v.optional(v.never('nothing without concurrency.adaptive'));
const fixedLimit = group(
  { max: count, ...places, adaptive: v.optional(v.literal(false)), min: withAdaptive, initial: withAdaptive },
  'an object or false',
);
const adaptiveLimit = group(adaptivePlaces, 'an object or false');
/** Options of an adaptive limit are none of another, and that needs its `max`. */
const concurrency = v.optional(
  choice(adaptivePlaces, (input) => {
    if (input === false) return v.literal(false);
    return (input as { adaptive?: unknown } | null)?.adaptive ? adaptiveLimit : fixedLimit;
  }),
);

const presetName = v.picklist(['standard'], "'standard'");

const options = {
  preset: v.optional(presetName),
  deadlineMs: v.optional(millisecondsOrOff),
  retry,
  budget: toggle({ ratio: v.optional(share), minPerSecond: v.optional(amount) }),
  breaker: toggle({
    failureRatio: v.optional(share),
    minCalls: v.optional(count),
    windowMs: v.optional(milliseconds),
    consecutiveFailures: v.optional(countOrOff),
    openMs: v.optional(milliseconds),
    onStateChange: callback,
  }),
  concurrency,
  rateLimit: offOr({
    max: count,
    intervalMs: v.optional(milliseconds),
    maxPauseMs: v.optional(milliseconds),
    maxQueued: v.optional(queueLength),
    per: scope,
    limiter: v.optional(limiter),
    shared: v.optional(flag),
    replicas: v.optional(count),
  }),
  hedge: toggle({ max: v.optional(count), percentile: v.optional(share), coldMs: v.optional(milliseconds) }),
  coalesce: v.optional(flag),
};
const optionsGroup = group(options, "'standard' or an object");

const byCall = {
  private: v.optional(flag),
  heuristic: v.optional(flag),
  frozen: v.optional(flag),
  tags: v.optional(v.union([v.function(), v.array(v.string())], 'an array of strings, or a function of the response')),
};

/** What a single call may set of the cache. */
export const callCache = toggle(byCall);

/** What a module, a named client or an origin may set of the cache. */
export const cache = toggle({
  ...byCall,
  targetedHeaders: v.optional(v.array(headerName('the name of a header'), 'an array of header names')),
  tagHeader: v.optional(headerName('the name of a header')),
  store: v.optional(
    v.custom<never>(
      (value) =>
        value === 'memory' ||
        value === 'shared' ||
        ['get', 'set', 'delete'].every((name) => typeof (value as never)?.[name] === 'function'),
      "'memory', 'shared' or a Keyv",
    ),
  ),
  maxBytes: v.optional(count),
  maxEntries: v.optional(count),
  maxEntryBytes: v.optional(count),
});

/** What a module, a named client or an origin may set. */
export const resilience = v.optional(
  choice(options, (input) => (typeof input === 'string' ? presetName : optionsGroup)),
);

/** What a single call may set. */
export const callResilience = group({
  deadlineMs: v.optional(millisecondsOrOff),
  retry,
  hedge: off,
  breaker: off,
  concurrency: off,
  rateLimit: off,
  coalesce: off,
});
