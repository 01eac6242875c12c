import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { alertOf } from '../alert.js';
import { MonitorState } from '../monitor-state.js';
import { MonitoredEndpoints } from '../monitored-endpoints.js';
import type { MonitorRedis } from './commands.js';
import { keys } from './keys.js';
import { type PingEntry, pingOf } from './ping-entry.js';
import { InjectRedis } from './redis.module.js';

/** A slice whose pings are over. */
export interface SliceRun {
  readonly slice: string;
  readonly replica: string;
  readonly tookMs: number;
}

/** With the totals of all processes, since the start. */
type CountedRun = SliceRun & { readonly runs: number; readonly skipped: number };

type Message =
  { readonly alerts: readonly string[]; readonly pings: readonly PingEntry[] } | { readonly run: CountedRun };

/** Keeps what this process knows in step with Redis: loaded whenever it connects, then told of each ping, whoever made it. */
@Injectable()
export class SharedNews implements OnModuleInit, BeforeApplicationShutdown {
  readonly #subscriber: Redis;
  /** Slice → who pinged it last. */
  readonly #pingedBy = new Map<string, string>();
  #runs = 0;
  #skipped = 0;
  #lastRunMs: number | null = null;

  constructor(
    @InjectRedis() private readonly redis: MonitorRedis,
    private readonly state: MonitorState,
    private readonly endpoints: MonitoredEndpoints,
  ) {
    this.#subscriber = redis.duplicate();
  }

  onModuleInit(): void {
    this.#subscriber.on('error', () => {}); // the client that it was made from says so
    this.#subscriber.on('message', (_, text) => this.#hear(JSON.parse(text) as Message));
    // In this order, so that nothing is missed in between.
    this.#subscriber.on('ready', () => {
      this.#subscriber
        .subscribe(keys.channel)
        .then(() => this.#load())
        .catch(() => {}); // the connection has broken: the next `ready` does it again
    });
  }

  beforeApplicationShutdown(): void {
    this.#subscriber.disconnect();
  }

  get runs(): number {
    return this.#runs;
  }

  get skipped(): number {
    return this.#skipped;
  }

  /** null: none is over. */
  get lastRunMs(): number | null {
    return this.#lastRunMs;
  }

  /** Slices that a process pinged last. */
  countOf(replica: string): number {
    return [...this.#pingedBy.values()].filter((name) => name === replica).length;
  }

  #hear(message: Message): void {
    if ('run' in message) {
      const { slice, replica, tookMs, runs, skipped } = message.run;
      this.#pingedBy.set(slice, replica);
      this.#lastRunMs = tookMs;
      this.#runs = runs;
      this.#skipped = skipped;
      return;
    }
    for (const entry of message.pings) this.state.history(entry[0])?.add(pingOf(entry));
    for (const id of message.alerts) {
      const entry = message.pings.find(([found]) => found === id)!;
      this.state.alerts.next(alertOf(id, pingOf(entry)));
    }
  }

  /** What Redis knows. It may know less than this process does, where it has lost its memory. */
  async #load(): Promise<void> {
    const { redis } = this;
    const [states, totals, ...histories] = await Promise.all([
      redis.hgetall(keys.states),
      redis.hgetall(keys.totals),
      ...this.endpoints.all.map(({ id }) => redis.lrange(keys.history(id), 0, -1)),
    ]);
    this.#runs = Number(totals['runs'] ?? 0);
    this.#skipped = Number(totals['skipped'] ?? 0);
    for (const [index, { id }] of this.endpoints.all.entries()) {
      const pings = histories[index]!.map((text) => pingOf(JSON.parse(text) as PingEntry));
      this.state.history(id)!.merge(pings, states[id]?.split(' ')[1]);
    }
  }
}
