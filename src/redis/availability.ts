import type { Clock } from '../base/clock.js';
import type { SharedStateEvent } from '../call/events.js';
import type { SharedStateName } from '../options/shared-state.js';
import { withinMs } from './bounded.js';
import type { Heart } from './replicas.js';

/** Every replica is heard of as often, and Redis looked at. */
export const BEAT_MS = 500;
/**
 * How long Redis is unavailable at least: longer than a beat is fresh, so that beats from before an outage tell nothing. Twice as long as the last time where it is
 * lost again soon, which is within ten times of it: a Redis that is about as slow as `timeoutMs` would be lost again and again.
 */
const HOLD_MS = { first: 1_000, most: 30_000 };
const SOON = 10;
/** How long the first answer may take, unless a call needs one sooner: the client may still be connecting. */
const FIRST_MS = 2_000;
/** How often a Redis that is unavailable is looked at. */
const PROBE_MS = 250;
/** A probe that is not answered for so long may be lost. */
const LOST_MS = 5_000;

export interface AvailabilityContext {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly heart: Heart;
  readonly changed: (change: SharedStateEvent) => void;
}

/**
 * Whether Redis is used. One command that fails, or takes longer than `timeoutMs`, ends it: then nothing is asked of Redis but whether it is
 * back, once at a time.
 *
 * - available → unavailable: a command has failed
 * - unavailable → available: a probe has succeeded, a second or more later (up to 30 where it is lost again and again). Where Redis was gone for other replicas, too, all go back at the same
 *   moment (see `Heart`): what each does alone, and what they do together, must not add up.
 */
export class Availability {
  readonly #context: AvailabilityContext;
  readonly #listeners = new Set<() => void>();
  #state: SharedStateName = 'available';
  #changes = 0;
  #changedAt = -Infinity;
  #holdMs = 0;
  #timer: unknown;
  /** When the probe was sent that may still be answered: another one would only wait behind it. */
  #probedAt = -Infinity;
  #isClosed = false;

  constructor(context: AvailabilityContext) {
    this.#context = context;
    this.#beat(Math.max(FIRST_MS, context.timeoutMs));
  }

  get state(): SharedStateName {
    return this.#state;
  }

  /** How often it has changed: who has nothing under way need not listen. */
  get changes(): number {
    return this.#changes;
  }

  /** When it changed last, on the clock. */
  get changedAt(): number {
    return this.#changedAt;
  }

  /**
   * Calls back after each change, before those who wait for Redis hear of it.
   * @returns ends it
   */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Asks Redis, and waits no longer than `timeoutMs`.
   * @param late called with an answer that nobody waits for any more
   * @throws at once while it is unavailable; what the command fails with
   */
  ask<Answer>(command: () => Promise<Answer>, late?: (answer: Answer) => void): Promise<Answer> {
    return this.#ask(this.#context.timeoutMs, command, late);
  }

  async #ask<Answer>(ms: number, command: () => Promise<Answer>, late?: (answer: Answer) => void): Promise<Answer> {
    if (this.#state === 'unavailable') throw new Error('Redis is unavailable');
    const changes = this.#changes;
    try {
      return await withinMs(this.#context.clock, ms, command, late);
    } catch (error) {
      if (changes === this.#changes) this.#lost(error); // otherwise it tells of a time before
      throw error;
    }
  }

  /** Looks at Redis no more. */
  close(): void {
    this.#isClosed = true;
    this.#context.clock.clearTimeout(this.#timer);
  }

  #beat(ms = this.#context.timeoutMs): void {
    const changes = this.#changes;
    const next = () => {
      if (changes === this.#changes) this.#after(BEAT_MS, () => this.#beat()); // otherwise the probes have begun, whose timer it is
    };
    this.#ask(ms, () => this.#context.heart.beat()).then(next, () => {});
  }

  #lost(error: unknown): void {
    if (this.#isClosed) return;
    const { clock, heart } = this.#context;
    const isSoon = clock.now() - this.#changedAt < SOON * this.#holdMs;
    this.#holdMs = isSoon ? Math.min(2 * this.#holdMs, HOLD_MS.most) : HOLD_MS.first;
    this.#become('unavailable', error instanceof Error ? error.message : String(error));
    heart.mark();
    this.#after(HOLD_MS.first, () => this.#probe());
  }

  #probe(): void {
    const { clock, timeoutMs, heart } = this.#context;
    if (clock.now() - this.#probedAt < LOST_MS) {
      this.#after(PROBE_MS, () => this.#probe());
      return;
    }
    this.#probedAt = clock.now();
    const isHeld = clock.now() - this.#changedAt < this.#holdMs;
    const asked = heart.probe(isHeld);
    const ended = () => {
      this.#probedAt = -Infinity;
    };
    asked.then(ended, ended);
    withinMs(clock, timeoutMs, () => asked).then(
      (waitMs) => {
        if (isHeld) this.#after(PROBE_MS, () => this.#probe());
        else if (waitMs > 0) this.#after(waitMs, () => this.#probe());
        else this.#back();
      },
      () => this.#after(PROBE_MS, () => this.#probe()),
    );
  }

  #back(): void {
    this.#become('available', undefined);
    this.#beat();
  }

  #become(to: SharedStateName, reason: string | undefined): void {
    const from = this.#state;
    this.#state = to;
    this.#changes++;
    this.#changedAt = this.#context.clock.now();
    for (const listener of this.#listeners) listener();
    this.#context.changed({ from, to, reason, replicas: this.#context.heart.replicas });
  }

  /** It keeps no process alive. */
  #after(ms: number, then: () => void): void {
    if (this.#isClosed) return;
    const { clock } = this.#context;
    clock.clearTimeout(this.#timer);
    if (ms === 0) {
      then();
      return;
    }
    this.#timer = clock.setTimeout(then, ms);
    (this.#timer as Partial<NodeJS.Timeout>).unref?.();
  }
}
