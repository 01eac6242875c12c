import { Module } from '@nestjs/common';
import { UpstreamsModule } from '../upstreams/upstreams.module.js';
import { DrainService } from './drain.service.js';

@Module({
  imports: [UpstreamsModule],
  providers: [DrainService],
  exports: [DrainService],
})
export class DrainModule {}
