import type { Clock } from '../base/clock.js';
import type { Layer } from '../call/call.js';
import type { HttpClientEvents } from '../call/event-sink.js';
import type { TelemetrySettings } from '../options/resolve-sections.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { RedactionRules } from '../redaction/rules.js';
import { openTelemetryApi } from './api.js';
import { telemetry } from './layer.js';
import type { ObservedClient } from './gauges.js';
import { ClientMetrics } from './metrics.js';
import { Tracing } from './span.js';

/** What is told to OpenTelemetry of one client. */
export interface TelemetryOf extends ObservedClient {
  readonly name: string;
  readonly settings: TelemetrySettings | false;
  readonly pool: Pick<ConnectionPool, 'id' | 'stats'>;
  readonly rules: RedactionRules;
}

/** The telemetry of one app's clients. (Its types say nothing of OpenTelemetry's: those who have not installed it compile, too.) */
export class ClientTelemetry {
  readonly #events: HttpClientEvents;
  readonly #clock: Clock;
  #metrics: ClientMetrics | undefined;

  constructor(events: HttpClientEvents, clock: Clock) {
    this.#events = events;
    this.#clock = clock;
  }

  /** @returns undefined where it is off, or OpenTelemetry is not installed */
  layerFor({ name, settings, pool, breakers, limits, rules }: TelemetryOf): Layer | undefined {
    if (!settings || (!settings.tracing && !settings.metrics)) return undefined;
    const api = openTelemetryApi();
    if (!api) return undefined;
    const { propagate } = settings;
    if (settings.metrics) {
      this.#metrics ??= new ClientMetrics(api, this.#events, this.#clock);
      this.#metrics.add(name, pool, breakers, limits);
    }
    return telemetry({
      tracing: settings.tracing
        ? new Tracing(api, { rules, propagate: typeof propagate === 'boolean' ? propagate : new Set(propagate) })
        : undefined,
      metrics: settings.metrics ? this.#metrics : undefined,
    });
  }

  /** A client is closed, and its pool with it where that was its own. */
  remove({
    name,
    pool,
  }: {
    readonly name: string;
    readonly pool: Pick<ConnectionPool, 'id' | 'stats'> | undefined;
  }): void {
    this.#metrics?.remove(name, pool);
  }

  /** Lets go of the SDK. */
  close(): void {
    this.#metrics?.close();
  }
}
