import type { Call } from '../layers/layer.js';
import { HttpClientError } from './http-client.error.js';

/** What is to be sent as the request body is a stream that has been read, and cannot be read twice. */
export class BodyConsumedError extends HttpClientError {
  declare readonly code: 'ERR_BODY_CONSUMED';

  static beforeCall(call: Call): BodyConsumedError {
    return new BodyConsumedError(call, 'the request body is a stream that was read to its end before the call');
  }

  static byRedirect(call: Call, status: number): BodyConsumedError {
    const ways = 'send a Buffer, a Blob or a FormData, or call the address it redirects to';
    return new BodyConsumedError(call, `a redirect (${status}) asks for a stream that has been sent already; ${ways}`);
  }

  private constructor(call: Call, message: string) {
    super('ERR_BODY_CONSUMED', message, call, true);
  }
}
