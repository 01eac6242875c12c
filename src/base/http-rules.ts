/**
 * Whether a request body, as the transforms leave it, can be sent twice. What is read only once cannot: Node's streams, which
 * a form of the form-data package is as well, and web streams. Strings, bytes, Blob and FormData can, and so can no body.
 */
export function isReplayableBody(data: unknown): boolean {
  if (typeof data !== 'object' || data === null) return true;
  const { pipe, getReader } = data as { pipe?: unknown; getReader?: unknown };
  return typeof pipe !== 'function' && typeof getReader !== 'function';
}

/** The value of an `Authorization` or `Proxy-Authorization` header for `user:password` (RFC 7617). */
export function basicAuthorization(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)`;

/** IMF-fixdate, and the two that are obsolete but must be understood: of RFC 850 and of asctime (RFC 9110 §5.6.7). */
const HTTP_DATES = [
  new RegExp(String.raw`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\d\d) ${MONTH} (?<year>\d{4}) ${TIME} GMT$`),
  new RegExp(String.raw`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\d\d)-${MONTH}-(?<year>\d\d) ${TIME} GMT$`),
  new RegExp(String.raw`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} (?<day>\d\d| \d) ${TIME} (?<year>\d{4})$`),
];

/**
 * How long a Retry-After header (RFC 9110 §10.2.3) asks to wait, in whole milliseconds: 0 for a time that has passed and for
 * negative seconds. Seconds with a fraction, which some upstreams send although the RFC has whole ones, are rounded up.
 * @param nowMs the wall clock, which dates are relative to, in milliseconds since 1970
 * @returns undefined where it is neither seconds nor a date
 */
export function retryAfterMs(header: unknown, nowMs: number): number | undefined {
  if (typeof header !== 'string') return undefined;
  const value = header.trim();
  const seconds = decimal(value);
  if (seconds !== undefined) return Math.max(0, Math.ceil(seconds * 1_000));
  const date = httpDate(value, nowMs);
  return date === undefined ? undefined : Math.max(0, date - nowMs);
}

/** @returns undefined for what is no number of digits with or without a fraction */
export function decimal(value: string | undefined): number | undefined {
  return value !== undefined && /^\s*-?(?:\d+\.?\d*|\.\d+)\s*$/.test(value) ? Number(value) : undefined;
}

/**
 * A date of HTTP as milliseconds since 1970.
 * @param nowMs the wall clock, which tells the century of a year with two digits
 * @returns undefined for what is none
 */
export function httpDate(value: string, nowMs: number): number | undefined {
  for (const format of HTTP_DATES) {
    const parts = format.exec(value)?.groups;
    if (parts) return dateOf(parts, nowMs);
  }
  return undefined;
}

/** @returns undefined for a day or a time that does not exist; 60 is a leap second */
function dateOf(parts: Readonly<Record<string, string>>, nowMs: number): number | undefined {
  const [day, hour, minute, second] = [parts.day, parts.hour, parts.minute, parts.second].map(Number) as NumberOf4;
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const month = MONTHS.indexOf(parts.month!);
  const at = (year: number) => {
    const date = new Date(0);
    date.setUTCFullYear(year, month, day); // Date.UTC would take the year 99 for 1999
    if (date.getUTCDate() !== day) return undefined;
    return date.setUTCHours(hour, minute, second);
  };
  if (parts.year!.length === 4) return at(Number(parts.year));
  return at(fullYear(Number(parts.year), at, nowMs));
}

type NumberOf4 = [number, number, number, number];

/** Of two digits: in this century, unless that is more than 50 years in the future (RFC 9110 §5.6.7). */
function fullYear(twoDigits: number, at: (year: number) => number | undefined, nowMs: number): number {
  const now = new Date(nowMs);
  const year = now.getUTCFullYear() - (now.getUTCFullYear() % 100) + twoDigits;
  const inFiftyYears = now.setUTCFullYear(now.getUTCFullYear() + 50);
  return (at(year) ?? -Infinity) > inFiftyYears ? year - 100 : year;
}

/** The status that a proxy answered instead of opening a tunnel; undefined where that is not what an attempt failed with. */
export function refusedTunnelStatus(error: unknown): number | undefined {
  const { code, status } = (error ?? {}) as { readonly code?: unknown; readonly status?: number };
  return code === 'ERR_PROXY_TUNNEL' ? status : undefined;
}

/** What Node refuses in the value of a header (RFC 9110 §5.5). */
// oxlint-disable-next-line no-control-regex
const UNSENDABLE = /[^\u0009\u0020-\u007e\u0080-\u00ff]+/g;

/** Whether a text can be the value of a header as it is. */
export const isFieldValue = (text: string): boolean => text.search(UNSENDABLE) === -1;

/** What axios sends of a text in a header: it leaves out what cannot be sent. */
export const sendablePart = (text: string): string => text.replace(UNSENDABLE, '');
