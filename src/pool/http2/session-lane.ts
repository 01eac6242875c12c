import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.js';
import { type Http2Module, PooledSession, type SessionOwner, sessionOn } from './session.js';
import { isConnected } from '../socket-opening.js';
import { SocketRequest } from './socket-request.js';

/** Who wants a stream. */
export interface StreamUser {
  /** There is a socket on the way, which may become the session that it gets. */
  opening(socket: Socket): void;
  /** A stream of this session is promised to it: it has to give it back. */
  gotStream(session: PooledSession): void;
  /** The upstream speaks HTTP/1.1: the socket is all its own. */
  gotSocket(socket: Socket, isReused: boolean): void;
  /** There is no connection. */
  failed(error: unknown): void;
}

/** What is known of an origin's protocol, and who shares its sockets. */
export interface OriginProtocol {
  /** Streams that a session has room for; 1 for HTTP/1.1; undefined: nothing was heard yet. */
  perSocket: number | undefined;
  /** Sessions with streams, and sockets being opened for some. */
  inUse: number;
  /** Lanes to it where somebody waits for a session that may not be opened now. */
  readonly short: Set<SessionLane>;
}

export interface LaneSettings {
  readonly http2: Http2Module;
  readonly clock: Clock;
  readonly agent: Agent;
  /** Whether only HTTP/2 will do. */
  readonly isRequired: boolean;
  readonly maxHeaderBytes: number;
  /** Sessions at once to the origin, in all lanes together. A lane without any gets one all the same. */
  readonly maxSockets: number;
  readonly protocolOf: () => OriginProtocol;
  /** Called when what `protocolOf` says has changed. */
  readonly protocolChanged: () => void;
  /** Whether requests may be given a socket that others use. */
  readonly mayShare: (socket: Socket) => boolean;
  /** `https://host:port`: Node wants one. */
  readonly authority: string;
  /** The Host header of its requests. */
  readonly host: string | undefined;
  /** What the agent is to open; made anew each time. */
  readonly optionsOf: () => object;
}

interface RequestingAgent {
  addRequest(request: SocketRequest, options: object): void;
}

/**
 * The sessions to one place: requests in one lane may share them. Those with streams are here, idle ones are in the agent, which keeps and closes them as it does
 * all sockets. A stream goes to the session with the most streams that has room, so that the others become idle.
 */
export class SessionLane implements SessionOwner {
  readonly #settings: LaneSettings;
  readonly #sessions = new Set<PooledSession>();
  /** Sockets that are asked for, until there is a session on them. */
  readonly #openings = new Set<SocketRequest>();
  readonly #waiting = new Set<StreamUser>();
  #inUse = 0;

  constructor(settings: LaneSettings) {
    this.#settings = settings;
  }

  /** Whether nobody uses it. */
  get isUnused(): boolean {
    return this.#sessions.size + this.#openings.size + this.#waiting.size === 0;
  }

  /** Gives a stream, at once where there is a session with room, idle ones included. */
  take(user: StreamUser): void {
    const session = this.#sessionWithRoom();
    if (session) {
      session.take();
      user.gotStream(session);
      return;
    }
    this.#waiting.add(user);
    this.#openMore();
  }

  /** Does not wait any longer. Nobody does: what is being opened is given up. */
  leave(user: StreamUser, error: Error | undefined): void {
    if (!this.#waiting.delete(user) || this.#waiting.size > 0) return;
    this.#settings.protocolOf().short.delete(this);
    for (const request of this.#openings) {
      this.#openings.delete(request);
      request.destroy(error);
    }
    for (const session of this.#sessions) if (session.streams === 0) this.becameIdle(session); // it had no room, or is in doubt
    this.#recount();
  }

  #sessionWithRoom(): PooledSession | undefined {
    let best: PooledSession | undefined;
    for (const session of this.#sessions) {
      if (!session.hasRoom) continue;
      if (session.hasAnswered && !this.#settings.mayShare(session.socket)) session.retire();
      else if (session.isInDoubt) session.probe();
      else if (!best || session.streams > best.streams) best = session;
    }
    return best;
  }

  #openMore(): void {
    while (this.#waiting.size > this.#roomSoon() && this.#mayOpen()) this.#open();
    const { short } = this.#settings.protocolOf();
    if (this.#waiting.size > this.#roomSoon()) short.add(this);
    else short.delete(this);
  }

  /** Whoever does not know the protocol waits until the first has found out. */
  #roomSoon(): number {
    const { perSocket = Infinity } = this.#settings.protocolOf();
    let room = this.#openings.size === 0 ? 0 : this.#openings.size * perSocket;
    for (const session of this.#sessions) room += session.roomSoon;
    return room;
  }

  /** Sessions that are about to end count half: a peer that asks for new ones must get one, but not any number. */
  #mayOpen(): boolean {
    const { maxSockets, protocolOf } = this.#settings;
    const own = this.#openings.size + this.#sessions.size;
    let usable = this.#openings.size;
    for (const session of this.#sessions) if (session.isUsable) usable++;
    const ofOrigin = protocolOf().inUse - own + usable;
    return (ofOrigin < maxSockets || usable === 0) && own < 2 * maxSockets;
  }

  #open(): void {
    const { agent, host, optionsOf } = this.#settings;
    const request = new SocketRequest(this, host);
    this.#openings.add(request);
    this.#recount();
    (agent as unknown as RequestingAgent).addRequest(request, optionsOf());
  }

  gotSocket(request: SocketRequest, socket: Socket): void {
    const session = sessionOn(socket);
    if (session) this.#gotIdleSession(request, session);
    else if (isConnected(socket)) this.#connected(request, socket);
    else {
      for (const user of this.#waiting) user.opening(socket);
      const failed = (error?: Error) => this.failed(request, error ?? lost());
      socket.once('error', failed);
      socket.once('close', failed);
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
        socket.off('error', failed);
        socket.off('close', failed);
        if (socket.destroyed)
          socket.once('error', failed).once('close', failed); // the guard has refused it
        else this.#connected(request, socket);
      });
    }
  }

  #gotIdleSession(request: SocketRequest, session: PooledSession): void {
    this.#openings.delete(request);
    if (session.isUsable) {
      session.holder = request;
      session.owner = this;
      this.#sessions.add(session);
      if (session.isInDoubt) session.probe();
    } else session.socket.destroy();
    this.#recount();
    this.#serve();
  }

