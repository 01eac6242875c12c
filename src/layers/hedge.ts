import { AxiosError, type AxiosResponse, CanceledError } from 'axios';
import { Cancellation } from '../base/cancellation.js';
import type { Clock } from '../base/clock.js';
import { isReplayableBody } from '../base/http-rules.js';
import { OriginMap } from '../base/origin-map.js';
import { type Call, deriveCall, type Handler, type Layer } from '../call/call.js';
import { eventOf, type EventSink } from '../call/event-sink.js';
import { discard, responseIn, type Settled } from '../call/outcome.js';
import { isConclusive } from '../call/transience.js';

const SIZE = 128;
/** Fewer say nothing of a tail. */
const MIN_SAMPLES = 20;
/** Sorting takes 3 us: not for every call. */
const SAMPLES_BETWEEN_SORTS = 16;
/** 7 % of 100 samples are 7.000000000000001 of them. */
const ROUNDING = 1e-9;

/** The latest 128 latencies of an origin, and a percentile of them. */
export class LatencyWindow {
  readonly #samples = new Float64Array(SIZE);
  readonly #fraction: number;
  /** Since the start. */
  #count = 0;
  #countSorted = -Infinity;
  #percentile: number | undefined;

  /** @param fraction of the samples that are at most the percentile: above 0, at most 1 */
  constructor(fraction: number) {
    this.#fraction = fraction;
  }

  add(ms: number): void {
    this.#samples[this.#count++ % SIZE] = ms;
  }

