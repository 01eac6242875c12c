import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { setMaxListeners } from 'node:events';
import type { Settings } from '../../settings/schema.js';
import { InjectSettings } from '../../settings/settings.module.js';
import { alertLine, alertOf, isAlert } from '../alert.js';
import type { Ping } from '../monitor.dto.js';
import { MonitorState } from '../monitor-state.js';
import { MonitoredEndpoints } from '../monitored-endpoints.js';
import { Pinger } from '../pinger.js';
import { Rounds, type RoundsView } from '../rounds.js';

const INTERVAL = 'monitor';

/** Has this process ping every endpoint, in rounds that never overlap. */
@Injectable()
export class EmbeddedRounds extends Rounds implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('Monitor');
  readonly #intervalMs: number;
  readonly #stopping = new AbortController();
  #running = false;
  #ticks = 0;
  #skippedTicks = 0;
  #lastTickMs: number | null = null;

  constructor(
    @InjectSettings() { monitor }: Settings,
    private readonly state: MonitorState,
    private readonly endpoints: MonitoredEndpoints,
    private readonly pinger: Pinger,
    private readonly schedule: SchedulerRegistry,
  ) {
    super();
    setMaxListeners(0, this.#stopping.signal); // every ping listens to it
    this.#intervalMs = monitor.intervalMs;
  }

  onApplicationBootstrap(): void {
    const tick = () => void this.tick();
    this.schedule.addInterval(INTERVAL, setInterval(tick, this.#intervalMs));
    tick();
  }

  onModuleDestroy(): void {
    this.schedule.deleteInterval(INTERVAL);
    this.#stopping.abort();
  }

  /** A round, unless one is under way or the app is stopping. */
  async tick(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    if (this.#running) {
      this.#skippedTicks++;
      return;
    }
    this.#running = true;
    const startedAt = performance.now();
    try {
      await this.pinger.pingAll(this.endpoints.all, this.#stopping.signal, (id, ping) => this.#keep(id, ping));
    } finally {
      this.#lastTickMs = Math.round(performance.now() - startedAt);
      this.#ticks++;
      this.#running = false;
    }
  }

  view(): RoundsView {
    return {
      intervalMs: this.#intervalMs,
      ticks: this.#ticks,
      skippedTicks: this.#skippedTicks,
      running: this.#running,
      lastTickMs: this.#lastTickMs,
      sharing: null,
    };
  }

  #keep(id: string, ping: Ping): void {
    const before = this.state.stateOf(id);
    this.state.history(id)!.add(ping);
    if (!isAlert(before, ping.state)) return;
    const alert = alertOf(id, ping);
    this.#logger.log(alertLine(alert));
    this.state.alerts.next(alert);
  }
}
