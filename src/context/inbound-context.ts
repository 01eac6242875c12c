import { AsyncLocalStorage } from 'node:async_hooks';
import { isAbortSignal, isClock, wrongKind } from '../argument-checks.js';
import { type Clock, systemClock } from '../clock.js';
import { onAbort } from '../on-abort.js';
import { InboundScope } from './inbound-scope.js';

/** What the calls of some work need to know of what the work is done for. */
export interface InboundContextInit {
  /**
   * How long all of it may take, in milliseconds from now. 0 and less: its time is over already.
   * @default Infinity, no limit
   */
  deadlineMs?: number;
  /**
   * Aborts the calls under way and refuses those to come, with a `CanceledError`.
   * @default none
   */
  signal?: AbortSignal;
  /**
   * Sent along with calls to the origins in `inbound.forward.to`, as a trace or a request id.
   * @default none
   */
  headers?: Readonly<Record<string, string>>;
  /**
   * What the deadline is counted by: in a test, the clock of its clients.
   * @default the system's
   */
  clock?: Clock;
}

/** What outbound calls know of the inbound request, or other work, that they are made for. */
export interface InboundContext {
  /** When all of it must be over, on the clock, `performance.now()` by default; Infinity: no limit, or the request has been answered. */
  readonly deadline: number;
  /** What is forwarded, by names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the request has been answered, or the work is done. What still runs is neither aborted nor limited. */
  readonly isOver: boolean;
}

const storage = new AsyncLocalStorage<InboundScope | undefined>();

/** The context that the running code was called in; undefined outside any. */
export function currentInboundContext(): InboundContext | undefined {
  return storage.getStore();
}

/**
 * Runs work whose calls share a deadline, an abort signal and headers: a message of a queue, a cron job. It takes the place of
 * a context around it, whole.
 *
 * The context is over when the work is: when it returns, or when the promise that it returns settles. Calls that are then
 * still under way go on, without deadline.
 * @returns what the work returns
 * @throws TypeError for values of the wrong kind, RangeError for a deadline of NaN: before the work is begun
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
 * Runs work outside of any inbound context: its calls are made for nobody in particular, so that neither a client that hangs up nor its
 * deadline ends them. For what several requests share: a token that is renewed, a cache that is filled.
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

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
