import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { Slots } from '../base/slots.js';
import { type Address, addressOf } from './addresses/address.js';
import type { Addresses } from './addresses/addresses.js';
import type { SocketTarget } from './agents.js';
import { watchEarlyEnd } from './early-end.js';
import { type CountedSockets, type Counters, noCounters, type PoolStats, socketStats } from './pool-stats.js';
import { publishEnd, type SocketEventContext } from './socket-events.js';
import { timesReused } from './socket-requests.js';

/** Origins whose counters are kept; beyond it, the longest unused one without an open socket is forgotten. */
const MAX_ORIGINS = 1_000;

/** What is known of the peer of an origin, or of one of its addresses. Times are on the pool's clock. */
interface Peer {
  /** When it was last found to be gone. */
  lostAt: number;
  /** When it last ended a socket soon after a response. */
  endedEarlyAt: number;
}

/** The sockets of an origin, and what became of those before. */
interface Origin extends CountedSockets {
  readonly sockets: Set<Socket>;
  /** Of sockets whose address was not chosen. */
  readonly peer: Peer;
}

/** For how long a peer that has ended a socket early is expected to do so again: a server that was restarting does not. */
const EARLY_MEMORY_MS = 10_000;

const NO_SOCKETS: ReadonlySet<Socket> = new Set();
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

  /**
   * Whether there are more sockets than there may be, to an origin or in all, and this is one of them. A request that is given up before it has its
   * socket gives it back a moment after its slot, and another may have been opened in between.
   */
  isTooMany(socket: Socket, maxSockets: number, maxTotal: number): boolean {
    const sockets = this.#open.get(socket)?.sockets;
    // The sizes first, which have those that are being closed, too: this is asked whenever a response has ended.
    if (sockets && sockets.size > maxSockets && openOf(sockets) > maxSockets) return true;
    return this.#open.size > maxTotal && this.openCount > maxTotal;
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
  stats(agents: readonly Agent[], slots: Slots, addresses: Addresses): Pick<PoolStats, 'total' | 'origins'> {
    return socketStats(this.#origins, this.#total, agents, slots, addresses);
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
