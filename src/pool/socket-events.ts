import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.js';
import type { EventSink } from '../call/event-sink.js';
import { addressOf } from './addresses/address.js';
import { timesReused } from './socket-requests.js';

export interface SocketEventContext {
  /** The pool's id. */
  readonly pool: string;
  readonly clock: Clock;
  readonly events: EventSink;
}

/**
 * Follows a socket that is being opened.
 * @returns publishes its end
 */
export function publishEnd(socket: Socket, origin: string, { pool, clock, events }: SocketEventContext): () => void {
  const createdAt = clock.now();
  const about = { pool, origin, address: addressOf(socket)?.name };
  let connectedAt: number | undefined;
  let code: string | undefined;
  socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
    if (!socket.destroyed) connectedAt = clock.now(); // a guard may have refused the address by now
  });
  socket.once('error', (error: NodeJS.ErrnoException) => (code = error.code ?? error.name));
  return () => {
    const now = clock.now();
    if (connectedAt === undefined) {
      if (events.wants('socket:fail')) events.publish('socket:fail', { ...about, afterMs: now - createdAt, code });
    } else if (events.wants('socket:close')) {
      const requests = timesReused(socket) + 1;
      events.publish('socket:close', { ...about, openMs: now - connectedAt, requests, code });
    }
  };
}
