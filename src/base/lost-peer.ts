import { isOwnDelay } from './time-limit.js';

/** RFC 9110 §9.2.2, and QUERY (draft-ietf-httpbis-safe-method-w-body). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY']);

/** Whether a request may be sent twice: by its method, or because the caller says so with an Idempotency-Key header. */
export function isIdempotent(method: string, headers: Readonly<Record<string, unknown>>): boolean {
  if (IDEMPOTENT.has(method)) return true;
  return Object.keys(headers).some((name) => name.toLowerCase() === 'idempotency-key' && isSent(headers[name]));
}

/** axios leaves headers out that have these values; an empty key tells no request from another. */
function isSent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== '';
}

/**
 * Whether a failed exchange says only that its pooled socket was dead: the server had closed it while the request was
 * under way, as it may at any time (RFC 9112 §9.3.1, §9.5).
 */
export function diedOnStaleSocket(error: unknown, reusedSocket: boolean): boolean {
  const code = (error as { code?: string } | undefined)?.code;
  return reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
}

/** An attempt that the deadline of its call cut after a shorter time might have succeeded with any upstream. */
export const TELLING_MS = 1_000;

/** How requests end whose peer is not there any more: nothing comes back, or a reset by somebody who knows nothing of the connection. */
const SIGNS = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNABORTED', // axios's, for its `timeout`
  'ERR_CONNECT_TIMEOUT',
  'ERR_RESPONSE_TIMEOUT',
]);

interface FailedExchange {
  readonly code?: string;
  readonly eventLoopDelayMs?: number;
}

/**
 * Whether a request that was sent on a pooled socket, and got no response, may have found that its peer is gone: the connection was idle,
 * and nobody tells when a peer vanishes meanwhile.
 * @param ranMs how long it was waited for
 */
export function mayHaveLostPeer(error: unknown, ranMs: number): boolean {
  const { code = '', eventLoopDelayMs = 0 } = (error ?? {}) as FailedExchange;
  if (isOwnDelay(eventLoopDelayMs)) return false;
  return SIGNS.has(code) || (code === 'ERR_DEADLINE_EXCEEDED' && ranMs >= TELLING_MS);
}

const repeated = new WeakSet<Error>();

/** Notes that an error tells once more of a peer that is gone, which another request on a pooled socket has told of already. */
export function rememberRepeatedLoss(error: unknown): void {
  if (error instanceof Error) repeated.add(error);
}

/** Whether it was noted. */
export function isRepeatedLoss(error: unknown): boolean {
  return error instanceof Error && repeated.has(error);
}
