import type { Clock } from '../clock.js';
import { InboundAbortedError } from '../errors/inbound-aborted.error.js';
import { DeadlineExceededError } from '../errors/resilience.errors.js';
import type { Call } from '../layers/layer.js';
import { timeLimit } from '../layers/time-limit.js';

/** What an inbound request, or other work, says of itself. */
export interface InboundSource {
  /** Whether it has been answered: what still runs then is background work, and goes on. */
  readonly isOver: boolean;
  /** To forward, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The calls that are made for one inbound request: they end when its client hangs up, or when its deadline passes. */
export class InboundScope {
  /** On the clock; Infinity: none. */
  readonly #deadline: number;
  readonly #source: InboundSource;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  #abortedBecause: string | undefined;
  #calls: Set<Call> | undefined;
  #endLimit: (() => void) | undefined;

  /** @param deadlineMs from now; Infinity: no limit */
  constructor(source: InboundSource, deadlineMs: number, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
    this.#deadline = deadlineMs === Infinity ? Infinity : clock.now() + deadlineMs;
  }

  get isOver(): boolean {
    return this.#source.isOver;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#source.headers;
  }

  /** Absolute on the clock. Infinity where there is none, and once it is over. */
  get deadline(): number {
    return this.#source.isOver ? Infinity : this.#deadline;
  }

  /**
   * From here on the call ends with the scope, until it leaves.
   * @throws InboundAbortedError where the inbound client has gone already
   * @throws DeadlineExceededError where the deadline has passed already
   */
  enter(call: Call): void {
    if (this.#abortedBecause !== undefined) throw new InboundAbortedError(this.#abortedBecause, call.config);
    if (this.#deadline !== Infinity) this.#watchDeadline(call);
    (this.#calls ??= new Set()).add(call);
  }

  leave(call: Call): void {
    this.#calls?.delete(call);
    if (this.#endLimit === undefined || this.#calls?.size !== 0) return;
    this.#endLimit();
    this.#endLimit = undefined;
  }

  /** Ends every call under way, and those to come. Once it is over, nothing. */
  abort(reason: string): void {
    if (this.#source.isOver) return;
    this.#abortedBecause = reason;
    for (const call of this.#calls ?? []) call.cancellation.cancel(new InboundAbortedError(reason, call.config));
  }

  #watchDeadline(call: Call): void {
    const leftMs = this.#deadline - this.#clock.now();
    if (leftMs <= 0) throw DeadlineExceededError.ofInbound(call, this.#deadlineMs);
    this.#endLimit ??= timeLimit(this.#clock, leftMs, this.#passDeadline);
  }

  readonly #passDeadline = (delayMs: number): void => {
    this.#endLimit = undefined;
    if (this.#source.isOver) return;
    for (const call of this.#calls ?? []) {
      call.cancellation.cancel(DeadlineExceededError.ofInbound(call, this.#deadlineMs, delayMs));
    }
  };
}
