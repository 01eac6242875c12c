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
  { clock, rules }: OutcomeContext,
  tell: (outcome: Outcome) => void,
): Promise<AxiosResponse> {
  let response: AxiosResponse | undefined;
  let failure: unknown;
  const over = (bodyFailure?: unknown) => {
    const error = failure ?? bodyFailure;
    concealError(error, { rules, clientName: call.clientName, config: call.config });
    const timings = response?.timings ?? (error as Partial<AxiosError> | undefined)?.timings;
    tell({ durationMs: clock.now() - startedAt, status: response?.status, error, timings });
  };
  try {
    return (response = await next(call));
  } catch (error) {
    response = responseOf(error);
    failure = error ?? new Error(`failed with ${error as undefined}`);
    throw error;
  } finally {
    const body = response?.data as Partial<Readable> | undefined;
    // The end of a stream is told of in the context of whoever reads it, or of its socket.
    onBodyEnd(body, typeof body?.pipe === 'function' ? AsyncResource.bind(over) : over);
  }
}
