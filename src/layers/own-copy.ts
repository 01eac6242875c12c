import { AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { rounded, type Timings } from '../observability/timings.js';

/**
 * A response as if it were to this config's own request: axios and its callers change what they get. Shared are only the request and
 * what cannot change.
 * @param laterMs how much later its call was made
 */
export function ownResponse(
  response: AxiosResponse,
  config: InternalAxiosRequestConfig,
  laterMs: number,
): AxiosResponse {
  const { data, timings } = response;
  return {
    ...response,
    config,
    headers: ownHeaders(response.headers),
    data: Buffer.isBuffer(data) ? Buffer.from(data) : data,
    ...(timings && { timings: ownTimings(timings, laterMs) }),
  };
}

/**
 * An error as if it were of this config's own request, with the class, the fields and the stack that it has; its response is copied,
 * too. Errors that are not axios's or ours say nothing of a request, and stay as they are.
 * @param laterMs how much later its call was made
 */
export function ownError(error: unknown, config: InternalAxiosRequestConfig, laterMs: number): unknown {
  if (!(error instanceof Error) || !('isAxiosError' in error)) return error;
  const copy: Error & { config?: unknown; response?: AxiosResponse; timings?: Timings } = new Error(error.message);
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error) as object);
  Object.defineProperties(copy, Object.getOwnPropertyDescriptors(error));
  copy.stack = error.stack!;
  if (copy.config) copy.config = config;
  if (copy.response) copy.response = ownResponse(copy.response, config, laterMs);
  if (copy.cause) copy.cause = ownError(copy.cause, config, laterMs);
  if (copy.timings) copy.timings = ownTimings(copy.timings, laterMs);
  return copy;
}

function ownTimings(timings: Timings, laterMs: number): Timings {
  const { totalMs } = timings;
  return { ...timings, totalMs: totalMs === undefined ? undefined : rounded(Math.max(0, totalMs - laterMs)) };
}

/** Name by name: AxiosHeaders would compare each name with all before it. */
function ownHeaders(headers: Readonly<Record<string, unknown>>): AxiosHeaders {
  const copy = new AxiosHeaders();
  for (const name of Object.keys(headers)) {
    const value = headers[name] as string | string[];
    copy[name] = Array.isArray(value) ? [...value] : value;
  }
  return copy;
}
