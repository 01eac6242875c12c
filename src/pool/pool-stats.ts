import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { Slots } from '../base/slots.js';
import type { Addresses, AddressStats } from './addresses/addresses.js';
import type { PoolState } from './in-flight.js';
import { timesReused } from './socket-requests.js';
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

/** What is counted of sockets that are closed, and of requests on them. */
export type Counters = { -readonly [Name in 'created' | 'reused' | 'closed' | 'timedOut' | 'errors']: number };

export const noCounters = (): Counters => ({ created: 0, reused: 0, closed: 0, timedOut: 0, errors: 0 });

/** Sockets, and what was counted of those before. */
export interface CountedSockets {
  readonly sockets: ReadonlySet<Socket>;
  readonly counters: Counters;
}

const NONE: CountedSockets = { sockets: new Set(), counters: noCounters() };

/**
 * @param known origin → its sockets
 * @param counters of all origins, those that are forgotten included
 * @param agents whose sockets they are
 * @param slots who waits for a socket
 */
export function socketStats(
  known: ReadonlyMap<string, CountedSockets>,
  counters: Counters,
  agents: readonly Agent[],
  slots: Slots,
  addresses: Addresses,
): Pick<PoolStats, 'total' | 'origins'> {
  const idle = new Set(agents.flatMap((agent) => Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])));
  const total = { active: 0, idle: 0, queued: 0, ...counters };
  const origins: Record<string, OriginStats> = {};
  for (const name of new Set([...known.keys(), ...slots.queuedKeys, ...addresses.origins])) {
    const { sockets, counters: closed } = known.get(name) ?? NONE;
    const stats = { active: 0, idle: 0, queued: slots.queued(name), ...closed };
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
