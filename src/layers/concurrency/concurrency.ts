import { Slots } from '../../base/slots.js';
import { offerUnread } from '../../base/unread-body.js';
import type { Call, Layer } from '../../call/call.js';
import { type OutcomeContext, releasedAfterBody, responseOf } from '../../call/outcome.js';
import { queued, whileWaiting } from '../../call/waiting.js';
import { ConcurrencyLimitError } from '../../errors/refusal.errors.js';
import type { LimitScope } from '../../options/resilience-options.js';
import type { OriginLimits } from './origin-limits.js';

export interface ConcurrencySettings {
  /** Calls under way at once. */
  readonly max: number;
  /** Calls that may wait. */
  readonly maxQueued: number;
  /** Whose calls count together. */
  readonly per: LimitScope;
}

export interface ConcurrencyContext extends OutcomeContext {
  /** Ends the waiting. */
  readonly closing: AbortSignal;
}

/**
 * Lets so many calls be under way at once; others wait, in order. A call is under way until its response body has ended,
 * also that of a status that is refused, unless nobody has begun to read that when another call waits.
 * @throws ConcurrencyLimitError at once when as many wait as may; while waiting, what the call is cancelled with,
 * or ClientClosedError
 */
export function concurrencyLimit(settings: ConcurrencySettings, context: ConcurrencyContext): Layer {
  const { max, maxQueued, per } = settings;
  return placesLayer(
    {
      slots: new Slots({ maxPerKey: max, maxTotal: Infinity, maxQueued }),
      keyOf: (call) => (per === 'origin' ? call.origin : ''),
      refusal: (call) => new ConcurrencyLimitError(call, max, maxQueued),
    },
    context,
  );
}

/**
 * The same, with a limit for each origin that learns from its requests.
 * @param limits told of requests by `concurrencySample`, which has its place within
 * @throws as there
 */
export function adaptiveConcurrencyLimit(limits: OriginLimits, context: ConcurrencyContext): Layer {
  const { slots } = limits;
  return placesLayer(
    {
      slots,
      keyOf: ({ origin }) => origin,
      refusal: (call) => {
        const { origin } = call;
        return new ConcurrencyLimitError(call, slots.taken(origin), slots.queued(origin), limits.waitMs(origin));
      },
    },
    context,
  );
}

/** Who may go on, and what those are told who may not. */
interface Places {
  readonly slots: Slots;
  readonly keyOf: (call: Call) => string;
  readonly refusal: (call: Call) => ConcurrencyLimitError;
}

function placesLayer(places: Places, context: ConcurrencyContext): Layer {
  const { slots } = places;
  return (next) => async (call) => {
    const key = places.keyOf(call);
    if (!slots.take(key)) await queued('concurrency', turn(places, key, call, context.closing), call, context);
    let isHeld = true;
    const release = () => {
      if (isHeld) slots.release(key);
      isHeld = false;
    };
    const send = async () => {
      try {
        return await next(call);
      } catch (error) {
        offerUnread(responseOf(error), key, slots, release);
        throw error;
      }
    };
    return releasedAfterBody(send, release);
  };
}

function turn({ slots, refusal }: Places, key: string, call: Call, closing: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leaveQueue = slots.queue(key, () => {
      stop();
      resolve();
    });
    if (!leaveQueue) {
      reject(refusal(call));
      return;
    }
    const stop = whileWaiting(call, closing, (reason) => {
      leaveQueue();
      reject(reason);
    });
  });
}
