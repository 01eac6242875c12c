import type { AxiosResponse } from 'axios';
import type { Readable } from 'node:stream';

/** The response of a call that was refused for its status, or broke off; undefined where there was none. */
export function responseOf(error: unknown): AxiosResponse | undefined {
  return (error as { response?: AxiosResponse } | null | undefined)?.response;
}

/** Lets go of what nobody will read: a body that is a stream keeps its socket until then. */
export function discard(response: AxiosResponse | undefined): void {
  const body = response?.data as Partial<Readable> | null | undefined;
  if (typeof body?.pipe !== 'function') return;
  body.on?.('error', () => {}); // of no interest any more
  body.destroy?.();
}
