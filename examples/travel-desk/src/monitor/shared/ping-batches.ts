import type { Ping } from '../monitor.dto.js';

/** As often as pages are told. */
const WRITE_EVERY_MS = 250;

/** id → what its ping found. */
export type Pings = ReadonlyMap<string, Ping>;

/** Writes pings together, those of a quarter of a second: Redis has less to do. */
export class PingBatches {
  #pings = new Map<string, Ping>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #written: Promise<unknown> = Promise.resolve();

  constructor(private readonly write: (pings: Pings) => Promise<void>) {}

  add(id: string, ping: Ping): void {
    this.#pings.set(id, ping);
    this.#timer ??= setTimeout(() => this.#flush(), WRITE_EVERY_MS);
  }

  /** Writes the rest. Rejects where a write failed. */
  async end(): Promise<void> {
    this.#flush();
    await this.#written;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pings.size === 0) return;
    this.#written = Promise.all([this.#written, this.write(this.#pings)]);
    this.#written.catch(() => {}); // `end` tells
    this.#pings = new Map();
  }
}
