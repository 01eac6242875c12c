import { type BeforeApplicationShutdown, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { AxiosInstance } from 'axios';
import { HttpClients, InjectHttpClient } from 'nest-outbound';
import { BehaviorSubject, type Observable } from 'rxjs';
import type { DrainView } from '../desk/desk.dto.js';
import { DRAIN_MS } from '../settings/times.js';
import { EmbeddedUpstream } from '../upstreams/pages/embedded-upstream.js';

/** How long the calls take that are under way when a person starts the drain: something to see. */
const DEMO_CALLS_MS = [500, 1_000, 1_500, 2_000, 2_500, 3_000];

type Phase = DrainView['phase'];

/** Where the app is between open and gone. */
@Injectable()
export class DrainService implements OnModuleDestroy, BeforeApplicationShutdown {
  readonly #phase = new BehaviorSubject<Phase>('open');
  #startedAt: number | null = null;
  #isRequested = false;

  constructor(
    @InjectHttpClient() private readonly http: AxiosInstance,
    private readonly clients: HttpClients,
    private readonly upstream: EmbeddedUpstream,
  ) {}

  /** The phase, then each that follows it. */
  get phases(): Observable<Phase> {
    return this.#phase;
  }

  onModuleDestroy(): void {
    this.#startedAt = performance.now();
    this.#phase.next('draining');
  }

  beforeApplicationShutdown(): void {
    this.#phase.next('closing');
  }

  /**
   * Puts calls under way for the drain to wait for.
   * @returns whether this is the first time: the caller then ends the process, once it has answered
   */
  prepare(): boolean {
    if (this.#isRequested || this.#phase.value !== 'open') return false;
    this.#isRequested = true;
    for (const ms of DEMO_CALLS_MS) {
      // What becomes of them is seen in the counts.
      this.http.get(`${this.upstream.url}/slow?ms=${ms}`, { timeout: DRAIN_MS }).catch(() => {});
    }
    return true;
  }

  /** Ends the process as whoever runs it would. */
  terminate(): void {
    process.kill(process.pid, 'SIGTERM');
  }

  view(): DrainView {
    const pools = this.clients.names.map((name) => this.clients.stats(name).pool);
    const sum = (count: (pool: (typeof pools)[number]) => number) =>
      pools.reduce((total, pool) => total + count(pool), 0);
    return {
      phase: this.#phase.value,
      inFlight: sum(({ inFlight }) => inFlight),
      openSockets: sum(({ total }) => total.active + total.idle),
      elapsedMs: this.#startedAt === null ? null : Math.round(performance.now() - this.#startedAt),
      deadlineMs: DRAIN_MS,
    };
  }
}
