import type { Clock } from './clock.js';

/** Node's timers have a resolution of 1 ms. */
const RESOLUTION_MS = 1;
/** A garbage collection takes that long, and says nothing of a limit. */
const MIN_NOTABLE_MS = 10;
/** Worth knowing whatever the limit is. */
const MAX_NOTABLE_MS = 100;
const NOTABLE_SHARE = 0.1;

/** Whether a timeout says less of the other side than of this process, whose timer fired so late. */
export function isOwnDelay(delayMs: number): boolean {
  return delayMs >= MAX_NOTABLE_MS;
}

/** Whether a timer was kept waiting by this process, which then has not looked at its sockets either. */
export function isLate(delayMs: number): boolean {
  return delayMs > RESOLUTION_MS;
}

/**
 * What the message of a timeout says where its timer fired so late that this process, rather than the other side, may be why: by 10 % of the
 * limit, but no less than 10 ms, or by 100 ms. Otherwise nothing.
 * @param delayMs how late it fired
 */
export function delayNote(delayMs: number, limitMs: number): string {
  if (delayMs < Math.min(MAX_NOTABLE_MS, Math.max(MIN_NOTABLE_MS, limitMs * NOTABLE_SHARE))) return '';
  return ` (this process's own event loop was blocked for at least ${Math.round(delayMs)} ms, which may be why)`;
}

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
