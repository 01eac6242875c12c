import type { AxiosError, AxiosResponse } from 'axios';
import type { Clock } from '../../base/clock.js';
import type { Layer } from '../../call/call.js';
import { type Failure, watching } from '../../call/compose.js';
import { errorOutcome } from '../breaker/breaker.js';
import type { OriginLimit, OriginLimits } from './origin-limits.js';

/** A request under way. */
interface Begun {
  readonly limit: OriginLimit;
  readonly startedAt: number;
  readonly inFlight: number;
  readonly queuedMs: number;
}

/**
 * Tells an adaptive limit of each request: retries and hedges, too, but no pauses between them, no waiting for a place or a socket, no response from a
 * cache. A call would tell it of all these.
 *
 * The response time is that from the ready socket to the headers (`timings.firstByteMs`): to open a connection, and to read a large body, takes time
 * that says nothing of a queue. Where it is not known, it is all of the request but its waiting.
 */
export function concurrencySample(limits: OriginLimits, clock: Clock): Layer {
  return watching<Begun>({
    begin({ origin, journal: { queuedMs } }) {
      return { limit: limits.of(origin), startedAt: clock.now(), inFlight: limits.slots.taken(origin), queuedMs };
    },
    end(call, begun, response, failure) {
      if (!begun) return;
      const { limit, startedAt, inFlight } = begun;
      const endedAt = clock.now();
      const sign = signOf(response, failure, endedAt - startedAt);
      if (sign === undefined) return;
      const withoutWaiting = endedAt - startedAt - (call.journal.queuedMs - begun.queuedMs);
      const responseMs = response?.timings?.firstByteMs ?? Math.max(0, withoutWaiting);
      limits.record(limit, { startedAt, endedAt, responseMs, inFlight, isDrop: sign === 'drop' });
    },
  });
}

/** RFC 6585 §4, RFC 9110 §15.6.4, §15.6.5: too many requests, overloaded, and a gateway's timeout. */
const DROP_STATUSES = new Set([429, 503, 504]);
/** Failures of the upstream that have nothing to do with its load. */
const OTHER_FAILURES = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ERR_RESPONSE_INVALID',
  'ERR_NETWORK',
]);
/** Refused certificates, and what TLS or the response's text is wrong with. */
const OTHER_FAILURE = /^(?:ERR_(?:TLS|SSL)_|CERT_|HPE_|Z_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/;

/**
 * What a request says of its upstream's load:
 * - `served`: a status below 400
 * - `drop`: 429, 503, 504, a timeout, a connection that failed or broke off; and a deadline that cut an attempt of a second or longer
 * - undefined: nothing. Other statuses are often given before the work is begun, so their times are not comparable. What the caller cancelled,
 *   what this side refused, what a hedge gave up and a timer that fired late are not the upstream's.
 */
export function signOf(
  response: AxiosResponse | undefined,
  failure: Failure | undefined,
  ranMs: number,
): 'served' | 'drop' | undefined {
  try {
    const { code, response: refused } = (failure?.error ?? {}) as Partial<AxiosError>;
    const status = (response ?? refused)?.status;
    if (status !== undefined && DROP_STATUSES.has(status)) return 'drop';
    if (!failure) return status! < 400 ? 'served' : undefined;
    if (errorOutcome(failure.error, ranMs) !== 'failure' || (status !== undefined && status >= 500)) return undefined;
    return OTHER_FAILURES.has(code!) || OTHER_FAILURE.test(code!) ? undefined : 'drop';
  } catch {
    return undefined; // somebody's own error, with a getter that throws
  }
}
