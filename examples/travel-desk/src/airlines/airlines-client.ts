import { HttpClientModule, type HttpClientOptions, type OriginOptions } from 'nest-outbound';
import type { Settings } from '../settings/schema.js';
import { SETTINGS } from '../settings/settings.module.js';
import { RetryNotices } from '../traffic/retry-notices.js';
import { TrafficModule } from '../traffic/traffic.module.js';
import type { EmbeddedAirline } from '../upstreams/airlines/embedded-airline.js';
import { EmbeddedAirlines } from '../upstreams/airlines/embedded-airlines.js';
import { AIRLINE_APIS, AIRLINES_CLIENT } from './airline-apis.js';

export { AIRLINES_CLIENT };

/** What is special about some airlines: code → how they are called. */
const SPECIAL: Readonly<Record<string, OriginOptions>> = {
  AB: { resilience: { hedge: { percentile: 0.5, coldMs: 250 } } },
  // A third of its quota: a full bucket and its refill come to twice that in a second, and requests that are late to more.
  SI: { resilience: { rateLimit: { max: 10, intervalMs: 1_000 } } },
  TG: { resilience: { retry: false } }, // there is no time for another
};

/** The client that asks airlines: one pool for all, which each gets the same share of, and a circuit breaker for each. */
export const AirlinesClient = HttpClientModule.forFeatureAsync({
  name: AIRLINES_CLIENT,
  apis: Object.values(AIRLINE_APIS),
  imports: [TrafficModule],
  inject: [SETTINGS, EmbeddedAirlines, RetryNotices],
  useFactory: ({ fares }: Settings, { all: airlines }: EmbeddedAirlines, notices: RetryNotices): HttpClientOptions => {
    const maxSockets = Math.floor(fares.maxSockets / airlines.length);
    return {
      headers: { 'user-agent': 'travel-desk fares' },
      guard: {
        allowHosts: ['127.0.0.1', 'localhost'],
        allowPorts: airlines.flatMap(({ addresses }) => addresses.map((address) => Number(address.split(':')[1]))),
      },
      pool: { maxSockets, maxTotalSockets: fares.maxSockets, idleMs: 30_000 },
      limits: { maxResponseBytes: 256 * 1024 },
      // Airlines say how long their fares may be shown. The tag is the airline's.
      cache: { maxBytes: 10 * 1024 * 1024, maxEntryBytes: 256 * 1024, tags: ({ config }) => [config.baseURL!] },
      timeouts: { attemptMs: Math.min(fares.attemptMs, fares.deadlineMs) },
      resilience: {
        deadlineMs: fares.deadlineMs,
        retry: { onRetry: notices.of(AIRLINES_CLIENT) },
        breaker: { consecutiveFailures: 4, openMs: 5_000 },
        concurrency: { max: maxSockets }, // who waits here has not begun an attempt: its time does not run, the breaker does not see it
        coalesce: true,
      },
      origins: Object.fromEntries(airlines.map((airline) => [airline.origin, optionsOf(airline)])),
    };
  },
});

/** One with several servers gets its requests spread over them. */
function optionsOf({ profile, addresses }: EmbeddedAirline): OriginOptions {
  const isSpread = addresses.length > 1;
  return { ...SPECIAL[profile.code], ...(isSpread && { addresses: { list: addresses } }) };
}
