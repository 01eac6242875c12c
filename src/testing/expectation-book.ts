import { DEFAULT_RULES } from '../redaction/rules.js';
import type { Arrival } from './arrival.js';
import { checkMatch } from './check-match.js';
import { describeRequest, describeUnexpected, describeUnmet } from './expectation-report.js';
import { type Count, Expectation } from './expectation.js';
import { describeMatch, differencesFrom, type RequestMatch } from './request-match.js';
import { HttpExpectationsError, UnansweredRequestError, UnexpectedRequestError } from './testing.errors.js';

/** Keeps what is expected and what has come, and brings them together. */
export class ExpectationBook {
  /** Whether a request that nobody expects waits for somebody who does. */
  readonly #holds: boolean;
  #expectations: Expectation[] = [];
  /** Every request, in order. */
  #arrivals: Arrival[] = [];
  /** Those that nobody expects, yet. */
  #held: Arrival[] = [];
  #unexpected: Arrival[] = [];
  /** What the last of those failed with. */
  #refusal: UnexpectedRequestError | undefined;
  /** What went wrong and cannot be told from the rest. */
  #faults: string[] = [];
  #isClosed = false;
  /** The first error of a function of the test's. */
  #cause: unknown;

  constructor(holds: boolean) {
    this.#holds = holds;
  }

  get arrivals(): readonly Arrival[] {
    return this.#arrivals;
  }

  /** @throws TypeError for a match that is none; Error where there may be none, and one has come */
  expect(match: RequestMatch, count: Count): Expectation {
    checkMatch(match);
    const expectation = new Expectation(match, count);
    if (count.max === 0) this.#refuteNone(match);
    this.#expectations.push(expectation);
    if (this.#refusal) expectation.giveUp(this.#refusal);
    if (this.#isClosed) expectation.giveUp(neverCame(expectation, 'the app closed'));
    for (const arrival of this.#held) {
      if (expectation.isUsedUp) break;
      if (isFor(expectation, arrival)) this.#hand(arrival, expectation);
    }
    return expectation;
  }

  arrive(arrival: Arrival): void {
    this.#arrivals.push(arrival);
    try {
      const expectation = this.#expectationFor(arrival);
      if (expectation && expectation.count.max > 0) expectation.take(arrival);
      else if (this.#holds && !expectation) this.#held.push(arrival);
      else this.#refuse(arrival);
    } catch (error) {
      this.fault(arrival, 'matched', error);
      arrival.refuse(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** A function of the test's that answers requests, or judges them, has failed. */
  fault(arrival: Arrival, failed: 'answered' | 'matched', error: unknown): void {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.#faults.push(`${describeRequest(arrival)} could not be ${failed}: ${what}`);
    this.#cause ??= error;
  }

  /**
   * Forgets what it has checked.
   * @throws HttpExpectationsError
   */
  verify(): void {
    const problems = [
      ...this.#faults,
      ...this.#expectations
        .filter(({ isMet }) => !isMet)
        .map((expectation) => describeUnmet(expectation, [...this.#unexpected, ...this.#held])),
      ...this.#endUnanswered('verify()'),
    ];
    const cause = this.#cause;
    this.#forget('verify()', ({ isLasting }) => isLasting);
    if (problems.length > 0) throw new HttpExpectationsError(problems, cause);
  }

  reset(): void {
    this.#endUnanswered('reset()');
    this.#forget('reset()', () => false);
  }

  /** Nobody is going to answer any more. */
  close(): void {
    this.#isClosed = true;
    this.#faults.push(...this.#endUnanswered('the app closed'));
    for (const expectation of this.#expectations) expectation.giveUp(neverCame(expectation, 'the app closed'));
  }

  #refuse(arrival: Arrival): void {
    const description = describeUnexpected(arrival, this.#expectations);
    const error = new UnexpectedRequestError(arrival.call, description);
    this.#refusal = error;
    this.#unexpected.push(arrival);
    this.#faults.push(description);
    arrival.refuse(error);
    for (const expectation of this.#expectations) expectation.giveUp(error);
  }

  /** What forbids it first, then what is used up, in order, then what lasts, the latest first. */
  #expectationFor(arrival: Arrival): Expectation | undefined {
    const fitting = this.#expectations.filter((expectation) => isFor(expectation, arrival));
    return (
      fitting.find(({ count }) => count.max === 0) ??
      fitting.find(({ count, isUsedUp }) => count.max < Infinity && !isUsedUp) ??
      fitting.findLast(({ isUsedUp }) => !isUsedUp)
    );
  }

  #hand(arrival: Arrival, expectation: Expectation): void {
    this.#held = this.#held.filter((held) => held !== arrival);
    expectation.take(arrival);
  }

  #refuteNone(match: RequestMatch): void {
    const come = [...this.#unexpected, ...this.#held].find(
      ({ request }) => differencesFrom(match, request).length === 0,
    );
    if (come) throw new Error(`expectNone: there was ${describeRequest(come)}`);
  }

  /** @returns what they were */
  #endUnanswered(by: string): string[] {
    const unanswered = this.#arrivals.filter(({ isUnanswered }) => isUnanswered);
    const problems = unanswered.map((arrival) => {
      const isHeld = this.#held.includes(arrival);
      return isHeld
        ? describeUnexpected(arrival, this.#expectations)
        : `${describeRequest(arrival)} was given no answer`;
    });
    for (const arrival of unanswered) {
      const message = `${describeRequest(arrival)} was given no answer before ${by}`;
      arrival.refuse(new UnansweredRequestError(arrival.call, message));
    }
    return problems;
  }

  #forget(by: string, lasts: (expectation: Expectation) => boolean): void {
    const [kept, dropped] = [this.#expectations.filter(lasts), this.#expectations.filter((each) => !lasts(each))];
    for (const expectation of dropped) expectation.giveUp(neverCame(expectation, by));
    for (const expectation of kept) expectation.beginAnew();
    this.#expectations = kept;
    this.#arrivals = [];
    this.#held = [];
    this.#unexpected = [];
    this.#refusal = undefined;
    this.#faults = [];
    this.#cause = undefined;
  }
}

function neverCame({ match }: Expectation, by: string): Error {
  return new Error(`no request came before ${by}: ${describeMatch(match, DEFAULT_RULES)}`);
}

function isFor({ match }: Expectation, { request }: Arrival): boolean {
  return differencesFrom(match, request).length === 0;
}
