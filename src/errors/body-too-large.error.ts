import type { Call } from '../layers/layer.js';
import { HttpClientError } from './http-client.error.js';

/** The response body, decoded, is larger than the client may hold in memory. */
export class BodyTooLargeError extends HttpClientError {
  declare readonly code: 'ERR_BODY_TOO_LARGE';

  constructor(call: Call, maxBytes: number) {
    const ways = "raise limits.maxResponseBytes, pass maxContentLength with the call, or use responseType 'stream'";
    super('ERR_BODY_TOO_LARGE', `the response body exceeds ${maxBytes} bytes; ${ways}`, call, true);
  }
}
