import { Injectable } from '@nestjs/common';
import type { AxiosError, AxiosInstance } from 'axios';
import { InjectHttpClient } from 'nest-outbound';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../settings/schema.js';
import { InjectSettings } from '../settings/settings.module.js';
import { seededRandom } from '../upstreams/seeded-random.js';
import type { Ping } from './monitor.dto.js';
import { MONITOR_CLIENT } from './monitor-client.js';
import type { MonitoredEndpoint } from './monitored-endpoints.js';
import { answered, failed } from './ping-result.js';

/** Is told what each ping found. */
export type Found = (id: string, ping: Ping) => void;

/** Pings endpoints. */
@Injectable()
export class Pinger {
  readonly #jitterMs: number;
  readonly #slowMs: number;
  readonly #random: () => number;

  constructor(
    @InjectSettings() { monitor, seed }: Settings,
    @InjectHttpClient(MONITOR_CLIENT) private readonly http: AxiosInstance,
  ) {
    this.#jitterMs = monitor.jitterMs;
    this.#slowMs = monitor.slowMs;
    this.#random = seededRandom(seed);
  }

  /**
   * Pings each once, at a random moment within the jitter, so that not all are asked at the same moment.
   * @param signal ends it early: pings that it cuts off find nothing
   */
  async pingAll(endpoints: readonly MonitoredEndpoint[], signal: AbortSignal, found: Found): Promise<void> {
    await Promise.all(endpoints.map((endpoint) => this.#pingSometime(endpoint, signal, found)));
  }

  async #pingSometime(endpoint: MonitoredEndpoint, signal: AbortSignal, found: Found): Promise<void> {
    try {
      await sleep(this.#random() * this.#jitterMs, undefined, { signal });
      await this.#ping(endpoint, signal, found);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #ping({ id, url }: MonitoredEndpoint, signal: AbortSignal, found: Found): Promise<void> {
    const at = new Date().toISOString();
    const startedAt = performance.now();
    const elapsed = () => Math.round(performance.now() - startedAt);
    try {
      const response = await this.http.get(url, { signal });
      const durationMs = elapsed();
      const outcome = answered(response, durationMs > this.#slowMs);
      found(id, { at, ...outcome, attempts: response.attempts.length, durationMs });
    } catch (error) {
      if (signal.aborted) return;
      const { attempts = [] } = error as AxiosError;
      found(id, { at, ...failed(error as AxiosError), attempts: attempts.length, durationMs: elapsed() });
    }
  }
}
