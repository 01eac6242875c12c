import type { Clock } from '../base/clock.js';
import type { Timings } from '../base/timings.js';
import { noteFailure, timeError } from '../call/annotate.js';
import type { Call } from '../call/call.js';
import { responseOf } from '../call/outcome.js';
import { concealError } from '../errors/redact-error.js';
import type { RedactionRules } from '../redaction/rules.js';
import type { Exchange } from './exchange.js';
import { blockedError } from './guarded-target.js';
import { asAxiosError } from './response.js';
import { explainedOverflow } from './response-headers.js';

/** What a request without a response has failed with, and what to change about it. */
export function sendingError(error: unknown, { request }: Exchange, call: Call, maxHeaderBytes: number): unknown {
  const explained = blockedError(error, call) ?? explainedOverflow(error, call, maxHeaderBytes);
  return asAxiosError(explained, call, request);
}

/**
 * What an attempt has failed with, as layers and callers get it: with its timings, and without secrets. Here, where it comes from: layers may
 * show it to somebody, as `onRetry` does.
 */
export function attemptError(
  thrown: unknown,
  call: Call,
  timings: Timings | undefined,
  { clock, rules }: { readonly clock: Clock; readonly rules: RedactionRules },
): unknown {
  if (responseOf(thrown)) call.journal.hasAnswer = true;
  const error = asAxiosError(thrown, call);
  timeError(error, call, clock, timings);
  noteFailure(error, call);
  concealError(error, { rules, clientName: call.clientName, config: call.config });
  return error;
}
