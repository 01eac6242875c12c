import { concealError } from '../errors/conceal-error.js';
import type { QueueEndEvent } from '../observability/events.js';
import { eventOf } from './call-events.js';
import type { Call } from './layer.js';
import type { OutcomeContext } from './with-outcome.js';

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
