import type { AxiosError, AxiosResponse } from 'axios';
import { AsyncResource } from 'node:async_hooks';
import type { Readable } from 'node:stream';
import { onBodyEnd } from '../base/body-end.js';
import { quietly } from '../base/cancellation.js';
import type { Clock } from '../base/clock.js';
import { concealError } from '../errors/redact-error.js';
import type { RedactionRules } from '../redaction/rules.js';
import type { Call, Handler } from './call.js';
import type { EventSink } from './event-sink.js';
import type { Outcome } from './events.js';

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

/** How a request went: it has a response or an error. */
export interface Settled {
  readonly response?: AxiosResponse;
  readonly error?: unknown;
}

/** The response, also of a request that failed because `validateStatus` refused its status. */
export function responseIn({ response, error }: Settled): AxiosResponse | undefined {
  return response ?? responseOf(error);
}

/**
 * Waits for a response, and gives back what it holds once its body has ended, also that of a status that is refused.
 * @param exchange makes the response; may throw at once, too
 */
export async function releasedAfterBody(
  exchange: () => Promise<AxiosResponse>,
  release: () => void,
): Promise<AxiosResponse> {
  let response: AxiosResponse | undefined;
  try {
    response = await exchange();
    return response;
  } catch (error) {
    response = responseOf(error);
    throw error;
  } finally {
    onBodyEnd(response?.data, release);
  }
}

/** What layers publish events with. */
export interface OutcomeContext {
  readonly events: EventSink;
  readonly clock: Clock;
  /** What errors must not show. */
  readonly rules: RedactionRules;
}

/**
 * Carries a call on, and tells how it went, once, when the response's body has ended or there will be none.
 * @param tell called in the async context that the call was made in; by then its error prints no secrets
 */
export async function withOutcome(
  next: Handler,
  call: Call,
  startedAt: number,
  context: OutcomeContext,
  tell: (outcome: Outcome) => void,
): Promise<AxiosResponse> {
  let response: AxiosResponse | undefined;
  let failure: unknown;
  const over = (bodyFailure?: unknown) => tell(outcomeOf(call, startedAt, context, response, failure ?? bodyFailure));
  try {
    return (response = await next(call));
  } catch (error) {
    response = responseOf(error);
    failure = asFailure(error);
    throw error;
  } finally {
    // The end of a stream is told of in the context of whoever reads it, or of its socket.
    onBodyEnd(response?.data, isStream(response) ? AsyncResource.bind(over) : over);
  }
}

/**
 * Carries a call on, and tells how it failed, if it does: for much less than `withOutcome` costs a call that goes well.
 * @param tell as there
 */
export function withFailure(
  next: Handler,
  call: Call,
  startedAt: number,
  context: OutcomeContext,
  tell: (outcome: Outcome) => void,
): Promise<AxiosResponse> {
  let result: Promise<AxiosResponse>;
  try {
    result = next(call);
  } catch (error) {
    result = Promise.reject(error); // oxlint-disable-line prefer-promise-reject-errors -- as it was thrown
  }
  void result.then(
    (response) => {
      if (!isStream(response)) return;
      const over = (error?: unknown) => {
        if (error !== undefined && error !== null) tell(outcomeOf(call, startedAt, context, response, error));
      };
      onBodyEnd(response.data, AsyncResource.bind(over));
    },
    (error: unknown) => tell(outcomeOf(call, startedAt, context, responseOf(error), asFailure(error))),
  );
  return result;
}

function outcomeOf(
  { clientName, config }: Call,
  startedAt: number,
  { clock, rules }: OutcomeContext,
  response: AxiosResponse | undefined,
  error: unknown,
): Outcome {
  concealError(error, { rules, clientName, config });
  const timings = response?.timings ?? (error as Partial<AxiosError> | undefined)?.timings;
  return { durationMs: clock.now() - startedAt, status: response?.status, error, timings };
}

const asFailure = (error: unknown): unknown => error ?? new Error(`failed with ${error as undefined}`);

const isStream = (response: AxiosResponse | undefined): boolean =>
  typeof (response?.data as Partial<Readable> | undefined)?.pipe === 'function';
