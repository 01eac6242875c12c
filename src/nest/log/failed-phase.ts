import type { CallEndEvent } from '../../call/events.js';

/**
 * What a failed call was doing:
 * - `queue`: waiting for a place under a limit, or for a socket
 * - `connect`: DNS, TCP, TLS
 * - `response`: from the request to the headers of the response
 * - `body`: reading the response's body
 * - `refused`: nothing yet: the client did not let it go
 */
export type FailedPhase = 'queue' | 'connect' | 'response' | 'body' | 'refused';

const PHASES: ReadonlyMap<string, FailedPhase> = new Map([
  ['ERR_CONCURRENCY_LIMIT', 'queue'],
  ['ERR_RATE_LIMIT', 'queue'],
  ['ERR_POOL_QUEUE_FULL', 'queue'],
  ['ERR_POOL_TIMEOUT', 'queue'],
  ['ERR_CONNECT_TIMEOUT', 'connect'],
  ['ECONNREFUSED', 'connect'],
  ['EHOSTUNREACH', 'connect'],
  ['ENETUNREACH', 'connect'],
  ['ENOTFOUND', 'connect'],
  ['EAI_AGAIN', 'connect'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'connect'],
  ['CERT_HAS_EXPIRED', 'connect'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'connect'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'connect'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'connect'],
  ['ERR_RESPONSE_TIMEOUT', 'response'],
  ['ERR_BODY_TIMEOUT', 'body'],
  ['ERR_BODY_UNREAD', 'body'],
  ['ERR_BODY_TOO_LARGE', 'body'],
  ['ERR_CIRCUIT_OPEN', 'refused'],
  ['ERR_ADDRESS_BLOCKED', 'refused'],
]);

/**
 * By its code where that tells; else by its timings, which have the phase that it failed in last.
 * @param outcome the status that was refused, or the code of the error
 * @returns undefined where neither tells, as in a pause between two attempts
 */
export function failedPhase(
  outcome: number | string,
  { timings, requests }: Pick<CallEndEvent, 'timings' | 'requests'>,
): FailedPhase | undefined {
  if (typeof outcome === 'number') return 'response';
  const phase = PHASES.get(outcome);
  if (phase !== undefined || timings === undefined) return phase;
  const { queueMs = 0, dnsMs, connectMs, tlsMs, firstByteMs, bodyMs } = timings;
  if (bodyMs !== undefined) return 'body';
  if (firstByteMs !== undefined) return 'response';
  if (dnsMs !== undefined || connectMs !== undefined || tlsMs !== undefined) return 'connect';
  return requests === 0 && queueMs > 0 ? 'queue' : undefined;
}
