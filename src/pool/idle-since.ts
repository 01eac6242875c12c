import type { Socket } from 'node:net';

const IDLE_SINCE = Symbol('idle since');
type PooledSocket = Socket & { [IDLE_SINCE]?: number };

/** Notes when a socket was given back to its agent: the last time that its peer was heard from. */
export function noteIdle(socket: Socket, now: number): void {
  (socket as PooledSocket)[IDLE_SINCE] = now;
}

/** When a socket became idle last, on the pool's clock; -Infinity for one that never was. */
export function idleSince(socket: Socket): number {
  return (socket as PooledSocket)[IDLE_SINCE] ?? -Infinity;
}
