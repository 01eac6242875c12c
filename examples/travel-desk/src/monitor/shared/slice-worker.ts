import { OnWorkerEvent, WorkerHost } from '@nestjs/bullmq';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type Job, WaitingError } from 'bullmq';
import { setMaxListeners } from 'node:events';
import type { MonitorRedis } from './commands.js';
import { giveBack } from './give-back.js';
import { InjectRedis } from './redis.module.js';
import { SliceRuns } from './slice-runs.js';
import { SliceSchedule } from './slice-schedule.js';
import { shareOf, type Slice } from './slices.js';

/** Takes slices from the queue, and pings them. */
@Injectable()
export class SliceWorker extends WorkerHost implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('Monitor');
  readonly #stopping = new AbortController();

  constructor(
    private readonly runs: SliceRuns,
    private readonly schedule: SliceSchedule,
    @InjectRedis() private readonly redis: MonitorRedis,
  ) {
    super();
    setMaxListeners(0, this.#stopping.signal); // every slice listens to it
  }

  onApplicationBootstrap(): void {
    const { slices, replicas } = this.schedule;
    replicas.subscribe((count) => (this.worker.concurrency = shareOf(slices.length, count)));
  }

  async process(job: Job<Slice>, token?: string): Promise<void> {
    const { id, attemptsStarted, timestamp, data, opts } = job;
    const dueAt = timestamp + (opts.delay ?? 0);
    await this.runs.run({ ...data, id: id!, attempt: attemptsStarted, dueAt }, this.#stopping.signal);
    if (!this.#stopping.signal.aborted) return;
    await job.moveToWait(token); // at once, for another process
    throw new WaitingError();
  }

  /** As a lock that could not be renewed: somebody else has the slice then. */
  @OnWorkerEvent('error')
  onError({ message }: Error): void {
    if (this.#isConnected) this.#logger.debug(message);
  }

  /** Gives back what is under way, before the calls of the app are drained. */
  async onModuleDestroy(): Promise<void> {
    this.#stopping.abort();
    // Without Redis there is nobody to give anything to, and BullMQ would wait for it.
    await giveBack(this.worker.close(!this.#isConnected));
  }

  get #isConnected(): boolean {
    return this.redis.status === 'ready';
  }
}
