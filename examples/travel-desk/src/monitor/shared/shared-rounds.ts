import { Injectable } from '@nestjs/common';
import type { Settings } from '../../settings/schema.js';
import { InjectSettings } from '../../settings/settings.module.js';
import { Rounds, type RoundsView } from '../rounds.js';
import type { MonitorRedis } from './commands.js';
import { InjectRedis } from './redis.module.js';
import { Replica } from './replica.js';
import { SharedNews } from './shared-news.js';
import { SliceRuns } from './slice-runs.js';
import { SliceSchedule } from './slice-schedule.js';

/** The rounds that several processes share, as this one knows them. */
@Injectable()
export class SharedRounds extends Rounds {
  readonly #intervalMs: number;

  constructor(
    @InjectSettings() { monitor }: Settings,
    @InjectRedis() private readonly redis: MonitorRedis,
    private readonly replica: Replica,
    private readonly schedule: SliceSchedule,
    private readonly news: SharedNews,
    private readonly runs: SliceRuns,
  ) {
    super();
    this.#intervalMs = monitor.intervalMs;
  }

  view(): RoundsView {
    const { replicas, slices } = this.schedule;
    const { runs, skipped, lastRunMs } = this.news;
    return {
      intervalMs: this.#intervalMs,
      ticks: Math.floor(runs / Math.max(1, slices.length)),
      skippedTicks: skipped,
      running: this.runs.active > 0,
      lastTickMs: lastRunMs,
      sharing: {
        replica: this.replica.name,
        replicas: replicas.value,
        slices: slices.length,
        slicesHere: this.news.countOf(this.replica.name),
        connected: this.redis.status === 'ready',
      },
    };
  }
}
