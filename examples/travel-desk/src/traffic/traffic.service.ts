import { Injectable } from '@nestjs/common';
import { HttpClients, type SocketStats } from 'nest-outbound';
import { OriginLabels } from './origin-labels.js';
import { RetryNotices } from './retry-notices.js';
import type { BreakerView, ClientView, OriginSockets } from './traffic.dto.js';

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
        ...withRatio(total),
      });
      for (const [origin, sockets] of Object.entries(pool.origins)) {
        traffic.sockets.push({ client, origin, label: this.labels.of(origin), ...withRatio(sockets) });
      }
      for (const [origin, { state: breaker, calls, failures }] of Object.entries(breakers)) {
        traffic.breakers.push({ client, origin, label: this.labels.of(origin), state: breaker, calls, failures });
      }
    }
    return traffic;
  }

  /** As the client was set up, which does not change. */
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
  return { ...stats, reuseRatio: requests === 0 ? null : Math.round((1_000 * stats.reused) / requests) / 1_000 };
}
