import { type AxiosResponse, isAxiosError } from 'axios';
import { isReadable, onBodyEnd } from '../base/body-end.js';
import type { Clock } from '../base/clock.js';
import { tolerateFailure } from '../base/source.js';
import { nextTurn, noteTurn, turnIfDue } from '../base/turns.js';
import { noteNoAttempt, rememberClient, replaceConfig, timeError } from '../call/annotate.js';
import type { Call, Layer } from '../call/call.js';
import { watching } from '../call/compose.js';
import { responseOf } from '../call/outcome.js';
import { concealError } from '../errors/redact-error.js';
import { ClientClosedError } from '../errors/refusal.errors.js';
import type { Admission, Lease } from '../pool/in-flight.js';
import type { RedactionRules } from '../redaction/rules.js';

/**
 * Refuses calls to a closed pool or client, and counts the others in flight until their body has ended. Until then the caller's
 * signal is listened to. A stream that is to be sent may fail while the call waits for its turn. What a call or its body fails with
 * prints no secrets from here on, and has timings and attempts. Responses and errors have the caller's own config again, which sends
 * the same request when it is sent once more: without the headers that layers have added for this call.
 *
 * Whatever refuses a call within, the event loop turns before the caller is told. It also turns now and then where a layer answers
 * calls by itself.
 * @throws ClientClosedError when it is closed, later when it closes before the body has ended
 */
export function admission(gate: Admission, rules: RedactionRules, clock: Clock): Layer {
  return watching<Lease>({
    begin(call) {
      const { cancellation, journal } = call;
      tolerateFailure(journal.config.data); // first: it may throw
      const lease = gate.admit(() => cancellation.cancel(ClientClosedError.aborted(call, gate.closedBy)));
      if (!lease) throw ClientClosedError.refused(call, gate.closedBy);
      return lease;
    },
    end(call, lease, response, failure) {
      if (!failure) return passed(call, lease, response, rules);
      const { error } = failure;
      // A refused status (validateStatus) carries its response, and with responseType 'stream' an unread body.
      leaveAfter(responseOf(error), call, lease, rules);
      // One that comes from the transport has them; what a layer refuses does not.
      if (isAxiosError(error) && !error.timings) timeError(error, call, clock);
      noteNoAttempt(error, call);
      rememberClient(error, call.clientName);
      conceal(error, call, rules);
      if (!call.journal.hasAnswer) return turned(error);
      noteTurn(error);
    },
  });
}

function passed(
  call: Call,
  lease: Lease | undefined,
  response: AxiosResponse | undefined,
  rules: RedactionRules,
): Promise<void> | void {
  const { config, derivedConfigs, hasAnswer } = call.journal;
  if (response && derivedConfigs?.includes(response.config)) response.config = config;
  leaveAfter(response, call, lease, rules);
  if (!hasAnswer) return turnIfDue();
}

async function turned(error: unknown): Promise<void> {
  await nextTurn();
  noteTurn(error);
}

/** The call is in flight until its body has ended. */
function leaveAfter(
  response: AxiosResponse | undefined,
  call: Call,
  lease: Lease | undefined,
  rules: RedactionRules,
): void {
  const body: unknown = response?.data;
  if (!isReadable(body)) leave(call, lease);
  else {
    onBodyEnd(body, (failure) => {
      if (failure) conceal(failure, call, rules);
      leave(call, lease);
    });
  }
}

function leave({ cancellation }: Call, lease: Lease | undefined): void {
  lease?.release();
  cancellation.unfollow();
}

function conceal(failure: unknown, { clientName, journal }: Call, rules: RedactionRules): void {
  const { config, derivedConfigs } = journal;
  if (derivedConfigs) replaceConfig(failure, derivedConfigs, config);
  concealError(failure, { rules, clientName, config });
}
