import { AxiosError, type AxiosResponse } from 'axios';
import { refusedTunnelStatus } from '../base/http-rules.js';

/**
 * Whether the same request may well succeed a moment later:
 * - `transient`: a failure that passes
 * - `throttled`: the upstream says that it gets too many requests
 * - `permanent`: anything else, or not known
 */
type Transience = 'transient' | 'throttled' | 'permanent';

/** How an attempt that failed ended: with a response, an error, or an error that has the response. */
interface Outcome {
  readonly response?: AxiosResponse;
  readonly error?: unknown;
}

/**
 * What passes. Everything that is not listed is permanent: certificates that are refused, aborts, limits on sizes, and what
 * the client refuses because it is closed, saturated, out of time, or leaves the origin alone.
 */
const TRANSIENT_CODES = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ECONNABORTED', // axios's, for its `timeout`
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'ERR_CONNECT_TIMEOUT',
  'ERR_RESPONSE_TIMEOUT',
  'ERR_BODY_TIMEOUT',
  'ERR_RESPONSE_INVALID', // within the stack: only on request
]);

/** axios's message for a body that is cut in the middle; its code is the one of a refused status. */
const BODY_CUT = 'stream has been aborted';

const TOO_MANY_REQUESTS = 429;
const NOT_IMPLEMENTED = 501;

/** @param statuses those that are transient; 501 never is (RFC 9110 §15.6.2: the method is not supported) */
export function transienceOf(outcome: Outcome, statuses: readonly number[]): Transience {
  const status = failedStatus(outcome);
  if (status !== undefined) {
    if (status === NOT_IMPLEMENTED || !statuses.includes(status)) return 'permanent';
    return status === TOO_MANY_REQUESTS ? 'throttled' : 'transient';
  }
  const { code, message } = (outcome.error ?? {}) as Partial<AxiosError>;
  if (code === AxiosError.ERR_BAD_RESPONSE && message === BODY_CUT) return 'transient';
  return code !== undefined && TRANSIENT_CODES.has(code) ? 'transient' : 'permanent';
}

/** A name for it: the status, or else the code of the error, or else its name. */
export function outcomeName(outcome: Outcome): number | string {
  const { code, name = 'Error' } = (outcome.error ?? {}) as Partial<AxiosError>;
  return failedStatus(outcome) ?? code ?? name;
}

/** The status, where that is what failed, rather than the body that belongs to it: of the origin, or of a proxy that opens no tunnel. */
function failedStatus({ response, error }: Outcome): number | undefined {
  if (!response) return refusedTunnelStatus(error);
  if (error === undefined) return response.status;
  const { code, message } = error as AxiosError;
  const isStatus = code === AxiosError.ERR_BAD_REQUEST || code === AxiosError.ERR_BAD_RESPONSE;
  return isStatus && message !== BODY_CUT ? response.status : undefined;
}

/**
 * Whether a status says how a request fares wherever it is sent: every one but those of a server that is overloaded or failing
 * at the moment (RFC 9110 §15.5.9, §15.6; RFC 6585 §4). 501 Not Implemented is as final as 404.
 */
export function isConclusive(status: number): boolean {
  return status < 500 ? status !== 408 && status !== 429 : status === 501;
}
