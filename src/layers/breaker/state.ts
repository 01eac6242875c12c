import type { CallOutcome } from './breaker.js';

/**
 * - `closed`: calls are made, and their outcomes counted.
 * - `open`: calls are refused, for `openMs`.
 * - `half-open`: one call at a time, the probe, is made. Its success closes the breaker, its failure opens it again.
 */
export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerRules extends BreakerThresholds {
  /** How long it stays open before one call may try, in milliseconds. */
  readonly openMs: number;
}

/**
 * Whether calls to one origin are made. Does no I/O; time is passed in. Consecutive failures are counted however far apart
 * they are.
 */
export class Breaker {
  readonly #rules: BreakerRules;
  readonly #changed: (from: BreakerState, to: BreakerState) => void;
  readonly #window: BreakerWindow;
  #state: BreakerState = 'closed';
  /** Grows with each change of state: what was let in before one says nothing after it. */
  #generation = 0;
  #openedAt: number | undefined;
  #probing = false;

  constructor(rules: BreakerRules, changed: (from: BreakerState, to: BreakerState) => void) {
    this.#rules = rules;
    this.#changed = changed;
    this.#window = new BreakerWindow(rules);
  }

  /** An open breaker whose time is up is half-open, though its listener hears of it with the first call. */
  state(now: number): BreakerState {
    return this.#state === 'open' && this.#openFor(now) === 0 ? 'half-open' : this.#state;
  }

  /** When it was opened last, where it is not closed. */
  get openedAt(): number | undefined {
    return this.#openedAt;
  }

  counts(now: number): { readonly calls: number; readonly failures: number } {
    return this.#window.counts(now);
  }

  /** @returns what `leave` is to be told when the call is over; undefined: it must not be made */
  enter(now: number): number | undefined {
    if (this.#state === 'closed') return this.#generation;
    if (this.#state === 'open') {
      if (this.#openFor(now) > 0) return undefined;
      this.#change('half-open');
    }
    if (this.#probing) return undefined;
    this.#probing = true;
    return this.#generation;
  }

  /** The outcome of a call that was let in. A probe that is ignored lets another one try. */
  leave(permit: number, outcome: CallOutcome, now: number): void {
    if (permit !== this.#generation) return;
    if (this.#state === 'half-open') {
      this.#probing = false;
      if (outcome === 'success') this.close();
      else if (outcome === 'failure') this.#open(now);
    } else if (outcome !== 'ignored' && this.#window.record(outcome === 'failure', now)) {
      this.#open(now);
    }
  }

  /** When a call that is refused now is worth another try; while a probe is under way, as if it were to fail. */
  retryAfterMs(now: number): number {
    return this.#state === 'open' ? this.#openFor(now) : this.#rules.openMs;
  }

  /** Forgets every failure. Calls under way no longer count. */
  close(): void {
    this.#window.clear();
    this.#openedAt = undefined;
    this.#change('closed');
  }

  #open(now: number): void {
    this.#openedAt = now;
    this.#change('open');
  }

  #openFor(now: number): number {
    const { openMs } = this.#rules;
    if (now < this.#openedAt!) this.#openedAt = now; // the clock went back: no longer than openMs from here
    return Math.max(0, this.#openedAt! + openMs - now);
  }

  #change(to: BreakerState): void {
    const from = this.#state;
    this.#state = to;
    this.#generation++;
    this.#probing = false;
    if (from !== to) this.#changed(from, to);
  }
}

/** How many failures are too many. */
interface BreakerThresholds {
  /** Failed calls, of all in the window: from 0 to 1. */
  readonly failureRatio: number;
  /** Calls that the window must hold before the ratio counts. */
  readonly minCalls: number;
  readonly windowMs: number;
  /** Failures one after another, however few calls there are; false: any number. */
  readonly consecutiveFailures: number | false;
}

/** The window moves on by a tenth of its length at a time (Polly's HealthMetrics do the same). */
const SLOTS = 10;

/** How the calls of the last `windowMs` went. Time is passed in; when it goes back, a new window begins. */
export class BreakerWindow {
  readonly #thresholds: BreakerThresholds;
  readonly #slotMs: number;
  /** Slot → its counts; `indexOf` says where. */
  readonly #calls: number[] = Array.from({ length: SLOTS }, () => 0);
  readonly #failures: number[] = Array.from({ length: SLOTS }, () => 0);
  #totalCalls = 0;
  #totalFailures = 0;
  #consecutive = 0;
  /** The newest, counted from the start of time. */
  #slot = 0;

  constructor(thresholds: BreakerThresholds) {
    this.#thresholds = thresholds;
    this.#slotMs = thresholds.windowMs / SLOTS;
  }

  /** @returns whether failures are too many with this one; a success never makes them so */
  record(failed: boolean, now: number): boolean {
    this.#moveTo(now);
    const index = indexOf(this.#slot);
    this.#calls[index]!++;
    this.#totalCalls++;
    if (!failed) {
      this.#consecutive = 0;
      return false;
    }
    this.#failures[index]!++;
    this.#totalFailures++;
    this.#consecutive++;
    const { consecutiveFailures, minCalls, failureRatio } = this.#thresholds;
    if (consecutiveFailures !== false && this.#consecutive >= consecutiveFailures) return true;
    return this.#totalCalls >= minCalls && this.#totalFailures / this.#totalCalls >= failureRatio;
  }

  counts(now: number): { readonly calls: number; readonly failures: number } {
    this.#moveTo(now);
    return { calls: this.#totalCalls, failures: this.#totalFailures };
  }

  clear(): void {
    this.#calls.fill(0);
    this.#failures.fill(0);
    this.#totalCalls = 0;
    this.#totalFailures = 0;
    this.#consecutive = 0;
  }

  #moveTo(now: number): void {
    const slot = Math.floor(now / this.#slotMs);
    const passed = slot - this.#slot;
    if (passed === 0) return;
    if (passed < 0) this.clear();
    for (let next = slot - Math.min(Math.max(passed, 0), SLOTS) + 1; next <= slot; next++) this.#forget(indexOf(next));
    this.#slot = slot;
  }

  #forget(index: number): void {
    this.#totalCalls -= this.#calls[index]!;
    this.#totalFailures -= this.#failures[index]!;
    this.#calls[index] = 0;
    this.#failures[index] = 0;
  }
}

/** Slots of all time, those before the start of a clock included, take turns. */
function indexOf(slot: number): number {
  return slot - Math.floor(slot / SLOTS) * SLOTS;
}
