import { AxiosError, type AxiosResponse, CanceledError } from 'axios';
import type { Clock } from '../clock.js';
import type { EventSink } from '../observability/http-client-events.js';
import { isConclusive } from '../policies/conclusive.js';
import type { LatencyWindow } from '../policies/latency-window.js';
import { Cancellation } from '../transport/cancellation.js';
import { eventOf } from './call-events.js';
import { deriveCall } from './create-call.js';
import type { Call, Handler } from './layer.js';
import { type Outcome, responseIn } from './outcome.js';
import { discard } from './response-of.js';

export interface HedgePlan {
  /** Requests beyond the first. */
  readonly max: number;
  /** From each request to the next, in milliseconds. */
  readonly delayMs: number;
  /** Asked before each request beyond the first; undefined: there is no budget. */
  readonly mayRepeat: (() => boolean) | undefined;
  readonly events: EventSink;
}

/** One call and its requests, of which the first that is answered counts. */
export class HedgedCall {
  readonly #call: Call;
  readonly #next: Handler;
  readonly #clock: Clock;
  readonly #window: LatencyWindow;
  readonly #plan: HedgePlan;
  readonly #startedAt: number;
  readonly #underWay: Cancellation[] = [];
  #first!: Cancellation;
  #firstFailure!: Outcome;
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

  #settle(request: Cancellation, outcome: Outcome): void {
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

  #win(outcome: Outcome): void {
    this.#isOver = true;
    for (const loser of this.#underWay) {
      if (loser === this.#first) this.#recordFirst(false);
      loser.cancel(new CanceledError('a hedged request was answered first', this.#call.config));
    }
    if (this.#firstFailure) discard(responseIn(this.#firstFailure));
    this.#deliver(outcome);
  }

  #lose(request: Cancellation, outcome: Outcome): void {
    if (request === this.#first) this.#firstFailure = outcome;
    else discard(responseIn(outcome));
    if (this.#underWay.length > 0) return;
    this.#isOver = true;
    this.#deliver(this.#firstFailure);
  }

  #deliver({ response, error }: Outcome): void {
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
function isConclusiveAnswer(outcome: Outcome): boolean {
  try {
    if ((outcome.error as AxiosError | undefined)?.code !== AxiosError.ERR_BAD_REQUEST && !outcome.response)
      return false;
    const response = responseIn(outcome);
    return response !== undefined && isConclusive(response.status);
  } catch {
    return false; // somebody's own error, with a getter that throws
  }
}
