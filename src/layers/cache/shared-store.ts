import type { Clock } from '../../base/clock.js';
import { digest } from '../../base/digest.js';
import { timeLimit } from '../../base/time-limit.js';
import type { Call } from '../../call/call.js';
import { sleep } from '../../call/waiting.js';
import { decoded, encoded } from './codec.js';
import { isCondemned, type Purge, type ResponseStore } from './store.js';
import type { StoredResponse } from './stored.js';

/** Where replicas keep values together: bytes under a key, for some time. Whatever it rejects with, it has no value. */
export interface ValueStore {
  get(key: string): Promise<Buffer | undefined>;
  set(key: string, value: Buffer, ttlMs: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  /** Sets a key that is not there. @returns false where it was there */
  claim(key: string, ttlMs: number): Promise<boolean>;
}

/** What a store is waited for that sets no limit itself. A slower one has no value. */
const TIMEOUT_MS = 250;
/** One that was too slow is left alone for so long, but for deletions: each call would wait for it several times. */
const REST_MS = 1_000;
/** How long a replica that fills is waited for, and how often it is looked for its response. */
const WAIT_MS = 500;
const POLL_MS = 25;
/** A replica that fills and dies is waited for no longer. */
const CLAIM_MS = 5_000;
/** A purge holds as long as anything that was stored before it. */
const PURGE_TTL_MS = 366 * 24 * 3_600_000;
/** A request that began before a deletion has ended by then. */
const DELETED_MS = 10 * 60_000;
/** More of them are one that deletes all. */
const MAX_PURGES = 1_000;

/** In place of an answer: nobody knows what is there. */
const FAILED = Symbol('failed');

interface DatedPurge {
  /** On the wall clock. */
  readonly at: number;
  readonly purge: Purge;
}

export interface SharedStoreContext {
  readonly clock: Clock;
  readonly now: () => number;
  /** Tells the clients of an app apart, and their credentials. */
  readonly namespace: string;
  /** Whether the store bounds what it is asked, so that it need not be bounded here. */
  readonly isBounded?: boolean;
}

/**
 * Responses in a store that replicas share. A store that is slow, gone or broken is one that has no response: no call fails with it. Keys are digests, for URLs
 * may contain secrets.
 */
export class SharedStore implements ResponseStore {
  readonly #values: ValueStore;
  readonly #context: SharedStoreContext;
  /** Until when it is left alone, on the client's clock. */
  #restsUntil = -Infinity;

  constructor(values: ValueStore, context: SharedStoreContext) {
    this.#values = values;
    this.#context = context;
  }

  async get(url: string): Promise<readonly StoredResponse[] | undefined> {
    const [value, deletedAt, purges] = await Promise.all([
      this.#asked((values) => values.get(this.#key(url))),
      this.#deletedAt(url),
      this.#purges(),
    ]);
    // What may have been deleted is not given.
    if (value === FAILED || deletedAt === FAILED || purges === FAILED) return undefined;
    const responses = value && (await decoded(value));
    // A digest is enough to find it, but not to be given what may be another's.
    const kept = responses?.filter((one) => one.url === url && one.requestedAt > deletedAt && !isPurged(one, purges));
    return kept && kept.length > 0 ? kept : undefined;
  }

  async set(url: string, responses: readonly StoredResponse[], keepMs: number): Promise<boolean> {
    const value = await encoded(responses);
    const isSet = await this.#asked((values) => values.set(this.#key(url), value, Math.ceil(keepMs)));
    if (isSet === FAILED) return true; // nobody else is told of it
    // Another replica may have deleted the URL since the response was asked for. It notes that before it deletes, so that nothing slips through.
    const deletedAt = await this.#deletedAt(url);
    if (deletedAt !== FAILED && responses.every(({ requestedAt }) => requestedAt > deletedAt)) return true;
    await this.#told((values) => values.delete(this.#key(url)));
    return false;
  }

  /** Until when what is asked for counts as deleted, on the wall clock; -Infinity: it was not deleted. */
  async #deletedAt(url: string): Promise<number | typeof FAILED> {
    const at = await this.#asked((values) => values.get(this.#deletedKey(url)));
    if (at === FAILED) return FAILED;
    return at ? Number(at.toString()) : -Infinity;
  }

