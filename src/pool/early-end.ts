import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.js';
import { idleSince, type PooledSocket } from './agents.js';

/** A socket that its peer ends within this time after a response, ends because of it. */
const EARLY_MS = 1_000;

const closedByUs = new WeakSet<Socket>();

/** Closes an idle socket, which is not its peer's doing. */
export function closeIdleSocket(socket: Socket): void {
  closedByUs.add(socket);
  socket.destroy();
}

/**
 * Watches for the end of a socket by its peer: soon after an answer on it, without having said that it would.
 * @param tell may be called more than once
 */
export function watchEarlyEnd(socket: Socket, clock: Clock, tell: () => void): void {
  const ended = () => {
    if (sinceAnswer(socket, clock.now()) < EARLY_MS) tell();
  };
  socket.on('timeout', () => closedByUs.add(socket)); // agentkeepalive's, for idle ones, which closes them
  socket.once('end', ended);
  socket.once('close', () => {
    if (wasEndedIdle(socket)) ended();
  });
  socket.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'ECONNRESET' || code === 'EPIPE') ended();
  });
}

/** Whether a socket that has closed lay idle, and nobody here has closed it: from Node 24 on, that is all that is heard of its peer's end. */
function wasEndedIdle(socket: PooledSocket): boolean {
  return !closedByUs.has(socket) && !socket._httpMessage;
}

/**
 * How long ago the last answer on a socket was over, where its peer has not said that it will end the socket; Infinity while one is under
 * way. A request without an answer may not have reached its peer.
 */
function sinceAnswer(socket: PooledSocket, now: number): number {
  const { _httpMessage: request } = socket;
  if (!request?.res) return now - idleSince(socket);
  return request.res.complete && request.shouldKeepAlive ? 0 : Infinity; // not yet given back to its agent
}
