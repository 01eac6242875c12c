import type { MeterProvider, ObservableResult, ObservableUpDownCounter } from '@opentelemetry/api';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { serverAttributes, type ServerAttributes } from './attributes.js';

export type ObservedPool = Pick<ConnectionPool, 'id' | 'stats'>;

interface OpenSockets {
  readonly server: ServerAttributes;
  readonly active: number;
  readonly idle: number;
}

/** Provider → the pools of each app that tells it of its sockets. */
const observed = new WeakMap<MeterProvider, Set<Iterable<ObservedPool>>>();

/**
 * Tells the open sockets to each server whenever metrics are collected: as many servers as the pools list. One callback does so for all
 * apps of the process, since of what is told twice with the same attributes only the second counts.
 * @param counter the provider's
 * @returns ends it for these pools: from then on, none of their sockets is open
 */
export function observeOpenConnections(
  provider: MeterProvider,
  counter: ObservableUpDownCounter,
  pools: Iterable<ObservedPool>,
): () => void {
  const apps = observed.get(provider) ?? new Set();
  if (!observed.has(provider)) {
    observed.set(provider, apps);
    counter.addCallback(tellingOpenSockets(apps));
  }
  apps.add(pools);
  return () => apps.delete(pools);
}

function tellingOpenSockets(apps: Iterable<Iterable<ObservedPool>>): (result: ObservableResult) => void {
  let told: ReadonlyMap<string, OpenSockets> = new Map();
  return (result) => {
    const open = openSockets(apps);
    // What was told last is exported for ever: of servers that are not listed any more that must be that nothing is open.
    const gone = Array.from(told).filter(([key]) => !open.has(key));
    for (const [, { server }] of gone) tell(result, { server, active: 0, idle: 0 });
    for (const sockets of open.values()) tell(result, sockets);
    told = open;
  };
}

function tell(result: ObservableResult, { server, active, idle }: OpenSockets): void {
  result.observe(active, { 'http.connection.state': 'active', ...server });
  result.observe(idle, { 'http.connection.state': 'idle', ...server });
}

/** Server → its sockets, those of all pools together. */
function openSockets(apps: Iterable<Iterable<ObservedPool>>): ReadonlyMap<string, OpenSockets> {
  const sums = new Map<string, OpenSockets>();
  for (const pools of apps) {
    for (const pool of pools) {
      for (const [origin, { active, idle }] of Object.entries(pool.stats().origins)) {
        const server = serverAttributes(origin);
        const key = Object.values(server).join();
        const sum = sums.get(key);
        sums.set(key, { server, active: (sum?.active ?? 0) + active, idle: (sum?.idle ?? 0) + idle });
      }
    }
  }
  return sums;
}
