import type { Clock } from '../base/clock.js';
import { timeLimit } from '../base/time-limit.js';
import type { Call } from '../call/call.js';
import type { OutcomeContext } from '../call/outcome.js';
import { queued, whileWaiting } from '../call/waiting.js';
import { PoolQueueFullError } from '../errors/refusal.errors.js';
import { PoolTimeoutError } from '../errors/timeout.errors.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { leave, type Opened } from './redirects.js';

export interface SlotSettings extends OutcomeContext {
  readonly pool: Pick<ConnectionPool, 'slots' | 'silent' | 'maxQueued' | 'closing'>;
  /** How long to wait, in milliseconds; false: no limit. */
  readonly poolWaitMs: number | false;
}

/**
 * Waits for a slot, where `pool.slots.take` had none. A redirect that led here gives up its own slot first, which may be the very one that is waited for.
 * @throws what `waitForSlot` throws
 */
export async function slotAfter(
  redirect: Opened | undefined,
  origin: string,
  call: Call,
  settings: SlotSettings,
): Promise<void> {
  if (redirect) {
    await leave(redirect);
    if (settings.pool.slots.take(origin)) return;
  }
  await waitForSlot(origin, call, settings);
}

/**
 * Waits until a slot of this origin is the call's, where `pool.slots.take` had none.
 * @throws PoolQueueFullError, PoolTimeoutError, ClientClosedError, or what the call is cancelled with
 */
export function waitForSlot(origin: string, call: Call, settings: SlotSettings): Promise<void> {
  return queued('pool', slot(origin, call, settings), call, settings);
}

function slot(origin: string, call: Call, { pool, clock, poolWaitMs }: SlotSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    const leaveQueue = pool.slots.queue(origin, () => {
      endLimit?.();
      endWatch?.();
      stop();
      resolve(); // by then Node, which needs a tick for it, has given the socket that was in the slot back to its agent
    });
    if (!leaveQueue) {
      reject(new PoolQueueFullError(call, pool.maxQueued));
      return;
    }
    const giveUp = (reason: unknown) => {
      endLimit?.();
      endWatch?.();
      leaveQueue();
      reject(reason);
    };
    const expire = (delayMs: number) => {
      stop();
      giveUp(new PoolTimeoutError(call, poolWaitMs as number, pool.slots.isFull(origin), delayMs));
    };
    const endLimit = poolWaitMs === false ? undefined : timeLimit(clock, poolWaitMs, expire);
    const endWatch = poolWaitMs === false ? undefined : claimFirst(origin, poolWaitMs, pool, clock);
    const stop = whileWaiting(call, pool.closing, giveUp);
  });
}

/** How often a claim is looked after within the time that a call may wait. */
const LOOKS_PER_WAIT = 16;

/**
 * Where an origin has no slot after half of the time that a call waits, somebody who has been silent for as long gives way: one for each origin
 * whose turn comes before.
 * @returns ends the claim
 */
function claimFirst(
  origin: string,
  poolWaitMs: number,
  { slots, silent }: SlotSettings['pool'],
  clock: Clock,
): (() => void) | undefined {
  if (slots.isFull(origin)) return undefined; // it waits for its own
  const silentMs = poolWaitMs / 2;
  const everyMs = poolWaitMs / LOOKS_PER_WAIT;
  const dueAt = clock.now() + silentMs;
  let endTurn: () => void;
  const look = () => {
    if (!slots.isTaken(origin)) {
      silent.look(everyMs / 2);
      if (clock.now() >= dueAt) silent.cut(slots.waitingForFirst(origin), silentMs);
    }
    endTurn = timeLimit(clock, everyMs, look);
  };
  look();
  return () => endTurn();
}
