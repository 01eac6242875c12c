import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import type { Clock } from '../base/clock.js';
import { ownSettings } from '../base/prototype-pollution.js';
import { delayNote, TimeLimit } from '../base/time-limit.js';
import type { Call, Layer } from '../call/call.js';
import { watching } from '../call/compose.js';

export interface AttemptTimeouts {
  /** What a call's `timeout` is that brings none of its own; false: no limit. */
  readonly ofClient: number | false;
  /** What holds for it instead. */
  readonly ofOrigin: number | false;
}

/**
 * Makes axios's `timeout` bound the whole attempt. axios starts counting when a socket is assigned, so a request queued
 * for one would wait for ever; and it restarts at every byte, so a dripping body would never end.
 * @throws AxiosError as axios's own: ECONNABORTED, or ETIMEDOUT with `transitional.clarifyTimeoutError`; with `eventLoopDelayMs`, as of
 * a TimeoutError
 */
export function attemptTimeout(clock: Clock, { ofClient, ofOrigin }: AttemptTimeouts): Layer {
  return watching<AttemptLimit>({
    begin(call) {
      const { config } = call;
      const ofCall = config.timeout === (ofClient || 0) ? ofOrigin : config.timeout;
      const timeout = (config.timeouts && ownSettings(config.timeouts).attemptMs) ?? ofCall;
      return timeout && timeout !== Infinity ? new AttemptLimit(clock, timeout, call) : undefined;
    },
    end: (_, limit) => limit!.end(),
  });
}

class AttemptLimit extends TimeLimit {
  readonly #call: Call;
  readonly #timeout: number;

  constructor(clock: Clock, timeout: number, call: Call) {
    super(clock, timeout);
    this.#call = call;
    this.#timeout = timeout;
  }

  protected over(delayMs: number): void {
    const { cancellation, config } = this.#call;
    cancellation.cancel(timeoutError(config, this.#timeout, delayMs));
  }
}

/** As axios fails when the time of a call is over. */
export function timeoutError(config: InternalAxiosRequestConfig, timeout: number, delayMs: number): AxiosError {
  const error = new AxiosError(
    textOf(config.timeoutErrorMessage) || `timeout of ${timeout}ms exceeded${delayNote(delayMs, timeout)}`,
    config.transitional?.clarifyTimeoutError ? AxiosError.ETIMEDOUT : AxiosError.ECONNABORTED,
    config,
  );
  error.eventLoopDelayMs = Math.round(delayMs);
  return error;
}

/** An object that cannot be made a text must not throw out of a timer. */
const textOf = (message: unknown): string => (typeof message === 'string' ? message : '');
