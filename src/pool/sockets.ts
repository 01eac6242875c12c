import agentkeepalive from 'agentkeepalive';
import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.js';
import type { Slots } from '../base/slots.js';
import type { EventSink } from '../call/event-sink.js';
import { type Address, addressOf } from './addresses/address.js';
import type { Addresses, AddressStats } from './addresses/addresses.js';
import type { SocketTarget } from './agents.js';
import { watchEarlyEnd } from './early-end.js';
import type { PoolState } from './in-flight.js';
import type { TlsFilesState } from './tls-rotation.js';

/** Sockets of one origin, or of all. `active`, `idle` and `queued` are now; the others count since the pool opened. */
export interface SocketStats {
  /** Sockets that carry a request, or connect for one. */
  readonly active: number;
  /** Open sockets that wait for a request. */
  readonly idle: number;
  /** Requests that wait for a socket. */
  readonly queued: number;
  /** Sockets opened, those that failed to connect included. */
  readonly created: number;
  /** Requests sent on a socket that had carried another before. */
  readonly reused: number;
  /** Sockets closed, by either side. */
  readonly closed: number;
  /** Sockets cut because a request ran out of time. */
  readonly timedOut: number;
  /** Sockets that failed: refused, reset, bad TLS. */
  readonly errors: number;
}

/** Sockets of one origin. */
export interface OriginStats extends SocketStats {
  /** Address → requests to it, for an origin with `addresses`; absent for others. */
  readonly addresses?: Readonly<Record<string, AddressStats>>;
}

/** A snapshot, safe to keep and to serialise. */
export interface PoolStats {
  /** Tells pools apart in logs. */
  readonly id: string;
  /** Whether it is open, draining or closed. */
  readonly state: PoolState;
  /** Calls admitted whose response body has not ended. */
  readonly inFlight: number;
  /** Of `tls.files`; absent without. */
  readonly tlsFiles?: TlsFilesState;
  /** All origins together, also those no longer listed. */
  readonly total: SocketStats;
  /** Origin → its sockets. The 1000 that last opened a socket, and all that have one open. */
  readonly origins: Readonly<Record<string, OriginStats>>;
}

const SOCKET_REQUEST_COUNT: unique symbol = agentkeepalive.constants.SOCKET_REQUEST_COUNT as never;

/**
 * Requests that a pooled socket was given after its first. Node's `request.reusedSocket` leaves out those that were handed
 * a socket from the queue; agentkeepalive's own count does not.
 */
export function timesReused(socket: Socket): number {
  const requests = (socket as Socket & { [SOCKET_REQUEST_COUNT]?: number })[SOCKET_REQUEST_COUNT];
  return requests === undefined ? 0 : requests - 1;
}

/** Counts a request that shares a socket which an agent has handed to another. */
export function countSharing(socket: Socket): void {
  const counted = socket as Socket & { [SOCKET_REQUEST_COUNT]?: number };
  counted[SOCKET_REQUEST_COUNT] = (counted[SOCKET_REQUEST_COUNT] ?? 1) + 1;
}

interface SocketEventContext {
  /** The pool's id. */
  readonly pool: string;
  readonly clock: Clock;
  readonly events: EventSink;
}

/**
 * Follows a socket that is being opened.
 * @returns publishes its end
 */
