import { Module } from '@nestjs/common';
import { UpstreamsModule } from '../upstreams/upstreams.module.js';
import { DrainService, TERMINATE } from './drain.service.js';

@Module({
  imports: [UpstreamsModule],
  providers: [DrainService, { provide: TERMINATE, useValue: () => process.kill(process.pid, 'SIGTERM') }],
  exports: [DrainService],
})
export class DrainModule {}
