import type { AxiosResponse } from 'axios';
import type { Call, Layer } from '../call/call.js';
import { discard } from '../call/outcome.js';
import { transformsOf } from '../call/transforms.js';

declare module 'axios' {
  interface AxiosRequestConfig {
    /**
     * Checks the response of each attempt, with its data as `transformResponse` returns it. What it throws fails the attempt.
     * @internal
     */
    checkResponse?: ResponseCheck;
  }
}

export type ResponseCheck = (response: AxiosResponse, call: Call) => unknown;

/** Lets the call check each response. The response is passed on as it came: axios transforms it later. */
export function responseCheck(): Layer {
  return (next) => async (call) => {
    const response = await next(call);
    const read = asTransformed(response);
    if (!read) return response;
    try {
      await call.config.checkResponse?.(read, call);
    } catch (error) {
      discard(response);
      throw error;
    }
    return response;
  };
}

/** @returns undefined if a transform throws: axios throws that again, to the caller */
function asTransformed(response: AxiosResponse): AxiosResponse | undefined {
  const { config, headers, status } = response;
  let data: unknown = response.data;
  try {
    for (const transform of transformsOf(config.transformResponse)) {
      data = (transform as (...args: unknown[]) => unknown).call(config, data, headers, status);
    }
  } catch {
    return undefined;
  }
  return { ...response, data };
}
