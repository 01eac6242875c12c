import type { AxiosResponse } from 'axios';
import { ClientClosedError } from '../errors/client-closed.error.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { Lease } from '../pool/in-flight.js';
import { onBodyEnd } from '../transport/on-body-end.js';
import type { Layer } from './layer.js';

/**
 * Refuses calls to a closed pool, and counts the others in flight until their body has ended.
 * @throws ClientClosedError at once when the pool is closed, later when it closes before the body has ended
 */
export function admission(pool: ConnectionPool): Layer {
  return (next) => async (call) => {
    const lease = pool.admit(() => call.cancellation.cancel(ClientClosedError.aborted(call)));
    if (!lease) throw ClientClosedError.refused(call);
    try {
      const response = await next(call);
      releaseWith(response, lease);
      return response;
    } catch (error) {
      // A refused status (validateStatus) carries its response, and with responseType 'stream' an unread body.
      releaseWith((error as { response?: AxiosResponse }).response, lease);
      throw error;
    }
  };
}

function releaseWith(response: AxiosResponse | undefined, lease: Lease): void {
  onBodyEnd(response?.data, () => lease.release());
}
