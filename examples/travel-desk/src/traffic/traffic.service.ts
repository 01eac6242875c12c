import { Injectable } from '@nestjs/common';
import { HttpClients, type SocketStats } from 'nest-outbound';
import { OriginLabels } from './origin-labels.js';
import { RetryNotices } from './retry-notices.js';
import type { BreakerView, CacheView, ClientView, OriginSockets } from './traffic.dto.js';

type Breaker = ReturnType<HttpClients['stats']>['breakers'][string];

/** What the clients of the app are doing. */
export interface Traffic {
  readonly clients: ClientView[];
  readonly sockets: OriginSockets[];
  readonly breakers: BreakerView[];
}

@Injectable()
export class TrafficService {
  /** Client → the sockets it may have open at once. */
  readonly #limits = new Map<string, number | null>();
  /** Client → whether it has a cache. */
  readonly #caches = new Map<string, boolean>();
  /** Client → how long its breakers stay open. */
  readonly #openTimes = new Map<string, number>();

  constructor(
    private readonly http: HttpClients,
    private readonly labels: OriginLabels,
    private readonly retries: RetryNotices,
  ) {}

  view(): Traffic {
    const traffic: Traffic = { clients: [], sockets: [], breakers: [] };
    for (const client of this.http.names) {
      const { pool, breakers } = this.http.stats(client);
      const { state, inFlight, total } = pool;
      traffic.clients.push({
        client,
        state,
        inFlight,
        open: total.active + total.idle,
        maxSockets: this.#maxSockets(client),
        retries: this.retries.countOf(client),
        cache: this.#cacheOf(client),
        ...withRatio(total),
      });
      for (const [origin, { addresses: _, ...sockets }] of Object.entries(pool.origins)) {
        traffic.sockets.push({ client, origin, label: this.labels.of(origin), ...withRatio(sockets) });
      }
      for (const [origin, breaker] of Object.entries(breakers)) {
        const { state: breakerState, calls, failures } = breaker;
        const halfOpenAt = this.#halfOpenAt(client, breaker);
        traffic.breakers.push({
          client,
          origin,
          label: this.labels.of(origin),
          state: breakerState,
          calls,
          failures,
          halfOpenAt,
        });
      }
    }
    return traffic;
  }

  /** null: the client has none. */
  #cacheOf(client: string): CacheView | null {
    const { hits, misses, stale, revalidated } = this.http.cache(client).stats();
    const calls = hits + misses + stale + revalidated;
    if (calls === 0 && !this.#hasCache(client)) return null;
    return { calls, hits, revalidated, hitRatio: ratio(hits, calls) };
  }

  /** A client's clock is that of the process: milliseconds since it began. */
  #halfOpenAt(client: string, { state, isolated, openedAt }: Breaker): string | null {
    if (state !== 'open' || isolated || openedAt === undefined) return null;
    return new Date(performance.timeOrigin + openedAt + this.#openMs(client)).toISOString();
  }

  /** As the client was set up, which does not change. */
  #openMs(client: string): number {
    const known = this.#openTimes.get(client);
    if (known !== undefined) return known;
    const openMs = Number(this.http.explain(client).options['resilience.breaker.openMs']!.value);
    this.#openTimes.set(client, openMs);
    return openMs;
  }

  /** The same. */
  #hasCache(client: string): boolean {
    const known = this.#caches.get(client);
    if (known !== undefined) return known;
    const has = this.http.explain(client).options['cache']?.value !== false;
    this.#caches.set(client, has);
    return has;
  }

  /** The same. */
  #maxSockets(client: string): number | null {
    const known = this.#limits.get(client);
    if (known !== undefined) return known;
    const { value } = this.http.explain(client).options['pool.maxTotalSockets']!;
    const limit = typeof value === 'number' ? value : null;
    this.#limits.set(client, limit);
    return limit;
  }
}

function withRatio(stats: SocketStats): SocketStats & { readonly reuseRatio: number | null } {
  const requests = stats.created + stats.reused;
  return { ...stats, reuseRatio: ratio(stats.reused, requests) };
}

/** In thousandths; null: of nothing. */
const ratio = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((1_000 * part) / whole) / 1_000;
