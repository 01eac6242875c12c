import { Injectable } from '@nestjs/common';
import { defer, interval, map, merge, mergeMap, Observable, of, share, takeWhile } from 'rxjs';
import { AirlinesService } from '../airlines/airlines.service.js';
import { DrainService } from '../drain/drain.service.js';
import { MonitorService } from '../monitor/monitor.service.js';
import { RetryNotices } from '../traffic/retry-notices.js';
import { TrafficService } from '../traffic/traffic.service.js';
import type { DeskEvent, DeskSnapshot } from './desk.dto.js';
import { deskChanges } from './desk-changes.js';

/** How often watchers are told what has changed. Nobody watches, nothing is done. */
const LOOK_EVERY_MS = 250;
const MEGABYTE = 2 ** 20;

/** All that the desk's page shows: as a whole, and as it changes. */
@Injectable()
export class DeskService {
  readonly #startedAt = new Date(Date.now() - performance.now()).toISOString();
  readonly #changes: Observable<DeskEvent>;
  #watchers = 0;

  constructor(
    private readonly airlines: AirlinesService,
    private readonly monitor: MonitorService,
    private readonly traffic: TrafficService,
    private readonly drain: DrainService,
    private readonly retries: RetryNotices,
  ) {
    this.#changes = defer(() => {
      let known = this.snapshot();
      return merge(interval(LOOK_EVERY_MS), this.drain.phases).pipe(
        mergeMap(() => {
          const before = known;
          known = this.snapshot();
          return deskChanges(before, known);
        }),
      );
    }).pipe(share());
  }

  snapshot(): DeskSnapshot {
    return {
      at: new Date().toISOString(),
      process: {
        pid: process.pid,
        startedAt: this.#startedAt,
        rssMegabytes: Math.round(process.memoryUsage.rss() / MEGABYTE),
        watchers: this.#watchers,
      },
      drain: this.drain.view(),
      monitor: this.monitor.summary(),
      endpoints: this.monitor.views(),
      airlines: this.airlines.views(),
      ...this.traffic.view(),
    };
  }

  /** A snapshot, then what changes, until the app closes. */
  events(): Observable<DeskEvent> {
    return new Observable((subscriber) => {
      this.#watchers++;
      const first = defer(() => of<DeskEvent>({ type: 'snapshot', data: this.snapshot() }));
      const retries = this.retries.all.pipe(map((data): DeskEvent => ({ type: 'retry', data })));
      const alerts = this.monitor.alerts.pipe(map((data): DeskEvent => ({ type: 'alert', data })));
      const all = merge(first, this.#changes, retries, alerts).pipe(takeWhile(isNotLast, true));
      const subscription = all.subscribe(subscriber);
      return () => {
        this.#watchers--;
        subscription.unsubscribe();
      };
    });
  }
}

function isNotLast({ type, data }: DeskEvent): boolean {
  if (type === 'snapshot') return data.drain.phase !== 'closing';
  return type !== 'drain' || data.phase !== 'closing';
}
