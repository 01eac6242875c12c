import type { AxiosResponse } from 'axios';
import type { Call, Handler } from '../../call/call.js';
import { deliver } from './deliver.js';
import { nearest } from './differences.js';
import { exchangeRaw } from './exchange-forms.js';
import type { RecordedExchange, RecordedRequest } from './fixture.js';
import { absoluteUrl } from './recorded-request.js';
import { messageOf, replayedResponse } from './recorded-response.js';
import { nameOf, RecordingDriftError } from './recording-drift.error.js';
import type { ReplayQueue } from './replay-queue.js';
import { type BufferedRequest, bufferedRequest } from './request-bytes.js';
import { responseDrift } from './response-drift.js';
import type { Session, SessionContext } from './session.js';

/** Answers from the fixture; nothing is sent. */
export function replaySession(context: SessionContext, queue: ReplayQueue): Session {
  return fixtureSession('replay', context, queue, async (call, sent, { exchange }) => {
    const message = messageOf(replayedResponse(exchange.response, absoluteUrl(sent)));
    const response = await deliver(call, message);
    call.cancellation.throwIfRequested();
    return response;
  });
}

/** Sends what is in the fixture; an answer that is no longer of the recorded kind fails. */
export function checkSession(context: SessionContext, queue: ReplayQueue): Session {
  const { fixture, forms, hint } = context;
  return fixtureSession('check', context, queue, async (call, sent, { exchange, request, next }) => {
    const { raw, request: sender } = await exchangeRaw(next, call, sent);
    const actual = forms.scrubbed({ request, response: await forms.response(raw, call, sent) });
    const changes = responseDrift(exchange.response, actual.response);
    if (changes.length > 0) throw RecordingDriftError.changed(fixture, exchange.request, changes, hint);
    return deliver(call, messageOf(raw), sender);
  });
}

interface Matched {
  readonly exchange: RecordedExchange;
  readonly request: RecordedRequest;
  readonly next: Handler;
}

/** Finds each request in the fixture. What fails there is remembered: code that survives failures must not hide it. */
function fixtureSession(
  mode: 'replay' | 'check',
  { fixture, forms, hint }: SessionContext,
  queue: ReplayQueue,
  answer: (call: Call, sent: BufferedRequest, matched: Matched) => Promise<AxiosResponse>,
): Session {
  const problems: string[] = [];

  const matched = (request: RecordedRequest): RecordedExchange => {
    const found = queue.take(request);
    if (!found) {
      const near = nearest(queue.exchanges, request);
      const shown = near && { request: near.exchange.request, differences: near.differences };
      throw RecordingDriftError.notRecorded(fixture, request, shown, hint);
    }
    if ('times' in found) throw RecordingDriftError.repeated(fixture, request, found.times, hint);
    return found.exchange;
  };

  return {
    async handle(next, call) {
      call.cancellation.throwIfRequested();
      const sent = await bufferedRequest(call);
      const request = forms.scrubbedRequest(forms.request(call, sent));
      try {
        return await answer(call, sent, { exchange: matched(request), request, next });
      } catch (error) {
        if (error instanceof RecordingDriftError) problems.push(...error.problems);
        throw error;
      }
    },
    problems: () => problems,
    unused: () => queue.unused.map(({ request }) => nameOf(request)),
    close: async () => ({
      mode,
      written: false,
      exchanges: queue.exchanges.length,
      added: [],
      removed: [],
      changed: [],
    }),
  };
}