  #connected(request: SocketRequest, socket: Socket): void {
    if (request.destroyed) return;
    const { isRequired } = this.#settings;
    const isTls = 'encrypted' in socket;
    const isHttp2 = isTls ? (socket as { alpnProtocol?: unknown }).alpnProtocol === 'h2' : isRequired;
    if (isHttp2) this.#openSession(request, socket);
    else if (isRequired) this.failed(request, notOffered());
    else this.#gotHttp1(request, socket);
  }

  #openSession(request: SocketRequest, socket: Socket): void {
    const { authority, http2, clock, maxHeaderBytes } = this.#settings;
    try {
      const session = new PooledSession(socket, authority, this, { http2, clock, maxHeaderBytes });
      session.holder = request;
    } catch (error) {
      request.destroy(error as Error);
      this.failed(request, error);
    }
  }

  #gotHttp1(request: SocketRequest, socket: Socket): void {
    this.#openings.delete(request);
    this.#settings.protocolOf().perSocket = 1;
    const [user] = this.#waiting;
    if (user) {
      this.#waiting.delete(user);
      user.gotSocket(socket, request.reusedSocket);
    } else socket.emit('free');
    this.#recount();
    this.#settings.protocolChanged();
    this.#openMore();
  }

  failed(request: SocketRequest, error: unknown): void {
    const openings = this.#openings.size;
    if (!this.#openings.delete(request)) return;
    request.destroy();
    const users = [...this.#waiting].slice(0, Math.ceil(this.#waiting.size / openings));
    for (const user of users) this.#waiting.delete(user);
    this.#recount();
    for (const user of users) user.failed(error);
    this.#openMore();
  }

  // From its sessions:

  hasRoom(session: PooledSession): void {
    if (session.holder && this.#openings.delete(session.holder)) this.#sessions.add(session);
    this.#serve();
    if (session.streams === 0 && session.isUsable) this.becameIdle(session);
  }

  limitChanged(session: PooledSession): void {
    const { protocolOf, protocolChanged } = this.#settings;
    protocolOf().perSocket = Math.max(1, session.limit);
    if (session.holder && this.#openings.delete(session.holder)) this.#sessions.add(session);
    this.#recount();
    protocolChanged();
  }

  becameIdle(session: PooledSession): void {
    const { socket } = session;
    if (!this.#sessions.delete(session)) return;
    const { mayShare, maxSockets, protocolOf } = this.#settings;
    const isKept = session.isUsable && mayShare(socket) && protocolOf().inUse <= maxSockets;
    session.holder = undefined;
    if (isKept) socket.emit('free');
    else socket.destroy();
    this.#recount();
    this.#openMore();
  }

  retired(session: PooledSession): void {
    if (!this.#sessions.has(session)) {
      const isIdle = !session.holder || !this.#openings.has(session.holder);
      if (isIdle) session.leave();
      return;
    }
    this.#openMore();
  }

  gone(session: PooledSession, error: Error | undefined): void {
    const { holder } = session;
    if (holder && this.#openings.has(holder)) {
      this.failed(holder, error ?? lost());
      return;
    }
    if (!this.#sessions.delete(session)) return;
    this.#recount();
    const now = this.#settings.clock.now();
    if (error) for (const other of this.#sessions) other.suspect(now);
    this.#openMore();
  }

  #serve(): void {
    while (this.#waiting.size > 0) {
      const session = this.#sessionWithRoom();
      if (!session) break;
      const [user] = this.#waiting as Set<StreamUser> & [StreamUser];
      this.#waiting.delete(user);
      session.take();
      user.gotStream(session);
    }
    this.#openMore();
  }

  #recount(): void {
    const inUse = this.#sessions.size + this.#openings.size;
    if (inUse === this.#inUse) return;
    const { protocolOf, protocolChanged } = this.#settings;
    const protocol = protocolOf();
    protocol.inUse += inUse - this.#inUse;
    const isLess = inUse < this.#inUse;
    this.#inUse = inUse;
    if (!isLess) return;
    protocolChanged();
    for (const lane of protocol.short) if (lane !== this) lane.#openMore();
  }
}

function lost(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
}

function notOffered(): Error {
  const message =
    "the upstream does not offer HTTP/2 (ALPN); http2: true falls back to HTTP/1.1, 'prior-knowledge' does not";
  return Object.assign(new Error(message), { code: 'ERR_HTTP2_NOT_OFFERED' });
}
