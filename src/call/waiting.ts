import { onAbort } from '../base/cancellation.js';
import type { Clock } from '../base/clock.js';
import { concealError } from '../errors/redact-error.js';
import { ClientClosedError } from '../errors/refusal.errors.js';
import type { Call } from './call.js';
import { eventOf } from './event-sink.js';
import type { QueueEndEvent } from './events.js';
import type { OutcomeContext } from './outcome.js';

/** For stacks without a pool that closes. */
export const NEVER: AbortSignal = new AbortController().signal;

/**
 * Tells whoever waits on behalf of a call, with nothing of it under way, when it must not any longer: the call has ended, or the
 * client closes.
 * @param closing the pool's
 * @param giveUp called at most once, with the error for the call; at once where that has happened already
 * @returns stops telling
 */
export function whileWaiting(call: Call, closing: AbortSignal, giveUp: (reason: unknown) => void): () => void {
  const { cancellation } = call;
  let unfollow: (() => void) | undefined;
  const end = (reason: unknown) => {
    stop();
    giveUp(reason);
  };
  const close = () => end(ClientClosedError.waiting(call));
  const stop = () => {
    cancellation.unsubscribe(end);
    unfollow?.();
  };
  if (closing.aborted) close();
  else {
    unfollow = onAbort(closing, close);
    cancellation.subscribe(end);
  }
  return stop;
}

/**
 * Waits, unless the call ends first or the client closes.
 * @throws what the call is cancelled with; ClientClosedError
 */
export function sleep(clock: Clock, ms: number, call: Call, closing: AbortSignal = NEVER): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      stop();
      resolve();
    }, ms);
    const stop = whileWaiting(call, closing, (reason) => {
      clock.clearTimeout(timer);
      reject(reason);
    });
  });
}

/**
 * Waits for a place of the call's, notes in its journal how long that took, and publishes it.
 * @param place the waiting, which begins now
 * @throws what `place` rejects with
 */
export async function queued(
  queue: QueueEndEvent['queue'],
  place: Promise<void>,
  call: Call,
  { events, clock, rules }: OutcomeContext,
): Promise<void> {
  const { journal, clientName, config } = call;
  const since = clock.now();
  let failure: unknown;
  try {
    await place;
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    // Here rather than where the place is given away: that is the async context of the call that gave it up.
    const waitedMs = clock.now() - since;
    journal.queuedMs += waitedMs;
    if (events.wants('queue:end')) {
      concealError(failure, { rules, clientName, config });
      events.publish('queue:end', eventOf(call, { queue, waitedMs, error: failure }));
    }
  }
}
