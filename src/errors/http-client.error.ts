import type { InternalAxiosRequestConfig } from 'axios';
import type { Call } from '../layers/layer.js';
import { redactedConfig } from './redacted-config.js';

/**
 * What the client itself refused or gave up; what the upstream did stays an `AxiosError`.
 *
 * `axios.isAxiosError` answers true for it, so it is caught where axios errors already are. `config` is redacted, and
 * the message never holds a query string, a header value or a body.
 */
export abstract class HttpClientError extends Error {
  abstract readonly code: string;
  readonly isAxiosError = true;
  /** Scheme, host and port that the call was for. */
  readonly origin: string;
  /** Upper case. */
  readonly method: string;
  /** Attempts begun before this error: 0 when the call was refused at once. */
  readonly attempts: number;
  readonly config: InternalAxiosRequestConfig;

  protected constructor(message: string, call: Call, attempts: number) {
    super(`${call.method} ${call.origin}: ${message}`);
    this.name = new.target.name;
    this.origin = call.origin;
    this.method = call.method;
    this.attempts = attempts;
    this.config = redactedConfig(call.config);
  }
}

export function isHttpClientError(error: unknown): error is HttpClientError {
  return error instanceof HttpClientError;
}
