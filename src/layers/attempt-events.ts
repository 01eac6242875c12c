import type { AxiosResponse } from 'axios';
import { eventOf } from './call-events.js';
import type { Call, Handler, Layer } from './layer.js';
import { type OutcomeContext, withOutcome } from './with-outcome.js';

/** Counts the requests made for each call, and publishes the start and the end of each. */
export function attemptEvents(context: OutcomeContext): Layer {
  const { events } = context;
  return (next) => (call) => {
    const resendCount = call.journal.requests++;
    if (events.wants('attempt:start')) {
      events.publish('attempt:start', eventOf(call, { attempt: call.attempt, resendCount }));
    }
    return events.wants('attempt:end') ? untilEnd(next, call, resendCount, context) : next(call);
  };
}

/** Apart from the layer, where its closure would cost every call. */
function untilEnd(next: Handler, call: Call, resendCount: number, context: OutcomeContext): Promise<AxiosResponse> {
  const { attempt } = call;
  return withOutcome(next, call, context.clock.now(), context, (outcome) =>
    context.events.publish('attempt:end', eventOf(call, Object.assign(outcome, { attempt, resendCount }))),
  );
}
