import { AxiosError } from 'axios';
import { isSourceError } from '../errors/body.errors.js';
import { AddressBlockedError, RetryLaterError } from '../errors/refusal.errors.js';
import { InboundAbortedError, isTimeoutError } from '../errors/timeout.errors.js';

/** The answer to an inbound request that failed because of an outbound call. */
export interface ErrorStatus {
  readonly status: number;
  /** The standard phrase for the status. */
  readonly title: string;
  /** For the inbound client: what became of the call, and nothing else about it. */
  readonly detail: string;
  /** When to try again: a whole number, 1 or more. */
  readonly retryAfterSeconds?: number;
}

/** The client's own limits: the upstream did nothing wrong. */
const REFUSED = new Set([
  'ERR_CIRCUIT_OPEN',
  'ERR_CLIENT_CLOSED',
  'ERR_CONCURRENCY_LIMIT',
  'ERR_CREDENTIALS',
  'ERR_POOL_QUEUE_FULL',
  'ERR_POOL_TIMEOUT',
  'ERR_RATE_LIMIT',
]);

/** Codes of Node and axios for a call that cannot be made as it is written. */
const MISTAKES = new Set([
  AxiosError.ERR_BAD_OPTION,
  AxiosError.ERR_BAD_OPTION_VALUE,
  AxiosError.ERR_BAD_REQUEST, // without a response: an unsupported scheme, a request body that is too large
  AxiosError.ERR_DEPRECATED,
  AxiosError.ERR_INVALID_URL,
  AxiosError.ERR_NOT_SUPPORT,
  'ERR_BODY_CONSUMED',
  'ERR_FORM_DATA_DEPTH_EXCEEDED',
  'ERR_HTTP_CONTENT_LENGTH_MISMATCH',
  'ERR_HTTP_INVALID_HEADER_VALUE',
  'ERR_HTTP_TRAILER_INVALID',
  'ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_INVALID_CHAR',
  'ERR_INVALID_HTTP_TOKEN',
  'ERR_INVALID_OPTIONS',
  'ERR_INVALID_PROTOCOL',
  'ERR_REQUEST_INVALID',
  'ERR_UNESCAPED_CHARACTERS',
  'ERR_TOO_MANY_CLIENTS',
]);

const BAD_GATEWAY: ErrorStatus = {
  status: 502,
  title: 'Bad Gateway',
  detail: 'An upstream service did not give a valid answer.',
};
const GATEWAY_TIMEOUT: ErrorStatus = {
  status: 504,
  title: 'Gateway Timeout',
  detail: 'An upstream service did not answer in time.',
};
const UNAVAILABLE: ErrorStatus = {
  status: 503,
  title: 'Service Unavailable',
  detail: 'An upstream service cannot be called at the moment.',
};
/** Most such addresses come with the inbound request; the guard knows those of the app. Not 403, which is about who asks. */
const BAD_ADDRESS: ErrorStatus = {
  status: 400,
  title: 'Bad Request',
  detail: 'The request leads to an address that may not be called.',
};
const INTERNAL: ErrorStatus = {
  status: 500,
  title: 'Internal Server Error',
  detail: 'The request could not be handled.',
};
/** The status of nginx, for the log: nobody is there to answer. */
const CLIENT_GONE: ErrorStatus = {
  status: 499,
  title: 'Client Closed Request',
  detail: 'The client has closed the request.',
};

/**
 * The answer to the inbound request for an error of an outbound call that nobody handled.
 * @param clientIsGone whether the client of this very request is gone: the call may have been shared with another one
 */
export function errorStatus(error: AxiosErrorLike, clientIsGone = false): ErrorStatus {
  const { code } = error;
  if (error instanceof InboundAbortedError) {
    return clientIsGone ? CLIENT_GONE : { ...UNAVAILABLE, ...retryAfter(error) };
  }
  if (error instanceof AddressBlockedError) return error.isMisuse ? INTERNAL : BAD_ADDRESS;
  if (REFUSED.has(code!)) return { ...UNAVAILABLE, ...retryAfter(error) };
  if (error.response) return BAD_GATEWAY;
  if (isSourceError(error)) return INTERNAL;
  if (isTimeoutError(error) || signalTimedOut(error)) return GATEWAY_TIMEOUT;
  return isUpstreams(error) ? BAD_GATEWAY : INTERNAL;
}

/** What axios errors and the library's own have in common. */
export interface AxiosErrorLike extends Error {
  readonly code?: string | undefined;
  readonly config?: AxiosError['config'];
  readonly request?: unknown;
  readonly response?: unknown;
}

function retryAfter(error: AxiosErrorLike): Pick<ErrorStatus, 'retryAfterSeconds'> {
  const ms = error instanceof RetryLaterError ? error.retryAfterMs : 0;
  return Number.isFinite(ms) ? { retryAfterSeconds: Math.max(1, Math.ceil(ms / 1_000)) } : {};
}

/** With `signal: AbortSignal.timeout(ms)` axios says only that the call was canceled. */
function signalTimedOut({ code, config }: AxiosErrorLike): boolean {
  const reason = (config?.signal as AbortSignal | undefined)?.reason as Error | undefined;
  return code === AxiosError.ERR_CANCELED && reason?.name === 'TimeoutError';
}

/** Whether the upstream broke off, could not be reached, or sent something unreadable; otherwise the call was wrong. */
function isUpstreams({ code, request }: AxiosErrorLike): boolean {
  if (code === undefined) return request !== undefined;
  return code !== AxiosError.ERR_CANCELED && !MISTAKES.has(code);
}
