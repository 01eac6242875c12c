import { HttpClientError } from './http-client.error.js';

/** Errors → the client whose call ended with them. axios's own have no place for its name. */
const clients = new WeakMap<object, string>();

/** Notes which client a call was made with that failed. */
export function rememberClient(error: unknown, clientName: string): void {
  if (typeof error === 'object' && error !== null && !(error instanceof HttpClientError)) {
    clients.set(error, clientName);
  }
}

/**
 * The name of the client whose call ended with this error.
 * @returns undefined for an error of another axios instance, or one that was made after the call had ended, as by an interceptor
 */
export function clientOf(error: object): string | undefined {
  return error instanceof HttpClientError ? error.client : clients.get(error);
}
