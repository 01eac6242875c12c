import { isOwnDelay } from './event-loop-delay.js';

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
