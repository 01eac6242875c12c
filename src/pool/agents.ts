import agentkeepalive from 'agentkeepalive';
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.js';
import type { Sharing } from '../base/slots.js';
import { shadowInherited, withoutPrototype } from '../base/prototype-pollution.js';
import { type AddressGuard, AddressRefusal } from '../guard/address-guard.js';
import type { ResolvedPoolOptions } from '../options/resolve-options.js';
import { ADDRESS, addressOf } from './addresses/address.js';
import { keepInLane } from './fast-lane.js';
import type { TlsMaterial } from './tls-files.js';

const IDLE_SINCE = Symbol('idle since');
const OPENED_WITH = Symbol('TLS material');
type IdleSocket = Socket & { [IDLE_SINCE]?: number; [OPENED_WITH]?: TlsMaterial | undefined };

/** Whether a socket was opened with other certificates than those that are used by now. */
export function isOutdated(socket: Socket, { tls }: Pick<AgentSettings, 'tls'>): boolean {
  const openedWith = (socket as IdleSocket)[OPENED_WITH];
  return openedWith !== undefined && openedWith !== tls.current;
}

/** Notes when a socket was given back to its agent: the last time that its peer was heard from. */
function noteIdle(socket: Socket, now: number): void {
  (socket as IdleSocket)[IDLE_SINCE] = now;
}

/** When a socket became idle last, on the pool's clock; -Infinity for one that never was. */
export function idleSince(socket: Socket): number {
  return (socket as IdleSocket)[IDLE_SINCE] ?? -Infinity;
}

/** Time the close of an idle socket may be under way before we stop using it (Node's own agent takes the same). */
const CLOSE_TRAVEL_MS = 1_000;

const TIMEOUT = /(?:^|[,\s])timeout=(\d+)/i;
/** The last header and what it says: servers say the same of all sockets. */
let lastHeader: string | undefined;
let lastHint: number | undefined;

/**
 * How long a socket may stay idle, given the `Keep-Alive` response header (RFC 9112 §9.3, `timeout` in seconds, from
 * draft-thomson-hybi-http-timeout). 0 means: do not keep it.
 */
export function idleAllowance(keepAliveHeader: string | undefined, idleMs: number): number {
  if (keepAliveHeader === undefined) return idleMs;
  if (keepAliveHeader !== lastHeader) {
    const hint = TIMEOUT.exec(keepAliveHeader)?.[1];
    lastHint = hint === undefined ? undefined : Number(hint) * 1_000 - CLOSE_TRAVEL_MS;
    lastHeader = keepAliveHeader;
  }
  return lastHint === undefined ? idleMs : Math.max(0, Math.min(idleMs, lastHint));
}

const SOCKET_CREATED_TIME: unique symbol = agentkeepalive.constants.SOCKET_CREATED_TIME as never;

/** Key of an agent's function: whether a socket of its may be given to a request while others use it. */
const MAY_SHARE = Symbol('may share');

/** Whether a socket of an agent may be given to a request while others use it: it would not be kept once it is too old, say. */
export function mayShare(agent: Agent, socket: Socket): boolean {
  return (agent as unknown as { [MAY_SHARE]: (socket: Socket) => boolean })[MAY_SHARE](socket);
}

/** ±10 % of the maximum age, so that sockets opened together do not all reconnect together. */
const AGE_SPREAD = 0.1;

/** What an agent tells, and asks, the pool that owns it. */
export interface AgentOwner {
  /** A socket is about to be opened. */
  opening(target: SocketTarget, protocol: string): void;
  /**
   * There is a socket, maybe not connected yet.
   * @param startedAt when it was asked for, on the clock
   */
  opened(socket: Socket, target: SocketTarget, protocol: string, startedAt: number): void;
  /** Whether a socket whose response has ended may wait for the next request. */
  keepsSocket(socket: Socket): boolean;
  /** From now on, requests may share sockets. */
  shares(sharing: Sharing): void;
  /** What `Sharing` says of an origin has changed. */
  sharingChanged(origin: string): void;
}

/** Where a socket leads, as Node's Agent describes it to `createConnection`. */
export interface SocketTarget {
  host?: string | null;
  port?: number | string | null;
  socketPath?: string | null;
  /** The agent's key for the sockets that may be exchanged for this one. */
  _agentKey?: string;
}

/** Members of agents and sockets that agentkeepalive documents or Node sets, but their types leave out. */
export interface AgentInternals {
  removeSocket(socket: Socket, target: SocketTarget): void;
  createSocket(request: ClientRequest, options: SocketTarget, callback: unknown): void;
  createConnection(target: SocketTarget, callback: (error: unknown, socket?: Socket) => void): Socket | undefined;
  keepSocketAlive(socket: PooledSocket): boolean;
}
export interface PooledSocket extends Socket {
  /** agentkeepalive: overrides the agent's option for this socket. */
  freeSocketTimeout?: number;
  /** agentkeepalive: milliseconds since the epoch. */
  [SOCKET_CREATED_TIME]?: number;
  _httpMessage?: (ClientRequest & { res?: IncomingMessage }) | null;
}

export interface AgentSettings {
  readonly pool: ResolvedPoolOptions;
  /** For https. What is current may change. */
  readonly tls: { readonly current: TlsMaterial };
  /** What may be connected to; undefined: anything. */
  readonly addressGuard?: AddressGuard | undefined;
  readonly clock: Clock;
  /** A number from 0 to 1, as `Math.random`. */
  readonly random: () => number;
}

