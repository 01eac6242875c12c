import { AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import { redactToAddress } from '../redaction/redact-url.js';
import { REDACTED } from '../redaction/redaction-rules.js';

/**
 * What an error may show of a call: its method, its address without credentials and query, which headers it had (not
 * their values) and its limits. Bodies, parameters, `auth`, agents and TLS material are left out.
 */
export function redactedConfig(config: InternalAxiosRequestConfig): InternalAxiosRequestConfig {
  const headers = new AxiosHeaders();
  for (const name of Object.keys(config.headers ?? {})) headers.set(name, REDACTED);
  return {
    method: config.method,
    baseURL: shown(config.baseURL),
    url: shown(config.url),
    timeout: config.timeout,
    responseType: config.responseType,
    headers,
  };
}

function shown(url: string | undefined): string | undefined {
  if (typeof url !== 'string') return undefined;
  return url.startsWith('data:') ? 'data:' : redactToAddress(url);
}
