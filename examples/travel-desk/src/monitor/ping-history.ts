import type { EndpointState, Ping, RecentPing } from './monitor.dto.js';

/** As many as a sparkline has room for. */
const RECENT = 30;

/** The last pings of one endpoint: as many as are asked for, never more. */
export class PingHistory {
  readonly #pings: Ping[] = [];
  #since: string | null = null;

  constructor(private readonly size: number) {}

  /** Adds what is news; the last ping may be told twice. */
  add(ping: Ping): void {
    if (ping.at === this.last?.at) return;
    if (ping.state !== this.state) this.#since = ping.at;
    this.#pings.push(ping);
    if (this.#pings.length > this.size) this.#pings.shift();
  }

  /**
   * Puts pings that others kept together with those that are known here.
   * @param since since when it has been in the state of the newest of them, where they do not reach back so far
   */
  merge(pings: readonly Ping[], since?: string): void {
    const all = new Map([...this.#pings, ...pings].map((ping) => [ping.at, ping]));
    const known = [...all.values()].toSorted((one, other) => (one.at < other.at ? -1 : 1));
    const newest = pings.at(-1);
    const isOfOthers = newest !== undefined && newest.at === known.at(-1)?.at;
    this.#pings.length = 0;
    this.#since = null;
    for (const ping of known) this.add(ping);
    if (isOfOthers && since !== undefined) this.#since = since;
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
