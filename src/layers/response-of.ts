import type { AxiosResponse } from 'axios';
import type { Readable } from 'node:stream';
import { quietly } from '../quietly.js';

/** The response of a call that was refused for its status, or broke off; undefined where there was none. */
export function responseOf(error: unknown): AxiosResponse | undefined {
  try {
    return (error as { response?: AxiosResponse } | null | undefined)?.response;
  } catch {
    return undefined; // a getter of somebody's own error
  }
}

/** Lets go of what nobody will read: a body that is a stream keeps its socket until then. */
export function discard(response: AxiosResponse | undefined): void {
  const body = response?.data as Partial<Readable> | null | undefined;
  if (typeof body?.pipe !== 'function') return;
  quietly(() => body.on?.('error', () => {})); // of no interest any more
  quietly(() => body.destroy?.());
}
