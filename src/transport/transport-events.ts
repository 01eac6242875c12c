import { eventOf } from '../layers/call-events.js';
import type { Call } from '../layers/layer.js';
import type { EventSink } from '../observability/http-client-events.js';

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
