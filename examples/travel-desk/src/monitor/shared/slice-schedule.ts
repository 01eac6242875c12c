import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { BehaviorSubject } from 'rxjs';
import type { Settings } from '../../settings/schema.js';
import { InjectSettings } from '../../settings/settings.module.js';
import { MonitoredEndpoints } from '../monitored-endpoints.js';
import type { MonitorRedis } from './commands.js';
import { giveBack } from './give-back.js';
import { keys, QUEUE } from './keys.js';
import { InjectRedis } from './redis.module.js';
import { Replica } from './replica.js';
import { beatMs, offsetMs, type Slice, slicesOf } from './slices.js';

/** A process that has not been heard of for so many beats is gone. */
const STALE_BEATS = 3;
/** A schedule whose next round is so many rounds ago has lost its job. */
const STALE_ROUNDS = 2;

/**
 * Sees to it that every slice has its job scheduler: at the start, and whenever Redis has lost them. Also says that this
 * process is there. Where processes have different settings, as while they are replaced, those of the last to start hold.
 */
@Injectable()
export class SliceSchedule implements OnModuleInit, OnModuleDestroy {
  readonly #logger = new Logger('Monitor');
  readonly #intervalMs: number;
  readonly #ids: readonly string[];
  readonly #beatMs: number;
  readonly #offsetMs: number;
  readonly slices: readonly Slice[];
  /** Processes that share the work, as far as is known, and whenever that changes. */
  readonly replicas = new BehaviorSubject(1);
  /** What the schedule is made from: the same for all processes with these settings. */
  readonly #source: string;
  #isPut = false;
  #isTending = false;
  #isStopped = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    @InjectSettings() { monitor: { intervalMs, sliceSize } }: Settings,
    { all: endpoints }: MonitoredEndpoints,
    @InjectQueue(QUEUE) private readonly queue: Queue<Slice>,
    @InjectRedis() private readonly redis: MonitorRedis,
    private readonly replica: Replica,
  ) {
    this.queue.on('error', () => {}); // the client says so
    this.#intervalMs = intervalMs;
    this.#ids = endpoints.map(({ id }) => id);
    this.#beatMs = beatMs(intervalMs);
    this.slices = slicesOf(this.#ids, sliceSize);
    this.#offsetMs = offsetMs(this.#ids, intervalMs);
    this.#source = JSON.stringify({ intervalMs, sliceSize, ids: this.#ids });
  }

  onModuleInit(): void {
    const tend = () => void this.#tend();
    this.redis.on('ready', tend);
    this.#timer = setInterval(tend, this.#beatMs);
    tend();
  }

  async onModuleDestroy(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    if (this.redis.status === 'ready') await giveBack(this.redis.zrem(keys.replicas, this.replica.name));
  }

  async #tend(): Promise<void> {
    if (this.#isTending || this.#isStopped || this.redis.status !== 'ready') return;
    this.#isTending = true;
    try {
      const staleMs = STALE_BEATS * this.#beatMs;
      const [replicas, source] = await this.redis.beatReplica(keys.replicas, keys.schedule, this.replica.name, staleMs);
      if (replicas !== this.replicas.value) this.replicas.next(replicas);
      if (source === '' || (!this.#isPut && source !== this.#source)) await this.#putAll();
      else await this.#reviveLatest();
      this.#isPut = true;
    } catch (error) {
      if (!this.#isStopped) this.#logger.warn(`The schedule could not be looked after: ${(error as Error).message}`);
    } finally {
      this.#isTending = false;
    }
  }

  /** Makes the schedule that of these settings, and forgets endpoints that are in it no more. */
  async #putAll(): Promise<void> {
    await Promise.all(this.slices.map((slice) => this.#put(slice)));
    const wanted = new Set(this.slices.map(({ key }) => key));
    const known = await this.queue.getJobSchedulers();
    const stale = known.filter(({ key }) => !wanted.has(key));
    await Promise.all(stale.map(({ key }) => this.queue.removeJobScheduler(key)));
    const ids = await this.redis.hkeys(keys.states);
    const gone = ids.filter((id) => !this.#ids.includes(id));
    if (gone.length > 0) {
      await this.redis.hdel(keys.states, ...gone);
      await this.redis.del(...gone.map(keys.history));
    }
    await this.redis.set(keys.schedule, this.#source);
  }

  /** One that is there already goes on as it was. */
  async #put(slice: Slice): Promise<void> {
    await this.queue.upsertJobScheduler(
      slice.key,
      { every: this.#intervalMs, offset: this.#offsetMs },
      { name: 'ping', data: slice, opts: { removeOnComplete: true, removeOnFail: true } },
    );
  }

  /** Gives the slice that is most behind a new job where it has lost its own. */
  async #reviveLatest(): Promise<void> {
    const [latest] = await this.queue.getJobSchedulers(0, 0, true);
    if (!latest?.next || latest.next > Date.now() - STALE_ROUNDS * this.#intervalMs) return;
    const slice = this.slices.find(({ key }) => key === latest.key);
    if (slice) await this.#put(slice);
  }
}
