import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import type { RedisCommands } from './commands.js';
import { script } from './script.js';

/** A beat that is no older tells that Redis works for the replica. Beats come every 500 ms. */
const FRESH_MS = 900;
/** One that keeps to its share says so with each probe, of which one may be lost. */
const APART_MS = 1_500;
/** A replica that is not heard of for so long is gone. */
const GONE_MS = 3_000;
/** Where Redis was gone for all, they go back so long after the first has found it again: clients wait up to 2 s between two attempts to connect. */
const RETURN_MS = 2_500;
/** The count may be too low for a moment, as after a restart of Redis: the highest counts that was heard of for so long. */
const REMEMBER_MS = 10_000;
/** Replicas that are taken for granted while none has been counted yet: Redis was never there. */
const UNKNOWN_REPLICAS = 10;

/** Redis's clock: `now`, in milliseconds since 1970. */
const NOW = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
`;

/**
 * KEYS[1]: those who use Redis, by their last beat. KEYS[2]: those who keep to their share, by when they said so last. KEYS[3]: when all go back
 * together: whoever has it for its score keeps to its share until then.
 */
const OPENED = `${NOW}
local back = tonumber(redis.call('GET', KEYS[3]) or 0)
local function mark(at)
  redis.call('ZADD', KEYS[2], at, ARGV[1]) -- first: a full Redis refuses nothing after a script has written
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('PEXPIRE', KEYS[2], 60000)
end
local function apart()
  local since = now - ${APART_MS}
  local count = redis.call('ZCOUNT', KEYS[2], '(' .. since, '+inf')
  if back > since and back <= now then count = count - redis.call('ZCOUNT', KEYS[2], back, back) end
  local own = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or 0)
  if own > since and (own ~= back or back > now) then count = count - 1 end
  return count
end
`;

/** Returns how many there are, and how many of them keep to their share. */
const BEAT = script(`${OPENED}
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ${GONE_MS})
redis.call('PEXPIRE', KEYS[1], 60000)
redis.call('ZREM', KEYS[2], ARGV[1])
return { redis.call('ZCARD', KEYS[1]), apart() }
`);

const MARK = script(`${OPENED} mark(now) return 1`);

/**
 * Returns how long to wait before one goes back, and how many others keep to their share. It writes whenever Redis may have been gone for all: one that can be read
 * but not written (full, or a replica by now) is not back.
 */
const PROBE = script(`${OPENED}
if ARGV[2] == '0' then
  mark(now)
  return { 0, 0 }
end
if ARGV[3] == '1' then
  mark(now)
  return { 0, apart() }
end
if redis.call('ZCOUNT', KEYS[1], now - ${FRESH_MS}, now) - (redis.call('ZSCORE', KEYS[1], ARGV[1]) and 1 or 0) > 0 then
  if back < now - ${FRESH_MS} then mark(now) end
  return { 0, apart() }
end
if back < now - ${FRESH_MS} then
  back = now + tonumber(ARGV[2])
  redis.call('SET', KEYS[3], back, 'PX', tonumber(ARGV[2]) + 2000)
end
mark(back)
return { math.max(0, back - now), apart() }
`);

const LEAVE = script(`return redis.call('ZREM', KEYS[1], ARGV[1]) + redis.call('ZREM', KEYS[2], ARGV[1])`);

export interface HeartSettings {
  readonly commands: RedisCommands;
  readonly clock: Clock;
  readonly prefix: string;
  /** How many there are; 'auto': they are counted. */
  readonly replicas: number | 'auto';
}

/** Tells the other replicas that this one is there, and knows how many they are. */
export class Heart {
  readonly #settings: HeartSettings;
  readonly #id = randomUUID();
  readonly #keys: readonly string[];
  /** Oldest first. */
  #counts: { readonly at: number; readonly count: number }[] = [];
  /** Replicas that keep to their share. */
  #apart = 0;

  constructor(settings: HeartSettings) {
    this.#settings = settings;
    this.#keys = ['', ':apart', ':back'].map((of) => `${settings.prefix}:{replicas}${of}`);
  }

  /** The last that is known. */
  get replicas(): number {
    const { replicas } = this.#settings;
    if (replicas !== 'auto') return replicas;
    return this.#counts.length === 0 ? UNKNOWN_REPLICAS : Math.max(...this.#counts.map(({ count }) => count));
  }

  /** How much of a limit replicas use for which alone Redis is slow, from 0, below 1. */
  get apartShare(): number {
    return Math.min(this.#apart, this.replicas - 1) / this.replicas;
  }

  /** This replica uses Redis. */
  async beat(): Promise<void> {
    const { commands, clock } = this.#settings;
    const [count, apart] = (await commands.run(BEAT, this.#keys, [this.#id])) as [number, number];
    this.#apart = apart;
    const at = clock.now();
    this.#counts = [...this.#counts.filter((known) => at - known.at < REMEMBER_MS), { at, count }];
  }

  /**
   * Redis can be reached, maybe again. Where it works for another replica, it was gone for this one only.
   * @param isHeld it keeps to its share for now, whatever it finds
   * @returns how many milliseconds to wait before this replica uses it again
   */
  async probe(isHeld: boolean): Promise<number> {
    const args = [this.#id, String(this.replicas === 1 ? 0 : RETURN_MS), isHeld ? '1' : '0'];
    const [waitMs, apart] = (await this.#settings.commands.run(PROBE, this.#keys, args)) as [number, number];
    this.#apart = apart;
    return waitMs;
  }

  /** This replica keeps to its share from now on. Redis may hear of it yet, however late. */
  mark(): void {
    this.#settings.commands.run(MARK, this.#keys, [this.#id]).catch(() => {});
  }

  /** This replica is about to end. */
  async leave(): Promise<void> {
    await this.#settings.commands.run(LEAVE, this.#keys.slice(0, 2), [this.#id]);
  }
}
