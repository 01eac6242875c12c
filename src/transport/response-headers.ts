import { AxiosError } from 'axios';
import { type IncomingHttpHeaders, maxHeaderSize } from 'node:http';
import type { Call } from '../call/call.js';
import { HeadersTooLargeError } from '../errors/body.errors.js';
import type { WireResponse } from './engine.js';

/**
 * Header lines that a response may have. Node keeps 1,000 (the default of `maxHeadersCount` counts a name and a value as two) and drops
 * the rest without a word, whatever they say; and axios compares each with all others: 67 ms of CPU for 1,000 of them, 16 for 500. Envoy and
 * Python's http.client refuse more than 100.
 */
const MAX_HEADER_LINES = 256;

/** Node tells of other informational responses as such. This one, which nobody here has asked for, ends HTTP on its socket. */
const SWITCHING_PROTOCOLS = 101;

/** Node's own limit, which the command line may set, so that it need not be told. */
export const NODE_MAX_HEADER_BYTES = maxHeaderSize;

/**
 * Why a response is none to its caller: its status, which cannot be below 100 (RFC 9110 §15), or more headers than any should have.
 * @returns undefined: it is one
 */
export function refusalOf(response: AnsweredMessage, call: Call): Error | undefined {
  const { statusCode, headerLines = response.rawHeaders.length / 2, req } = response;
  if (statusCode! <= SWITCHING_PROTOCOLS) {
    const message = `the upstream answered with status ${statusCode}, which is no answer`;
    return new AxiosError(message, AxiosError.ERR_BAD_RESPONSE, call.config, req);
  }
  return headerLines > MAX_HEADER_LINES ? HeadersTooLargeError.inNumber(call, MAX_HEADER_LINES) : undefined;
}

/** Node's types leave `req` out. */
export interface AnsweredMessage extends Pick<WireResponse, 'statusCode' | 'rawHeaders' | 'headerLines'> {
  readonly req?: unknown;
}

/** A header that the response has, rather than one that somebody has put on `Object.prototype`. */
export function ownHeader<Name extends keyof IncomingHttpHeaders>(
  headers: IncomingHttpHeaders,
  name: Name,
): IncomingHttpHeaders[Name] {
  return Object.hasOwn(headers, name) ? headers[name] : undefined;
}

/** Says what to change where the parser has stopped at too many bytes of headers or trailers. */
export function explainedOverflow(error: unknown, call: Call, maxHeaderBytes: number): unknown {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return code === 'HPE_HEADER_OVERFLOW' ? HeadersTooLargeError.inBytes(call, maxHeaderBytes, error) : error;
}
