import type { Clock } from '../clock.js';
import type { EventSink } from '../observability/http-client-events.js';
import { aboutCall, withOutcome } from './call-events.js';
import type { Layer } from './layer.js';

/** Counts the requests made for each call, and publishes the start and the end of each. */
export function attemptEvents(events: EventSink, clock: Clock): Layer {
  return (next) => (call) => {
    const { journal, attempt } = call;
    const resendCount = journal.requests++;
    if (events.wants('attempt:start')) events.publish('attempt:start', { ...aboutCall(call), attempt, resendCount });
    if (!events.wants('attempt:end')) return next(call);
    const startedAt = clock.now();
    return withOutcome(next(call), startedAt, clock, (outcome) =>
      events.publish('attempt:end', { ...aboutCall(call), attempt, resendCount, ...outcome }),
    );
  };
}
