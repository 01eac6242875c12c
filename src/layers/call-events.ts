import type { AxiosResponse } from 'axios';
import type { Clock } from '../clock.js';
import type { CallEvent, Outcome } from '../observability/events.js';
import type { EventSink } from '../observability/http-client-events.js';
import { onBodyEnd } from '../transport/on-body-end.js';
import type { Call, Layer } from './layer.js';
import { responseOf } from './response-of.js';

/** Publishes the start and the end of each call. */
export function callEvents(events: EventSink, clock: Clock): Layer {
  return (next) => (call) => {
    if (events.wants('call:start')) events.publish('call:start', aboutCall(call));
    if (!events.wants('call:end')) return next(call);
    const { journal } = call;
    return withOutcome(next(call), journal.startedAt, clock, (outcome) =>
      events.publish('call:end', { ...aboutCall(call), ...outcome, requests: journal.requests }),
    );
  };
}

/** What every event of a call says. */
export function aboutCall({ journal, clientName, origin, method, config }: Call): CallEvent {
  return { callId: journal.id, client: clientName, origin, method, urlTemplate: config.urlTemplate };
}

/** Tells how it went, once the response's body has ended or there will be none. */
export async function withOutcome(
  response: Promise<AxiosResponse>,
  startedAt: number,
  clock: Clock,
  tell: (outcome: Outcome) => void,
): Promise<AxiosResponse> {
  let received: AxiosResponse | undefined;
  let error: unknown;
  try {
    return (received = await response);
  } catch (failure) {
    error = failure;
    received = responseOf(failure);
    throw failure;
  } finally {
    onBodyEnd(received?.data, (failure) =>
      tell({ durationMs: clock.now() - startedAt, status: received?.status, error: error ?? failure }),
    );
  }
}
