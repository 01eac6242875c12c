import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { IoredisClient, RedisClientLike } from '../../src/redis/client-shape.js';
import type { ManualClock } from './manual-clock.js';

/** Redis's clock is the test's: scripts get the time as their last argument. */
const PREAMBLE = 'local TEST_NOW = tonumber(table.remove(ARGV))\n';
const TEST_TIME = '{ math.floor(TEST_NOW / 1000), (TEST_NOW % 1000) * 1000 }';
const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');
const START = 1_800_000_000_000;

/** A command that is late comes to Redis late; an answer that is late comes to the client late. */
export type Weather = 'up' | 'down' | 'silent' | { readonly delayMs?: number; readonly answerMs?: number };

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
  /** Hash of a script → hash of what Redis has of it. */
  readonly #scripts = new Map<string, string>();
  #pending = 0;

  constructor(real: () => IoredisClient, clock: ManualClock) {
    this.#real = real;
    this.#clock = clock;
  }

  /** A client of a replica. */
  client(weatherHere: () => Weather | undefined = () => undefined): RedisClientLike {
    const real = this.#real as () => IoredisClient & Record<string, (...args: unknown[]) => Promise<unknown>>;
    const line: Line = { runsAt: 0, answersAt: 0 };
    const sent = (command: () => Promise<unknown>) => this.#send(weatherHere() ?? this.weather, line, command);
    return {
      evalsha: async (sha: string, count: number, ...rest: string[]) => {
        const timed = this.#scripts.get(sha);
        if (timed === undefined) throw new Error('NOSCRIPT no such script');
        return sent(() => real().evalsha(timed, count, ...rest, this.#time()));
      },
      eval: (text: string, count: number, ...rest: string[]) =>
        sent(() => {
          const timed = PREAMBLE + text.replaceAll("redis.call('TIME')", TEST_TIME);
          const answer = real().eval(timed, count, ...rest, this.#time());
          void answer.then(
            () => this.#scripts.set(sha1(text), sha1(timed)),
            () => {}, // of the caller, who has it too
          );
          return answer;
        }),
      getBuffer: (key: string) => sent(() => real().getBuffer(key)),
      call: () => Promise.reject(new Error('not used')),
      ...Object.fromEntries(
        ['set', 'del', 'pexpire'].map((name) => [name, (...args: unknown[]) => sent(() => real()[name]!(...args))]),
      ),
    } as unknown as RedisClientLike;
  }

  #time(): string {
    return String(START + this.#clock.now());
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

  async #send(weather: Weather, line: Line, command: () => Promise<unknown>): Promise<unknown> {
    this.commands++;
    if (weather === 'down') throw new Error('connect ECONNREFUSED');
    if (weather === 'silent') return new Promise(() => {});
    const { delayMs = 0, answerMs = 0 } = typeof weather === 'object' ? weather : {};
    const now = this.#clock.now();
    const runsAt = Math.max(line.runsAt, now + delayMs);
    line.runsAt = runsAt;
    line.answersAt = Math.max(line.answersAt, runsAt + answerMs);
    const { answersAt } = line;
    if (runsAt > now) await this.#until(runsAt);
    this.#pending++;
    let answer: unknown;
    try {
      answer = await command();
    } finally {
      this.#pending--;
    }
    if (answersAt > this.#clock.now()) await this.#until(answersAt);
    return answer;
  }

  #until(time: number): Promise<void> {
    return new Promise((resolve) => this.#clock.setTimeout(resolve, time - this.#clock.now()));
  }
}

/** A connection: no command overtakes another, and no answer does. Until when those before are on their way. */
interface Line {
  runsAt: number;
  answersAt: number;
}
