import type { InternalAxiosRequestConfig } from 'axios';
import type { ClientRequest } from 'node:http';
import { inspect, type InspectOptions } from 'node:util';
import type { Timings } from '../base/timings.js';
import type { Call } from '../call/call.js';

/** An error for JSON.stringify: what is enumerable, name, message and stack. */
export function errorToJson(error: Error): Record<string, unknown> {
  const { name, message, stack } = error;
  return { ...Object.fromEntries(Object.entries(error)), name, message, stack };
}

/**
 * Has an error print itself as util.inspect has it, but without what is not enumerable, whoever asks for it.
 * @param shown makes what is printed in its place; by default it is the error itself
 */
export function inspectEnumerableOnly(error: Error, shown = (own: Error): Error => own): void {
  hide(
    error,
    inspect.custom,
    function printed(this: Error, depth: number, options: InspectOptions, print: typeof inspect) {
      return print(shown(this), { ...options, depth, showHidden: false, customInspect: false });
    },
  );
}

/** Sets a property that code can read and replace, but that nothing prints. A frozen object stays as it is. */
export function hide(object: object, name: PropertyKey, value: unknown): void {
  Reflect.defineProperty(object, name, { value, enumerable: false, writable: true, configurable: true });
}

declare module 'axios' {
  interface AxiosResponse {
    /** For clients of nest-outbound: what each attempt of the call saw, this response the last of them. */
    attempts?: readonly Attempt[];
  }
  interface AxiosError {
    /** For clients of nest-outbound: what each attempt of the call saw; empty where it failed before the first. */
    attempts?: readonly Attempt[];
  }
}

/** What one attempt of a call saw. */
export interface Attempt {
  /** 1 for the first. */
  readonly number: number;
  /** The status of the response, or the code of the error. */
  readonly outcome: number | string;
  /** How long it took, in milliseconds; known where the client retries. */
  readonly durationMs?: number;
  /** How long the client waited after it, in milliseconds; absent for the last one. */
  readonly delayMs?: number;
  /** Why no other followed, for the last one where it failed; known where the client retries. */
  readonly notRetried?: string;
}

/**
 * What the client itself refused or gave up; what the upstream did stays an `AxiosError`.
 *
 * `axios.isAxiosError` answers true for it, so it is caught where axios errors already are, and `http(error.config)` makes the same
 * call again. It prints no secrets: `config` and `request` are not enumerable, and the message never holds a query string, a header
 * value or a body.
 */
export abstract class HttpClientError extends Error {
  /** A literal, which tells the errors apart where classes do not, as in logs. */
  readonly code: string;
  readonly isAxiosError = true;
  /** The name of the client that the call was made with. */
  readonly client: string;
  /** Scheme, host and port that the call was for. */
  readonly origin: string;
  /** Upper case. */
  readonly method: string;
  /** The address without user, password, query and fragment; there once the call has failed. */
  declare readonly url?: string;
  /** What each attempt of the call saw: empty where it was refused before the first. */
  attempts: readonly Attempt[];
  /** What the call was made with, as any `AxiosError` has it. */
  declare config: InternalAxiosRequestConfig;
  /** The last request that was made for the call; absent where there was none. */
  declare request?: ClientRequest;
  /** Where the time of the call went; there once it has failed. */
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
    inspectEnumerableOnly(this.prototype);
  }
}

export function isHttpClientError(error: unknown): error is HttpClientError {
  return error instanceof HttpClientError;
}
