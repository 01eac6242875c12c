/** How many failures are too many. */
export interface BreakerThresholds {
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
