import axios, { type AxiosError, type InternalAxiosRequestConfig } from 'axios';
import type { Clock } from '../clock.js';
import type { Handler } from '../layers/layer.js';
import { responseOf } from '../layers/response-of.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { onBodyEnd } from './on-body-end.js';
import { waitForSlot } from './socket-slot.js';

export interface DelegateSettings {
  readonly pool: Pick<ConnectionPool, 'httpAgent' | 'httpsAgent' | 'slots' | 'maxQueued' | 'closing'>;
  readonly clock: Clock;
  readonly poolWaitMs: number | false;
  readonly maxResponseBytes: number | false;
  readonly redirects: { readonly max: number };
}

/**
 * Sends calls with axios's own http adapter, on the pool's sockets and within its limits. A call whose config brings its
 * own agents is sent on those.
 * @param route settings that no call may change
 */
export function delegate(settings: DelegateSettings, route: Partial<InternalAxiosRequestConfig> = {}): Handler {
  const { pool, maxResponseBytes, redirects } = settings;
  const { httpAgent, httpsAgent, slots } = pool;
  const send = axios.getAdapter('http');
  return async (call) => {
    const { config, cancellation, origin } = call;
    const { maxRedirects = redirects.max, maxContentLength = -1, responseType } = config;
    const capped = maxContentLength === -1 && maxResponseBytes !== false && responseType !== 'stream';
    const sent = {
      httpAgent,
      httpsAgent,
      ...config,
      ...route,
      cancelToken: cancellation,
      maxRedirects,
      maxContentLength: capped ? maxResponseBytes : maxContentLength,
    };
    const release = usesPool(config) ? () => slots.release(origin) : () => {};
    if (usesPool(config) && !slots.take(origin)) await waitForSlot(origin, call, settings);
    try {
      const response = await send(sent);
      response.config = config;
      onBodyEnd(response.data, release);
      return response;
    } catch (error) {
      onBodyEnd(responseOf(error)?.data, release);
      hideSentConfig(error as Partial<AxiosError> | undefined, sent, config);
      throw error;
    }
  };
}

/** Whether it needs a socket of the pool's, rather than of the call's own agents or none. */
function usesPool({ url, httpAgent, httpsAgent, transport }: InternalAxiosRequestConfig): boolean {
  return !httpAgent && !httpsAgent && !transport && !url?.startsWith('data:');
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