/** The options of agentkeepalive's agents, which nothing on `Object.prototype` adds to. */
export function agentOptions({ pool }: AgentSettings) {
  return withoutPrototype({
    keepAlive: true,
    maxSockets: pool.maxSockets,
    maxFreeSockets: pool.maxFreeSockets,
    scheduling: pool.scheduling,
    freeSocketTimeout: pool.idleMs,
    socketActiveTTL: pool.maxAgeMs || 0,
    // agentkeepalive would cut sockets in use after 8 s of silence; how long to wait for an answer is the call's to say.
    timeout: 0,
  });
}

/**
 * Nobody is to take for an answer what an upstream sends while nothing is asked of it (RFC 9112 §9.2). Node would drop it and keep the
 * socket, and with it the rest of what is then no longer in step.
 */
function closeIfUnasked(this: PooledSocket): void {
  if (!this._httpMessage) this.destroy();
}

/** Makes an agent report its sockets to its owner, and obey it and the servers in what it keeps. */
export function adopt(agent: Agent, protocol: string, settings: AgentSettings, owner: AgentOwner): void {
  const { pool, clock, random } = settings;
  const internals = agent as unknown as AgentInternals;
  const createSocket = internals.createSocket.bind(agent);
  const createConnection = internals.createConnection.bind(agent);
  const keepSocketAlive = internals.keepSocketAlive.bind(agent);
  const opened = (socket: PooledSocket, target: SocketTarget, startedAt: number) => {
    owner.opened(socket, target, protocol, startedAt);
    socket.on('data', closeIfUnasked);
    if (pool.maxAgeMs === false) return;
    // agentkeepalive knows one age for all sockets; shifting the birth of each gives it its own.
    socket[SOCKET_CREATED_TIME]! += (random() * 2 - 1) * AGE_SPREAD * pool.maxAgeMs;
  };
  const mayBeUsed = (socket: PooledSocket) => !isOutdated(socket, settings) && !addressOf(socket)?.isGone;
  const isOld = ({ [SOCKET_CREATED_TIME]: createdAt = 0 }: PooledSocket) =>
    pool.maxAgeMs !== false && Date.now() - createdAt >= pool.maxAgeMs;
  /** How long one whose response has ended may stay idle, but for its age; 0: it is not kept. */
  const idleMsOf = (socket: PooledSocket) => {
    if (!owner.keepsSocket(socket) || !mayBeUsed(socket)) return 0;
    const hint: string | string[] | undefined = socket._httpMessage?.res?.headers['keep-alive'];
    return idleAllowance(hint?.toString(), pool.idleMs);
  };
  Object.assign(agent, {
    [MAY_SHARE]: (socket: PooledSocket) => !isOld(socket) && mayBeUsed(socket),
    createSocket(request, options, callback) {
      owner.opening(options, protocol);
      createSocket(request, options, callback);
    },
    createConnection(target, callback) {
      const startedAt = clock.now();
      const openedWith = protocol === 'https:' ? settings.tls.current : undefined;
      const address = addressOf(target);
      address?.aim(target);
      let known = false; // agentkeepalive hands a socket over by callback, by return, or both ways
      const tell = (socket: Socket | undefined) => {
        if (socket && !known) {
          (socket as IdleSocket)[OPENED_WITH] = openedWith;
          if (address) Object.assign(socket, { [ADDRESS]: address });
          opened(socket, target, startedAt);
        }
        known ||= socket !== undefined;
      };
      const socket = createConnection(shadowInherited(target), (error, handedOver) => {
        tell(handedOver);
        callback(error, handedOver);
      });
      tell(socket);
      return socket;
    },
    keepSocketAlive(socket) {
      const idleMs = idleMsOf(socket);
      if (idleMs === 0) return false;
      socket.freeSocketTimeout = idleMs;
      return keepSocketAlive(socket);
    },
  } satisfies Omit<AgentInternals, 'removeSocket'> & { [MAY_SHARE]: unknown });
  // agentkeepalive's listener, which has just run, limits the silence of every freed socket to the idle time: also of
  // one that Node has handed to a queued request, which would then be cut. Node sets _httpMessage of idle ones to null; it is undefined where
  // the request that the socket was opened for was given up before it had it.
  // https://github.com/node-modules/agentkeepalive/issues/106
  agent.on('free', (socket: PooledSocket) => {
    if (socket._httpMessage === null) noteIdle(socket, clock.now());
    else socket.setTimeout(0);
  });
  keepInLane(agent, {
    now: () => clock.now(),
    idleMs: (socket: PooledSocket) => (isOld(socket) ? 0 : idleMsOf(socket)),
    noteIdle,
  });
}

/**
 * Has an agent connect only where its guard lets it: the host and port asked for, each address that DNS has for it, and the
 * address that the socket is connected to in the end, before anything is sent.
 * @throws AddressRefusal as the error of the request
 */
export function guardConnections(agent: Agent, guard: AddressGuard): void {
  const internals = agent as unknown as AgentInternals;
  const createConnection = internals.createConnection.bind(agent);
  internals.createConnection = (target, callback) => {
    const rule = guard.judgeTarget(target);
    if (rule !== undefined) {
      callback(new AddressRefusal(rule));
      return undefined;
    }
    // The agent's own copy of the options; whatever look-up the request brought is not asked. A chosen address has been judged.
    if (!addressOf(target)) Object.assign(target, { lookup: guard.lookup });
    const socket = createConnection(target, callback);
    // First: TLS and HTTP send what they have to send when they hear of the same event.
    socket?.prependOnceListener('connect', () => judgeConnected(socket, target, guard));
    return socket;
  };
}

/** In case it is not what the look-up has let through. */
function judgeConnected(socket: Socket, { host }: SocketTarget, guard: AddressGuard): void {
  const { remoteAddress } = socket;
  // The other side is gone already.
  if (remoteAddress === undefined) {
    socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    return;
  }
  const rule = guard.judgeAddress(host ?? 'localhost', remoteAddress);
  if (rule !== undefined) socket.destroy(new AddressRefusal(rule));
}
