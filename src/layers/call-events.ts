import type { CallEvent } from '../observability/events.js';
import type { Call, Layer } from './layer.js';
import { type OutcomeContext, withOutcome } from './with-outcome.js';

/** Publishes the start and the end of each call. */
export function callEvents(context: OutcomeContext): Layer {
  const { events } = context;
  return (next) => (call) => {
    if (events.wants('call:start')) events.publish('call:start', aboutCall(call));
    if (!events.wants('call:end')) return next(call);
    const { journal } = call;
    return withOutcome(next, call, journal.startedAt, context, (outcome) => {
      const { requests, queuedMs } = journal;
      events.publish('call:end', { ...aboutCall(call), ...outcome, requests, queuedMs });
    });
  };
}

/** What every event of a call says. */
export function aboutCall({ journal, clientName, origin, method, config }: Call): CallEvent {
  return { callId: journal.id, client: clientName, origin, method, urlTemplate: config.urlTemplate };
}
