import { isIP, type Socket } from 'node:net';
import type { Clock } from '../base/clock.js';
import { rounded } from '../base/timings.js';
import type { SocketTarget } from './agents.js';

/** When each step of the opening of a socket was done, on the pool's clock; undefined: not yet, or never. */
export interface SocketOpening {
  readonly startedAt: number;
  /** The host's address was known: at the start for an address and for the path of a socket; undefined for a tunnel. */
  readonly lookedUpAt: number | undefined;
  readonly connectedAt: number | undefined;
  readonly securedAt: number | undefined;
  readonly isTls: boolean;
  /** The address that it is connected to; undefined for the path of a socket. */
  readonly peer: string | undefined;
}

/** The steps as durations, in milliseconds, to the microsecond; undefined: not come to, or over before. */
export interface OpeningTimes {
  readonly dnsMs: number | undefined;
  readonly connectMs: number | undefined;
  readonly tlsMs: number | undefined;
}

const OPENING = Symbol('opening');
type OpenedSocket = Socket & { [OPENING]?: SocketOpening };

/** How a pooled socket was opened; undefined for others. */
export function openingOf(socket: Socket): SocketOpening | undefined {
  return (socket as OpenedSocket)[OPENING];
}

/**
 * Notes the steps of a socket's opening as they are done.
 * @param startedAt when the socket was asked for
 * @param onOpen called once it is connected, its TLS handshake done where it has one
 */
export function recordOpening(
  socket: Socket,
  { host, socketPath }: SocketTarget,
  startedAt: number,
  clock: Clock,
  onOpen: (opening: SocketOpening) => void,
): void {
  const { connecting } = socket;
  const isTls = 'encrypted' in socket;
  const isAddress = Boolean(socketPath) || isIP(host ?? '') !== 0;
  const opening = {
    startedAt,
    lookedUpAt: connecting && isAddress ? startedAt : undefined,
    connectedAt: connecting ? undefined : clock.now(),
    securedAt: undefined as number | undefined,
    isTls,
    peer: connecting ? undefined : socket.remoteAddress,
  };
  (socket as OpenedSocket)[OPENING] = opening;
  // Of several addresses, each is told of.
  if (connecting && !isAddress) socket.once('lookup', () => (opening.lookedUpAt = clock.now()));
  if (connecting) {
    socket.once('connect', () => {
      opening.connectedAt = clock.now();
      opening.peer = socket.remoteAddress; // a socket that is closed does not know it any more
      if (!isTls && !socket.destroyed) onOpen(opening);
    });
  }
  if (isTls) {
    socket.once('secureConnect', () => {
      opening.securedAt = clock.now();
      if (!socket.destroyed) onOpen(opening);
    });
  }
}

/**
 * How long each step took within a time: who gets a socket that was being opened already has not waited for all of it. A step that is not
 * done yet has its time until then.
 */
export function openingTimes(opening: SocketOpening, from = opening.startedAt, until = Infinity): OpeningTimes {
  const { startedAt, lookedUpAt, connectedAt, securedAt, isTls } = opening;
  const isTunnel = lookedUpAt === undefined && connectedAt !== undefined;
  const within = (begin: number | undefined, end = until): number | undefined => {
    if (begin === undefined || end < from || end === Infinity) return undefined;
    return rounded(Math.max(0, end - Math.max(begin, from)));
  };
  return {
    dnsMs: isTunnel ? undefined : within(startedAt, lookedUpAt),
    connectMs: within(isTunnel ? startedAt : lookedUpAt, connectedAt),
    tlsMs: isTls ? within(connectedAt, securedAt) : undefined,
  };
}

/** Calls back once a socket is connected, its TLS handshake done where it has one: at once where that is so. */
export function whenConnected(socket: Socket, callback: () => void): void {
  if (isConnected(socket)) callback();
  else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', callback);
}

/**
 * Until its TLS handshake is done, a socket does not know which protocol it is for; `false` then means that there was no choice. One in a tunnel is not
 * `connecting` meanwhile, and one that a mock made may not know of any.
 */
export function isConnected(socket: Socket & { readonly alpnProtocol?: string | false | null }): boolean {
  return !socket.connecting && (!('encrypted' in socket) || socket.alpnProtocol !== null);
}
