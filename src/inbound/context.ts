import { AsyncLocalStorage } from 'node:async_hooks';
import { isAbortSignal, isClock, isThenable, wrongKind } from '../base/argument-checks.js';
import { onAbort } from '../base/cancellation.js';
import { type Clock, systemClock } from '../base/clock.js';
import { timeLimit } from '../base/time-limit.js';
import type { Call } from '../call/call.js';
import { DeadlineExceededError } from '../errors/refusal.errors.js';
import { InboundAbortedError } from '../errors/timeout.errors.js';

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

/** What outbound calls need to know about the work that makes them. */
export interface InboundContextInit {
  /**
   * Time limit for the work, in milliseconds from now. 0 and less: the time is over.
   * @default Infinity, no limit
   */
  deadlineMs?: number;
  /**
   * Aborts calls in flight and refuses later ones, with a `CanceledError`.
   * @default none
   */
  signal?: AbortSignal;
  /**
   * Headers for the origins in `inbound.forward.to`, such as a request id.
   * @default none
   */
  headers?: Readonly<Record<string, string>>;
  /**
   * The clock for the deadline: in a test, the clock of its clients.
   * @default the system's
   */
  clock?: Clock;
}

/** What outbound calls know about the inbound request or other work that makes them. */
export interface InboundContext {
  /** The deadline on the clock, `performance.now()` by default. Infinity: no limit, or the request was answered. */
  readonly deadline: number;
  /** Headers to forward. Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the request was answered, or the work is done. Calls that still run are neither aborted nor limited. */
  readonly isOver: boolean;
}

const storage = new AsyncLocalStorage<InboundScope | undefined>();

/** The inbound context of the running code; undefined outside of any. */
export function currentInboundContext(): InboundContext | undefined {
  return storage.getStore();
}

/**
 * Runs work whose calls share a deadline, an abort signal and headers: a message of a queue, a cron job. It replaces any context around it.
 *
 * The context ends when the work returns, or when the promise that it returns settles. Calls that are still in flight then go on without a
 * deadline.
 * @returns what the work returns
 * @throws TypeError for values of the wrong kind, RangeError for a deadline of NaN, before the work begins
 */
export function runInInboundContext<T>(init: InboundContextInit, work: () => T): T {
  const { deadlineMs = Infinity, signal, headers = {}, clock = systemClock } = init;
  check(deadlineMs, signal, headers, clock);
  const source = { isOver: false, headers: lowerCased(headers) };
  const scope = new InboundScope(source, Math.max(0, deadlineMs), clock);
  const abort = () => scope.abort('the work that the call was made for was aborted');
  const end = () => {
    source.isOver = true;
    unfollow?.();
  };
  if (signal?.aborted) abort();
  const unfollow = signal && !signal.aborted ? onAbort(signal, abort) : undefined;
  let result: T;
  try {
    result = storage.run(scope, work);
  } catch (error) {
    end();
    throw error;
  }
  if (isThenable(result)) result.then(end, end);
  else end();
  return result;
}

/**
 * Runs work outside of any inbound context: no client that hangs up, and no inbound deadline, ends its calls. Use it for what several requests
 * share: a token, a cache entry.
 * @returns what the work returns
 */
export function detached<T>(work: () => T): T {
  return storage.run(undefined, work);
}

/** For entry points and layers: runs the work in a scope that its owner ends. */
export function runInScope(scope: InboundScope, work: () => void): void {
  storage.run(scope, work);
}

export function currentScope(): InboundScope | undefined {
  return storage.getStore();
}

/** A deadline that is no number would be over at once, or never. */
function check(deadlineMs: unknown, signal: unknown, headers: unknown, clock: unknown): void {
  if (typeof deadlineMs !== 'number') throw invalid('deadlineMs', 'a number of milliseconds', deadlineMs);
  if (Number.isNaN(deadlineMs)) throw new RangeError('runInInboundContext: deadlineMs: expected a number, got NaN');
  if (signal && !isAbortSignal(signal)) throw invalid('signal', 'an AbortSignal', signal);
  if (typeof headers !== 'object' || headers === null) throw invalid('headers', 'an object', headers);
  if (!isClock(clock)) throw invalid('clock', 'a clock', clock);
}

const invalid = (name: string, expected: string, value: unknown) =>
  wrongKind(`runInInboundContext: ${name}`, expected, value);

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
