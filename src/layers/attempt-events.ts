import { aboutCall } from './call-events.js';
import type { Layer } from './layer.js';
import { type OutcomeContext, withOutcome } from './with-outcome.js';

/** Counts the requests made for each call, and publishes the start and the end of each. */
export function attemptEvents(context: OutcomeContext): Layer {
  const { events, clock } = context;
  return (next) => (call) => {
    const { journal, attempt } = call;
    const resendCount = journal.requests++;
    if (events.wants('attempt:start')) events.publish('attempt:start', { ...aboutCall(call), attempt, resendCount });
    if (!events.wants('attempt:end')) return next(call);
    return withOutcome(next, call, clock.now(), context, (outcome) =>
      events.publish('attempt:end', { ...aboutCall(call), attempt, resendCount, ...outcome }),
    );
  };
}
