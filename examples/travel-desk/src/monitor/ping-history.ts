import type { EndpointState, Ping, RecentPing } from './monitor.dto.js';

/** As many as a sparkline has room for. */
const RECENT = 30;

/** The last pings of one endpoint: as many as are asked for, never more. */
export class PingHistory {
  readonly #pings: Ping[] = [];
  #since: string | null = null;

  constructor(private readonly size: number) {}

  add(ping: Ping): void {
    if (ping.state !== this.state) this.#since = ping.at;
    this.#pings.push(ping);
    if (this.#pings.length > this.size) this.#pings.shift();
  }

  /** The newest last. */
  get pings(): readonly Ping[] {
    return this.#pings;
  }

  /** The last of them, for a sparkline. */
  get recent(): RecentPing[] {
    return this.#pings.slice(-RECENT).map(({ state, durationMs }) => ({ state, durationMs }));
  }

  get last(): Ping | null {
    return this.#pings.at(-1) ?? null;
  }

  get state(): EndpointState {
    return this.last?.state ?? 'unknown';
  }

  /** Since when it has been in its state; null: not pinged yet. */
  get since(): string | null {
    return this.#since;
  }

  /** Of the pings kept, those that did not find it down; null: there is none. */
  get uptime(): number | null {
    if (this.#pings.length === 0) return null;
    return this.#pings.filter(({ state }) => state !== 'down').length / this.#pings.length;
  }
}
