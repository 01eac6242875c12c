import agentkeepalive from 'agentkeepalive';
import type { Socket } from 'node:net';

/** agentkeepalive's: the requests that a socket was given, and the responses that have ended on it. */
const GIVEN: unique symbol = agentkeepalive.constants.SOCKET_REQUEST_COUNT as never;
const FINISHED: unique symbol = agentkeepalive.constants.SOCKET_REQUEST_FINISHED_COUNT as never;

/** A socket of an agent. */
export interface CountedSocket extends Socket {
  [GIVEN]?: number;
  [FINISHED]?: number;
}

/**
 * Requests that a pooled socket was given after its first. Node's `request.reusedSocket` leaves out those that were handed
 * a socket from the queue; agentkeepalive's own count does not.
 */
export function timesReused(socket: CountedSocket): number {
  const requests = socket[GIVEN];
  return requests === undefined ? 0 : requests - 1;
}

/** Counts a request that a socket is given after its first, where agentkeepalive does not. */
export function countReuse(socket: CountedSocket): void {
  socket[GIVEN] = (socket[GIVEN] ?? 1) + 1;
}

/** Counts a response that has ended, where agentkeepalive does not. */
export function countResponse(socket: CountedSocket): void {
  socket[FINISHED]!++;
}
