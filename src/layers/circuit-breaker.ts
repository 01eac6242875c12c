import type { Clock } from '../clock.js';
import { CircuitOpenError } from '../errors/resilience.errors.js';
import { type CallOutcome, errorOutcome, statusOutcome } from '../policies/call-outcome.js';
import type { OriginBreakers } from './circuit-breakers.js';
import type { Layer } from './layer.js';

/**
 * Leaves an origin alone that fails, for a while, then lets one call try. Each call that is let through counts when it is
 * over; with responseType 'stream' when its headers have come.
 *
 * A probe holds all others up until it is over, so something within must bound it: the timeouts of its phases do.
 * @throws CircuitOpenError, at once
 */
export function circuitBreaker(breakers: OriginBreakers, clock: Clock): Layer {
  return (next) => async (call) => {
    const { origin } = call;
    if (breakers.isIsolated(origin)) throw new CircuitOpenError(call, Infinity);
    const breaker = breakers.of(origin);
    const startedAt = clock.now();
    const permit = breaker.enter(startedAt);
    if (permit === undefined) throw new CircuitOpenError(call, breaker.retryAfterMs(startedAt));
    // What a probe finds out is to be of the origin, not of a socket from before it failed.
    if (breaker.state(startedAt) === 'half-open') call.journal.trustsSince = Infinity;
    try {
      const response = await next(call);
      breaker.leave(permit, statusOutcome(response.status), clock.now());
      return response;
    } catch (error) {
      const now = clock.now();
      breaker.leave(permit, outcomeOf(error, now - startedAt), now);
      throw error;
    }
  };
}

/** A probe must be given back whatever it fails with: also with somebody's own error that has a getter which throws. */
function outcomeOf(error: unknown, ranMs: number): CallOutcome {
  try {
    return errorOutcome(error, ranMs);
  } catch {
    return 'ignored';
  }
}
