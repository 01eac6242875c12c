import type { AxiosResponse } from 'axios';

/** The response of a call that was refused for its status, or broke off; undefined where there was none. */
export function responseOf(error: unknown): AxiosResponse | undefined {
  return (error as { response?: AxiosResponse } | null | undefined)?.response;
}
