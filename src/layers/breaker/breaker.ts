import type { AxiosResponse } from 'axios';
import type { Clock } from '../../base/clock.js';
import { refusedTunnelStatus } from '../../base/http-rules.js';
import { isRepeatedLoss, TELLING_MS } from '../../base/lost-peer.js';
import { isOwnDelay } from '../../base/time-limit.js';
import type { Layer } from '../../call/call.js';
import { type Failure, watching } from '../../call/compose.js';
import { isSourceError } from '../../errors/body.errors.js';
import { CircuitOpenError } from '../../errors/refusal.errors.js';
import type { OriginBreakers } from './breakers.js';
import type { Breaker } from './state.js';

/**
 * Leaves an origin alone that fails, for a while, then lets one call try. Each call that is let through counts when it is
 * over; with responseType 'stream' when its headers have come.
 *
 * A probe holds all others up until it is over, so something within must bound it: the timeouts of its phases do.
 * @throws CircuitOpenError, at once
 */
export function circuitBreaker(breakers: OriginBreakers, clock: Clock): Layer {
  return watching<Entered>({
    begin(call) {
      const { origin } = call;
      if (breakers.isIsolated(origin)) throw new CircuitOpenError(call, Infinity);
      const breaker = breakers.of(origin);
      const startedAt = clock.now();
      const permit = breaker.enter(startedAt);
      if (permit === undefined) throw new CircuitOpenError(call, breaker.retryAfterMs(startedAt));
      // What a probe finds out is to be of the origin, not of a socket from before it failed.
      if (breaker.state(startedAt) === 'half-open') call.journal.trustsSince = Infinity;
      return { breaker, permit, startedAt };
    },
    end(_, entered, response, failure) {
      if (!entered) return;
      const now = clock.now();
      entered.breaker.leave(entered.permit, outcomeOf(response, failure, now - entered.startedAt), now);
    },
  });
}

/** A call that was let through. */
interface Entered {
  readonly breaker: Breaker;
  readonly permit: number;
  readonly startedAt: number;
}

/** A probe must be given back however it ends: also with somebody's own error that has a getter which throws. */
function outcomeOf(response: AxiosResponse | undefined, failure: Failure | undefined, ranMs: number): CallOutcome {
  try {
    return failure ? errorOutcome(failure.error, ranMs) : statusOutcome(response!.status);
  } catch {
    return 'ignored';
  }
}

/**
 * What a call says about its upstream:
 * - `success`: it is there, and answers as it should; a status 4xx is such an answer
 * - `failure`: it is not there, fails, or is overloaded
 * - `ignored`: nothing, as the call ended on this side
 */
export type CallOutcome = 'success' | 'failure' | 'ignored';

/** Codes with this prefix are for what this side refuses or gave up: those of axios, of Node's checks and of this library. */
const LOCAL_PREFIX = 'ERR_';

/** ... but for these, which are the upstream's doing. */
const UPSTREAM_CODES = new Set([
  'ERR_CONNECT_TIMEOUT',
  'ERR_RESPONSE_TIMEOUT',
  'ERR_BODY_TIMEOUT',
  'ERR_NETWORK',
  'ERR_RESPONSE_INVALID', // within the stack: only on request
  'ERR_STREAM_PREMATURE_CLOSE',
]);
const UPSTREAM_PREFIXES = ['ERR_TLS_', 'ERR_SSL_'];

/** System errors for want of descriptors, ports or memory on this side. */
const OWN_SHORTAGE = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL']);

interface FailedCall {
  readonly code?: unknown;
  readonly response?: { readonly status: number; readonly data?: unknown };
  readonly eventLoopDelayMs?: number;
}

/** A 5xx or 429 is a failure, whether or not `validateStatus` accepts it. */
export function statusOutcome(status: number): CallOutcome {
  return status >= 500 || status === 429 ? 'failure' : 'success';
}

/**
 * Timeouts of a phase or of the attempt, and failures of the network (DNS, TCP, TLS, a response that breaks off or is no
 * HTTP), are failures, and so is a 5xx or 429 by which a proxy refuses a tunnel to it. What the caller cancelled, what this side refused, had no socket for or found too large, and a stream to be sent that failed, is ignored.
 *
 * A call cut by its deadline counts as a timeout where the attempt had run for a second or longer: callers with little
 * time left must not make an upstream look bad, yet one that hangs must be noticed where deadlines are shorter than timeouts.
 * Requests that die on pooled sockets at the same time, as when their peer has vanished, count as one: the rest says nothing new.
 * A timeout whose timer fired 100 ms late or more is ignored: this process was blocked, and has not looked whether there was an answer.
 * @param error what the attempt ended with
 * @param ranMs how long it had run
 */
export function errorOutcome(error: unknown, ranMs: number): CallOutcome {
  const { code, response, eventLoopDelayMs = 0 } = (error ?? {}) as FailedCall;
  if (response && statusOutcome(response.status) === 'failure') return 'failure';
  if (typeof code !== 'string' || isSourceError(error) || isOwnDelay(eventLoopDelayMs)) return 'ignored';
  if (isRepeatedLoss(error)) return 'ignored';
  const proxyStatus = refusedTunnelStatus(error);
  if (proxyStatus !== undefined) return statusOutcome(proxyStatus) === 'failure' ? 'failure' : 'ignored';
  if (code === 'ERR_DEADLINE_EXCEEDED') return ranMs >= TELLING_MS ? 'failure' : 'ignored';
  if (response && code === 'ERR_BAD_REQUEST') return 'success';
  // axios has one code for a refused status and for a response that breaks off; only the former has its data.
  if (response && code === 'ERR_BAD_RESPONSE') return response.data === undefined ? 'failure' : 'success';
  if (UPSTREAM_CODES.has(code) || UPSTREAM_PREFIXES.some((prefix) => code.startsWith(prefix))) return 'failure';
  return code.startsWith(LOCAL_PREFIX) || OWN_SHORTAGE.has(code) ? 'ignored' : 'failure';
}
