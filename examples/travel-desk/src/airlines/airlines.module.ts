import { Module } from '@nestjs/common';
import { TrafficModule } from '../traffic/traffic.module.js';
import { AirlinesClient } from './airlines-client.js';
import { AirlinesService } from './airlines.service.js';

@Module({
  imports: [TrafficModule, AirlinesClient],
  providers: [AirlinesService],
  exports: [AirlinesClient, AirlinesService],
})
export class AirlinesModule {}
