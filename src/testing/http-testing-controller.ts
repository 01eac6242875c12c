import type { ApiClass } from '../contracts/http-api.js';
import {
  type EndpointsOf,
  type ExpectedCall,
  expectedCall,
  type ExpectedCallOptions,
  matcherOf,
  type PartialArgs,
} from './contracts.js';
import type { ExpectationBook } from './expectation-book.js';
import type { Count, ExpectedRequest, MatchedRequests } from './expectation.js';
import type { ReceivedRequest } from './received-request.js';
import type { RequestMatch } from './request-match.js';

/** Options of `HttpTestingController.match`. */
export interface MatchOptions {
  /**
   * How many requests there must be.
   * @default any number, also none
   */
  readonly times?: number | Partial<Count>;
}

const ONE: Count = { min: 1, max: 1 };

/**
 * Answers the requests of one app's clients, and checks which there were. Each app has its own.
 *
 * Where several expectations are for a request, it goes to the first that is for a number of requests and has not had them, or else to
 * the latest `match` without `times`.
 */
export class HttpTestingController {
  readonly #book: ExpectationBook;

  /** @internal */
  constructor(book: ExpectationBook) {
    this.#book = book;
  }

  /** Every request since the beginning, or the last `verify` or `reset`, in order. */
  get requests(): readonly ReceivedRequest[] {
    return this.#book.arrivals.map(({ request }) => request);
  }

  /**
   * Expects one request, which may come later, or may wait already.
   * @throws TypeError for a match that is none
   */
  expectOne<Body = unknown>(match: RequestMatch): ExpectedRequest<Body>;
  /**
   * Expects one call of an endpoint. Arguments that are left out may be anything.
   * @throws TypeError for an endpoint that the class does not have
   */
  expectOne<Api extends ApiClass, Name extends keyof EndpointsOf<Api>>(
    api: Api,
    name: Name,
    args?: PartialArgs<EndpointsOf<Api>[Name]>,
    options?: ExpectedCallOptions,
  ): ExpectedCall<EndpointsOf<Api>[Name]>;
  expectOne(match: RequestMatch | ApiClass, name?: PropertyKey, args?: object, options?: ExpectedCallOptions): unknown {
    if (name === undefined) return this.#book.expect(match as RequestMatch, ONE);
    const api = match as ApiClass;
    return expectedCall(
      api,
      name,
      this.#book.expect(matcherOf(api, name, args as Record<string, unknown>, options), ONE),
    );
  }

  /**
   * Expects one request and waits for it. Fails where another has come that nobody expects, or the app closes before it comes.
   * @returns the request, to look at and to answer
   */
  async waitFor<Body = unknown>(match: RequestMatch): Promise<ExpectedRequest<Body>> {
    const expected = this.expectOne<Body>(match);
    await expected.received;
    return expected;
  }

  /** Answers any number of requests, or as many as there must be. Without `times` it lasts until `reset`. */
  match<Body = unknown>(match: RequestMatch, { times = {} }: MatchOptions = {}): MatchedRequests<Body> {
    return this.#book.expect(match, countOf(times));
  }

  /**
   * Expects no such request: it fails, whatever else it may match.
   * @throws Error where one has come that nobody expected
   */
  expectNone(match: RequestMatch): void {
    this.#book.expect(match, { min: 0, max: 0 });
  }

  /**
   * Checks that what had to come has come and was answered, and that nothing else has come, whatever the app made of it. Forgets all
   * of it, so that the next test begins anew; `match` without `times` lasts, and has its first answer again.
   * @throws HttpExpectationsError that lists every problem
   */
  verify(): void {
    this.#book.verify();
  }

  /** Forgets everything, without a check. Calls that still wait for an answer fail. */
  reset(): void {
    this.#book.reset();
  }
}

function countOf(times: number | Partial<Count>): Count {
  const { min = 0, max = Infinity } = typeof times === 'number' ? { min: times, max: times } : times;
  if (max === 0) throw new RangeError('times: expected 1 or more; for none there is `expectNone`');
  if (!Number.isInteger(min) || min < 0 || (max !== Infinity && !Number.isInteger(max)) || max < Math.max(min, 1)) {
    throw new RangeError(`times: expected whole numbers, 1 or more, min not above max, got ${min} to ${max}`);
  }
  return { min, max };
}
