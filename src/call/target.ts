import { Axios, AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { canParse } from '../base/can-parse.js';
import { withoutBrackets } from '../base/url-parts.js';
import { joinedUrl } from '../redaction/url.js';

/** `user:password` of a URL, percent-decoded where it is encoded as it should be; empty for none. */
export function credentialsOf({ username, password }: URL): string {
  return username || password ? `${decode(username)}:${decode(password)}` : '';
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Where a request goes, in the terms of `http.request`. */
export interface RequestTarget {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly secure: boolean;
  readonly hostname: string;
  /** Empty for the scheme's own. */
  readonly port: string;
  readonly socketPath: string | undefined;
  readonly path: string;
  /** `user:password` from the URL, percent-decoded; empty for none. */
  readonly credentials: string;
}

// An instance without defaults, so that what users set on the global axios does not leak in.
const plainAxios = new Axios({});

/**
 * The target that axios's own adapter would send to.
 * @returns undefined for a scheme other than http and https
 * @throws what axios throws for a URL that is none, and AxiosError for parameters that cannot be serialised
 */
export function requestTarget(config: InternalAxiosRequestConfig): RequestTarget | undefined {
  const target = targetWithoutParams(config);
  return target && config.params ? { ...target, path: pathWithParams(target.path, config) } : target;
}

function pathWithParams(url: string, config: InternalAxiosRequestConfig): string {
  const { params, paramsSerializer } = config;
  try {
    return plainAxios.getUri({ url, params, paramsSerializer }).replace(/^\?/, '');
  } catch (thrown) {
    const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
    const error = AxiosError.from(cause, AxiosError.ERR_BAD_REQUEST, config);
    throw Object.assign(error, { exists: true }); // as axios has it
  }
}

/** The same, but for the query that `params` add. */
export function targetWithoutParams(config: InternalAxiosRequestConfig): RequestTarget | undefined {
  return plainTarget(config) ?? parsedTarget(config, config.socketPath ?? undefined);
}

function parsedTarget(config: InternalAxiosRequestConfig, socketPath: string | undefined): RequestTarget | undefined {
  const { baseURL, url, allowAbsoluteUrls } = config;
  if (url !== undefined && url !== null && typeof url !== 'string') {
    throw new AxiosError('Invalid URL: expected a string or a URL', AxiosError.ERR_INVALID_URL, config);
  }
  const address = plainAxios.getUri({ baseURL, url, allowAbsoluteUrls });
  return targetOf(new URL(address, socketPath ? 'http://localhost' : undefined), socketPath);
}

/** An origin, then a path, of characters that a URL parser leaves as they are. */
const PLAIN_ADDRESS = /^https?:\/\/[a-z\d.-]+(?::\d+)?(?:\/[\w\-.~!$&()*+,;=:@%/]*)?(?:\?[\w\-.~!$&()*+,;=:@%/?]+)?$/;
/** `.` and `..`, also encoded: a URL parser resolves them. */
const DOT_SEGMENT = /\/(?:\.|%2e)/i;

/** What axios refuses, also after a base URL, that it would make a path. */
const MALFORMED = /^https?:(?!\/\/)/i;

const MAX_CACHED_ORIGINS = 1_000;
/** Origin as written → its target without a path. */
const plainOrigins = new Map<string, RequestTarget>();

/**
 * The target of an ordinary address without parsing it as a URL each time, which with axios's way of joining it took 11 of
 * 100 microseconds of a small GET.
 * @returns undefined for any other address
 */
function plainTarget(config: InternalAxiosRequestConfig): RequestTarget | undefined {
  const { baseURL, url, socketPath } = config;
  if (socketPath || typeof url !== 'string' || MALFORMED.test(url)) return undefined;
  const address = joinedUrl(baseURL, url, config.allowAbsoluteUrls);
  if (!PLAIN_ADDRESS.test(address)) return undefined;
  const end = endOfOrigin(address);
  const origin = address.slice(0, end);
  const path = address.slice(end);
  if (DOT_SEGMENT.test(path)) return undefined;
  let target = plainOrigins.get(origin);
  if (!target) {
    if (!canParse(origin)) return undefined;
    target = targetOf(new URL(origin))!;
    if (plainOrigins.size === MAX_CACHED_ORIGINS) plainOrigins.clear();
    plainOrigins.set(origin, target);
  }
  const { secure, hostname, port } = target;
  return {
    origin: target.origin,
    secure,
    hostname,
    port,
    socketPath: undefined,
    path: path.startsWith('/') ? path : `/${path}`,
    credentials: '',
  };
}

/** Of a plain address. Groups of the expression would tell, too, and take as long as all the rest. */
function endOfOrigin(address: string): number {
  const slash = address.indexOf('/', 'https://'.length);
  const query = address.indexOf('?');
  if (slash === -1) return query === -1 ? address.length : query;
  return query === -1 ? slash : Math.min(slash, query);
}

/** @returns undefined for a scheme other than http and https */
export function targetOf(url: URL, socketPath?: string): RequestTarget | undefined {
  const secure = url.protocol === 'https:';
  if (!secure && url.protocol !== 'http:') return undefined;
  return {
    origin: socketPath ? `unix:${socketPath}` : url.origin,
    secure,
    hostname: withoutBrackets(url.hostname),
    port: url.port,
    socketPath,
    path: url.pathname + url.search,
    credentials: credentialsOf(url),
  };
}

/** The target as a URL, without credentials. */
export function urlOf({ secure, hostname, port, path }: RequestTarget): string {
  const host = hostname.includes(':') ? `[${hostname}]` : hostname;
  return `${secure ? 'https' : 'http'}://${host}${port && `:${port}`}${path}`;
}

/** Settings that axios's own adapter carries out and the native transport does not. Written out: a loop over their names takes ten times as long. */
function hasForeignSetting(config: InternalAxiosRequestConfig): boolean {
  return Boolean(
    config.onUploadProgress ||
    config.onDownloadProgress ||
    config.maxRate ||
    config.beforeRedirect ||
    config.transport ||
    config.lookup ||
    config.httpAgent ||
    config.httpsAgent ||
    config.allowedSocketPaths ||
    config.insecureHTTPParser,
  );
}

/**
 * Whether a call is for axios's own adapter, on the same agents: it asks for something rare that the native transport
 * leaves to it. What its body is makes no difference.
 * @param speaksHttp2 whether the native transport does for this client
 */
export function isDelegated(config: InternalAxiosRequestConfig, speaksHttp2 = false): boolean {
  if (hasForeignSetting(config)) return true;
  if (config.httpVersion !== undefined && config.httpVersion !== 1 && !speaksHttp2) return true;
  return typeof config.url === 'string' && config.url.startsWith('data:');
}
