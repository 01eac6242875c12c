import { byId } from './dom.js';
import { time } from './fields/format.js';

/**
 * The time that a search has, as it runs.
 * @param {number} searchMs
 */
export function budgetBar(searchMs) {
  const bar = byId('budget-bar');
  const text = byId('budget-text');
  let startedAt = 0;
  /** @type {number | undefined} */
  let frame;

  const show = (/** @type {number} */ elapsed) => {
    bar.setAttribute('width', String(Math.min(100, (100 * elapsed) / searchMs)));
    text.textContent = `${time(Math.min(elapsed, searchMs))} of ${time(searchMs)}`;
  };
  const cancel = () => {
    if (frame !== undefined) cancelAnimationFrame(frame);
    frame = undefined;
  };

  return {
    /** @param {(elapsedMs: number) => void} onFrame */
    start(onFrame) {
      cancel();
      startedAt = performance.now();
      const tick = () => {
        const elapsed = performance.now() - startedAt;
        show(elapsed);
        onFrame(elapsed);
        frame = requestAnimationFrame(tick);
      };
      tick();
    },
    /** @param {number} [elapsed] as the desk has measured it */
    stop(elapsed) {
      cancel();
      if (elapsed !== undefined) show(elapsed);
    },
  };
}
