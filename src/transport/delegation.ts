import type { InternalAxiosRequestConfig } from 'axios';

/** Settings that axios's own adapter carries out and the native transport does not. */
const FOREIGN = [
  'onUploadProgress',
  'onDownloadProgress',
  'maxRate',
  'beforeRedirect',
  'transport',
  'lookup',
  'httpAgent',
  'httpsAgent',
  'allowedSocketPaths',
  'insecureHTTPParser',
] as const;

/**
 * Whether a call is for axios's own adapter, on the same agents: it asks for something rare that the native transport
 * leaves to it. What its body is makes no difference.
 */
export function isDelegated(config: InternalAxiosRequestConfig): boolean {
  const settings = config as unknown as Record<string, unknown>;
  for (const name of FOREIGN) if (settings[name]) return true;
  if (settings.httpVersion !== undefined && settings.httpVersion !== 1) return true;
  return typeof config.url === 'string' && config.url.startsWith('data:');
}
