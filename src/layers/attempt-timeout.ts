import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import type { Clock } from '../clock.js';
import type { Layer } from './layer.js';

export interface AttemptTimeouts {
  /** What a call's `timeout` is that brings none of its own; false: no limit. */
  readonly ofClient: number | false;
  /** What holds for it instead. */
  readonly ofOrigin: number | false;
}

/**
 * Makes axios's `timeout` bound the whole attempt. axios starts counting when a socket is assigned, so a request queued
 * for one would wait for ever; and it restarts at every byte, so a dripping body would never end.
 * @throws AxiosError as axios's own: ECONNABORTED, or ETIMEDOUT with `transitional.clarifyTimeoutError`
 */
export function attemptTimeout(clock: Clock, { ofClient, ofOrigin }: AttemptTimeouts): Layer {
  return (next) => async (call) => {
    const { config } = call;
    const timeout = config.timeout === (ofClient || 0) ? ofOrigin : config.timeout;
    if (!timeout) return next(call);
    const timer = clock.setTimeout(() => call.cancellation.cancel(timeoutError(config, timeout)), timeout);
    try {
      return await next(call);
    } finally {
      clock.clearTimeout(timer);
    }
  };
}

/** As axios fails when the time of a call is over. */
export function timeoutError(config: InternalAxiosRequestConfig, timeout: number): AxiosError {
  return new AxiosError(
    config.timeoutErrorMessage || `timeout of ${timeout}ms exceeded`,
    config.transitional?.clarifyTimeoutError ? AxiosError.ETIMEDOUT : AxiosError.ECONNABORTED,
    config,
  );
}
