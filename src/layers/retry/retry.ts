import { type AxiosResponse, isAxiosError } from 'axios';
import { Cancellation } from '../../base/cancellation.js';
import type { Clock } from '../../base/clock.js';
import type { OriginMap } from '../../base/origin-map.js';
import { rounded } from '../../base/timings.js';
import { type Call, deriveCall, type Layer } from '../../call/call.js';
import { eventOf, type EventSink } from '../../call/event-sink.js';
import { discard } from '../../call/outcome.js';
import { outcomeName } from '../../call/transience.js';
import { sleep } from '../../call/waiting.js';
import type { Attempt } from '../../errors/http-client.error.js';
import type { FailedAttempt, RetryEvent } from '../../options/resilience-options.js';
import type { RetryBudget } from './budget.js';
import { decideRetry, isFailure, type RetryDecision, type RetrySettings } from './decision.js';

export interface RetryContext {
  readonly clock: Clock;
  /** From 0 to below 1, as Math.random. */
  readonly random: () => number;
  /** The wall clock, in milliseconds since 1970, for the dates in Retry-After. */
  readonly now: () => number;
  /** Undefined: retries are not limited. */
  readonly budgets: OriginMap<RetryBudget> | undefined;
  readonly events: EventSink;
  /** Ends pauses. */
  readonly closing?: AbortSignal;
}

/** Most calls need one attempt, and lists that are not made are not collected. */
const NONE: readonly Attempt[] = [];

/**
 * Makes a call again that failed and may be repeated, after a pause. Each attempt has a cancellation of its own, so that
 * one that is ended by its timeout does not end the call.
 *
 * A response whose status is transient counts as failed also where `validateStatus` accepts it; after the last attempt it
 * is returned as it is. Responses that are not returned are discarded, a stream by destroying it.
 * @returns the response, with `attempts`
 * @throws what the last attempt failed with, or what ends the call in a pause. AxiosErrors and HttpClientErrors then have
 * `attempts`, the last of which says why no other followed; it is empty where the client refused the call before its first
 * attempt. What `retryIf` throws comes through as it is: a bug in it must not be hidden.
 */
export function retry(settings: RetrySettings, context: RetryContext): Layer {
  const { clock, budgets, events } = context;
  return (next) => async (call) => {
    const budget = budgets?.get(call.origin);
    budget?.deposit();
    let attempts: readonly Attempt[] = NONE;
    for (let attempt = 1; ; attempt++) {
      const startedAt = clock.now();
      const cancellation = new Cancellation(call.cancellation);
      let failed: FailedAttempt;
      try {
        // oxlint-disable-next-line no-await-in-loop -- an attempt is made because the one before failed
        const response = await next(deriveCall(call, { attempt, cancellation, mayRepeat: budget?.withdraw }));
        if (!isFailure(response, settings)) {
          attempts = answeredBefore(call, attempts);
          const seen = attemptOf(attempts.length + 1, response.status, clock.now() - startedAt);
          return answerAfter(attempts === NONE ? [seen] : [...attempts, seen], response);
        }
        failed = { attempt, method: call.method, origin: call.origin, response };
      } catch (error) {
        failed = rejected(call, attempt, error);
      }
      attempts = answeredBefore(call, attempts);
      const seen = attemptOf(attempts.length + 1, outcomeName(failed), clock.now() - startedAt);
      const decision = decide(failed, call, settings, context, budget);
      if ('notRetried' in decision) return settle(failed, [...attempts, { ...seen, ...decision }]);
      const earlier = attempts;
      attempts = [...earlier, { ...seen, ...decision }];
      tell(settings.onRetry, { ...failed, ...decision, attempts });
      if (events.wants('retry')) {
        events.publish('retry', eventOf(call, { attempt, outcome: seen.outcome, delayMs: decision.delayMs }));
      }
      discard(failed.response);
      try {
        // oxlint-disable-next-line no-await-in-loop -- the pause is between them
        await sleep(clock, decision.delayMs, call, context.closing);
      } catch (error) {
        throw withAttempts(error, [...earlier, { ...seen, notRetried: 'the call ended in the pause before the next' }]);
      }
    }
  };
}

/** Those that a layer within has made again. */
function answeredBefore({ journal }: Call, earlier: readonly Attempt[]): readonly Attempt[] {
  const { answeredBefore: repeated } = journal;
  if (!repeated) return earlier;
  journal.answeredBefore = undefined;
  return [...earlier, ...repeated.map(({ outcome }, index) => ({ number: earlier.length + index + 1, outcome }))];
}

function attemptOf(number: number, outcome: number | string, durationMs: number): Attempt {
  return { number, outcome, durationMs: rounded(durationMs) };
}

function rejected({ method, origin }: Call, attempt: number, error: unknown): FailedAttempt {
  const { response } = (error ?? {}) as { response?: AxiosResponse };
  return { attempt, method, origin, error, ...(response && { response }) };
}

function decide(
  failed: FailedAttempt,
  call: Call,
  settings: RetrySettings,
  { clock, now, random }: RetryContext,
  budget: RetryBudget | undefined,
): RetryDecision {
  if (call.cancellation.reason) return { notRetried: 'the call had ended' };
  let decision: RetryDecision;
  try {
    decision = decideRetry(failed, call.config, settings, { leftMs: call.deadline - clock.now(), now: now(), random });
  } catch (error) {
    discard(failed.response);
    throw error;
  }
  if ('notRetried' in decision || !budget || budget.withdraw()) return decision;
  return { notRetried: 'the retry budget of this origin is used up' };
}

/** The call ends as its last attempt did. */
function settle(failed: FailedAttempt, attempts: readonly Attempt[]): AxiosResponse {
  if (!('error' in failed)) return answerAfter(attempts, failed.response!);
  const { error } = failed;
  const refused =
    attempts.length === 1 && (error as { attempts?: readonly Attempt[] } | undefined)?.attempts?.length === 0;
  throw refused ? error : withAttempts(error, attempts);
}

/** A frozen response, as a layer may give it, is left as it is. (Reflect.set takes 0.5 us more.) */
function answerAfter(attempts: readonly Attempt[], response: AxiosResponse): AxiosResponse {
  try {
    response.attempts = attempts;
  } catch {}
  return response;
}

/** A frozen error is left as it is. One cancel token that several calls share has one error: the last of them writes. */
function withAttempts(error: unknown, attempts: readonly Attempt[]): unknown {
  if (isAxiosError(error)) Reflect.set(error, 'attempts', attempts);
  return error;
}

function tell(listener: ((event: RetryEvent) => void) | undefined, event: RetryEvent): void {
  // It only listens: a bug in it, in an async one too, must not fail the call.
  try {
    Promise.resolve(listener?.(event)).catch(() => {});
  } catch {}
}
