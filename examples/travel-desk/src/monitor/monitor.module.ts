import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { TrafficModule } from '../traffic/traffic.module.js';
import { MonitorClient } from './monitor-client.js';
import { MonitorController } from './monitor.controller.js';
import { MonitorService } from './monitor.service.js';

@Module({
  imports: [ScheduleModule.forRoot(), TrafficModule, MonitorClient],
  controllers: [MonitorController],
  providers: [MonitorService],
  exports: [MonitorService],
})
export class MonitorModule {}
