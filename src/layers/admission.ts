import { type AxiosResponse, isAxiosError } from 'axios';
import { onBodyEnd } from '../base/body-end.js';
import type { Clock } from '../base/clock.js';
import { tolerateFailure } from '../base/source.js';
import { nextTurn, noteTurn, turnIfDue } from '../base/turns.js';
import { noteNoAttempt, rememberClient, replaceConfig, timeError } from '../call/annotate.js';
import type { Call, Layer } from '../call/call.js';
import { responseOf } from '../call/outcome.js';
import { concealError } from '../errors/redact-error.js';
import { ClientClosedError } from '../errors/refusal.errors.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { RedactionRules } from '../redaction/rules.js';

/**
 * Refuses calls to a closed pool, and counts the others in flight until their body has ended. Until then the caller's
 * signal is listened to. A stream that is to be sent may fail while the call waits for its turn. What a call or its body fails with
 * prints no secrets from here on, and has timings and attempts. Responses and errors have the caller's own config again, which sends
 * the same request when it is sent once more: without the headers that layers have added for this call.
 *
 * Whatever refuses a call within, the event loop turns before the caller is told. It also turns now and then where a layer answers
 * calls by itself.
 * @throws ClientClosedError when the pool is closed, later when it closes before the body has ended
 */
export function admission(pool: ConnectionPool, rules: RedactionRules, clock: Clock): Layer {
  return (next) => async (call) => {
    const { cancellation, clientName, journal } = call;
    const { config } = journal;
    const lease = pool.admit(() => cancellation.cancel(ClientClosedError.aborted(call)));
    const leave = (failure?: unknown) => {
      if (failure) conceal(failure, call, rules);
      lease?.release();
      cancellation.unfollow();
    };
    let response: AxiosResponse;
    try {
      tolerateFailure(config.data);
      if (!lease) throw ClientClosedError.refused(call);
      response = await next(call);
      if (journal.derivedConfigs?.includes(response.config)) response.config = config;
    } catch (error) {
      // A refused status (validateStatus) carries its response, and with responseType 'stream' an unread body.
      onBodyEnd(responseOf(error)?.data, leave);
      // One that comes from the transport has them; what a layer refuses does not.
      if (isAxiosError(error) && !error.timings) timeError(error, call, clock);
      noteNoAttempt(error, call);
      rememberClient(error, clientName);
      conceal(error, call, rules);
      if (!journal.hasAnswer) await nextTurn();
      noteTurn(error);
      throw error;
    }
    onBodyEnd(response?.data, leave);
    if (!journal.hasAnswer) await turnIfDue();
    return response;
  };
}

/** Apart from the layer, where its closure would cost every call. */
function conceal(failure: unknown, { clientName, journal }: Call, rules: RedactionRules): void {
  const { config, derivedConfigs } = journal;
  if (derivedConfigs) replaceConfig(failure, derivedConfigs, config);
  concealError(failure, { rules, clientName, config });
}
