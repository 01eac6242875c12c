import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { rejectNextTurn } from '../base/turns.js';
import { createCall } from '../call/call.js';
import { TRANSPORT_NAME } from '../options/defaults.js';
import type { TransportOptions } from '../options/http-client-options.js';
import { resolveTransportOptions } from '../options/resolve-options.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { DrainReport } from '../pool/drain.js';
import { openPool, resolvePlatform } from './platform.js';
import { ClientStack, stackContext } from './stack.js';

/** An axios adapter with sockets of its own. */
export interface Transport {
  /** Sends one request, as axios calls an adapter. */
  (config: InternalAxiosRequestConfig): Promise<AxiosResponse>;
  /** Its sockets. */
  readonly pool: ConnectionPool;
  /**
   * Refuses calls from now on with `ClientClosedError`, waits for those in flight at most `shutdown.drainMs`, aborts what
   * is left and closes every socket. Safe to call again.
   */
  close(): Promise<DrainReport>;
}

/**
 * The transport by itself, without Nest: `axios.create({ adapter: createTransport() })`.
 *
 * Left to its defaults it behaves as axios's own adapter does: no time limits but the call's `timeout`, no size limits,
 * 21 redirects, also from https to http.
 * @throws InvalidOptionsError that lists every wrong option
 */
export function createTransport(options: TransportOptions = {}): Transport {
  const resolved = resolveTransportOptions(options);
  const platform = resolvePlatform();
  const pool = openPool(resolved, resolved.shutdown.drainMs, { platform });
  const { handle } = new ClientStack(resolved, stackContext(pool, { platform }));
  const adapter = (config: InternalAxiosRequestConfig) => {
    try {
      return handle(createCall(config, TRANSPORT_NAME, platform.clock));
    } catch (error) {
      return rejectNextTurn(error);
    }
  };
  return Object.assign(adapter, { pool, close: () => pool.close() });
}
