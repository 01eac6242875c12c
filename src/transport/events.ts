import type { Call } from '../call/call.js';
import { eventOf, type EventSink } from '../call/event-sink.js';

/** A pooled socket turned out to be closed: the request is sent once more. */
export function publishReplay(events: EventSink, call: Call): void {
  if (events.wants('replay')) events.publish('replay', eventOf(call, { attempt: call.attempt }));
}

/**
 * A redirect is followed.
 * @param to the origin that it leads to
 */
export function publishRedirect(events: EventSink, call: Call, status: number, to: string): void {
  if (events.wants('redirect')) events.publish('redirect', eventOf(call, { attempt: call.attempt, status, to }));
}
