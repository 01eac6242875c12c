import type { AxiosError, AxiosResponse } from 'axios';
import { AsyncResource } from 'node:async_hooks';
import type { Readable } from 'node:stream';
import type { Clock } from '../clock.js';
import { concealError } from '../errors/conceal-error.js';
import type { Outcome } from '../observability/events.js';
import type { EventSink } from '../observability/http-client-events.js';
import type { RedactionRules } from '../redaction/redaction-rules.js';
import { onBodyEnd } from '../transport/on-body-end.js';
import type { Call, Handler } from './layer.js';
import { responseOf } from './response-of.js';

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
