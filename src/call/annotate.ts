import { type AxiosResponse, type InternalAxiosRequestConfig, isAxiosError } from 'axios';
import type { Clock } from '../base/clock.js';
import { noTimings, rounded, type Timings } from '../base/timings.js';
import { HttpClientError } from '../errors/http-client.error.js';
import type { Call } from './call.js';
import { outcomeName } from './transience.js';

/** Has a response say which attempt it is of. A layer that makes several tells of them all. */
export function noteAnswer(response: AxiosResponse, { attempt }: Call): AxiosResponse {
  response.attempts = [{ number: attempt, outcome: response.status }];
  return response;
}

/** Has an error of axios's say which attempt ended with it; ours know. A frozen one stays as it is. */
export function noteFailure(error: unknown, { attempt }: Call): void {
  if (!isAxiosError(error) || error instanceof HttpClientError) return;
  const { response } = error as { response?: AxiosResponse };
  const outcome = outcomeName({ error, ...(response && { response }) });
  Reflect.set(error, 'attempts', [{ number: attempt, outcome }]);
}

/** Has an error of axios's say that there was no attempt, unless it says otherwise, or a request was made. A frozen one stays as it is. */
export function noteNoAttempt(error: unknown, { journal }: Call): void {
  if (isAxiosError(error) && !error.attempts && journal.requests === 0) Reflect.set(error, 'attempts', []);
}

/**
 * Has an error of axios's or ours say where the time of its call went. One with a response has that response's timings, which may still be
 * written. A frozen error stays as it is.
 * @param exchange those of the call's last exchange; undefined: it came to none
 */
export function timeError(error: unknown, call: Call, clock: Clock, exchange?: Timings): void {
  if (!isAxiosError(error)) return;
  const { response } = error as { response?: AxiosResponse };
  Reflect.set(error, 'timings', response?.timings ?? timingsUntilNow(call, clock, exchange));
}

function timingsUntilNow({ journal }: Call, clock: Clock, exchange: Timings = noTimings()): Timings {
  return { ...exchange, queueMs: rounded(journal.queuedMs), totalMs: rounded(clock.now() - journal.startedAt) };
}

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

interface Described {
  config?: unknown;
  response?: AxiosResponse;
  cause?: unknown;
  errors?: unknown;
}

/**
 * Has an error, its causes and their responses say another config, wherever they say one of these. Others, as of the call that a layer
 * has made to get a token, stay.
 */
export function replaceConfig(
  error: unknown,
  replaced: readonly unknown[],
  config: InternalAxiosRequestConfig,
  seen = new Set<unknown>(),
): void {
  if (!(error instanceof Error) || seen.has(error)) return;
  seen.add(error);
  const described: Described = error;
  if (replaced.includes(described.config)) Reflect.set(error, 'config', config);
  const { response, cause, errors } = described;
  if (response && replaced.includes(response.config)) response.config = config;
  replaceConfig(cause, replaced, config, seen);
  if (Array.isArray(errors)) for (const entry of errors) replaceConfig(entry, replaced, config, seen);
}
