import { AxiosError } from 'axios';
import type { Clock } from '../base/clock.js';
import { timeLimit } from '../base/time-limit.js';
import { defaultPort } from '../base/url-parts.js';
import type { Call } from '../call/call.js';
import type { RequestTarget } from '../call/target.js';
import { whileWaiting } from '../call/waiting.js';
import { AddressBlockedError } from '../errors/refusal.errors.js';
import { ConnectTimeoutError } from '../errors/timeout.errors.js';
import { type AddressGuard, refusalIn } from '../guard/address-guard.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { PhaseLimits } from './phase-timer.js';

export interface AdmissionSettings {
  readonly pool: Pick<ConnectionPool, 'closing'>;
  readonly clock: Clock;
  readonly phases: Pick<PhaseLimits, 'connect'>;
}

/** The error for a call that ended because the pool's guard refused a connection; undefined where that is not why. */
export function blockedError(error: unknown, call: Call): AddressBlockedError | undefined {
  const refusal = refusalIn(error);
  return refusal && new AddressBlockedError(call, refusal.rule, true);
}

/**
 * Judges where a proxy is asked to connect to. The proxy resolves the name anew for each request, so it is judged for each.
 * @throws what `lookedUp` throws
 */
export function admitThroughProxy(
  guard: AddressGuard,
  { hostname, port, secure }: RequestTarget,
  call: Call,
  settings: AdmissionSettings,
): Promise<void> {
  return lookedUp(guard.admit({ host: hostname, port: port || defaultPort(secure) }), call, settings);
}

/**
 * Waits for the look-up of a name, within the limits of a call.
 * @throws AddressBlockedError, ConnectTimeoutError, ClientClosedError, what the call is cancelled with, or the look-up's error as axios has it
 */
export function lookedUp(
  lookup: Promise<void>,
  call: Call,
  { pool, clock, phases: { connect } }: AdmissionSettings,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let stop: (() => void) | undefined;
    const end = () => {
      endLimit?.();
      stop?.(); // there is none yet where the pool has closed already
    };
    const fail = (error: unknown) => {
      end();
      reject(error);
    };
    const refuse = (error: Error) => fail(blockedError(error, call) ?? AxiosError.from(error, undefined, call.config));
    const expire = (delayMs: number) => fail(new ConnectTimeoutError(call, connect as number, delayMs));
    const endLimit = connect === false ? undefined : timeLimit(clock, connect, expire);
    stop = whileWaiting(call, pool.closing, fail);
    lookup.then(() => {
      end();
      resolve();
    }, refuse);
  });
}
