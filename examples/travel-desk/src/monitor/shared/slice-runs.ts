import { Injectable, Logger } from '@nestjs/common';
import { setMaxListeners } from 'node:events';
import type { Settings } from '../../settings/schema.js';
import { InjectSettings } from '../../settings/settings.module.js';
import { alertLine, alertOf } from '../alert.js';
import { MonitorState } from '../monitor-state.js';
import { MonitoredEndpoints } from '../monitored-endpoints.js';
import { Pinger } from '../pinger.js';
import type { MonitorRedis } from './commands.js';
import { keys } from './keys.js';
import { PingBatches, type Pings } from './ping-batches.js';
import { entryOf } from './ping-entry.js';
import { InjectRedis } from './redis.module.js';
import { Replica } from './replica.js';
import { type Slice, lockMs } from './slices.js';
import type { SliceRun } from './shared-news.js';

/** A job that pings a slice. */
export interface SliceJob extends Slice {
  /** Of the job: the same when it is tried again. */
  readonly id: string;
  /** Which try: 1 for the first. */
  readonly attempt: number;
  /** When its round began, in milliseconds since 1970. */
  readonly dueAt: number;
}

/** Pings slices. Of each slice one round at a time, whichever process it is in. */
@Injectable()
export class SliceRuns {
  readonly #logger = new Logger('Monitor');
  readonly #lockMs: number;
  readonly #historySize: number;
  #active = 0;

  constructor(
    @InjectSettings() { monitor }: Settings,
    @InjectRedis() private readonly redis: MonitorRedis,
    private readonly state: MonitorState,
    private readonly endpoints: MonitoredEndpoints,
    private readonly pinger: Pinger,
    private readonly replica: Replica,
  ) {
    this.#lockMs = lockMs(monitor.intervalMs);
    this.#historySize = monitor.historySize;
  }

  /** Slices that this process is pinging. */
  get active(): number {
    return this.#active;
  }

  /**
   * Pings those of a slice that nobody has pinged in this round yet, unless another round of it is under way.
   * @param stopping ends it early; what was found until then is kept
   */
  async run(job: SliceJob, stopping: AbortSignal): Promise<void> {
    const owner = `${job.id} ${job.attempt}`;
    const lease = keys.lease(job.key);
    if (!(await this.redis.takeSlice(lease, keys.totals, owner, this.#lockMs, `${job.id} `))) return;
    const startedAt = performance.now();
    const lost = new AbortController();
    const keeping = setInterval(() => {
      this.redis.keepSlice(lease, owner, this.#lockMs).then(
        (isKept) => isKept || lost.abort(),
        () => lost.abort(),
      );
    }, this.#lockMs / 3);
    this.#active++;
    try {
      const signal = AbortSignal.any([stopping, lost.signal]);
      setMaxListeners(0, signal); // every ping listens to it
      await this.#ping(job, owner, signal);
      const tookMs = Math.round(performance.now() - startedAt);
      const over: SliceRun = { slice: job.key, replica: this.replica.name, tookMs };
      const run = stopping.aborted ? '' : JSON.stringify(over);
      await this.redis.releaseSlice(lease, keys.totals, owner, keys.channel, run);
    } finally {
      this.#active--;
      clearInterval(keeping);
    }
  }

  async #ping({ key, ids, dueAt }: SliceJob, owner: string, signal: AbortSignal): Promise<void> {
    const due = new Date(dueAt).toISOString();
    const wanted = new Set(ids);
    const unpinged = this.endpoints.all.filter(({ id }) => {
      return wanted.has(id) && (this.state.history(id)!.last?.at ?? '') < due;
    });
    const batches = new PingBatches((pings) => this.#record(key, owner, dueAt, pings));
    await this.pinger.pingAll(unpinged, signal, (id, ping) => batches.add(id, ping));
    await batches.end();
  }

  async #record(key: string, owner: string, round: number, pings: Pings): Promise<void> {
    const entries = [...pings].map(([id, ping]) => entryOf(id, ping));
    const message = JSON.stringify({ slice: key, replica: this.replica.name, round, pings: entries });
    const names = [keys.lease(key), keys.states, ...Array.from(pings.keys(), keys.history)];
    const values = [...pings].flatMap(([id, { state, at }], index) => [
      id,
      state,
      at,
      this.state.stateOf(id),
      JSON.stringify(entries[index]),
    ]);
    const alerts = await this.redis.recordPings(
      names.length,
      ...names,
      owner,
      this.#historySize,
      keys.channel,
      message,
      ...values,
    );
    for (const id of alerts) this.#logger.log(alertLine(alertOf(id, pings.get(id)!)));
  }
}