  /**
   * In milliseconds, by the nearest-rank method: a latency that was seen. Up to 15 samples late.
   * @returns undefined while there are fewer than 20 samples
   */
  get percentile(): number | undefined {
    if (this.#count < MIN_SAMPLES || this.#count - this.#countSorted < SAMPLES_BETWEEN_SORTS) return this.#percentile;
    this.#countSorted = this.#count;
    const sorted = this.#samples.subarray(0, this.#count).toSorted(); // by number: a typed array
    return (this.#percentile = sorted[Math.ceil(this.#fraction * sorted.length - ROUNDING) - 1]);
  }
}

interface HedgePlan {
  /** Requests beyond the first. */
  readonly max: number;
  /** From each request to the next, in milliseconds. */
  readonly delayMs: number;
  /** Asked before each request beyond the first; undefined: there is no budget. */
  readonly mayRepeat: (() => boolean) | undefined;
  readonly events: EventSink;
}

/** One call and its requests, of which the first that is answered counts. */
class HedgedCall {
  readonly #call: Call;
  readonly #next: Handler;
  readonly #clock: Clock;
  readonly #window: LatencyWindow;
  readonly #plan: HedgePlan;
  readonly #startedAt: number;
  readonly #underWay: Cancellation[] = [];
  #first!: Cancellation;
  #firstFailure!: Settled;
  #sent = 0;
  #timer: unknown;
  #isOver = false;
  #resolve!: (response: AxiosResponse) => void;
  #reject!: (error: unknown) => void;

  constructor(call: Call, next: Handler, clock: Clock, window: LatencyWindow, plan: HedgePlan) {
    this.#call = call;
    this.#next = next;
    this.#clock = clock;
    this.#window = window;
    this.#plan = plan;
    this.#startedAt = clock.now();
  }

  run(): Promise<AxiosResponse> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#first = this.#send();
      this.#waitForNext(this.#startedAt);
    });
  }

  #send(): Cancellation {
    const request = new Cancellation(this.#call.cancellation);
    this.#underWay.push(request);
    this.#sent++;
    this.#next(deriveCall(this.#call, { cancellation: request })).then(
      (response) => this.#settle(request, { response }),
      (error: unknown) => this.#settle(request, { error }),
    );
    return request;
  }

  #waitForNext(now: number): void {
    const { max, delayMs } = this.#plan;
    if (this.#sent > max || now + delayMs >= this.#call.deadline) return;
    this.#timer = this.#clock.setTimeout(() => this.#sendNext(), delayMs);
  }

  #sendNext(): void {
    const { mayRepeat, events } = this.#plan;
    const call = this.#call;
    if (call.cancellation.reason || (mayRepeat && !mayRepeat())) return;
    if (events.wants('hedge')) {
      const afterMs = this.#clock.now() - this.#startedAt;
      events.publish('hedge', eventOf(call, { attempt: call.attempt, afterMs }));
    }
    call.journal.trustsSince = this.#startedAt; // the first one may be slow because the peer of its socket is gone
    this.#send();
    this.#waitForNext(this.#clock.now());
  }

  #settle(request: Cancellation, outcome: Settled): void {
    if (this.#isOver) {
      discard(responseIn(outcome));
      return;
    }
    this.#clock.clearTimeout(this.#timer); // after a failure, too: more requests are no help to an origin that fails
    this.#underWay.splice(this.#underWay.indexOf(request), 1);
    const isAnswer = isConclusiveAnswer(outcome);
    if (request === this.#first) this.#recordFirst(isAnswer);
    if (isAnswer) this.#win(outcome);
    else this.#lose(request, outcome);
  }

  #win(outcome: Settled): void {
    this.#isOver = true;
    for (const loser of this.#underWay) {
      if (loser === this.#first) this.#recordFirst(false);
      loser.cancel(new CanceledError('a hedged request was answered first', this.#call.config));
    }
    if (this.#firstFailure) discard(responseIn(this.#firstFailure));
    this.#deliver(outcome);
  }

  #lose(request: Cancellation, outcome: Settled): void {
    if (request === this.#first) this.#firstFailure = outcome;
    else discard(responseIn(outcome));
    if (this.#underWay.length > 0) return;
    this.#isOver = true;
    this.#deliver(this.#firstFailure);
  }

  #deliver({ response, error }: Settled): void {
    if (response) this.#resolve(response);
    else this.#reject(error);
  }

  /**
   * Only first requests are measured: later ones are given up young, or are those that were fast. A first one that is given up
   * unanswered after the delay counts as if it had taken the delay. Left out, it would pull the percentile down with every hedge that
   * wins; counted with its age, it would push it up to the slowest where more are slow than the percentile leaves room for. Simulated
   * with the 95th percentile, 8 % of calls were hedged for latencies with a log-normal tail (left out: 10 %; age: 6 %); where one of
   * ten hung, the delay stayed at 40 ms with 20 ms for the others (age: 450 ms, and rising with what a hedge takes).
   */
  #recordFirst(isAnswered: boolean): void {
    const { delayMs } = this.#plan;
    const ms = this.#clock.now() - this.#startedAt;
    if (isAnswered) this.#window.add(ms);
    else if (ms >= delayMs) this.#window.add(delayMs);
  }
}

/** An error with a response may also be that of a body that broke off; one with this code says that a 4xx was refused. */
function isConclusiveAnswer(outcome: Settled): boolean {
  try {
    if ((outcome.error as AxiosError | undefined)?.code !== AxiosError.ERR_BAD_REQUEST && !outcome.response)
      return false;
    const response = responseIn(outcome);
    return response !== undefined && isConclusive(response.status);
  } catch {
    return false; // somebody's own error, with a getter that throws
  }
}

export interface HedgeSettings {
  /** Requests beyond the first: 1 or more. */
  readonly max: number;
  /** The fraction of the origin's calls lately that a call must outlast: above 0, below 1. */
  readonly percentile: number;
  /** The wait while too few calls were seen to know, in milliseconds. */
  readonly coldMs: number;
}

export interface HedgeContext {
  readonly clock: Clock;
  /** Asked where a call has no `mayRepeat`; undefined: no limit. */
  readonly budgets: OriginMap<{ deposit(): void; withdraw(): boolean }> | undefined;
  readonly events: EventSink;
}

/** RFC 9110 §9.2.1, and QUERY (draft-ietf-httpbis-safe-method-w-body). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY']);

/**
 * Sends a request again that takes longer than most lately, as far as the budget allows, and takes the answer that comes first
 * (Dean & Barroso, The Tail at Scale, 2013). The others are cancelled.
 *
 * - Calls of safe methods only, whose body can be sent again and whose progress nobody watches.
 * - A failure before the wait is over fails the call at once: repeating it is for the retry layer. Later it waits for the requests that
 *   are under way; where all fail, the call fails as its first request did.
 * - An answer is a response with a conclusive status, whether or not `validateStatus` accepts it.
 */
export function hedge(settings: HedgeSettings, { clock, budgets, events }: HedgeContext): Layer {
  const { max, coldMs } = settings;
  const windows = new OriginMap(() => new LatencyWindow(settings.percentile));
  return (next) => (call) => {
    const budget = call.mayRepeat ? undefined : budgets?.get(call.origin);
    if (call.attempt === 1) budget?.deposit();
    if (!isHedgeable(call)) return next(call);
    const window = windows.get(call.origin);
    const mayRepeat = call.mayRepeat ?? (budget && (() => budget.withdraw()));
    const plan = { max, delayMs: window.percentile ?? coldMs, mayRepeat, events };
    return new HedgedCall(call, next, clock, window, plan).run();
  };
}

function isHedgeable({ method, config }: Call): boolean {
  const { data, onDownloadProgress, onUploadProgress } = config;
  return SAFE.has(method) && isReplayableBody(data) && !onDownloadProgress && !onUploadProgress;
}
