import { MAX_TIMER_MS } from '../base/clock.js';
import { describeValue } from '../base/argument-checks.js';
import { InvalidOptionsError } from '../errors/refusal.errors.js';
import type { ValueStore } from '../layers/cache/shared-store.js';
import type { OpenSharedState, SharedContext, SharedState } from '../options/shared-state.js';
import { Availability } from './availability.js';
import { withinMs } from './bounded.js';
import { Cipher, type EncryptionKey, keyBytes } from './cipher.js';
import { clientProblem, type RedisClientLike } from './client-shape.js';
import { type RedisCommands, redisCommands } from './commands.js';
import { SharedRateLimiter } from './quota.js';
import { Heart } from './replicas.js';
import { SharedTokens } from './tokens.js';

/** How replicas share state. */
export interface RedisSharedOptions {
  /**
   * The start of every key: the same in all replicas of an app, another for each app that uses this Redis.
   * @default 'nest-outbound'
   */
  prefix?: string;
  /**
   * How long a call waits for Redis at most. A Redis that is slower counts as unavailable.
   * @default 50 milliseconds
   */
  timeoutMs?: number;
  /**
   * How many replicas of the app there are. While Redis is unavailable, each keeps to that share of a limit. `'auto'`: they are counted in Redis; while
   * that is gone, the last number holds. (10 where it was never there.)
   * @default 'auto'
   */
  replicas?: number | 'auto';
  /**
   * Encrypts tokens (`auth.oauth2.shared`) with AES-256-GCM: 32 bytes, or they in base64 (`openssl rand -base64 32`). Of several, the first encrypts, each
   * decrypts.
   * @default none: no token is shared
   */
  encryptionKey?: EncryptionKey | readonly EncryptionKey[];
}

const DEFAULTS = { prefix: 'nest-outbound', timeoutMs: 50, replicas: 'auto' } as const;

/**
 * State that replicas of an app share over its Redis (5 or later, or Valkey), for the option `shared` of `HttpClientModule.forRoot`. The client stays the
 * app's: it is never opened or closed here. Nothing is asked of it before the app starts, and the start waits for nothing.
 * @param redis a client of `ioredis` (5 or later) or `redis` (5 or later), single or a cluster
 * @throws InvalidOptionsError that lists every wrong option
 */
export function redisShared(redis: RedisClientLike, options: RedisSharedOptions = {}): SharedState {
  const { prefix = DEFAULTS.prefix, timeoutMs = DEFAULTS.timeoutMs, replicas = DEFAULTS.replicas } = options;
  const given = options.encryptionKey ?? [];
  const keys = (Array.isArray(given) ? given : [given]).map(keyBytes);
  const problems = [clientProblem(redis) ?? [], ...problemsOf({ prefix, timeoutMs, replicas })].flat();
  if (keys.includes(undefined)) problems.push('encryptionKey: expected 32 bytes, or they in base64, got others');
  if (problems.length > 0) throw new InvalidOptionsError('redisShared', problems);
  const commands = redisCommands(redis, 'redisShared');
  const cipher = keys.length > 0 ? new Cipher(keys as Buffer[]) : undefined;
  return new RedisShared({ commands, prefix, timeoutMs, replicas, cipher });
}

function problemsOf({ prefix, timeoutMs, replicas }: Required<Omit<RedisSharedOptions, 'encryptionKey'>>): string[] {
  const problems: string[] = [];
  const isWhole = (value: unknown, most: number) =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most;
  if (typeof prefix !== 'string' || prefix === '' || /[{}]/.test(prefix)) {
    problems.push(`prefix: expected a text without braces, got ${describeValue(prefix)}`);
  }
  if (!isWhole(timeoutMs, MAX_TIMER_MS)) {
    problems.push(
      `timeoutMs: expected a whole number of milliseconds from 1 to ${MAX_TIMER_MS}, got ${describeValue(timeoutMs)}`,
    );
  }
  if (replicas !== 'auto' && !isWhole(replicas, Number.MAX_SAFE_INTEGER)) {
    problems.push(`replicas: expected a whole number from 1, or 'auto', got ${describeValue(replicas)}`);
  }
  return problems;
}

interface Settings extends Readonly<Required<Omit<RedisSharedOptions, 'encryptionKey'>>> {
  readonly commands: RedisCommands;
  readonly cipher: Cipher | undefined;
}

/** Bytes under keys, while Redis is available. */
function sharedValues({ commands, availability, prefix }: ValuesContext): ValueStore {
  const keyOf = (key: string) => `${prefix}:${key}`;
  return {
    get: (key) => availability.ask(() => commands.get(keyOf(key))),
    set: (key, value, ttlMs) => availability.ask(() => commands.set(keyOf(key), value, { ttlMs })),
    delete: (key) => availability.ask(() => commands.delete(keyOf(key))),
    claim: (key, ttlMs) => availability.ask(() => commands.set(keyOf(key), '1', { ttlMs, ifAbsent: true })),
  };
}

interface ValuesContext {
  readonly commands: RedisCommands;
  readonly availability: Availability;
  readonly prefix: string;
}

class RedisShared implements SharedState {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  get keepsTokens(): boolean {
    return this.#settings.cipher !== undefined;
  }

  open({ clock, random, changed }: SharedContext): OpenSharedState {
    const { commands, timeoutMs, prefix, replicas, cipher } = this.#settings;
    const heart = new Heart({ commands, clock, prefix, replicas });
    const availability = new Availability({ clock, timeoutMs, heart, changed });
    const context = { commands, availability, clock, prefix };
    const quotas = { ...context, random, replicas: () => heart.replicas, apartShare: () => heart.apartShare };
    return {
      get state() {
        return availability.state;
      },
      get replicas() {
        return heart.replicas;
      },
      rateLimiter: (name, limits) => new SharedRateLimiter(name, limits, quotas),
      tokens(id) {
        if (!cipher) throw new Error('redisShared has no encryptionKey'); // the options have been checked
        return new SharedTokens(id, { ...context, cipher });
      },
      values: sharedValues(context),
      async close() {
        availability.close();
        if (availability.state === 'available') {
          await withinMs(clock, timeoutMs, () => heart.leave()).catch(() => {}); // the client may be closed already
        }
      },
    };
  }
}
