import { BullModule, Processor } from '@nestjs/bullmq';
import type { ModuleMetadata } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Settings } from '../../settings/schema.js';
import { Rounds } from '../rounds.js';
import { PREFIX, QUEUE } from './keys.js';
import { REDIS, RedisModule } from './redis.module.js';
import { Replica } from './replica.js';
import { SharedNews } from './shared-news.js';
import { SharedRounds } from './shared-rounds.js';
import { SliceRuns } from './slice-runs.js';
import { SliceSchedule } from './slice-schedule.js';
import { SliceWorker } from './slice-worker.js';
import { lockMs } from './slices.js';

/** BullMQ's own news of jobs, which nobody reads. */
const KEPT_EVENTS = 100;

/** What the monitor is made of where several processes share it by a Redis. */
export function sharedParts(
  redisUrl: string,
  { monitor: { intervalMs } }: Settings,
): Required<Pick<ModuleMetadata, 'imports' | 'providers'>> {
  const redisModule = RedisModule.with(redisUrl);
  const patienceMs = lockMs(intervalMs);

  /** A class for each app: a decorator's options are those of its class. */
  @Processor(QUEUE, { lockDuration: patienceMs, stalledInterval: patienceMs })
  class Worker extends SliceWorker {}

  return {
    imports: [
      redisModule,
      BullModule.registerQueueAsync({
        name: QUEUE,
        imports: [redisModule],
        inject: [REDIS],
        useFactory: (connection: Redis) => ({
          connection,
          prefix: PREFIX,
          streams: { events: { maxLen: KEPT_EVENTS } },
        }),
      }),
    ],
    providers: [
      Replica,
      SharedNews,
      SliceRuns,
      SliceSchedule,
      Worker,
      SharedRounds,
      { provide: Rounds, useExisting: SharedRounds },
    ],
  };
}
