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
  let sensitiveHeaders: string[] | undefined;
  for (const name in added) {
    if (config.headers.has(name)) continue;
    headers ??= Object.assign(new AxiosHeaders(), config.headers);
    sensitiveHeaders ??= config.sensitiveHeaders?.slice() ?? [];
    headers[name] = added[name];
    sensitiveHeaders.push(name);
  }
  // Without a prototype, as axios's own configs are, so that nobody can slip settings in.
  return headers ? Object.assign(Object.create(null), config, { headers, sensitiveHeaders }) : config;
}
