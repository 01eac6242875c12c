import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import type { EventSink } from '../observability/http-client-events.js';
import { timesReused } from './times-reused.js';

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
  let connectedAt: number | undefined;
  let code: string | undefined;
  socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
    if (!socket.destroyed) connectedAt = clock.now(); // a guard may have refused the address by now
  });
  socket.once('error', (error: NodeJS.ErrnoException) => (code = error.code ?? error.name));
  return () => {
    const now = clock.now();
    if (connectedAt === undefined) {
      if (events.wants('socket:fail')) events.publish('socket:fail', { pool, origin, afterMs: now - createdAt, code });
    } else if (events.wants('socket:close')) {
      const requests = timesReused(socket) + 1;
      events.publish('socket:close', { pool, origin, openMs: now - connectedAt, requests, code });
    }
  };
}
