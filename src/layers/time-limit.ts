import type { Clock } from '../clock.js';
import { isLate } from '../policies/event-loop-delay.js';

/**
 * Limits a wait. Where its timer fires late because the event loop was blocked, sockets are read once before the limit counts: what is
 * waited for may have come in time, and Node fires timers before it looks.
 * @param over called once, with how late the timer fired, in milliseconds
 * @returns ends the limit
 */
export function timeLimit(clock: Clock, ms: number, over: (delayMs: number) => void): () => void {
  const dueAt = clock.now() + ms;
  let lastLook: NodeJS.Immediate | undefined;
  const timer = clock.setTimeout(() => {
    const delayMs = Math.max(0, clock.now() - dueAt);
    if (isLate(delayMs)) lastLook = setImmediate(over, delayMs);
    else over(delayMs);
  }, ms);
  return () => {
    clock.clearTimeout(timer);
    if (lastLook) clearImmediate(lastLook);
  };
}
