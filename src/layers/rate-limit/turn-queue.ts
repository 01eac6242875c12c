import type { Clock } from '../../base/clock.js';
import type { Call } from '../../call/call.js';
import { whileWaiting } from '../../call/waiting.js';
import { RateLimitError } from '../../errors/refusal.errors.js';
import type { WaitingTurns } from './limiter.js';

/** Timers may fire a fraction of a millisecond early: https://github.com/nodejs/node/issues/26578 */
const EARLY_MS = 1;

interface Waiter {
  readonly call: Call;
  readonly begin: () => void;
  readonly giveUp: (reason: unknown) => void;
}

export interface TurnQueueSettings {
  readonly clock: Clock;
  /** Ends the waiting. */
  readonly closing: AbortSignal;
  /** Gives a place back that nobody needs any more. */
  readonly release: () => void;
  /** Nobody waits any more. */
  readonly emptied: () => void;
}

/**
 * Calls that wait for their turn under a rate limit, in order. The turns are the queue's, not the calls': who gives up
 * lets all behind move up, and the last turn is given back.
 */
export class TurnQueue implements WaitingTurns {
  readonly #settings: TurnQueueSettings;
  readonly #waiters = new Set<Waiter>();
  /** When the next may begin, sorted: as many as there are waiters. */
  #turns: number[] = [];
  #timer: unknown;
  #firesAt = Infinity;

  constructor(settings: TurnQueueSettings) {
    this.#settings = settings;
  }

  get size(): number {
    return this.#waiters.size;
  }

  /**
   * Waits at the end of the queue, with one more turn for it.
   * @throws what the call is cancelled with; RateLimitError when a pause leaves too little time for it
   */
  join(call: Call, turn: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let stop = () => {};
      const waiter: Waiter = {
        call,
        begin: () => {
          stop();
          resolve();
        },
        giveUp: (reason) => {
          stop();
          this.#leave(waiter);
          reject(reason);
        },
      };
      this.#waiters.add(waiter);
      this.#turns.splice(this.#after(turn), 0, turn);
      this.#setTimer();
      stop = whileWaiting(call, this.#settings.closing, waiter.giveUp);
    });
  }

  /** Nobody begins before then; those for whom that is too late are told at once. */
  pauseUntil(time: number): void {
    const shift = time - this.#turns[0]!;
    if (shift <= 0) return;
    this.#turns = this.#turns.map((turn) => turn + shift);
    this.#refuseLate('the upstream asked to be left alone');
  }

  /** A pause that somebody heard of begins, or ends before its time. */
  shift(ms: number): void {
    if (ms < 0) this.moveUp(-ms);
    else {
      this.#turns = this.#turns.map((turn) => turn + ms);
      this.#refuseLate('the upstream asked to be left alone');
    }
  }

  /** Those for whom their new turn is too late are told at once. */
  replace(waits: readonly number[]): void {
    const now = this.#settings.clock.now();
    this.#turns = waits.slice(0, this.#waiters.size).map((wait) => now + wait);
    this.#refuseLate('the limit is counted elsewhere now, and leaves it no turn before its deadline');
    this.#setTimer();
  }

  #refuseLate(reason: string): void {
    const now = this.#settings.clock.now();
    let position = 0;
    for (const { call, giveUp } of this.#waiters) {
      const turn = this.#turns[position]!;
      if (turn > call.deadline) giveUp(new RateLimitError(call, turn - now, reason));
      else position++;
    }
  }

  /** A place that nobody needs has come: those who wait move up, and the last is given back. */
  spare(turn: number): void {
    this.#turns.splice(this.#after(turn), 0, turn);
    this.#turns.pop();
    this.#settings.release();
    this.#setTimer();
  }

  /** A pause ended before its time: who waited for its end begins that much sooner, but none before now. */
  moveUp(ms: number): void {
    const now = this.#settings.clock.now();
    this.#turns = this.#turns.map((turn) => Math.max(now, turn - ms));
    this.#setTimer();
  }

  #after(turn: number): number {
    return this.#turns.findLastIndex((other) => other <= turn) + 1;
  }

  #leave(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    this.#turns.pop();
    this.#settings.release();
    this.#setTimer();
  }

  readonly #serve = (): void => {
    this.#timer = undefined;
    this.#firesAt = Infinity;
    const dueBy = this.#settings.clock.now() + EARLY_MS;
    for (const waiter of this.#waiters) {
      if (this.#turns[0]! >= dueBy) break;
      this.#turns.shift();
      this.#waiters.delete(waiter);
      waiter.begin();
    }
    this.#setTimer();
  };

  /** A timer that fires too early sets itself again. */
  #setTimer(): void {
    const { clock, emptied } = this.#settings;
    const [next] = this.#turns;
    if (next === undefined) {
      if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
      emptied();
    } else if (next < this.#firesAt) {
      if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
      this.#firesAt = next;
      this.#timer = clock.setTimeout(this.#serve, next - clock.now());
    }
  }
}
