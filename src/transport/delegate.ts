import axios, { type AxiosError, type InternalAxiosRequestConfig } from 'axios';
import type { Handler } from '../layers/layer.js';
import type { ConnectionPool } from '../pool/connection-pool.js';

export interface DelegateSettings {
  readonly pool: Pick<ConnectionPool, 'httpAgent' | 'httpsAgent'>;
  readonly maxResponseBytes: number | false;
  readonly redirects: { readonly max: number };
}

/**
 * Sends calls with axios's own http adapter, on the pool's sockets and within its limits. A call whose config brings its
 * own agents is sent on those.
 */
export function delegate({ pool, maxResponseBytes, redirects }: DelegateSettings): Handler {
  const { httpAgent, httpsAgent } = pool;
  const send = axios.getAdapter('http');
  return async ({ config, cancellation }) => {
    const { maxRedirects = redirects.max, maxContentLength = -1, responseType } = config;
    const capped = maxContentLength === -1 && maxResponseBytes !== false && responseType !== 'stream';
    const sent = {
      httpAgent,
      httpsAgent,
      ...config,
      cancelToken: cancellation,
      maxRedirects,
      maxContentLength: capped ? maxResponseBytes : maxContentLength,
    };
    try {
      const response = await send(sent);
      response.config = config;
      return response;
    } catch (error) {
      hideSentConfig(error as Partial<AxiosError> | undefined, sent, config);
      throw error;
    }
  };
}

/** Callers get the config they sent back, not the agents: those hold TLS keys, and errors get printed. */
function hideSentConfig(
  error: Partial<AxiosError> | undefined,
  sent: InternalAxiosRequestConfig,
  config: InternalAxiosRequestConfig,
): void {
  if (error?.config === sent) error.config = config;
  if (error?.response?.config === sent) error.response.config = config;
}
