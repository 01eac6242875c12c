import { type Alarm, Alarms } from './alarms.js';
import type { Clock } from './clock.js';

/** Node's timers have a resolution of 1 ms. */
const RESOLUTION_MS = 1;
/** A garbage collection takes that long, and says nothing of a limit. */
const MIN_NOTABLE_MS = 10;
/** Worth knowing whatever the limit is. */
const MAX_NOTABLE_MS = 100;
const NOTABLE_SHARE = 0.1;

/** Whether a timeout says less of the other side than of this process, whose timer fired so late. */
export function isOwnDelay(delayMs: number): boolean {
  return delayMs >= MAX_NOTABLE_MS;
}

/** Whether a timer was kept waiting by this process, which then has not looked at its sockets either. */
export function isLate(delayMs: number): boolean {
  return delayMs > RESOLUTION_MS;
}

/**
 * What the message of a timeout says where its timer fired so late that this process, rather than the other side, may be why: by 10 % of the
 * limit, but no less than 10 ms, or by 100 ms. Otherwise nothing.
 * @param delayMs how late it fired
 */
export function delayNote(delayMs: number, limitMs: number): string {
  if (delayMs < Math.min(MAX_NOTABLE_MS, Math.max(MIN_NOTABLE_MS, limitMs * NOTABLE_SHARE))) return '';
  return ` (this process's own event loop was blocked for at least ${Math.round(delayMs)} ms, which may be why)`;
}

/**
 * Limits a wait. Where its alarm rings late because the event loop was blocked, sockets are read once before the limit counts: what is
 * waited for may have come in time, and Node fires timers before it looks.
 */
export abstract class TimeLimit implements Alarm {
  dueAt = Infinity;
  previous: Alarm | undefined = undefined;
  next: Alarm | undefined = undefined;
  /** On the clock. */
  readonly endsAt: number;
  readonly #clock: Clock;
  #lastLook: NodeJS.Immediate | undefined;

  /** It begins now. */
  constructor(clock: Clock, ms: number) {
    const now = clock.now();
    this.#clock = clock;
    this.endsAt = now + ms;
    Alarms.of(clock).set(this, this.endsAt, now);
  }

  /**
   * Called once, unless the limit is ended before.
   * @param delayMs how late the alarm rang, in milliseconds
   */
  protected abstract over(delayMs: number): void;

  ring(): void {
    const delayMs = Math.max(0, this.#clock.now() - this.endsAt);
    if (isLate(delayMs)) this.#lastLook = setImmediate(() => this.over(delayMs));
    else this.over(delayMs);
  }

  end(): void {
    Alarms.of(this.#clock).clear(this);
    if (this.#lastLook) clearImmediate(this.#lastLook);
  }
}

class CallbackLimit extends TimeLimit {
  readonly #callback: (delayMs: number) => void;

  constructor(clock: Clock, ms: number, callback: (delayMs: number) => void) {
    super(clock, ms);
    this.#callback = callback;
  }

  protected over(delayMs: number): void {
    this.#callback(delayMs);
  }
}

/**
 * Limits a wait, as `TimeLimit` does.
 * @param over called once, with how late the alarm rang, in milliseconds
 * @returns ends the limit
 */
export function timeLimit(clock: Clock, ms: number, over: (delayMs: number) => void): () => void {
  const limit = new CallbackLimit(clock, ms, over);
  return () => limit.end();
}
