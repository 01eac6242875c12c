import { type Clock, systemClock } from '../base/clock.js';
import type { Handler } from '../call/call.js';
import type { EventSink } from '../call/event-sink.js';
import { addressGuard } from '../guard/address-guard.js';
import { InvalidOptionsError } from '../errors/refusal.errors.js';
import { sourceOfOptions, type TransportSettings } from '../options/resolve-options.js';
import { ConnectionPool } from '../pool/connection-pool.js';
import { TlsRotation } from '../pool/tls-rotation.js';
import type { NativeTransportSettings } from '../transport/transport.js';

/** Where an app provides a `HttpClientPlatform`, from a global module, every client of it runs on that. For testing. */
export const HTTP_CLIENT_PLATFORM = 'HttpClientPlatform';

/** What the clients of an app run on; the system's, where something is absent. */
export interface HttpClientPlatform {
  /**
   * Stands in for the transport, at the end of every stack. A layer is one.
   * @param native the transport that would be there
   */
  readonly transport?: (native: Handler, settings: NativeTransportSettings) => Handler;
  /** For all times and timers: of layers, transport and drain, and of inbound requests. */
  readonly clock?: Clock;
  /** From 0 to below 1, as `Math.random`. */
  readonly random?: () => number;
  /** The wall clock, in milliseconds since 1970, for dates in headers. */
  readonly now?: () => number;
  /** The app begins to close: the calls in flight are about to be waited for. */
  readonly draining?: () => void;
  /** Every call is over, and no other comes. The app's close waits for it; where it fails, Nest logs that. */
  readonly closed?: () => Promise<void>;
}

/** A platform with nothing absent. */
export type ResolvedPlatform = Required<HttpClientPlatform>;

export function resolvePlatform(given: HttpClientPlatform = {}): ResolvedPlatform {
  return {
    transport: (native) => native,
    clock: systemClock,
    random: Math.random,
    now: Date.now,
    draining: () => {},
    closed: async () => {},
    ...given,
  };
}

/**
 * A pool of a client's or transport's own.
 * @throws InvalidOptionsError where `tls.files` cannot be used
 */
export function openPool(
  { name, pool, tls, guard }: TransportSettings & { readonly name?: string },
  drainMs: number,
  { platform, events }: { readonly platform: ResolvedPlatform; readonly events?: EventSink },
): ConnectionPool {
  const { clock, random } = platform;
  return new ConnectionPool({
    pool,
    tls,
    tlsFiles: TlsRotation.open(tls, (problems) => new InvalidOptionsError(sourceOfOptions(name), problems)),
    addressGuard: guard ? addressGuard(guard) : undefined,
    drainMs,
    clock,
    random,
    ...(events && { events }),
  });
}
