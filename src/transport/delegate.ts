import axios, { type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import type { IncomingMessage } from 'node:http';
import { replaceConfig } from '../errors/replace-config.js';
import type { Call, Handler } from '../layers/layer.js';
import { discard, responseOf } from '../layers/response-of.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { withoutPrototype } from '../prototype-pollution.js';
import { delegatedRedirects } from './delegated-redirects.js';
import { delegatedTimings } from './delegated-timings.js';
import { isReadable, onBodyEnd } from './on-body-end.js';
import { readAhead, yieldUnread } from './read-ahead.js';
import { checkEnvironment } from './proxies.js';
import { isInMemory, requestBody } from './request-body.js';
import { requestHeaders } from './request-headers.js';
import { secretHeaders } from '../redaction/secret-headers.js';
import type { RedirectSettings } from './redirects.js';
import { refusalOf } from './response-headers.js';
import { type SlotSettings, waitForSlot } from './socket-slot.js';

export interface DelegateSettings extends SlotSettings, RedirectSettings {
  readonly pool: Pick<ConnectionPool, 'httpAgent' | 'httpsAgent' | 'slots' | 'silent' | 'maxQueued' | 'closing'>;
  readonly maxResponseBytes: number | false;
}

/**
 * Sends calls with axios's own http adapter, on the pool's sockets and within its limits. A call whose config brings its
 * own agents is sent on those.
 * @param route settings that no call may change
 */
export function delegate(settings: DelegateSettings, route: Partial<InternalAxiosRequestConfig> = {}): Handler {
  const { pool, clock, maxResponseBytes, redirects, rules } = settings;
  const { httpAgent, httpsAgent, slots } = pool;
  const send = axios.getAdapter('http');
  return async (call) => {
    const { config, cancellation, origin } = call;
    const length = isInMemory(config.data) ? requestBody(config)?.length : 'unknown';
    requestHeaders(config.headers, length, config); // for what they refuse
    const { maxRedirects = redirects.max, maxContentLength = -1, responseType } = config;
    const capped = maxContentLength === -1 && maxResponseBytes !== false && responseType !== 'stream';
    const sent = withoutPrototype({
      httpAgent,
      httpsAgent,
      ...config,
      ...route,
      cancelToken: cancellation,
      signal: undefined, // the cancellation follows it
      beforeRedirect: delegatedRedirects(settings, call, route.beforeRedirect ?? config.beforeRedirect),
      sensitiveHeaders: [...secretHeaders(config.headers, config, rules)],
      maxRedirects,
      maxContentLength: capped ? maxResponseBytes : maxContentLength,
    });
    if (sent.proxy === undefined) checkEnvironment();
    const release = usesPool(config) ? () => slots.release(origin) : () => {};
    if (usesPool(config) && !slots.take(origin)) await waitForSlot(origin, call, settings);
    const startedAt = clock.now();
    try {
      const response = await send(sent);
      assertUsable(response, call);
      response.config = config;
      if (isReadable(response.data) && hasAllCome(response)) response.data = readAhead(response.data);
      response.timings = delegatedTimings(response, call, clock, startedAt);
      onBodyEnd(response.data, release);
      return response;
    } catch (error) {
      const response = responseOf(error);
      if (response) yieldUnread(response, origin, slots, () => {}); // its end does
      if (response) response.timings = delegatedTimings(response, call, clock, startedAt);
      onBodyEnd(response?.data, release);
      if (response) assertUsable(response, call);
      replaceConfig(error, [sent], config); // callers get the config they sent, not the agents, which hold TLS keys
      throw error;
    }
  };
}

/** @throws what the native transport refuses such a response with */
function assertUsable(response: AxiosResponse, call: Call): void {
  const { res } = (response.request ?? {}) as { res?: IncomingMessage };
  const refusal = res && refusalOf(res, call);
  if (!refusal) return;
  discard(response);
  throw refusal;
}

/** So that there is nothing for anybody to read, or nothing more to wait for. */
function hasAllCome({ request }: AxiosResponse): boolean {
  return (request as { res?: IncomingMessage } | undefined)?.res?.complete === true;
}

/** Whether it needs a socket of the pool's, rather than of the call's own agents or none. */
function usesPool({ url, httpAgent, httpsAgent, transport }: InternalAxiosRequestConfig): boolean {
  return !httpAgent && !httpsAgent && !transport && !url?.startsWith('data:');
}
