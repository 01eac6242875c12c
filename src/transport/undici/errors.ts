import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { WireResponse } from '../engine.js';
import type { ExchangeRequest } from '../request.js';

interface UndiciError extends Error {
  readonly code?: string;
}

/** Whether undici closes a socket for a reason of its own, which is no failure of the socket's. */
export function isUndicis(error: unknown): error is UndiciError {
  const { code = '', name } = (error ?? {}) as UndiciError;
  return name === PARSER_ERROR || /^(?:UND_ERR_|HPE_|ERR_ASSERTION$)/.test(code);
}

/** undici leaves out their code. */
const PARSER_ERROR = 'HTTPParserError';

/** Where such an error has the parser's own words. */
const REASON = /\((.*)\)$/s;

/** The parser's codes, by its words: https://github.com/nodejs/llhttp/blob/main/src/llhttp/http.ts */
const CODES: readonly (readonly [RegExp, string])[] = [
  [/chunk/i, 'HPE_INVALID_CHUNK_SIZE'],
  [/content-length/i, 'HPE_UNEXPECTED_CONTENT_LENGTH'],
  [/transfer-encoding/i, 'HPE_INVALID_TRANSFER_ENCODING'],
  [/header/i, 'HPE_INVALID_HEADER_TOKEN'],
  [/status/i, 'HPE_INVALID_STATUS'],
  [/version/i, 'HPE_INVALID_VERSION'],
];

/**
 * An error of undici's as `node:http` has it.
 * @param hasResponse whether the headers of the response had come
 */
export function asNodes(error: UndiciError, hasResponse: boolean): Error {
  const { code = '', message, name } = error;
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return tooManyHeaders();
  if (name === PARSER_ERROR) {
    const reason = REASON.exec(message)?.[1] ?? message;
    const known = CODES.find(([words]) => words.test(reason))?.[1] ?? 'HPE_INVALID_CONSTANT';
    return coded(`Parse Error: ${reason}`, code || known);
  }
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' && !hasResponse) {
    return coded('Parse Error: headers that contradict each other', 'HPE_UNEXPECTED_CONTENT_LENGTH');
  }
  if (code === 'ERR_ASSERTION') return coded('Parse Error: no HTTP/1.1', 'HPE_INVALID_CONSTANT', error);
  return lost(hasResponse, error);
}

/** Whether it is no failure of the response, whose socket is closed. */
export function isEndOf(response: Pick<WireResponse, 'complete' | 'statusCode'>, { code }: UndiciError): boolean {
  // More has come after it, which is nobody's.
  if (response.complete) return code === 'UND_ERR_SOCKET';
  // undici 7 waits for the bytes that the answer to a conditional request only tells of.
  return response.statusCode === 304 && code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';
}

export function tooManyHeaders(): Error {
  return coded('Parse Error: Header overflow', 'HPE_HEADER_OVERFLOW');
}

/**
 * What a socket fails with before it is connected. Node's request has something to write by then, so a TLS handshake that fails is a failed write there.
 */
export function asConnectError(error: Error): Error {
  if (!(error as UndiciError).code?.startsWith('ERR_SSL_')) return error;
  return coded(`write EPROTO ${error.message}`, 'EPROTO', error);
}

/** The peer has closed the socket. */
export function lost(hasResponse: boolean, cause?: Error): Error {
  return coded(hasResponse ? 'aborted' : 'socket hang up', 'ECONNRESET', cause);
}

function coded(message: string, code: string, cause?: Error): Error {
  return Object.assign(new Error(message, cause && { cause }), { code });
}

const TOKEN = /^[\w!#$%&'*+\-.^`|~]+$/;

/**
 * Why a request cannot be sent, as `node:http` says it.
 * @param error what undici says
 */
export function refusalOf({ method, headers, target }: ExchangeRequest, error: Error): Error {
  try {
    for (const name of Object.keys(headers)) {
      validateHeaderName(name);
      for (const value of [headers[name]!].flat()) validateHeaderValue(name, value);
    }
  } catch (refusal) {
    return refusal as Error;
  }
  if (!TOKEN.test(method)) {
    return Object.assign(new TypeError(`Method must be a valid HTTP token ["${method}"]`), {
      code: 'ERR_INVALID_HTTP_TOKEN',
    });
  }
  if (/[^\u0021-\u00ff]/.test(target.path)) {
    return Object.assign(new TypeError('Request path contains unescaped characters'), {
      code: 'ERR_UNESCAPED_CHARACTERS',
    });
  }
  return coded(error.message, 'ERR_INVALID_ARG_VALUE', error);
}
