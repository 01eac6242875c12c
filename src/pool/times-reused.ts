import agentkeepalive from 'agentkeepalive';
import type { Socket } from 'node:net';

const SOCKET_REQUEST_COUNT: unique symbol = agentkeepalive.constants.SOCKET_REQUEST_COUNT as never;

/**
 * Requests that a pooled socket was given after its first. Node's `request.reusedSocket` leaves out those that were handed
 * a socket from the queue; agentkeepalive's own count does not.
 */
export function timesReused(socket: Socket): number {
  const requests = (socket as Socket & { [SOCKET_REQUEST_COUNT]?: number })[SOCKET_REQUEST_COUNT];
  return requests === undefined ? 0 : requests - 1;
}
