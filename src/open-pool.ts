import { addressGuard } from './guard/address-guard.js';
import type { ResolvedPlatform } from './http-client.platform.js';
import type { TransportSettings } from './options/resolve-options.js';
import type { EventSink } from './observability/http-client-events.js';
import { ConnectionPool } from './pool/connection-pool.js';

/** A pool of a client's or transport's own. */
export function openPool(
  { pool, tls, guard }: TransportSettings,
  drainMs: number,
  { platform, events }: { readonly platform: ResolvedPlatform; readonly events?: EventSink },
): ConnectionPool {
  const { clock, random } = platform;
  return new ConnectionPool({
    pool,
    tls,
    addressGuard: guard ? addressGuard(guard) : undefined,
    drainMs,
    clock,
    random,
    ...(events && { events }),
  });
}
