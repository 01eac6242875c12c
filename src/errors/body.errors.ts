import type { Call } from '../call/call.js';
import { HttpClientError } from './http-client.error.js';

/** The request body is a stream that was read already. It cannot be sent again. */
export class BodyConsumedError extends HttpClientError {
  declare readonly code: 'ERR_BODY_CONSUMED';

  /** @internal */
  static beforeCall(call: Call): BodyConsumedError {
    return new BodyConsumedError(call, 'the request body is a stream that was read to its end before the call');
  }

  /** @internal */
  static byRedirect(call: Call, status: number): BodyConsumedError {
    const ways = 'send a Buffer, a Blob or a FormData, or call the address it redirects to';
    return new BodyConsumedError(call, `a redirect (${status}) asks for a stream that has been sent already; ${ways}`);
  }

  private constructor(call: Call, message: string) {
    super('ERR_BODY_CONSUMED', message, call, true);
  }
}

/** The decoded response body exceeds `limits.maxResponseBytes`. */
export class BodyTooLargeError extends HttpClientError {
  declare readonly code: 'ERR_BODY_TOO_LARGE';

  constructor(call: Call, maxBytes: number) {
    const ways = "raise limits.maxResponseBytes, pass maxContentLength with the call, or use responseType 'stream'";
    super('ERR_BODY_TOO_LARGE', `the response body exceeds ${maxBytes} bytes; ${ways}`, call, true);
  }
}

/** The headers of a response, or the trailers after its body, exceed the limits. */
export class HeadersTooLargeError extends HttpClientError {
  declare readonly code: 'ERR_HEADERS_TOO_LARGE';

  /**
   * @param cause the parser's error
   * @internal
   */
  static inBytes(call: Call, maxBytes: number, cause: unknown): HeadersTooLargeError {
    const message = `the response headers exceed ${maxBytes} bytes; raise limits.maxHeaderBytes`;
    const error = new HeadersTooLargeError('ERR_HEADERS_TOO_LARGE', message, call, true);
    error.cause = cause;
    return error;
  }

  /** @internal */
  static inNumber(call: Call, maxLines: number): HeadersTooLargeError {
    const message = `the response has more than ${maxLines} headers; have the upstream send fewer`;
    return new HeadersTooLargeError('ERR_HEADERS_TOO_LARGE', message, call, true);
  }
}

const ofSources = new WeakSet<Error>();

/** Notes that an error comes from the stream that a call sends, not from the upstream. */
export function rememberSourceError<Failure extends Error>(error: Failure): Failure {
  ofSources.add(error);
  return error;
}

/** Whether an error comes from the stream that a call sends. */
export function isSourceError(error: unknown): boolean {
  return error instanceof Error && ofSources.has(error);
}
