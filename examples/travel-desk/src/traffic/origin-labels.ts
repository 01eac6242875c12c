import { Injectable } from '@nestjs/common';
import { MonitoredEndpoints } from '../monitor/monitored-endpoints.js';
import { EmbeddedAirlines } from '../upstreams/airlines/embedded-airlines.js';

/** What people call the origins that the desk calls. */
@Injectable()
export class OriginLabels {
  readonly #labels: ReadonlyMap<string, string>;

  constructor(airlines: EmbeddedAirlines, { all: endpoints }: MonitoredEndpoints) {
    this.#labels = new Map([
      ...endpoints.map(({ id, url }) => [new URL(url).origin, id] as const),
      ...airlines.all.map(({ origin, profile }) => [origin, profile.name] as const),
    ]);
  }

  /** The origin itself where it has no name. */
  of(origin: string): string {
    return this.#labels.get(origin) ?? origin;
  }
}
