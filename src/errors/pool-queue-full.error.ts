import type { Call } from '../layers/layer.js';
import { HttpClientError } from './http-client.error.js';

/** As many calls as may wait for a socket to this origin already do; this one was refused at once. */
export class PoolQueueFullError extends HttpClientError {
  declare readonly code: 'ERR_POOL_QUEUE_FULL';

  constructor(call: Call, maxQueued: number) {
    super(
      'ERR_POOL_QUEUE_FULL',
      `${maxQueued} calls wait for a socket already; raise pool.maxSockets or pool.maxQueued`,
      call,
      call.attempt > 1,
    );
  }
}
