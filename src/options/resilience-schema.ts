import * as v from 'valibot';
import {
  amount,
  choice,
  count,
  countOrOff,
  flag,
  group,
  milliseconds,
  millisecondsOrOff,
  offOr,
  queueLength,
  share,
  toggle,
} from './schema-parts.js';

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
  concurrency: offOr({ max: count, maxQueued: v.optional(queueLength), per: scope }),
  rateLimit: offOr({
    max: count,
    intervalMs: v.optional(milliseconds),
    maxPauseMs: v.optional(milliseconds),
    maxQueued: v.optional(queueLength),
    per: scope,
    limiter: v.optional(limiter),
  }),
  hedge: toggle({ max: v.optional(count), percentile: v.optional(share), coldMs: v.optional(milliseconds) }),
  coalesce: v.optional(flag),
};
const optionsGroup = group(options, "'standard' or an object");

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
