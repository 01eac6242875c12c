import type { AxiosResponse } from 'axios';
import type { Call, Handler, Layer } from '../call/call.js';
import { eventOf } from '../call/event-sink.js';
import type { Outcome } from '../call/events.js';
import { type OutcomeContext, withFailure, withOutcome } from '../call/outcome.js';

/** Publishes the start and the end of each call. */
export function callEvents(context: OutcomeContext): Layer {
  const { events } = context;
  return (next) => (call) => {
    if (events.wants('call:start')) events.publish('call:start', eventOf(call, {}));
    if (events.wants('call:end')) return untilEnd(next, call, context);
    return events.wants('call:fail') ? untilFailure(next, call, context) : next(call);
  };
}

/** Apart from the layer, where its closure would cost every call. */
function untilEnd(next: Handler, call: Call, context: OutcomeContext): Promise<AxiosResponse> {
  return withOutcome(next, call, call.journal.startedAt, context, (outcome) => {
    if (outcome.error !== undefined) publishEnd('call:fail', call, context, outcome);
    publishEnd('call:end', call, context, outcome);
  });
}

function untilFailure(next: Handler, call: Call, context: OutcomeContext): Promise<AxiosResponse> {
  return withFailure(next, call, call.journal.startedAt, context, (outcome) =>
    publishEnd('call:fail', call, context, outcome),
  );
}

function publishEnd(name: 'call:fail' | 'call:end', call: Call, { events }: OutcomeContext, outcome: Outcome): void {
  if (!events.wants(name)) return;
  const { requests, queuedMs } = call.journal;
  events.publish(name, eventOf(call, Object.assign({ requests, queuedMs }, outcome)));
}

/** Counts the requests made for each call, and publishes the start and the end of each. */
export function attemptEvents(context: OutcomeContext): Layer {
  const { events } = context;
  return (next) => (call) => {
    const resendCount = call.journal.requests++;
    if (events.wants('attempt:start')) {
      events.publish('attempt:start', eventOf(call, { attempt: call.attempt, resendCount }));
    }
    return events.wants('attempt:end') ? untilRequestEnd(next, call, resendCount, context) : next(call);
  };
}

/** Apart from the layer, where its closure would cost every call. */
function untilRequestEnd(
  next: Handler,
  call: Call,
  resendCount: number,
  context: OutcomeContext,
): Promise<AxiosResponse> {
  const { attempt } = call;
  return withOutcome(next, call, context.clock.now(), context, (outcome) =>
    context.events.publish('attempt:end', eventOf(call, Object.assign(outcome, { attempt, resendCount }))),
  );
}
