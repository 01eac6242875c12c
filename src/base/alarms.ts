import type { Clock } from './clock.js';

/** Something that is to happen at a time, unless it is taken back. Whoever implements it leaves the fields to `Alarms`. */
export interface Alarm {
  /** On the clock; Infinity while it is not set. */
  dueAt: number;
  previous: Alarm | undefined;
  next: Alarm | undefined;
  /** Called once the alarm is due and no longer set. It may set itself again. */
  ring(): void;
}

/**
 * The timer looks for alarms this often, also where none is due so soon: a call sets its longest limit first, and the timer need not be set
 * anew for those that follow.
 */
const MAX_SLEEP_MS = 5_000;

const ofClocks = new WeakMap<Clock, Alarms>();
/** Of the clock that was asked for last: a process has one, as a rule, and a call asks ten times. */
let last: { readonly clock: Clock; readonly alarms: Alarms } | undefined;

/** Node's timers may fire a fraction of a millisecond early: https://github.com/nodejs/node/issues/26578 */
const EARLY_MS = 1;

/** How late the timer may be before it counts as lost: fake timers of a test may have come, or gone, in between. */
const LOST_MS = 1_000;

/**
 * The alarms of a clock, all on one timer. To set one and to take it back is a few assignments: the timer stays where it is, and looks for
 * the next alarm when it fires. With the last alarm it is cleared.
 */
export class Alarms {
  readonly #clock: Clock;
  /** In the order in which they were set. */
  #first: Alarm | undefined;
  #last: Alarm | undefined;
  #timer: unknown;
  /** No alarm is due sooner. Infinity: there is no timer. */
  #firesAt = Infinity;

  private constructor(clock: Clock) {
    this.#clock = clock;
  }

  static of(clock: Clock): Alarms {
    if (last?.clock === clock) return last.alarms;
    let alarms = ofClocks.get(clock);
    if (!alarms) ofClocks.set(clock, (alarms = new Alarms(clock)));
    last = { clock, alarms };
    return alarms;
  }

  /** Sets an alarm, or moves it. At Infinity, or NaN, it never rings. */
  set(alarm: Alarm, dueAt: number, now: number): void {
    if (!(dueAt < Infinity)) {
      this.clear(alarm);
      return;
    }
    if (alarm.dueAt === Infinity) this.#append(alarm);
    alarm.dueAt = dueAt;
    if (dueAt < this.#firesAt) this.#fireAt(dueAt, now);
    else if (now - this.#firesAt > LOST_MS) this.#fireAt(now, now);
  }

  clear(alarm: Alarm): void {
    if (alarm.dueAt === Infinity) return;
    this.#remove(alarm);
    if (!this.#first) this.#stop();
  }

  #append(alarm: Alarm): void {
    alarm.previous = this.#last;
    if (this.#last) this.#last.next = alarm;
    else this.#first = alarm;
    this.#last = alarm;
  }

  #remove(alarm: Alarm): void {
    const { previous, next } = alarm;
    if (previous) previous.next = next;
    else this.#first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    alarm.previous = undefined;
    alarm.next = undefined;
    alarm.dueAt = Infinity;
  }

  #fireAt(at: number, now: number): void {
    this.#stop();
    this.#firesAt = Math.min(at, now + MAX_SLEEP_MS);
    this.#timer = this.#clock.setTimeout(this.#fire, this.#firesAt - now);
  }

  #stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#firesAt = Infinity;
  }

  readonly #fire = (): void => {
    this.#timer = undefined;
    this.#firesAt = Infinity;
    const now = this.#clock.now();
    const due: Alarm[] = [];
    let soonest = Infinity;
    for (let alarm = this.#first; alarm; alarm = alarm.next) {
      if (alarm.dueAt < now + EARLY_MS) due.push(alarm);
      else if (alarm.dueAt < soonest) soonest = alarm.dueAt;
    }
    if (soonest < Infinity) this.#fireAt(soonest, now);
    due.sort((a, b) => a.dueAt - b.dueAt);
    this.#ringAll(due, now + EARLY_MS);
  };

  /** Those that nobody takes back or moves meanwhile. All of them, also where one throws. */
  #ringAll(due: readonly Alarm[], before: number, from = 0): void {
    let next = from;
    try {
      while (next < due.length) {
        const alarm = due[next++]!;
        if (alarm.dueAt >= before) continue;
        this.#remove(alarm);
        alarm.ring();
      }
    } finally {
      if (next < due.length) this.#ringAll(due, before, next);
    }
  }
}
