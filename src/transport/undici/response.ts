import type { IncomingHttpHeaders } from 'node:http';
import { HandedResponse, type Reading } from '../handed-response.js';

/** Repeated headers of which the first counts, as `IncomingMessage` has them: https://nodejs.org/api/http.html#messageheaders */
const FIRST_COUNTS = new Set([
  'age',
  'authorization',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
]);

/** As undici reads headers: an array where one is repeated. */
export type ParsedHeaders = Record<string, string | string[] | undefined>;

/** undici's headers as Node's; changed in place. */
function asNodes(headers: ParsedHeaders): IncomingHttpHeaders {
  for (const name of Object.keys(headers)) {
    const value = headers[name]!;
    if (name === 'set-cookie') {
      if (!Array.isArray(value)) headers[name] = [value];
    } else if (Array.isArray(value)) {
      if (FIRST_COUNTS.has(name)) [headers[name]] = value;
      else headers[name] = value.join(name === 'cookie' ? '; ' : ', ');
    }
  }
  return headers;
}

/** A response as undici reads it. */
export class UndiciResponse extends HandedResponse {
  readonly httpVersion = '1.1';
  readonly headers: IncomingHttpHeaders;
  readonly headerLines: number;
  #raw: readonly (Buffer | string)[];

  constructor(
    readonly statusCode: number,
    readonly statusMessage: string,
    headers: ParsedHeaders,
    raw: readonly (Buffer | string)[],
    req: object,
    reading: Reading,
  ) {
    super(req, reading, false);
    this.headers = asNodes(headers);
    this.headerLines = raw.length / 2;
    this.#raw = raw;
  }

  get rawHeaders(): string[] {
    const strings = this.#raw.map((text) => (typeof text === 'string' ? text : text.toString('latin1')));
    this.#raw = strings;
    return strings;
  }
}
