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

const PROXY_VARIABLES = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'];

/** Whether the environment names a proxy: read once, because reading it for each call costs more than all that follows. */
export const environmentHasProxy = (env: NodeJS.ProcessEnv): boolean => PROXY_VARIABLES.some((name) => env[name]);

/**
 * Whether a call is for axios's own adapter, on the same agents: it asks for something rare that the native transport
 * leaves to it, or its body is a stream or a form, or it goes through a proxy.
 */
export function isDelegated(config: InternalAxiosRequestConfig, hasProxy: boolean): boolean {
  const settings = config as unknown as Record<string, unknown>;
  for (const name of FOREIGN) if (settings[name]) return true;
  if (config.proxy || (hasProxy && config.proxy !== false)) return true;
  if (settings.httpVersion !== undefined && settings.httpVersion !== 1) return true;
  // axios counts the bytes of a stream for this limit.
  if (config.responseType === 'stream' && (config.maxContentLength ?? -1) > -1) return true;
  if (config.url?.startsWith('data:')) return true;
  const { data } = config;
  return typeof data === 'object' && data !== null && !Buffer.isBuffer(data) && !(data instanceof ArrayBuffer);
}
