import { Injectable } from '@nestjs/common';
import { Subject } from 'rxjs';
import type { Settings } from '../settings/schema.js';
import { InjectSettings } from '../settings/settings.module.js';
import type { Alert, EndpointState } from './monitor.dto.js';
import { MonitoredEndpoints } from './monitored-endpoints.js';
import { PingHistory } from './ping-history.js';

/** What this process knows of the endpoints: what it found itself, or was told by others. */
@Injectable()
export class MonitorState {
  /** id → the last pings, in the order of the endpoints. */
  readonly #histories: Map<string, PingHistory>;
  /** Endpoints that went down, or came up again. */
  readonly alerts = new Subject<Alert>();

  constructor(@InjectSettings() { monitor }: Settings, endpoints: MonitoredEndpoints) {
    this.#histories = new Map(endpoints.all.map(({ id }) => [id, new PingHistory(monitor.historySize)]));
  }

  /** undefined: no endpoint has that id. */
  history(id: string): PingHistory | undefined {
    return this.#histories.get(id);
  }

  /** The state of an endpoint; `unknown` where there is none with that id. */
  stateOf(id: string): EndpointState {
    return this.history(id)?.state ?? 'unknown';
  }

  counts(): Record<EndpointState, number> {
    const counts = { unknown: 0, up: 0, degraded: 0, down: 0 };
    for (const { state } of this.#histories.values()) counts[state]++;
    return counts;
  }
}
