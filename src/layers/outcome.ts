import type { AxiosResponse } from 'axios';
import { responseOf } from './response-of.js';

/** How a request went: it has a response or an error. */
export interface Outcome {
  readonly response?: AxiosResponse;
  readonly error?: unknown;
}

/** The response, also of a request that failed because `validateStatus` refused its status. */
export function responseIn({ response, error }: Outcome): AxiosResponse | undefined {
  return response ?? responseOf(error);
}
