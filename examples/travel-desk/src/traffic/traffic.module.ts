import { Module } from '@nestjs/common';
import { MonitoredEndpoints } from '../monitor/monitored-endpoints.js';
import { UpstreamsModule } from '../upstreams/upstreams.module.js';
import { OriginLabels } from './origin-labels.js';
import { RetryNotices } from './retry-notices.js';
import { TrafficService } from './traffic.service.js';

/** What the clients of the desk are watched by. */
@Module({
  imports: [UpstreamsModule],
  providers: [MonitoredEndpoints, OriginLabels, RetryNotices, TrafficService],
  exports: [UpstreamsModule, MonitoredEndpoints, OriginLabels, RetryNotices, TrafficService],
})
export class TrafficModule {}
