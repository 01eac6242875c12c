import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { AxiosError, AxiosInstance } from 'axios';
import { HttpClients, InjectHttpClient } from 'nest-outbound';
import { redactUrl } from 'nest-outbound/redaction';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../settings/schema.js';
import { InjectSettings } from '../settings/settings.module.js';
import { seededRandom } from '../upstreams/seeded-random.js';
import type { EndpointDetail, EndpointView, MonitorSummary } from './monitor.dto.js';
import { MONITOR_CLIENT } from './monitor-client.js';
import { type MonitoredEndpoint, MonitoredEndpoints } from './monitored-endpoints.js';
import { PingHistory } from './ping-history.js';
import { answered, failed } from './ping-result.js';

const INTERVAL = 'monitor';

/** Pings every endpoint in rounds that never overlap, and keeps what it found. */
@Injectable()
export class MonitorService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #settings: Settings['monitor'];
  readonly #random: () => number;
  /** id → what was found, in the order of the endpoints. */
  readonly #histories: ReadonlyMap<string, PingHistory>;
  readonly #stopping = new AbortController();
  #running = false;
  #ticks = 0;
  #skippedTicks = 0;
  #lastTickMs: number | null = null;

  constructor(
    @InjectSettings() { monitor, seed }: Settings,
    @InjectHttpClient(MONITOR_CLIENT) private readonly http: AxiosInstance,
    private readonly endpoints: MonitoredEndpoints,
    private readonly clients: HttpClients,
    private readonly schedule: SchedulerRegistry,
  ) {
    setMaxListeners(0, this.#stopping.signal); // every ping listens to it
    this.#settings = monitor;
    this.#random = seededRandom(seed);
    this.#histories = new Map(endpoints.all.map(({ id }) => [id, new PingHistory(monitor.historySize)]));
  }

  onApplicationBootstrap(): void {
    const tick = () => void this.tick();
    this.schedule.addInterval(INTERVAL, setInterval(tick, this.#settings.intervalMs));
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
      await Promise.all(this.endpoints.all.map((endpoint) => this.#pingSometime(endpoint)));
    } finally {
      this.#lastTickMs = Math.round(performance.now() - startedAt);
      this.#ticks++;
      this.#running = false;
    }
  }

  summary(): MonitorSummary {
    const states = { unknown: 0, up: 0, degraded: 0, down: 0 };
    for (const { state } of this.#histories.values()) states[state]++;
    return {
      intervalMs: this.#settings.intervalMs,
      ticks: this.#ticks,
      skippedTicks: this.#skippedTicks,
      running: this.#running,
      lastTickMs: this.#lastTickMs,
      states,
    };
  }

  views(): EndpointView[] {
    return this.endpoints.all.map((endpoint) => this.#view(endpoint));
  }

  /** undefined: no endpoint has that id. */
  detail(id: string): EndpointDetail | undefined {
    const endpoint = this.endpoints.all.find((candidate) => candidate.id === id);
    return endpoint && { ...this.#view(endpoint), history: [...this.#histories.get(id)!.pings] };
  }

  #view({ id, url, behaviour }: MonitoredEndpoint): EndpointView {
    const { state, since, last, uptime, recent } = this.#histories.get(id)!;
    const breaker = this.clients.breakers(MONITOR_CLIENT).state(new URL(url).origin);
    return { id, url: redactUrl(url), behaviour, state, since, last, uptime, breaker, recent };
  }

  /** Within the jitter, so that the endpoints are not all asked at the same moment. */
  async #pingSometime(endpoint: MonitoredEndpoint): Promise<void> {
    const { signal } = this.#stopping;
    try {
      await sleep(this.#random() * this.#settings.jitterMs, undefined, { signal });
      await this.#ping(endpoint, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #ping({ id, url }: MonitoredEndpoint, signal: AbortSignal): Promise<void> {
    const at = new Date().toISOString();
    const startedAt = performance.now();
    const elapsed = () => Math.round(performance.now() - startedAt);
    const history = this.#histories.get(id)!;
    try {
      const response = await this.http.get(url, { signal });
      const durationMs = elapsed();
      history.add({ at, ...answered(response, durationMs), attempts: response.attempts.length, durationMs });
    } catch (error) {
      if (signal.aborted) return;
      const { attempts = [] } = error as AxiosError;
      history.add({ at, ...failed(error as AxiosError), attempts: attempts.length, durationMs: elapsed() });
    }
  }
}
