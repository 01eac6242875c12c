import { type BeforeApplicationShutdown, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { defer, interval, map, merge, mergeMap, Observable, of, share, Subject, takeUntil } from 'rxjs';
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
export class DeskService implements OnModuleDestroy, BeforeApplicationShutdown {
  readonly #startedAt = new Date(Date.now() - performance.now()).toISOString();
  readonly #looks = new Subject<void>();
  readonly #ended = new Subject<void>();
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
      return merge(interval(LOOK_EVERY_MS), this.#looks).pipe(
        mergeMap(() => {
          const before = known;
          known = this.snapshot();
          return deskChanges(before, known);
        }),
      );
    }).pipe(share());
  }

  onModuleDestroy(): void {
    this.#looks.next();
  }

  beforeApplicationShutdown(): void {
    this.#looks.next();
    this.#ended.next();
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
      const subscription = merge(first, this.#changes, retries).pipe(takeUntil(this.#ended)).subscribe(subscriber);
      return () => {
        this.#watchers--;
        subscription.unsubscribe();
      };
    });
  }
}
