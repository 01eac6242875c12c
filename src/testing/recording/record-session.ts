import type { Call, Handler } from '../../call/call.js';
import { deliver } from './deliver.js';
import { exchangeRaw } from './exchange-forms.js';
import { keyOf, type RecordedExchange, writeFixture } from './fixture.js';
import { messageOf } from './recorded-response.js';
import { nameOf } from './recording-drift.error.js';
import { bufferedRequest } from './request-bytes.js';
import { responseDrift } from './response-drift.js';
import type { RecordingReport, Session, SessionContext } from './session.js';

/**
 * Sends everything, and writes the fixture when it is closed. Exchanges without a response are not in it.
 * @param before what the fixture had
 */
export function recordSession(
  { fixture, forms }: SessionContext,
  before: readonly RecordedExchange[] | undefined,
): Session {
  /** In the order in which the requests were made; undefined: without a response so far. */
  const recorded: (RecordedExchange | undefined)[] = [];
  const pending = new Set<Promise<unknown>>();

  const exchange = async (next: Handler, call: Call) => {
    const place = recorded.push(undefined) - 1;
    const sent = await bufferedRequest(call);
    const request = forms.request(call, sent);
    const { raw, request: sender } = await exchangeRaw(next, call, sent);
    recorded[place] = { request, response: await forms.response(raw, call, sent) };
    return deliver(call, messageOf(raw), sender);
  };

  return {
    handle: (next, call) => {
      const result = exchange(next, call);
      const ended = result.catch(() => {}).finally(() => pending.delete(ended));
      pending.add(ended);
      return result;
    },
    problems: () => [],
    unused: () => [],
    async close() {
      await Promise.all(pending);
      const exchanges = sortedByRequest(
        recorded.filter((entry) => entry !== undefined).map((entry) => forms.scrubbed(entry)),
      );
      const written = exchanges.length > 0;
      if (written) await writeFixture(fixture, exchanges);
      return { mode: 'record', written, exchanges: exchanges.length, ...compared(before ?? [], exchanges) };
    },
  };
}

/** Equal requests stay in the order in which they were made, whatever came first. */
function sortedByRequest(exchanges: readonly RecordedExchange[]): readonly RecordedExchange[] {
  const keyed = exchanges.map((exchange) => ({ exchange, key: keyOf(exchange.request) }));
  return keyed.toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key))).map(({ exchange }) => exchange);
}

/** The first of equal requests is compared with the first, and so on. */
function compared(
  before: readonly RecordedExchange[],
  now: readonly RecordedExchange[],
): Pick<RecordingReport, 'added' | 'removed' | 'changed'> {
  const old = numbered(before);
  const current = numbered(now);
  const changed: string[] = [];
  for (const [key, { request, response }] of current) {
    const drift = old.has(key) ? responseDrift(old.get(key)!.response, response) : [];
    changed.push(...drift.map((change) => `${nameOf(request)}: ${change}`));
  }
  const onlyIn = (some: typeof old, others: typeof old) =>
    Array.from(some).flatMap(([key, { request }]) => (others.has(key) ? [] : [nameOf(request)]));
  return { added: onlyIn(current, old), removed: onlyIn(old, current), changed };
}

/** Request and its number among equal ones → exchange. */
function numbered(exchanges: readonly RecordedExchange[]): Map<string, RecordedExchange> {
  const result = new Map<string, RecordedExchange>();
  const counts = new Map<string, number>();
  for (const exchange of exchanges) {
    const key = keyOf(exchange.request);
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    result.set(`${count} ${key}`, exchange);
  }
  return result;
}