function publishEnd(socket: Socket, origin: string, { pool, clock, events }: SocketEventContext): () => void {
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

/** Origins whose counters are kept; beyond it, the longest unused one without an open socket is forgotten. */
const MAX_ORIGINS = 1_000;

/** What is known of the peer of an origin, or of one of its addresses. Times are on the pool's clock. */
interface Peer {
  /** When it was last found to be gone. */
  lostAt: number;
  /** When it last ended a socket soon after a response. */
  endedEarlyAt: number;
}

interface Origin {
  readonly sockets: Set<Socket>;
  readonly counters: Counters;
  /** Of sockets whose address was not chosen. */
  readonly peer: Peer;
}

/** For how long a peer that has ended a socket early is expected to do so again: a server that was restarting does not. */
const EARLY_MEMORY_MS = 10_000;

type Counters = { -readonly [Name in 'created' | 'reused' | 'closed' | 'timedOut' | 'errors']: number };

const NO_SOCKETS: ReadonlySet<Socket> = new Set();
const noCounters = (): Counters => ({ created: 0, reused: 0, closed: 0, timedOut: 0, errors: 0 });
const newPeer = (): Peer => ({ lostAt: -Infinity, endedEarlyAt: -Infinity });
const newOrigin = (): Origin => ({ sockets: new Set(), counters: noCounters(), peer: newPeer() });

/** Sockets that hold a file descriptor. */
export function openOf(sockets: Iterable<Socket>): number {
  let count = 0;
  for (const { destroyed } of sockets) if (!destroyed) count++;
  return count;
}

/** Counts the sockets of a pool by origin, from their opening to their close. */
export class SocketLedger {
  /** Origin → what became of its sockets, the one with the newest socket last. */
  readonly #origins = new Map<string, Origin>();
  readonly #total = noCounters();
  readonly #open = new Map<Socket, Origin>();
  readonly #peers = new WeakMap<Address, Peer>();
  readonly #onAllClosed: (() => void)[] = [];
  readonly #context: SocketEventContext;

  constructor(context: SocketEventContext) {
    this.#context = context;
  }

  /** Sockets that hold a file descriptor. */
  get openCount(): number {
    return openOf(this.#open.keys());
  }

  /** The open sockets of each origin that has any. */
  *openByOrigin(): Iterable<ReadonlySet<Socket>> {
    for (const { sockets } of this.#origins.values()) if (sockets.size > 0) yield sockets;
  }

  get closedCount(): number {
    return this.#total.closed;
  }

  opened(socket: Socket, target: SocketTarget, protocol: string): void {
    const address = originOf(target, protocol);
    const origin = this.#touch(address);
    const count = (name: keyof Counters, by = 1) => {
      origin.counters[name] += by;
      this.#total[name] += by;
    };
    origin.sockets.add(socket);
    this.#open.set(socket, origin);
    count('created');
    const ended = publishEnd(socket, address, this.#context);
    const peer = this.#peerOf(origin, addressOf(socket));
    watchEarlyEnd(socket, this.#context.clock, () => (peer.endedEarlyAt = this.#context.clock.now()));
    socket.on('error', (error) => {
      const outcome = outcomeOf(error);
      if (outcome) count(outcome);
    });
    const gone = () => {
      if (!this.#open.delete(socket)) return;
      origin.sockets.delete(socket);
      ended();
      count('closed');
      count('reused', timesReused(socket));
      if (this.#open.size === 0) for (const resolve of this.#onAllClosed.splice(0)) resolve();
    };
    socket.once('close', gone);
    socket.once('agentRemove', gone); // upgraded: it is no longer HTTP's, nor the pool's
  }

  /** Open sockets to an origin. */
  socketsOf(origin: string): ReadonlySet<Socket> {
    return this.#origins.get(origin)?.sockets ?? NO_SOCKETS;
  }

  /**
   * Whether the peer of an idle socket ends sockets soon after a response, without saying so: it may have ended this one, too, and what it has
   * sent is still under way.
   */
  endsEarly(socket: Socket): boolean {
    const origin = this.#open.get(socket);
    if (!origin) return false;
    return this.#context.clock.now() - this.#peerOf(origin, addressOf(socket)).endedEarlyAt < EARLY_MEMORY_MS;
  }

  /**
   * The peer of an origin, or of one of its addresses, seems to be gone.
   * @param sentAt when the request was sent that found out
   * @returns whether that is news: not for a request that was under way already when it was found out last
   */
  lost(origin: string, address: Address | undefined, sentAt: number): boolean {
    const known = this.#origins.get(origin);
    if (!known) return true;
    const peer = this.#peerOf(known, address);
    const isNews = sentAt >= peer.lostAt;
    if (isNews) peer.lostAt = this.#context.clock.now();
    return isNews;
  }

  #peerOf(origin: Origin, address: Address | undefined): Peer {
    if (!address) return origin.peer;
    const peer = this.#peers.get(address) ?? newPeer();
    this.#peers.set(address, peer);
    return peer;
  }

  /** Resolves when no socket is open. */
  whenAllClosed(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onAllClosed.push(resolve));
  }

  /**
   * @param agents those whose sockets this ledger was told of
   * @param slots who waits for a socket
   */
  snapshot(agents: readonly Agent[], slots: Slots, addresses: Addresses): Pick<PoolStats, 'total' | 'origins'> {
    const idle = new Set(
      agents.flatMap((agent) => Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])),
    );
    const total = { active: 0, idle: 0, queued: 0, ...this.#total };
    const origins: Record<string, OriginStats> = {};
    for (const name of new Set([...this.#origins.keys(), ...slots.queuedKeys, ...addresses.origins])) {
      const { sockets, counters } = this.#origins.get(name) ?? newOrigin();
      const stats = { active: 0, idle: 0, queued: slots.queued(name), ...counters };
      for (const socket of sockets) {
        if (!socket.destroyed) stats[idle.has(socket) ? 'idle' : 'active']++; // else its descriptor is free already
        stats.reused += timesReused(socket);
        total.reused += timesReused(socket);
      }
      const ofAddresses = addresses.statsOf(name);
      origins[name] = ofAddresses ? { ...stats, addresses: ofAddresses } : stats;
      total.active += stats.active;
      total.idle += stats.idle;
      total.queued += stats.queued;
    }
    return { total, origins };
  }

  #touch(name: string): Origin {
    const origin = this.#origins.get(name) ?? newOrigin();
    this.#origins.delete(name);
    this.#origins.set(name, origin);
    if (this.#origins.size > MAX_ORIGINS) this.#forgetOldest(origin);
    return origin;
  }

  #forgetOldest(newest: Origin): void {
    for (const [name, known] of this.#origins) {
      if (this.#origins.size <= MAX_ORIGINS) return;
      if (known !== newest && known.sockets.size === 0) this.#origins.delete(name);
    }
  }
}

/** What a socket leads to. */
export function originOf(target: SocketTarget, protocol: string): string {
  const { socketPath, host, port } = target;
  const address = addressOf(target);
  if (address) return address.origin; // it may have a port of its own
  if (socketPath) return `unix:${socketPath}`;
  const authority = host?.includes(':') ? `[${host}]` : host;
  return new URL(`${protocol}//${authority}:${port}`).origin;
}

const TIMEOUTS = new Set([
  'ECONNABORTED',
  'ETIMEDOUT',
  'ERR_CONNECT_TIMEOUT',
  'ERR_RESPONSE_TIMEOUT',
  'ERR_BODY_TIMEOUT',
  'ERR_BODY_UNREAD',
]);
const OUR_OWN_DOING = new Set(['ERR_ADDRESS_BLOCKED', 'ERR_CANCELED', 'ERR_CLIENT_CLOSED']);

/** Why a socket was destroyed with an error. A cancellation or a close is no failure of the socket's. */
function outcomeOf({ code = '' }: NodeJS.ErrnoException): 'timedOut' | 'errors' | undefined {
  if (OUR_OWN_DOING.has(code)) return undefined;
  return TIMEOUTS.has(code) ? 'timedOut' : 'errors';
}
