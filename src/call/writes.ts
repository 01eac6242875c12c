import type { AxiosResponse } from 'axios';
import { canParse } from '../base/can-parse.js';
import type { Call } from './call.js';
import { requestTarget, targetWithoutParams, urlOf } from './target.js';

/** Methods that change nothing (RFC 9110 §9.2.1, and those that are registered as safe). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY', 'SEARCH', 'PROPFIND', 'REPORT']);

/** What upstreams may take for the method: then a GET is none. */
const METHOD_OVERRIDES: ReadonlySet<string> = new Set(['x-http-method-override', 'x-http-method', 'x-method-override']);
const OVERRIDE_LENGTHS: ReadonlySet<number> = new Set([...METHOD_OVERRIDES].map(({ length }) => length));

/** Whether a header, in whatever case, may be taken for the method of its request. */
export const isMethodOverride = (name: string): boolean =>
  OVERRIDE_LENGTHS.has(name.length) && METHOD_OVERRIDES.has(name.toLowerCase());

/** Whether a call may change something upstream: by its method, or by a header that upstreams take for it. */
export function isWrite({ method, config: { headers } }: Call): boolean {
  if (!SAFE.has(method)) return true;
  for (const name of Object.keys(headers)) if (isMethodOverride(name) && headers[name] !== undefined) return true;
  return false;
}

/**
 * The URLs that a call changes, as they are sent: its own, that which a redirect has led it to, and those of the same origin that its response names in
 * `Location` and `Content-Location` (RFC 9111 §4.4). With the path of its socket in front, where it has one.
 * @returns none for an address that is none
 */
export function changedUrls({ config }: Call, response: AxiosResponse | undefined): string[] {
  const target = quietly(() => requestTarget(config));
  if (!target) return [];
  const url = urlOf(target);
  const prefix = socketPrefix(config.socketPath);
  const final = (response?.request as { readonly res?: { readonly responseUrl?: unknown } } | undefined)?.res
    ?.responseUrl;
  const named = ['location', 'content-location'].flatMap((name) => {
    const value: unknown = response?.headers[name];
    if (typeof value !== 'string' || !canParse(value, url)) return [];
    const other = new URL(value, url);
    other.hash = '';
    return other.origin === new URL(url).origin ? [other.href] : [];
  });
  return [...new Set([url, ...(typeof final === 'string' ? [final] : []), ...named])].map((one) => prefix + one);
}

/** The URL of a call without its query, in the form of `changedUrls`; undefined: its address is none. */
export function resourceOf({ config }: Pick<Call, 'config'>): string | undefined {
  const target = quietly(() => targetWithoutParams(config));
  return target && socketPrefix(config.socketPath) + withoutQuery(urlOf(target));
}

export function withoutQuery(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** Two sockets may serve the same URL. */
export const socketPrefix = (socketPath: string | null | undefined): string => (socketPath ? `${socketPath} ` : '');

function quietly<Value>(get: () => Value): Value | undefined {
  try {
    return get();
  } catch {
    return undefined; // the transport says what is wrong with it
  }
}
