import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** Calls back once a socket is connected, its TLS handshake done where it has one: at once where that is so. */
export function whenConnected(socket: Socket, callback: () => void): void {
  if (isConnected(socket)) callback();
  else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', callback);
}

/** A socket whose TLS handshake is not done has no protocol yet. One that a mock made may not know of any. */
function isConnected(socket: Socket): boolean {
  return !socket.connecting && (!('encrypted' in socket) || (socket as Partial<TLSSocket>).getProtocol?.() !== null);
}
