import { Module } from '@nestjs/common';
import { AirlinesModule } from '../airlines/airlines.module.js';
import { ControlsController } from '../controls/controls.controller.js';
import { DrainModule } from '../drain/drain.module.js';
import { TrafficModule } from '../traffic/traffic.module.js';
import { DeskController } from './desk.controller.js';
import { DeskService } from './desk.service.js';

@Module({
  imports: [AirlinesModule, DrainModule, TrafficModule],
  controllers: [DeskController, ControlsController],
  providers: [DeskService],
  exports: [DeskService],
})
export class DeskModule {}