  async delete(url: string): Promise<void> {
    const at = Buffer.from(String(this.#context.now()));
    await this.#told((values) => values.set(this.#deletedKey(url), at, DELETED_MS));
    await this.#told((values) => values.delete(this.#key(url)));
  }

  /** What is stored before now and condemned is given no more. It is read with each response, so that one key deletes many. */
  async purge(purge: Purge): Promise<void> {
    const added: DatedPurge = { at: this.#context.now(), purge };
    // Another replica may write at the same time: whose purge is lost, adds it again.
    for (let tries = 0; tries < 5; tries++) {
      const read = await this.#purges(); // oxlint-disable-line no-await-in-loop -- until it is there
      // Those that cannot be read must not be lost.
      const known = read === FAILED ? [{ at: added.at, purge: { kind: 'all' } as const }] : read;
      if (known.some(({ at, purge: other }) => at >= added.at && JSON.stringify(other) === JSON.stringify(purge)))
        return;
      const all = purge.kind === 'all' ? [added] : [...known, added];
      const purges = all.length > MAX_PURGES ? [{ at: added.at, purge: { kind: 'all' } as const }] : all;
      // oxlint-disable-next-line no-await-in-loop -- as above
      await this.#told((values) => values.set(this.#purgeKey, Buffer.from(JSON.stringify(purges)), PURGE_TTL_MS));
      if (all.length > MAX_PURGES) return;
    }
  }

  /**
   * Waits for another replica that asks the upstream for the same, but not for long.
   * @param find picks the response that the call wants
   * @returns what the other has stored; undefined: it is up to this one
   * @throws what the call is cancelled with
   */
  async awaitOther(
    asked: string,
    url: string,
    call: Call,
    find: (stored: readonly StoredResponse[] | undefined) => StoredResponse | undefined,
  ): Promise<StoredResponse | undefined> {
    const key = `${this.#key(asked)}:fill`;
    const claim = () => this.#asked((values) => values.claim(key, CLAIM_MS));
    const { clock } = this.#context;
    const until = clock.now() + WAIT_MS;
    for (;;) {
      const isOwn = await claim(); // oxlint-disable-line no-await-in-loop -- it polls
      if (isOwn === FAILED) return undefined; // nobody can tell
      // Also where it is this one's: the other may have stored its response since this one has looked.
      const found = find(await this.get(url)); // oxlint-disable-line no-await-in-loop -- as above
      if (found && isOwn) await this.release(asked); // oxlint-disable-line no-await-in-loop -- once
      if (found || isOwn || clock.now() >= until) return found;
      await sleep(clock, POLL_MS, call); // oxlint-disable-line no-await-in-loop -- as above
    }
  }

  /** The others need not wait any more. */
  async release(asked: string): Promise<void> {
    await this.#told((values) => values.delete(`${this.#key(asked)}:fill`));
  }

  async #purges(): Promise<readonly DatedPurge[] | typeof FAILED> {
    const value = await this.#asked((values) => values.get(this.#purgeKey));
    if (value === FAILED) return FAILED;
    if (!value) return [];
    try {
      const purges: unknown = JSON.parse(value.toString());
      return Array.isArray(purges) ? (purges as DatedPurge[]) : [];
    } catch {
      return [];
    }
  }

  #key(text: string): string {
    return `cache:${digest(`${this.#context.namespace}\n${text}`)}`;
  }

  #deletedKey(url: string): string {
    return `${this.#key(url)}:deleted`;
  }

  get #purgeKey(): string {
    return `cache:${digest(this.#context.namespace)}:purges`;
  }

  /** @returns FAILED where it fails, takes too long, or has just taken too long */
  async #asked<Answer>(ask: (values: ValueStore) => Promise<Answer>): Promise<Answer | typeof FAILED> {
    return this.#context.clock.now() < this.#restsUntil ? FAILED : this.#told(ask);
  }

  /** The same for what must not be left out: a deletion. */
  #told<Answer>(ask: (values: ValueStore) => Promise<Answer>): Promise<Answer | typeof FAILED> {
    return new Promise((resolve) => {
      const { clock, isBounded = false } = this.#context;
      const giveUp = () => {
        this.#restsUntil = clock.now() + REST_MS;
        resolve(FAILED);
      };
      const end = isBounded ? () => {} : timeLimit(clock, TIMEOUT_MS, giveUp);
      const over = (answer: Answer | typeof FAILED) => {
        end();
        resolve(answer);
      };
      try {
        ask(this.#values).then(over, () => over(FAILED));
      } catch {
        over(FAILED);
      }
    });
  }
}

function isPurged(stored: StoredResponse, purges: readonly DatedPurge[]): boolean {
  return purges.some(({ at, purge }) => stored.requestedAt <= at && isCondemned(purge, stored));
}

/** What this needs of a Keyv: https://keyv.org. */
export interface KeyvLike {
  get(key: string): Promise<unknown>;
  set(key: string, value: string, ttlMs?: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
}

/** A Keyv as a store of bytes: as text, which every adapter of it takes. */
export function keyvValues(keyv: KeyvLike): ValueStore {
  const get = async (key: string) => {
    const value = await keyv.get(key);
    return typeof value === 'string' ? Buffer.from(value, 'base64') : undefined;
  };
  return {
    get,
    set: (key, value, ttlMs) => keyv.set(key, value.toString('base64'), ttlMs),
    delete: (key) => keyv.delete(key),
    // It knows no condition: two that ask at the same moment both fill.
    async claim(key, ttlMs) {
      if ((await get(key)) !== undefined) return false;
      await keyv.set(key, 'MQ==', ttlMs);
      return true;
    },
  };
}
