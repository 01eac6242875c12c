import type * as OpenTelemetry from '@opentelemetry/api';
import type { Clock } from '../base/clock.js';
import type { Layer } from '../call/call.js';
import type { HttpClientEvents } from '../call/event-sink.js';
import type { TelemetrySettings } from '../options/resolve-sections.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { RedactionRules } from '../redaction/rules.js';
import { telemetry } from './layer.js';
import { ClientMetrics } from './metrics.js';
import { Tracing } from './span.js';

export type Api = typeof OpenTelemetry;

let loading: Promise<void> | undefined;
let loadedApi: Api | undefined;

/**
 * Loads `@opentelemetry/loadedApi` where it is installed: it is an optional peer. Several copies of it share what an SDK registers. (By
 * `import()`, which also those who compile this package to CommonJS can follow, as Jest has them do: there is no `import.meta` there.)
 */
export function loadOpenTelemetryApi(): Promise<void> {
  return (loading ??= import('@opentelemetry/api').then(
    (module) => {
      loadedApi = module;
    },
    (error: NodeJS.ErrnoException) => {
      if (!NOT_INSTALLED.has(error.code)) throw error;
    },
  ));
}

const NOT_INSTALLED: ReadonlySet<string | undefined> = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/** What is loaded of it; undefined: not yet, or it is not installed. */
export function openTelemetryApi(): Api | undefined {
  return loadedApi;
}

/** Who makes the spans and the metrics. Without a version: as a label of every time series it would begin all anew with each release. */
export const SCOPE = 'nest-outbound';

/** What is told to OpenTelemetry of one client. */
interface TelemetryOf {
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
  layerFor({ name, settings, pool, rules }: TelemetryOf): Layer | undefined {
    if (!settings || (!settings.tracing && !settings.metrics)) return undefined;
    const api = openTelemetryApi();
    if (!api) return undefined;
    const { propagate } = settings;
    if (settings.metrics) {
      this.#metrics ??= new ClientMetrics(api, this.#events, this.#clock);
      this.#metrics.add(name, pool);
    }
    return telemetry({
      tracing: settings.tracing
        ? new Tracing(api, { rules, propagate: typeof propagate === 'boolean' ? propagate : new Set(propagate) })
        : undefined,
      metrics: settings.metrics ? this.#metrics : undefined,
    });
  }

  /** Lets go of the SDK. */
  close(): void {
    this.#metrics?.close();
  }
}
