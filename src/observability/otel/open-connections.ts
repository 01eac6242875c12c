import type { ObservableResult, ObservableUpDownCounter } from '@opentelemetry/api';
import type { ConnectionPool } from '../../pool/connection-pool.js';
import { serverAttributes } from './http-attributes.js';

export type ObservedPool = Pick<ConnectionPool, 'id' | 'stats'>;

/**
 * Tells the open sockets of each origin whenever metrics are collected: as many origins as the pools list.
 * @returns ends it, after the next time: what was told last is exported for ever, so that must be what is left in the end
 */
export function observeOpenConnections(counter: ObservableUpDownCounter, pools: Iterable<ObservedPool>): () => void {
  let isLast = false;
  const observe = (result: ObservableResult) => {
    for (const [origin, { active, idle }] of openSockets(pools)) {
      result.observe(active, { 'http.connection.state': 'active', ...serverAttributes(origin) });
      result.observe(idle, { 'http.connection.state': 'idle', ...serverAttributes(origin) });
    }
    if (isLast) queueMicrotask(() => counter.removeCallback(observe)); // not while the SDK goes through its list
  };
  counter.addCallback(observe);
  return () => (isLast = true);
}

/** Origin → its sockets, all pools together: of what is told twice with the same attributes, only the second counts. */
function openSockets(pools: Iterable<ObservedPool>): Map<string, { active: number; idle: number }> {
  const sums = new Map<string, { active: number; idle: number }>();
  for (const pool of pools) {
    for (const [origin, { active, idle }] of Object.entries(pool.stats().origins)) {
      const sum = sums.get(origin) ?? { active: 0, idle: 0 };
      sums.set(origin, { active: sum.active + active, idle: sum.idle + idle });
    }
  }
  return sums;
}
