import { setImmediate } from 'node:timers/promises';
import type { IoredisClient, RedisClientLike } from '../../src/redis/client-shape.js';
import type { ManualClock } from './manual-clock.js';

/** Redis's clock is the test's: scripts get the time as their last argument. */
const PREAMBLE = 'local TEST_NOW = tonumber(table.remove(ARGV))\n';
const TEST_TIME = '{ math.floor(TEST_NOW / 1000), (TEST_NOW % 1000) * 1000 }';
const START = 1_800_000_000_000;

export type Weather = 'up' | 'down' | 'silent' | { readonly delayMs: number };

/**
 * A real Redis on the clock of a test: it can be gone, silent or slow, and what it takes is none of the test's time. Of a client of ioredis it has
 * what is used.
 */
export class SimulatedRedis {
  weather: Weather = 'up';
  /** Commands that were sent. */
  commands = 0;
  readonly #clock: ManualClock;
  readonly #real: () => IoredisClient;
  #pending = 0;

  constructor(real: () => IoredisClient, clock: ManualClock) {
    this.#real = real;
    this.#clock = clock;
  }

  /** A client of a replica. */
  client(weatherHere: () => Weather | undefined = () => undefined): RedisClientLike {
    const real = this.#real as () => IoredisClient & Record<string, (...args: unknown[]) => Promise<unknown>>;
    const sent = (command: () => Promise<unknown>) => this.#send(weatherHere() ?? this.weather, command);
    return {
      evalsha: () => Promise.reject(new Error('NOSCRIPT no such script')),
      eval: (text: string, count: number, ...rest: string[]) =>
        sent(() => {
          const timed = PREAMBLE + text.replaceAll("redis.call('TIME')", TEST_TIME);
          return real().eval(timed, count, ...rest, String(START + this.#clock.now()));
        }),
      getBuffer: (key: string) => sent(() => real().getBuffer(key)),
      call: () => Promise.reject(new Error('not used')),
      ...Object.fromEntries(
        ['set', 'del', 'pexpire'].map((name) => [name, (...args: unknown[]) => sent(() => real()[name]!(...args))]),
      ),
    } as unknown as RedisClientLike;
  }

  /** Lets the time pass in steps, and Redis answer in each. */
  async pass(ms: number, stepMs = 10): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.#clock.tick(Math.min(stepMs, left));
      await this.settled(); // oxlint-disable-line no-await-in-loop -- one step after another
    }
  }

  /** Redis has answered all that it was asked. */
  async settled(): Promise<void> {
    do {
      await setImmediate(); // oxlint-disable-line no-await-in-loop -- until nothing is pending
    } while (this.#pending > 0);
    await setImmediate();
  }

  async #send(weather: Weather, command: () => Promise<unknown>): Promise<unknown> {
    this.commands++;
    if (weather === 'down') throw new Error('connect ECONNREFUSED');
    if (weather === 'silent') return new Promise(() => {});
    if (typeof weather === 'object')
      await new Promise<void>((resolve) => this.#clock.setTimeout(resolve, weather.delayMs));
    this.#pending++;
    try {
      return await command();
    } finally {
      this.#pending--;
    }
  }
}
