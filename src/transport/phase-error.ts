import type { Call } from '../call/call.js';
import {
  BodyTimeoutError,
  BodyUnreadError,
  ConnectTimeoutError,
  ResponseTimeoutError,
} from '../errors/timeout.errors.js';
import type { Phase, PhaseLimits } from './phase-timer.js';

const ERRORS: Readonly<Record<Phase, new (call: Call, ms: number, delayMs: number) => Error>> = {
  connect: ConnectTimeoutError,
  response: ResponseTimeoutError,
  bodyIdle: BodyTimeoutError,
  readerIdle: BodyUnreadError,
};

/**
 * For a phase that has lasted longer than it may.
 * @param delayMs how late that was found out
 */
export function phaseError(phase: Phase, call: Call, limits: PhaseLimits, delayMs: number): Error {
  return new ERRORS[phase](call, limits[phase] as number, delayMs);
}
