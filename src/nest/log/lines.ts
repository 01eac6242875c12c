import type { SharedStateEvent, TlsReloadEvent } from '../../call/events.js';
import type { ResolvedClientOptions } from '../../options/resolve-options.js';
import type { ConnectionPool } from '../../pool/connection-pool.js';
import type { DrainReport } from '../../pool/drain.js';
import type { ClientCloseReport } from '../runtime-clients.js';

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

/** What the log says when a client is closed before the app is. */
export function clientClosedLine(
  name: string,
  { finished, aborted, socketsClosed, durationMs }: ClientCloseReport,
): string {
  return (
    `Client ${JSON.stringify(name)}: closed in ${durationMs} ms; calls finished: ${finished}, aborted: ${aborted}; ` +
    `sockets closed: ${socketsClosed}`
  );
}

/** What the log says of the files of a pool's certificates. */
export function tlsLine({ pool, validTo, failure }: TlsReloadEvent): string {
  if (failure !== undefined) return `Pool ${pool}: the certificates of tls.files stay as they were: ${failure}`;
  return `Pool ${pool}: the certificates of tls.files are in use${validTo === undefined ? '' : `, valid to ${validTo}`}`;
}

/** What the log says when replicas begin, or cease, to count together. */
export function sharedLine({ from, to, reason, replicas }: SharedStateEvent): string {
  const change = `Shared state: ${from} → ${to}`;
  if (to === 'available') return `${change}; limits count for all replicas again`;
  return `${change}: ${reason}; each of ${replicas} replicas keeps to its share of a limit`;
}
