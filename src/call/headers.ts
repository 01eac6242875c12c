import { AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';

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
  if (!headers) return config;
  // Without a prototype, as axios's own configs are, so that nobody can slip settings in.
  return Object.assign(Object.create(null), config, { headers, sensitiveHeaders: withNames(config, names) });
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
  const headers: AxiosHeaders = Object.assign(new AxiosHeaders(), config.headers);
  for (const name of names) {
    headers.delete(name);
    if (replaced[name] !== undefined) headers[name] = replaced[name];
  }
  return Object.assign(Object.create(null), config, {
    headers,
    ...(stayHome && { sensitiveHeaders: withNames(config, names) }),
  });
}

function withNames({ sensitiveHeaders }: InternalAxiosRequestConfig, names: readonly string[]): string[] {
  return [...(sensitiveHeaders ?? []), ...names];
}
