import type { AxiosError, AxiosResponse } from 'axios';
import type { Ping } from './monitor.dto.js';

const TOO_MANY_REQUESTS = 429;

type Outcome = Pick<Ping, 'state' | 'status' | 'code'>;

/** What an answer of 2xx says about an endpoint, slow or not. */
export function answered({ status }: Pick<AxiosResponse, 'status'>, isSlow: boolean): Outcome {
  return { state: isSlow ? 'degraded' : 'up', status, code: null };
}

/** What any other answer, or none, says about an endpoint. One that has had enough of requests is there. */
export function failed({ code, response }: Pick<AxiosError, 'code' | 'response'>): Outcome {
  const status = response?.status ?? null;
  const hasHadEnough = status === TOO_MANY_REQUESTS || code === 'ERR_RATE_LIMIT';
  return { state: hasHadEnough ? 'degraded' : 'down', status, code: code ?? 'ERR_UNKNOWN' };
}
