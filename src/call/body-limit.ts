import { AxiosError } from 'axios';
import { BodyTooLargeError } from '../errors/body.errors.js';
import type { Call } from './call.js';

export interface BodyLimit {
  readonly maxBytes: number;
  /** The error for a body that is larger. */
  readonly error: () => Error;
}

/**
 * What the body of a response may be at most: the call's own `maxContentLength` or, where it has none, that of the client.
 * @param request what errors are to have as theirs
 * @param maxResponseBytes false: none
 */
export function bodyLimit(call: Call, request: unknown, maxResponseBytes: number | false): BodyLimit | undefined {
  const { config } = call;
  const { maxContentLength = -1 } = config;
  if (maxContentLength > -1) {
    const message = `maxContentLength size of ${maxContentLength} exceeded`;
    const error = () => new AxiosError(message, AxiosError.ERR_BAD_RESPONSE, config, request);
    return { maxBytes: maxContentLength, error };
  }
  if (maxResponseBytes === false) return undefined;
  return { maxBytes: maxResponseBytes, error: () => new BodyTooLargeError(call, maxResponseBytes) };
}
