import type { AxiosResponse } from 'axios';

/** How a request went: it has a response or an error. */
export interface Outcome {
  readonly response?: AxiosResponse;
  readonly error?: unknown;
}

/** The response, also of a request that failed because `validateStatus` refused its status. */
export function responseOf({ response, error }: Outcome): AxiosResponse | undefined {
  return response ?? (error as { response?: AxiosResponse } | undefined)?.response;
}

/** Lets go of what nobody will read: a body that is a stream keeps its socket until then. */
export function discard(outcome: Outcome): void {
  const data: unknown = responseOf(outcome)?.data;
  if (!isDestroyable(data)) return;
  data.on('error', () => {}); // of no interest any more
  data.destroy();
}

interface Destroyable {
  on(event: 'error', listener: () => void): unknown;
  destroy(): unknown;
}

function isDestroyable(data: unknown): data is Destroyable {
  return typeof data === 'object' && data !== null && 'destroy' in data && typeof data.destroy === 'function';
}
