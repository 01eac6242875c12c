import { systemClock } from './clock.js';
import { addressGuard } from './guard/address-guard.js';
import type { TransportSettings } from './options/resolve-options.js';
import { ConnectionPool } from './pool/connection-pool.js';

/** A pool of a client's or transport's own, on the system's clock. */
export function openPool({ pool, tls, guard }: TransportSettings, drainMs: number): ConnectionPool {
  return new ConnectionPool({
    pool,
    tls,
    addressGuard: guard ? addressGuard(guard) : undefined,
    drainMs,
    clock: systemClock,
    random: Math.random,
  });
}
