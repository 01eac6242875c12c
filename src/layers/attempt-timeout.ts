import { AxiosError } from 'axios';
import type { Clock } from '../clock.js';
import type { Call, Layer } from './layer.js';

/**
 * Makes axios's `timeout` bound the whole attempt. axios starts counting when a socket is assigned, so a request queued
 * for one would wait for ever; and it restarts at every byte, so a dripping body would never end.
 * @throws AxiosError as axios's own: ECONNABORTED, or ETIMEDOUT with `transitional.clarifyTimeoutError`
 */
export function attemptTimeout(clock: Clock): Layer {
  return (next) => async (call) => {
    const { timeout } = call.config;
    if (!timeout) return next(call);
    const timer = clock.setTimeout(() => call.cancellation.cancel(timeoutError(call)), timeout);
    try {
      return await next(call);
    } finally {
      clock.clearTimeout(timer);
    }
  };
}

function timeoutError({ config }: Call): AxiosError {
  return new AxiosError(
    config.timeoutErrorMessage || `timeout of ${config.timeout}ms exceeded`,
    config.transitional?.clarifyTimeoutError ? AxiosError.ETIMEDOUT : AxiosError.ECONNABORTED,
    config,
  );
}
