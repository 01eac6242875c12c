import { decimal, retryAfterMs } from '../../base/http-rules.js';

/** Names in lower case. */
export type Headers = Readonly<Record<string, unknown>>;

/**
 * For how long a response asks to be left alone, in whole milliseconds, rounded up:
 * - a status 429 or 503 with Retry-After (RFC 6585 §4, RFC 9110 §15.6.4), which goes before the others
 * - `RateLimit: "default";r=0;t=30` (draft-ietf-httpapi-ratelimit-headers-08 and later)
 * - `RateLimit: limit=100, remaining=0, reset=30` (-07, which express-rate-limit can send)
 * - `RateLimit-Remaining: 0` with `RateLimit-Reset: 30` (-00 to -06)
 * @param now the time of day, in milliseconds since 1970
 * @returns 0 where it does not ask
 */
export function requestedPauseMs(status: number, headers: Headers, now: number): number {
  return (
    (status === 429 || status === 503 ? retryAfterMs(text(headers['retry-after']), now) : undefined) ??
    fieldPauseMs(text(headers['ratelimit'])) ??
    separatePauseMs(headers, now) ??
    0
  );
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The longest of the quotas that are used up. */
function fieldPauseMs(field: string | undefined): number | undefined {
  if (field === undefined) return undefined;
  // A name may hold anything. One that is not closed goes on to the end: to look for it from each quote on would take a second.
  const unquoted = field.replaceAll(/"(?:[^"\\]|\\.)*"?/g, '""');
  const quotas = /^\s*(?:limit|remaining|reset)\s*=/i.test(unquoted)
    ? [parameters(unquoted, ',')]
    : unquoted.split(',').map((item) => parameters(item, ';'));
  let longest: number | undefined;
  for (const quota of quotas) {
    const seconds = decimal(quota.get('t') ?? quota.get('reset'));
    const isUsedUp = decimal(quota.get('r') ?? quota.get('remaining')) === 0;
    if (isUsedUp && seconds !== undefined) longest = Math.max(longest ?? 0, Math.ceil(seconds * 1_000));
  }
  return longest;
}

function parameters(written: string, separator: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const parameter of written.split(separator)) {
    const [name = '', value] = parameter.split('=', 2);
    if (value !== undefined) found.set(name.trim().toLowerCase(), value);
  }
  return found;
}

/** No quota is for longer than 30 years: a larger number is a Unix time, which some send. */
const UNIX_TIMES_FROM = 1_000_000_000;

function separatePauseMs(headers: Headers, now: number): number | undefined {
  if (decimal(text(headers['ratelimit-remaining'])) !== 0) return undefined;
  const reset = decimal(text(headers['ratelimit-reset']));
  if (reset === undefined) return undefined;
  return Math.max(0, Math.ceil(reset * 1_000) - (reset < UNIX_TIMES_FROM ? 0 : now));
}
