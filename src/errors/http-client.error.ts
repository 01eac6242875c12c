import type { AxiosResponse, AxiosResponseDefault, InternalAxiosRequestConfig } from 'axios';
import type { ClientRequest } from 'node:http';
import { inspect, type InspectOptions } from 'node:util';
import type { Timings } from '../base/timings.js';
import type { Call } from '../call/call.js';
import type { FailedCall } from './failed-call.js';

/** An error for JSON.stringify: what is enumerable, name, message and stack. */
export function errorToJson(error: Error): Record<string, unknown> {
  const { name, message, stack } = error;
  return { ...Object.fromEntries(Object.entries(error)), name, message, stack };
}

/**
 * How util.inspect has an error, but without what is not enumerable, whoever asks for it: a method for `inspect.custom`.
 * @param shown makes what is printed in its place; by default it is the error itself
 */
export function inspectedEnumerableOnly(shown = (own: Error): Error => own) {
  return function printed(this: Error, depth: number, options: InspectOptions, print: typeof inspect): string {
    return print(shown(this), { ...options, depth, showHidden: false, customInspect: false });
  };
}

/** What can be printed of anything that was thrown: its code, or the name of its class, never its words. */
export function nameOfThrown(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null | undefined)?.code;
  if (typeof code === 'string') return code;
  return thrown instanceof Error ? thrown.name : typeof thrown;
}

/** Sets a property that code can read and replace, but that nothing prints. A frozen object stays as it is. */
export function hide(object: object, name: PropertyKey, value: unknown): void {
  Reflect.defineProperty(object, name, { value, enumerable: false, writable: true, configurable: true });
}

declare module 'axios' {
  interface AxiosResponse {
    /** For clients of nest-outbound: the attempts of the call. This response is the last one. */
    attempts?: readonly Attempt[];
  }
  /** As axios declares them, except that a response has `attempts`: so has every response of a client of nest-outbound. */
  interface AxiosInstance {
    <T = any, R = AxiosResponseDefault, D = any, P = any>(
      config: AxiosRequestConfig<D, P>,
    ): Promise<CallResult<T, R, D, P>>;
    <T = any, R = AxiosResponseDefault, D = any, P = any>(
      url: string,
      config?: AxiosRequestConfig<D, P>,
    ): Promise<CallResult<T, R, D, P>>;
    request<T = any, R = AxiosResponseDefault, D = any, P = any>(
      config: AxiosRequestConfig<D, P>,
    ): Promise<CallResult<T, R, D, P>>;
    get<T = any, R = AxiosResponseDefault, D = any, P = any>(
      url: string,
      config?: AxiosRequestConfig<D, P>,
    ): Promise<CallResult<T, R, D, P>>;
    delete<T = any, R = AxiosResponseDefault, D = any, P = any>(
      url: string,
      config?: AxiosRequestConfig<D, P>,
    ): Promise<CallResult<T, R, D, P>>;
    head<T = any, R = AxiosResponseDefault, D = any, P = any>(
      url: string,
      config?: AxiosRequestConfig<D, P>,
    ): Promise<CallResult<T, R, D, P>>;
    options<T = any, R = AxiosResponseDefault, D = any, P = any>(
      url: string,
      config?: AxiosRequestConfig<D, P>,
    ): Promise<CallResult<T, R, D, P>>;
    post<T = any, R = AxiosResponseDefault, D = any, P = any>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D, P>,
    ): Promise<CallResult<T, R, D, P>>;
    put<T = any, R = AxiosResponseDefault, D = any, P = any>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D, P>,
    ): Promise<CallResult<T, R, D, P>>;
    patch<T = any, R = AxiosResponseDefault, D = any, P = any>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D, P>,
    ): Promise<CallResult<T, R, D, P>>;
    postForm<T = any, R = AxiosResponseDefault, D = any, P = any>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D, P>,
    ): Promise<CallResult<T, R, D, P>>;
    putForm<T = any, R = AxiosResponseDefault, D = any, P = any>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D, P>,
    ): Promise<CallResult<T, R, D, P>>;
    patchForm<T = any, R = AxiosResponseDefault, D = any, P = any>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D, P>,
    ): Promise<CallResult<T, R, D, P>>;
    query<T = any, R = AxiosResponseDefault, D = any, P = any>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D, P>,
    ): Promise<CallResult<T, R, D, P>>;
  }
}

/** What a call of an axios instance resolves to: `R` if the caller names a type, or else the response. */
export type CallResult<T, R, D, P> = R extends AxiosResponseDefault
  ? AxiosResponse<T, D, {}, P> & { readonly attempts: readonly Attempt[] }
  : R;

/** One attempt of a call. */
export interface Attempt {
  /** 1 for the first. */
  readonly number: number;
  /** The status of the response, or the code of the error. */
  readonly outcome: number | string;
  /** Its duration in milliseconds. Set only by clients that retry. */
  readonly durationMs?: number;
  /** The pause after it in milliseconds; absent for the last one. */
  readonly delayMs?: number;
  /** Why the last one was not retried, if it failed. Set only by clients that retry. */
  readonly notRetried?: string;
}

/**
 * The client itself refused or gave up a call. What the upstream did stays an `AxiosError`.
 *
 * `axios.isAxiosError` returns true for it, so code that catches axios errors catches it, and `http(error.config)` makes the same call again. It
 * prints no secrets: `config` and `request` are not enumerable, and the message contains no query string, header value or body.
 */
export abstract class HttpClientError extends Error implements FailedCall {
  /** A literal that tells the errors apart where there are no classes, as in logs. */
  readonly code: string;
  /** So that `axios.isAxiosError` is true for it. */
  readonly isAxiosError = true;
  /** The name of the client that the call was made with. */
  readonly client: string;
  /** Scheme, host and port that the call was for. */
  readonly origin: string;
  /** Upper case. */
  readonly method: string;
  /** The address without user, password, query and fragment. Set once the call has failed. */
  declare readonly url?: string;
  /** The attempts of the call; empty if it was refused before the first. */
  attempts: readonly Attempt[];
  /** The config of the call, as any `AxiosError` has it. */
  declare config: InternalAxiosRequestConfig;
  /** The last request of the call, if there was one. */
  declare request?: ClientRequest;
  /** Where the time of the call went. Set once it has failed. */
  declare timings?: Timings;

  /**
   * @param isUnderWay whether an attempt had begun: this one is then how it ended
   * @param subject what the message begins with
   */
  protected constructor(
    code: string,
    message: string,
    call: Call,
    isUnderWay: boolean,
    subject = `${call.method} ${call.origin}: `,
  ) {
    super(subject + message);
    this.name = new.target.name;
    this.client = call.clientName;
    this.origin = call.origin;
    this.method = call.method;
    this.code = code;
    this.attempts = isUnderWay ? [{ number: call.attempt, outcome: code }] : [];
    hide(this, 'config', call.config);
  }

  /** With the message, as axios's errors have it. */
  toJSON(): object {
    return errorToJson(this);
  }

  static {
    hide(this.prototype, inspect.custom, inspectedEnumerableOnly());
  }
}

/** Whether an error is the client's own: a refusal, a timeout, a limit. False for what the upstream did. */
export function isHttpClientError(error: unknown): error is HttpClientError {
  return error instanceof HttpClientError;
}
