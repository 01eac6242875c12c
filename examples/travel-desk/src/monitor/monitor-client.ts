import { HttpClientModule, type HttpClientOptions } from 'nest-outbound';
import type { Settings } from '../settings/schema.js';
import { SETTINGS } from '../settings/settings.module.js';
import { RetryNotices } from '../traffic/retry-notices.js';
import { TrafficModule } from '../traffic/traffic.module.js';
import { EmbeddedHealth } from '../upstreams/health/embedded-health.js';
import { MonitoredEndpoints } from './monitored-endpoints.js';

export const MONITOR_CLIENT = 'monitor';

/** Sockets are kept from one round to the next. */
const SPARE_IDLE_MS = 5_000;
/** The library's default, which no socket may be idle for longer than. */
const MAX_AGE_MS = 120_000;

/** The client that pings: each ping ends within 5 s, over sockets of which there are never more than so many. */
export const MonitorClient = HttpClientModule.forFeatureAsync({
  name: MONITOR_CLIENT,
  imports: [TrafficModule],
  inject: [SETTINGS, MonitoredEndpoints, EmbeddedHealth, RetryNotices],
  useFactory: (
    { monitor }: Settings,
    { all: endpoints }: MonitoredEndpoints,
    { certificate }: EmbeddedHealth,
    notices: RetryNotices,
  ): HttpClientOptions => {
    const addresses = endpoints.map(({ url }) => new URL(url));
    return {
      headers: { 'user-agent': 'travel-desk monitor' },
      // Whoever wrote the settings chose these endpoints, also those that are not public; a redirect leads nowhere else.
      guard: {
        allowHosts: [...new Set(addresses.map(({ hostname }) => hostname))],
        allowPorts: [...new Set([80, 443, ...addresses.map(({ port }) => Number(port)).filter(Boolean)])],
      },
      pool: {
        maxSockets: Math.min(2, monitor.maxSockets),
        maxTotalSockets: monitor.maxSockets,
        idleMs: Math.min(monitor.intervalMs + SPARE_IDLE_MS, MAX_AGE_MS),
        maxAgeMs: MAX_AGE_MS,
      },
      ...(certificate !== undefined && { tls: { ca: certificate } }),
      limits: { maxResponseBytes: 64 * 1024 },
      timeouts: { attemptMs: 2_000 },
      resilience: {
        deadlineMs: 5_000,
        retry: { max: 1, onRetry: notices.of(MONITOR_CLIENT) },
        breaker: { consecutiveFailures: 4, openMs: 15_000 },
        // An endpoint that asks for fewer requests gets them: a ping is not worth waiting for.
        rateLimit: { max: 50, maxQueued: 0 },
      },
    };
  },
});
