import { Injectable } from '@nestjs/common';
import { HttpClients } from 'nest-outbound';
import { redactUrl } from 'nest-outbound/redaction';
import type { Observable } from 'rxjs';
import type { Alert, EndpointDetail, EndpointView, MonitorSummary } from './monitor.dto.js';
import { MONITOR_CLIENT } from './monitor-client.js';
import { MonitorState } from './monitor-state.js';
import { type MonitoredEndpoint, MonitoredEndpoints } from './monitored-endpoints.js';
import { Rounds } from './rounds.js';

/** The monitor as others see it, whoever pings. */
@Injectable()
export class MonitorService {
  constructor(
    private readonly endpoints: MonitoredEndpoints,
    private readonly state: MonitorState,
    private readonly rounds: Rounds,
    private readonly clients: HttpClients,
  ) {}

  /** Endpoints that go down, or come up again, from now on. */
  get alerts(): Observable<Alert> {
    return this.state.alerts;
  }

  summary(): MonitorSummary {
    return { ...this.rounds.view(), states: this.state.counts() };
  }

  views(): EndpointView[] {
    return this.endpoints.all.map((endpoint) => this.#view(endpoint));
  }

  /** undefined: no endpoint has that id. */
  detail(id: string): EndpointDetail | undefined {
    const endpoint = this.endpoints.all.find((candidate) => candidate.id === id);
    return endpoint && { ...this.#view(endpoint), history: [...this.state.history(id)!.pings] };
  }

  #view({ id, url, behaviour }: MonitoredEndpoint): EndpointView {
    const { state, since, last, uptime, recent } = this.state.history(id)!;
    const breaker = this.clients.breakers(MONITOR_CLIENT).state(new URL(url).origin);
    return { id, url: redactUrl(url), behaviour, state, since, last, uptime, breaker, recent };
  }
}
