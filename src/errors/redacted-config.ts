import { AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';

const REDACTED = '[redacted]';

/**
 * What an error may show of a call: its method, its address without credentials and query, which headers it had (not
 * their values) and its limits. Bodies, parameters, `auth`, agents and TLS material are left out.
 */
export function redactedConfig(config: InternalAxiosRequestConfig): InternalAxiosRequestConfig {
  const headers = new AxiosHeaders();
  for (const name of Object.keys(config.headers ?? {})) headers.set(name, REDACTED);
  return {
    method: config.method,
    baseURL: withoutSecrets(config.baseURL),
    url: withoutSecrets(config.url),
    timeout: config.timeout,
    responseType: config.responseType,
    headers,
  };
}

function withoutSecrets(url: string | undefined): string | undefined {
  return url?.replace(/[?#].*$/s, '').replace(/^([a-z][a-z\d+.-]*:)?\/\/[^/\\]*@/i, '$1//');
}
