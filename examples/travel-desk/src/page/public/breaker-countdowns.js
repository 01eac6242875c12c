/** @import { BreakerView } from '../../traffic/traffic.dto.js' */

const SHOW_EVERY_MS = 250;
const SECOND_MS = 1_000;

/**
 * Seconds until open circuit breakers let a call through, wherever the page has room for them: `data-countdown` names client and label, and
 * `data-before` is what stands before the seconds.
 */
export function breakerCountdowns() {
  /** @type {NodeListOf<HTMLElement>} */
  const places = document.querySelectorAll('[data-countdown]');
  const placeOf = new Map(Array.from(places, (place) => [place.dataset.countdown ?? '', place]));
  /** Those of breakers that are open → when each lets a call through, by the browser's clock. @type {Map<HTMLElement, number>} */
  const running = new Map();
  let clockOffsetMs = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;

  const show = () => {
    for (const [place, endsAt] of running) {
      const seconds = Math.ceil((endsAt - Date.now()) / SECOND_MS);
      if (seconds <= 0) running.delete(place);
      place.textContent = seconds > 0 ? `${place.dataset.before ?? ''}${seconds}\u00a0s` : '';
    }
    if (running.size > 0) timer ??= setInterval(show, SHOW_EVERY_MS);
    else {
      clearInterval(timer);
      timer = undefined;
    }
  };

  const put = (/** @type {BreakerView} */ { client, label, halfOpenAt }) => {
    const place = placeOf.get(`${client} ${label}`);
    if (!place) return;
    if (halfOpenAt === null) {
      running.delete(place);
      place.textContent = '';
    } else running.set(place, Date.parse(halfOpenAt) + clockOffsetMs);
    show();
  };

  return {
    put,
    /**
     * @param {readonly BreakerView[]} all
     * @param {string} at the server's time
     */
    replace(all, at) {
      clockOffsetMs = Date.now() - Date.parse(at);
      for (const place of running.keys()) place.textContent = '';
      running.clear();
      all.forEach(put);
    },
  };
}
