import type { AxiosError, AxiosResponse } from 'axios';
import { AsyncResource } from 'node:async_hooks';
import type { Readable } from 'node:stream';
import { onBodyEnd } from '../base/body-end.js';
import { quietly } from '../base/cancellation.js';
import type { Clock } from '../base/clock.js';
import { concealError } from '../errors/redact-error.js';
import type { RedactionRules } from '../redaction/rules.js';
import type { Call } from './call.js';
import type { Failure } from './compose.js';
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

/** Waits for a request, however it goes. */
export function settledOf(response: Promise<AxiosResponse>): Promise<Settled> {
  return response.then(
    (given) => ({ response: given }),
    (error: unknown) => ({ error }),
  );
}

/** @throws what the request has failed with */
export function responseOrThrow({ response, error }: Settled): AxiosResponse {
  if (response) return response;
  throw error;
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
 * Tells how a call went, once, when the response's body has ended or there will be none.
 * @param tell called in the async context that this is called in; by then the call's error prints no secrets
 */
export function tellOutcome(
  call: Call,
  startedAt: number,
  context: OutcomeContext,
  response: AxiosResponse | undefined,
  failure: Failure | undefined,
  tell: (outcome: Outcome) => void,
): void {
  const known = failure ? responseOf(failure.error) : response;
  const error = failure && asFailure(failure.error);
  const over = (bodyFailure?: unknown) => tell(outcomeOf(call, startedAt, context, known, error ?? bodyFailure));
  // The end of a stream is told of in the context of whoever reads it, or of its socket.
  onBodyEnd(known?.data, isStream(known) ? AsyncResource.bind(over) : over);
}

/**
 * Tells how a call failed, if it did: at once, or with the end of a stream. It costs much less than `tellOutcome` for a call that goes well.
 * @param tell as there
 */
export function tellFailure(
  call: Call,
  startedAt: number,
  context: OutcomeContext,
  response: AxiosResponse | undefined,
  failure: Failure | undefined,
  tell: (outcome: Outcome) => void,
): void {
  if (failure) {
    tell(outcomeOf(call, startedAt, context, responseOf(failure.error), asFailure(failure.error)));
  } else if (isStream(response)) {
    const over = (error?: unknown) => {
      if (error !== undefined && error !== null) tell(outcomeOf(call, startedAt, context, response, error));
    };
    onBodyEnd(response!.data, AsyncResource.bind(over));
  }
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
