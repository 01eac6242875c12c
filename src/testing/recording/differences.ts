import type { RecordedExchange, RecordedRequest } from './fixture.js';
import type { RecordedBody } from './recorded-body.js';

/** What of a request differs between the recorded one and the one that was made. */
export interface Difference {
  readonly path: string;
  /** Undefined: it had none. */
  readonly recorded: string | undefined;
  readonly sent: string | undefined;
}

/** What tells more about which request was meant. */
const WEIGHTS: Readonly<Record<string, number>> = { method: 5, origin: 10, path: 5 };

/** In the order in which a request has them. */
export function differences(recorded: RecordedRequest, sent: RecordedRequest): readonly Difference[] {
  const before = partsOf(recorded);
  const now = partsOf(sent);
  return [...new Set([...now.keys(), ...before.keys()])]
    .map((path) => ({ path, recorded: before.get(path), sent: now.get(path) }))
    .filter((difference) => difference.recorded !== difference.sent);
}

/** The recorded exchange that is most like a request; undefined where there is none. */
export function nearest(
  exchanges: readonly RecordedExchange[],
  sent: RecordedRequest,
): { readonly exchange: RecordedExchange; readonly differences: readonly Difference[] } | undefined {
  let best: { exchange: RecordedExchange; differences: readonly Difference[]; distance: number } | undefined;
  for (const exchange of exchanges) {
    const all = differences(exchange.request, sent);
    const distance = all.reduce((sum, { path }) => sum + (WEIGHTS[path] ?? 1), 0);
    if (!best || distance < best.distance) best = { exchange, differences: all, distance };
  }
  return best;
}

/** A request part by part, as `query.page` and `body.user.name`. */
function partsOf({ method, url, headers = {}, body }: RecordedRequest): Map<string, string> {
  const parts = new Map([['method', method]]);
  const [, origin, path, query] = /^([a-z]+:\/\/[^/?#]*)?([^?]*)(?:\?(.*))?$/is.exec(url)!;
  if (origin !== undefined) parts.set('origin', origin);
  parts.set('path', path!);
  for (const pair of query?.split('&') ?? []) {
    const [name = '', ...value] = pair.split('=');
    const key = `query.${name}`;
    parts.set(key, [parts.get(key), value.join('=')].filter((part) => part !== undefined).join(', '));
  }
  for (const [name, value] of Object.entries(headers)) parts.set(`headers.${name}`, value);
  if (body) addBody(parts, body);
  return parts;
}

function addBody(parts: Map<string, string>, body: RecordedBody): void {
  if ('json' in body) addJson(parts, 'body', body.json);
  else if ('sha256' in body) parts.set('body', `${body.bytes} bytes, SHA-256 ${body.sha256}`);
  else if ('text' in body) parts.set('body', body.text);
}

function addJson(parts: Map<string, string>, path: string, value: unknown): void {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (entries.length === 0) parts.set(path, JSON.stringify(value));
  for (const [name, entry] of entries) addJson(parts, `${path}.${name}`, entry);
}
