import { AxiosHeaders, type AxiosHeaderValue, type InternalAxiosRequestConfig } from 'axios';
import { withoutPrototype } from '../base/prototype-pollution.js';

/**
 * A copy of the config with more headers. Those that it has, in whatever case, stay as they are, also where they are null or
 * false. A redirect to another origin drops the added ones.
 * @returns the config itself where it has them all
 */
export function withAddedHeaders(
  config: InternalAxiosRequestConfig,
  added: Readonly<Record<string, string>>,
): InternalAxiosRequestConfig {
  let headers: AxiosHeaders | undefined;
  const names: string[] = [];
  for (const name in added) {
    if (config.headers.has(name)) continue;
    headers ??= Object.assign(new AxiosHeaders(), config.headers);
    headers[name] = added[name];
    names.push(name);
  }
  return headers ? withHeaders(config, headers, names) : config;
}

/**
 * A copy of the config with these headers in place of those of the same names, in whatever case; undefined takes a header away.
 * @param stayHome whether a redirect to another origin drops them
 * @returns the config itself where there are none
 */
export function withReplacedHeaders(
  config: InternalAxiosRequestConfig,
  replaced: Readonly<Record<string, string | undefined>>,
  stayHome: boolean,
): InternalAxiosRequestConfig {
  const names = Object.keys(replaced);
  if (names.length === 0) return config;
  const headers = copyWithout(names, config.headers);
  for (const name of names) if (replaced[name] !== undefined) headers[name] = replaced[name];
  return withHeaders(config, headers, stayHome ? names : NO_NAMES);
}

const NO_NAMES: readonly string[] = [];

/** To copy them all takes half as long as to look at each again. */
function copyWithout(names: readonly string[], given: AxiosHeaders): AxiosHeaders {
  const headers = new AxiosHeaders();
  if (!names.some((name) => headerNamed(given, name) !== undefined)) return Object.assign(headers, given);
  for (const name of Object.keys(given)) {
    if (!names.some((other) => isSameName(name, other))) headers[name] = given[name];
  }
  return headers;
}

const isSameName = (a: string, b: string): boolean => a.length === b.length && a.toLowerCase() === b.toLowerCase();

/** The value of a header, in whatever case it was given: as `headers.get` has it, in a third of the time. */
export function headerOf(headers: AxiosHeaders, name: string): AxiosHeaderValue | undefined {
  const known = headerNamed(headers, name);
  return known === undefined ? undefined : headers[known];
}

/** How a header is written that has this name, in whatever case. */
function headerNamed(headers: AxiosHeaders, name: string): string | undefined {
  for (const known in headers) if (isSameName(known, name) && Object.hasOwn(headers, known)) return known;
  return undefined;
}

/** @param sensitive the names of those that a redirect to another origin drops, besides those of the config */
function withHeaders(
  config: InternalAxiosRequestConfig,
  headers: AxiosHeaders,
  sensitive: readonly string[],
): InternalAxiosRequestConfig {
  const changed = withoutPrototype(config);
  changed.headers = headers;
  if (sensitive.length > 0) {
    const { sensitiveHeaders } = config;
    changed.sensitiveHeaders = sensitiveHeaders ? [...sensitiveHeaders, ...sensitive] : sensitive.slice();
  }
  return changed;
}
