import { type AxiosResponse, isAxiosError } from 'axios';
import type { Call } from '../layers/layer.js';
import { outcomeName } from '../policies/transience.js';
import { HttpClientError } from './http-client.error.js';

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
