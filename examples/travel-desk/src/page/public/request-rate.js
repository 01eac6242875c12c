import { plainBars, RATE_SECONDS } from './fields/sparkline.js';
import { patch } from './patch.js';

const AVERAGED = 10;
const SECOND_MS = 1_000;

/**
 * Requests per second, from a count that only grows: on average over some seconds, and as bars, second by second.
 * @param {Element} root
 */
export function requestRate(root) {
  /** @type {number[]} */
  const perSecond = [];
  /** @type {number | undefined} */
  let counted;
  let current = 0;

  setInterval(() => {
    if (counted === undefined) return;
    perSecond.push(Math.max(0, current - counted)); // a new process counts from 0
    counted = current;
    if (perSecond.length > RATE_SECONDS) perSecond.shift();
    const last = perSecond.slice(-AVERAGED);
    const top = Math.max(10, ...perSecond);
    patch(root, {
      rate: (last.reduce((all, one) => all + one, 0) / last.length).toFixed(1),
      bars: plainBars(
        perSecond.map((requests) => requests / top),
        RATE_SECONDS,
      ),
    });
  }, SECOND_MS);

  return (/** @type {number} */ requests) => {
    counted ??= requests;
    current = requests;
  };
}
