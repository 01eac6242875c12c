import type { Call } from '../layers/layer.js';
import { HttpClientError } from './http-client.error.js';

/**
 * The client is closed because the app is shutting down: the call was refused, or was still in flight when the drain
 * deadline passed and was aborted.
 */
export class ClientClosedError extends HttpClientError {
  declare readonly code: 'ERR_CLIENT_CLOSED';

  static refused(call: Call): ClientClosedError {
    return new ClientClosedError(
      'ERR_CLIENT_CLOSED',
      `client "${call.clientName}" is closed; make calls before onApplicationShutdown ends`,
      call,
      false,
    );
  }

  static waiting(call: Call): ClientClosedError {
    return new ClientClosedError(
      'ERR_CLIENT_CLOSED',
      `client "${call.clientName}" closed while the call waited for its turn or between two attempts`,
      call,
      call.attempt > 1,
    );
  }

  static aborted(call: Call): ClientClosedError {
    return new ClientClosedError(
      'ERR_CLIENT_CLOSED',
      `aborted in attempt ${call.attempt}: client "${call.clientName}" closed before the response ended; ` +
        'raise shutdown.drainMs if it needs longer',
      call,
      true,
    );
  }
}
