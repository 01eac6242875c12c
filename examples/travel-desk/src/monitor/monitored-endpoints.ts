import { Injectable } from '@nestjs/common';
import type { Settings } from '../settings/schema.js';
import { InjectSettings } from '../settings/settings.module.js';
import { EmbeddedHealth } from '../upstreams/health/embedded-health.js';
import type { Behaviour } from './monitor.dto.js';

export interface MonitoredEndpoint {
  readonly id: string;
  readonly url: string;
  /** null: not one of the embedded endpoints. */
  readonly behaviour: Behaviour | null;
}

/** Whom the monitor pings. */
@Injectable()
export class MonitoredEndpoints {
  readonly all: readonly MonitoredEndpoint[];

  constructor(@InjectSettings() { monitor }: Settings, embedded: EmbeddedHealth) {
    this.all = monitor.endpoints.map((endpoint) =>
      'url' in endpoint
        ? { id: endpoint.id, url: endpoint.url, behaviour: null }
        : { id: endpoint.id, url: embedded.urls.get(endpoint.id)!, behaviour: endpoint.behaviour },
    );
  }
}
