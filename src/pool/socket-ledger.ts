import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { Slots } from '../policies/slots.js';
import type { SocketTarget } from './owned-agent.js';
import type { SocketStats } from './pool-stats.js';
import { publishEnd, type SocketEventContext } from './socket-events.js';
import { timesReused } from './times-reused.js';

/** Origins whose counters are kept; beyond it, the longest unused one without an open socket is forgotten. */
const MAX_ORIGINS = 1_000;

interface Origin {
  readonly sockets: Set<Socket>;
  readonly counters: Counters;
  /** When its peer was last found to be gone, on the pool's clock. */
  lostAt: number;
}

type Counters = { -readonly [Name in 'created' | 'reused' | 'closed' | 'timedOut' | 'errors']: number };

const NO_SOCKETS: ReadonlySet<Socket> = new Set();
const noCounters = (): Counters => ({ created: 0, reused: 0, closed: 0, timedOut: 0, errors: 0 });
const newOrigin = (): Origin => ({ sockets: new Set(), counters: noCounters(), lostAt: -Infinity });

/** Counts the sockets of a pool by origin, from their opening to their close. */
export class SocketLedger {
  /** Origin → what became of its sockets, the one with the newest socket last. */
  readonly #origins = new Map<string, Origin>();
  readonly #total = noCounters();
  readonly #open = new Set<Socket>();
  readonly #onAllClosed: (() => void)[] = [];
  readonly #context: SocketEventContext;

  constructor(context: SocketEventContext) {
    this.#context = context;
  }

  /** Sockets that hold a file descriptor. */
  get openCount(): number {
    let count = 0;
    for (const { destroyed } of this.#open) if (!destroyed) count++;
    return count;
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
    this.#open.add(socket);
    count('created');
    const ended = publishEnd(socket, address, this.#context);
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
   * The peer of an origin seems to be gone.
   * @param sentAt when the request was sent that found out
   * @returns whether that is news: not for a request that was under way already when it was found out last
   */
  lost(origin: string, sentAt: number): boolean {
    const known = this.#origins.get(origin);
    if (!known) return true;
    const isNews = sentAt >= known.lostAt;
    if (isNews) known.lostAt = this.#context.clock.now();
    return isNews;
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
  snapshot(agents: readonly Agent[], slots: Slots): { total: SocketStats; origins: Record<string, SocketStats> } {
    const idle = new Set(
      agents.flatMap((agent) => Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])),
    );
    const total = { active: 0, idle: 0, queued: 0, ...this.#total };
    const origins: Record<string, SocketStats> = {};
    for (const name of new Set([...this.#origins.keys(), ...slots.queuedKeys])) {
      const { sockets, counters } = this.#origins.get(name) ?? newOrigin();
      const stats = { active: 0, idle: 0, queued: slots.queued(name), ...counters };
      for (const socket of sockets) {
        if (!socket.destroyed) stats[idle.has(socket) ? 'idle' : 'active']++; // else its descriptor is free already
        stats.reused += timesReused(socket);
        total.reused += timesReused(socket);
      }
      origins[name] = stats;
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
export function originOf({ socketPath, host, port }: SocketTarget, protocol: string): string {
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
