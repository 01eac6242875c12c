import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import { digest } from '../base/digest.js';
import { eagerMs, type Grant, type TokenShare } from '../layers/auth/token-source.js';
import type { Availability } from './availability.js';
import type { Cipher } from './cipher.js';
import type { RedisCommands } from './commands.js';
import { script } from './script.js';

/** The value, and how much longer it is kept. */
const READ = script(`return { redis.call('GET', KEYS[1]) or '', redis.call('PTTL', KEYS[1]) }`);
/** Of this owner only: the lock of a slow one may be another's by now. */
const UNLOCK = script(`if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`);

/** How often those who wait for another replica's renewal look. */
const LOOK_MS = 100;
/** A token whose server says nothing of its end is kept for a day. */
const MAX_KEEP_MS = 24 * 60 * 60 * 1_000;

export interface TokensContext {
  readonly commands: RedisCommands;
  readonly availability: Availability;
  readonly clock: Clock;
  readonly prefix: string;
  readonly cipher: Cipher;
}

/** A token that replicas have together, encrypted. What cannot be read is none. */
export class SharedTokens implements TokenShare {
  readonly #context: TokensContext;
  readonly #key: string;
  readonly #lock: string;

  /** @param id the same in all replicas for the same credentials */
  constructor(id: string, context: TokensContext) {
    const tag = `${context.prefix}:{token:${digest(id)}}`;
    this.#context = context;
    this.#key = tag;
    this.#lock = `${tag}:lock`;
  }

  /** Of another replica, or one that this one gets; where Redis is unavailable it gets one for itself. */
  async grant(fetch: () => Promise<Grant>, refused: string | undefined, lockMs: number): Promise<Grant> {
    const owner = randomUUID();
    let known: Grant | undefined;
    try {
      known = await this.#knownOrLocked(owner, refused, lockMs);
    } catch {
      return fetch(); // Redis is unavailable
    }
    if (known) return known;
    try {
      const grant = await fetch();
      await this.#write(grant).catch(() => {});
      return grant;
    } finally {
      void this.#unlock(owner);
    }
  }

  /** @returns undefined: the lock is this owner's, or another's for too long */
  async #knownOrLocked(owner: string, refused: string | undefined, lockMs: number): Promise<Grant | undefined> {
    const known = await this.#read(refused);
    if (known) return known;
    if (await this.#tryLock(owner, lockMs)) {
      const renewed = await this.#read(refused); // between the two
      if (renewed) void this.#unlock(owner);
      return renewed;
    }
    const leftMs = lockMs - LOOK_MS;
    if (leftMs <= 0) return undefined;
    await new Promise<void>((resolve) => this.#context.clock.setTimeout(resolve, LOOK_MS));
    return this.#knownOrLocked(owner, refused, leftMs);
  }

  #tryLock(owner: string, lockMs: number): Promise<boolean> {
    const { availability, commands } = this.#context;
    return availability.ask(
      () => commands.set(this.#lock, owner, { ttlMs: lockMs, ifAbsent: true }),
      (isLocked) => isLocked && void this.#unlock(owner),
    );
  }

  /** @returns undefined where there is none, or it is to be renewed */
  async #read(refused: string | undefined): Promise<Grant | undefined> {
    const { availability, commands, cipher } = this.#context;
    const answer = await availability.ask(() => commands.run(READ, [this.#key], []));
    const [written, leftMs] = answer as [string, number];
    const text = cipher.decrypt(written, this.#key);
    if (text === undefined) return undefined;
    const { token, lifetimeMs } = JSON.parse(text) as { token: string; lifetimeMs: number };
    return token === refused || leftMs <= eagerMs(lifetimeMs) ? undefined : { token, lifetimeMs: leftMs };
  }

  async #write({ token, lifetimeMs }: Grant): Promise<void> {
    const { availability, commands, cipher } = this.#context;
    const ttlMs = Math.floor(Math.min(lifetimeMs, MAX_KEEP_MS));
    if (ttlMs < 1) return;
    const written = cipher.encrypt(JSON.stringify({ token, lifetimeMs: ttlMs }), this.#key);
    await availability.ask(() => commands.set(this.#key, written, { ttlMs }));
  }

  async #unlock(owner: string): Promise<void> {
    const { availability, commands } = this.#context;
    await availability.ask(() => commands.run(UNLOCK, [this.#lock], [owner])).catch(() => {}); // it ends by itself
  }
}
