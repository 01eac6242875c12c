import type { PoolState } from './in-flight.js';

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

/** A snapshot, safe to keep and to serialise. */
export interface PoolStats {
  /** Tells pools apart in logs. */
  readonly id: string;
  readonly state: PoolState;
  /** Calls admitted whose response body has not ended. */
  readonly inFlight: number;
  /** All origins together, also those no longer listed. */
  readonly total: SocketStats;
  /** Origin → its sockets. The 1000 that last opened a socket, and all that have one open. */
  readonly origins: Readonly<Record<string, SocketStats>>;
}
