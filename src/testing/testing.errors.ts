import type { Call } from '../call/call.js';
import { HttpClientError } from '../errors/http-client.error.js';

/**
 * A request that no expectation is for; `message` says which came nearest. No retry repeats it and no breaker counts it. Unlike others,
 * its message has the query, and what differs: without secrets.
 */
export class UnexpectedRequestError extends HttpClientError {
  declare readonly code: 'ERR_UNEXPECTED_REQUEST';

  constructor(call: Call, message: string) {
    super('ERR_UNEXPECTED_REQUEST', message, call, true, '');
  }
}

/** A request that was given no answer before `verify()`, `reset()`, or the app's close. Its message has the query, without secrets. */
export class UnansweredRequestError extends HttpClientError {
  declare readonly code: 'ERR_UNANSWERED_REQUEST';

  constructor(call: Call, message: string) {
    super('ERR_UNANSWERED_REQUEST', message, call, true, '');
  }
}

/** What `verify()` throws. */
export class HttpExpectationsError extends Error {
  /** The name of the class. */
  override readonly name = 'HttpExpectationsError';
  /** Tells it from other errors where there are no classes. */
  readonly code = 'ERR_HTTP_EXPECTATIONS';

  /**
   * @param problems one text each, maybe of several lines
   * @param cause what a function of the test's threw, the first where there are several: for its stack
   */
  constructor(
    readonly problems: readonly string[],
    cause?: unknown,
  ) {
    const count = `${problems.length} problem${problems.length === 1 ? '' : 's'} with outbound HTTP calls`;
    const message = `${count}\n${problems.map((problem) => `- ${problem.replaceAll('\n', '\n  ')}`).join('\n')}`;
    super(message, cause === undefined ? undefined : { cause });
  }
}
