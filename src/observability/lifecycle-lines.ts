import type { ResolvedClientOptions } from '../options/resolve-options.js';
import type { ConnectionPool, DrainReport } from '../pool/connection-pool.js';

/** What the log says when a client is made: who it is, which pool it uses, and within which limits. */
export function openLine(
  clientId: string,
  { name, pool, timeouts }: ResolvedClientOptions,
  { id }: ConnectionPool,
): string {
  const age = pool.maxAgeMs === false ? 'any age' : `age ${pool.maxAgeMs} ms ±10 %`;
  const timeout = timeouts.attemptMs === false ? 'no attempt timeout' : `attempt timeout ${timeouts.attemptMs} ms`;
  return (
    `Client "${name}" (${clientId}) open on pool ${id}: ${pool.maxSockets} sockets per origin, ` +
    `${pool.maxFreeSockets} idle for ${pool.idleMs} ms, ${age}; ${timeout}`
  );
}

/** What the log says when a pool begins to drain. */
export function drainingLine({ id, inFlight }: ConnectionPool, drainMs: number): string {
  return `Pool ${id}: open → draining; calls in flight: ${inFlight}, deadline: ${drainMs} ms`;
}

/** What the log says when a pool is closed. */
export function closedLine({ id }: ConnectionPool, report: DrainReport): string {
  return (
    `Pool ${id}: draining → closed in ${report.durationMs} ms; calls finished: ${report.finished} ` +
    `(${report.admittedWhileDraining} admitted while draining), aborted: ${report.aborted}; ` +
    `sockets closed: ${report.socketsClosed}`
  );
}
