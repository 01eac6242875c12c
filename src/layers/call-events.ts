import type { Call, Layer } from '../call/call.js';
import { watching } from '../call/compose.js';
import { eventOf } from '../call/event-sink.js';
import type { Outcome } from '../call/events.js';
import { type OutcomeContext, tellFailure, tellOutcome } from '../call/outcome.js';

/** Publishes the start and the end of each call. */
export function callEvents(context: OutcomeContext): Layer {
  const { events } = context;
  return watching<'end' | 'failure'>({
    begin(call) {
      if (events.wants('call:start')) events.publish('call:start', eventOf(call, {}));
      if (events.wants('call:end')) return 'end';
      return events.wants('call:fail') ? 'failure' : undefined;
    },
    end(call, wanted, response, failure) {
      const { startedAt } = call.journal;
      if (wanted === 'failure') {
        tellFailure(call, startedAt, context, response, failure, (outcome) =>
          publishEnd('call:fail', call, context, outcome),
        );
      } else {
        tellOutcome(call, startedAt, context, response, failure, (outcome) => {
          if (outcome.error !== undefined) publishEnd('call:fail', call, context, outcome);
          publishEnd('call:end', call, context, outcome);
        });
      }
    },
  });
}

function publishEnd(name: 'call:fail' | 'call:end', call: Call, { events }: OutcomeContext, outcome: Outcome): void {
  if (!events.wants(name)) return;
  const { requests, queuedMs } = call.journal;
  events.publish(name, eventOf(call, Object.assign({ requests, queuedMs }, outcome)));
}

/** A request whose end is wanted. */
interface WatchedRequest {
  readonly resendCount: number;
  readonly startedAt: number;
}

/** Counts the requests made for each call, and publishes the start and the end of each. */
export function attemptEvents(context: OutcomeContext): Layer {
  const { events, clock } = context;
  return watching<WatchedRequest>({
    begin(call) {
      const resendCount = call.journal.requests++;
      if (events.wants('attempt:start')) {
        events.publish('attempt:start', eventOf(call, { attempt: call.attempt, resendCount }));
      }
      return events.wants('attempt:end') ? { resendCount, startedAt: clock.now() } : undefined;
    },
    end(call, request, response, failure) {
      const { attempt } = call;
      const { resendCount, startedAt } = request!;
      tellOutcome(call, startedAt, context, response, failure, (outcome) =>
        events.publish('attempt:end', eventOf(call, Object.assign(outcome, { attempt, resendCount }))),
      );
    },
  });
}
