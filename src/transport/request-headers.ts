import axios, { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { supportsZstd } from './content-coding.js';
import { checkCoding, checkLength } from './request-framing.js';

const USER_AGENT = `axios/${axios.VERSION}`;
const ACCEPT_ENCODING = 'gzip, compress, deflate, br';
const ACCEPT_ENCODING_WITH_ZSTD = supportsZstd ? `${ACCEPT_ENCODING}, zstd` : ACCEPT_ENCODING;

/** What Node refuses in a header value, and white space around it. axios leaves both out. */
// oxlint-disable-next-line no-control-regex
const UNSENDABLE = /[^\u0009\u0020-\u007e\u0080-\u00ff]+/g;
const SURROUNDING_SPACE = /^[\t ]+|[\t ]+$/g;
const SENDABLE = /^[\u0021-\u007e]([\u0020-\u007e]*[\u0021-\u007e])?$/;

export type RequestHeaders = Record<string, string | string[]>;

/** Bytes of a request body; `unknown` of one that is read while it is sent, undefined where there is none. */
export type BodyLength = number | 'unknown' | undefined;

/**
 * The headers axios's own adapter would send: those given, then User-Agent, Content-Length and Accept-Encoding
 * where there are none. One that is null or false is neither sent nor filled in.
 * @throws AxiosError where they say something else of the body than what is sent: see `checkLength`, `checkCoding`; and for
 * `sensitiveHeaders` that are no names
 */
export function requestHeaders(
  given: Readonly<Record<string, unknown>>,
  bodyLength: BodyLength,
  config: InternalAxiosRequestConfig,
): RequestHeaders {
  if (config.sensitiveHeaders !== undefined) checkSensitive(config);
  const missing: Record<string, string | undefined> = {
    __proto__: null as never,
    'user-agent': USER_AGENT,
    'content-length': bodyLength === 'unknown' ? undefined : bodyLength?.toString(),
    'accept-encoding':
      config.transitional?.advertiseZstdAcceptEncoding === true ? ACCEPT_ENCODING_WITH_ZSTD : ACCEPT_ENCODING,
  };
  const headers: RequestHeaders = Object.create(null);
  for (const name of Object.keys(given)) {
    const lowerCase = name.toLowerCase();
    const value = given[name] ?? missing[lowerCase];
    if (lowerCase in missing) missing[lowerCase] = undefined;
    if (value === undefined || value === null || value === false || given[name] === null) continue;
    headers[name] = sendable(value);
    if (lowerCase === 'content-length') checkLength(headers[name], bodyLength ?? 0, config);
    else if (lowerCase === 'transfer-encoding') {
      checkCoding(headers[name], given, config);
      missing['content-length'] = undefined;
    }
  }
  if (missing['user-agent']) headers['User-Agent'] = missing['user-agent'];
  if (missing['content-length']) headers['Content-Length'] = missing['content-length'];
  if (missing['accept-encoding']) headers['Accept-Encoding'] = missing['accept-encoding'];
  return headers;
}

/** As axios's adapter refuses them, but before anything is sent, whether or not there is a redirect. */
function checkSensitive(config: InternalAxiosRequestConfig): void {
  const names: unknown = config.sensitiveHeaders;
  if (names === null || (Array.isArray(names) && names.every((name) => typeof name === 'string'))) return;
  throw new AxiosError('sensitiveHeaders must be an array of strings', AxiosError.ERR_BAD_OPTION_VALUE, config);
}

function sendable(value: unknown): string | string[] {
  if (Array.isArray(value)) return value.map((entry) => sendable(entry) as string);
  const text = String(value);
  return SENDABLE.test(text) ? text : text.replace(UNSENDABLE, '').replace(SURROUNDING_SPACE, '');
}
