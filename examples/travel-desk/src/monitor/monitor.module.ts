import { type DynamicModule, Module } from '@nestjs/common';
import type { Settings } from '../settings/schema.js';
import { TrafficModule } from '../traffic/traffic.module.js';
import { embeddedParts } from './embedded/embedded-parts.js';
import { MonitorClient } from './monitor-client.js';
import { MonitorController } from './monitor.controller.js';
import { MonitorService } from './monitor.service.js';
import { MonitorState } from './monitor-state.js';
import { Pinger } from './pinger.js';

@Module({})
export class MonitorModule {
  /** The one place that knows who pings: this process alone or, where there is a Redis, all that share it. */
  static async with(settings: Settings): Promise<DynamicModule> {
    // BullMQ and ioredis are loaded where they are needed only.
    const { redisUrl } = settings;
    const { imports, providers } =
      redisUrl === undefined
        ? embeddedParts
        : (await import('./shared/shared-parts.js')).sharedParts(redisUrl, settings);
    return {
      module: MonitorModule,
      global: true,
      imports: [TrafficModule, MonitorClient, ...imports],
      controllers: [MonitorController],
      providers: [MonitorState, Pinger, MonitorService, ...providers],
      exports: [MonitorService],
    };
  }
}
