/** What a redirect turns a request into. */
export interface RedirectedRequest {
  readonly url: URL;
  readonly method: string;
  /** Whether the body goes along. */
  readonly keepsBody: boolean;
}

/** 300 offers a choice, 304 answers a condition, 305 and 306 are out of use (RFC 9110 §15.4): a user agent follows none of them. */
const FOLLOWED = new Set([301, 302, 303, 307, 308]);

/** Bytes that are not ASCII, which Node hands over as Latin-1. */
// oxlint-disable-next-line no-control-regex
const RAW_BYTES = /[^\u0000-\u007f]/g;

/** Whether a user agent follows a response to its Location. */
export function isRedirect(status: number, location: string | undefined): location is string {
  return FOLLOWED.has(status) && Boolean(location);
}

/**
 * A Location for the URL parser. It would take each byte of a UTF-8 path for a character and encode it again, so the bytes are encoded as they
 * came, whatever their encoding is.
 */
export function encodedLocation(location: string): string {
  return location.replace(RAW_BYTES, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * Where a response redirects to (RFC 9110 §15.4), as user agents do it: 303 turns every method but HEAD into GET, 301 and
 * 302 turn POST into GET, the others repeat the request.
 * @returns undefined when the response is no redirect
 * @throws TypeError when its Location is no URL
 */
export function redirectOf(
  status: number,
  location: string | undefined,
  method: string,
  from: string,
): RedirectedRequest | undefined {
  if (!isRedirect(status, location)) return undefined;
  const becomesGet =
    (status === 303 && method !== 'GET' && method !== 'HEAD') ||
    ((status === 301 || status === 302) && method === 'POST');
  return { url: new URL(encodedLocation(location), from), method: becomesGet ? 'GET' : method, keepsBody: !becomesGet };
}

/**
 * The headers that go along. Host is the new target's own; headers about a body, its framing included, stay with it; secrets do not
 * leave the origin they were meant for.
 * @param secret names, in lower case, of those that stay behind: none where the origin is the same
 */
export function redirectedHeaders<Value>(
  headers: Readonly<Record<string, Value>>,
  keepsBody: boolean,
  secret: ReadonlySet<string>,
): Record<string, Value> {
  const kept: Record<string, Value> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    const lowerCase = name.toLowerCase();
    if (lowerCase === 'host') continue;
    if (!keepsBody && (lowerCase.startsWith('content-') || lowerCase === 'transfer-encoding')) continue;
    if (secret.has(lowerCase)) continue;
    kept[name] = value;
  }
  return kept;
}
