import type { Call } from '../layers/layer.js';
import { HttpClientError } from './http-client.error.js';

/** The headers of a response, or the trailers after its body, are more than the client takes. */
export class HeadersTooLargeError extends HttpClientError {
  declare readonly code: 'ERR_HEADERS_TOO_LARGE';

  /** @param cause the parser's error */
  static inBytes(call: Call, maxBytes: number, cause: unknown): HeadersTooLargeError {
    const message = `the response headers exceed ${maxBytes} bytes; raise limits.maxHeaderBytes`;
    const error = new HeadersTooLargeError('ERR_HEADERS_TOO_LARGE', message, call, true);
    error.cause = cause;
    return error;
  }

  static inNumber(call: Call, maxLines: number): HeadersTooLargeError {
    const message = `the response has more than ${maxLines} headers; have the upstream send fewer`;
    return new HeadersTooLargeError('ERR_HEADERS_TOO_LARGE', message, call, true);
  }
}
