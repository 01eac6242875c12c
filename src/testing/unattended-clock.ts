import type { ManualClock } from './manual-clock.js';
import { clearTimeout, setTimeout } from './real-timers.js';

/** How long a clock stands still, in real milliseconds, until nobody is taken to move it. */
const PATIENCE_MS = 1_000;
const STEP_MS = 1_000;
const REAL_STEP_MS = 10;

/**
 * Has a clock that nobody moves run by itself, from the beginning of an app's close: what the app waits for would never come, and the
 * hook of a test that has failed would hang.
 * @returns ends it
 */
export function attend(clock: ManualClock): () => void {
  let timer: NodeJS.Timeout;
  const later = (step: () => void, ms: number) => {
    timer = setTimeout(step, ms);
    if (clock.pending === 0) timer.unref(); // there is nothing to wait for
  };
  const watch = (seen: number) => later(() => (clock.now() === seen ? run() : watch(clock.now())), PATIENCE_MS);
  const run = () => {
    clock.advance(STEP_MS).catch(() => {}); // it is being moved after all
    later(run, REAL_STEP_MS);
  };
  watch(clock.now());
  return () => clearTimeout(timer);
}
