import type { Clock } from '../../src/base/clock.js';
import type { AdaptiveLimit } from '../../src/layers/concurrency/limit.js';
import { ManualClock } from './manual-clock.js';

interface UpstreamSettings {
  /** Requests that it works on at once: its capacity, and the best concurrency limit there is. */
  readonly servers: number;
  /** What it takes to serve one. */
  readonly serviceMs: () => number;
  /** Requests that may wait for a server; one more is refused within 10 ms. */
  readonly maxQueued?: number;
}

interface Waiting {
  readonly over: (isRefused: boolean) => void;
  isGivenUp: boolean;
}

/** An upstream as a queue with some servers, on a clock. */
export class UpstreamModel {
  servers: number;
  readonly #clock: Clock;
  readonly #settings: UpstreamSettings;
  readonly #queue: Waiting[] = [];
  #busy = 0;

  constructor(clock: Clock, settings: UpstreamSettings) {
    this.#clock = clock;
    this.#settings = settings;
    this.servers = settings.servers;
  }

  /** @returns gives it up */
  request(over: (isRefused: boolean) => void): () => void {
    const { maxQueued = Infinity } = this.#settings;
    const request: Waiting = { over, isGivenUp: false };
    if (this.#busy >= this.servers && this.#queue.length >= maxQueued) this.#clock.setTimeout(() => over(true), 10);
    else this.#queue.push(request);
    this.#serve();
    return () => (request.isGivenUp = true);
  }

  #serve(): void {
    while (this.#busy < this.servers) {
      const next = this.#queue.shift();
      if (!next) return;
      if (next.isGivenUp) continue;
      this.#busy++;
      this.#clock.setTimeout(() => {
        this.#busy--;
        this.#serve();
        if (!next.isGivenUp) next.over(false);
      }, this.#settings.serviceMs());
    }
  }
}

/** From 0 to 1, the same in each run. */
export function seededRandom(seed = 7): () => number {
  let state = seed;
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;
}

export interface Simulation extends UpstreamSettings {
  /** Requests that take longer are given up, and dropped. */
  readonly timeoutMs?: number;
  /** Calls that there are at most at once; by default as many as the limit lets through, always. */
  readonly demand?: number;
}

/** Calls under a limit, on a clock of their own: as soon as one is over, another begins. */
export class SimulatedCalls {
  readonly clock = new ManualClock();
  readonly upstream: UpstreamModel;
  readonly #limit: Pick<AdaptiveLimit, 'limit' | 'record'>;
  readonly #settings: Simulation;
  #inFlight = 0;
  succeeded = 0;
  dropped = 0;

  constructor(limit: Pick<AdaptiveLimit, 'limit' | 'record'>, settings: Simulation) {
    this.#limit = limit;
    this.#settings = settings;
    this.upstream = new UpstreamModel(this.clock, settings);
    this.#begin();
  }

  /** @param each called every 100 ms */
  run(ms: number, each: () => void = () => {}): void {
    for (let passed = 0; passed < ms; passed += 100) {
      this.clock.tick(100);
      each();
    }
  }

  /** Of 100 ms each. */
  limits(ms: number, of: () => number): number[] {
    const seen: number[] = [];
    this.run(ms, () => seen.push(of()));
    return seen;
  }

  #begin(): void {
    const { demand = Infinity, timeoutMs } = this.#settings;
    while (this.#inFlight < Math.min(demand, this.#limit.limit)) {
      const inFlight = ++this.#inFlight;
      const startedAt = this.clock.now();
      let timer: unknown;
      const over = (isDrop: boolean) => {
        this.clock.clearTimeout(timer);
        this.#inFlight--;
        const endedAt = this.clock.now();
        this.#limit.record({ startedAt, endedAt, responseMs: endedAt - startedAt, inFlight, isDrop });
        if (isDrop) this.dropped++;
        else this.succeeded++;
        this.#begin();
      };
      const giveUp = this.upstream.request(over);
      if (timeoutMs === undefined) continue;
      timer = this.clock.setTimeout(() => {
        giveUp();
        over(true);
      }, timeoutMs);
    }
  }
}
