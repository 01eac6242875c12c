import type { Clock } from '../clock.js';
import { PoolQueueFullError } from '../errors/pool-queue-full.error.js';
import { PoolTimeoutError } from '../errors/timeout.errors.js';
import type { Call } from '../layers/layer.js';
import type { ConnectionPool } from '../pool/connection-pool.js';

export interface SlotSettings {
  readonly pool: Pick<ConnectionPool, 'slots' | 'maxQueued'>;
  readonly clock: Clock;
  /** How long to wait, in milliseconds; false: no limit. */
  readonly poolWaitMs: number | false;
}

/**
 * Waits until a slot of this origin is the call's, where `pool.slots.take` had none.
 * @throws PoolQueueFullError, PoolTimeoutError, or what the call is cancelled with
 */
export function waitForSlot(origin: string, call: Call, { pool, clock, poolWaitMs }: SlotSettings): Promise<void> {
  const { cancellation } = call;
  return new Promise((resolve, reject) => {
    const stop = () => {
      clock.clearTimeout(timer);
      cancellation.unsubscribe(giveUp);
    };
    const leaveQueue = pool.slots.queue(origin, () => {
      stop();
      resolve(); // by then Node, which needs a tick for it, has given the socket that was in the slot back to its agent
    });
    if (!leaveQueue) {
      reject(new PoolQueueFullError(call, pool.maxQueued));
      return;
    }
    const giveUp = (reason: unknown) => {
      stop();
      leaveQueue();
      reject(reason);
    };
    const expire = () => giveUp(new PoolTimeoutError(call, poolWaitMs as number, pool.slots.isFull(origin)));
    const timer = poolWaitMs === false ? undefined : clock.setTimeout(expire, poolWaitMs);
    cancellation.subscribe(giveUp);
  });
}
