/** @import { AirlineFares, Fare, FareSearchDone, MissingAirline } from '../../fares/fares.dto.js' */
import { budgetBar } from './budget-bar.js';
import { byId } from './dom.js';
import { eventsOf } from './event-stream.js';
import { price } from './fields/format.js';
import { problemOf } from './post.js';
import { sortedList } from './sorted-list.js';

const AGAIN_MS = 3_000;

/**
 * The form, and what it finds.
 * @param {number} searchMs how long a search may take
 * @param {ReturnType<typeof import('./airlines.js').airlines>} airlines
 */
export function fareSearch(searchMs, airlines) {
  const form = /** @type {HTMLFormElement} */ (byId('search'));
  const repeat = /** @type {HTMLInputElement} */ (byId('repeat'));
  const problem = byId('search-error');
  const news = byId('search-news');
  const againNews = byId('again-news');
  const empty = byId('fares-empty');
  const budget = budgetBar(searchMs);

  const fares = sortedList({
    container: byId('fares'),
    template: 'fare',
    keyOf: (/** @type {Fare} */ { flight, departsAt, price: amount }) => `${flight} ${departsAt} ${amount}`,
    fieldsOf: ({ price: amount, airlineName, flight, departsAt, arrivesAt }) => ({
      price: price(amount),
      airlineName,
      flight,
      departs: departsAt.slice(-'09:30'.length),
      arrives: arrivesAt.slice(-'09:30'.length),
    }),
    compare: (one, other) => one.price - other.price || one.departsAt.localeCompare(other.departsAt),
  });
  const missing = sortedList({
    container: byId('missing'),
    template: 'missed',
    keyOf: (/** @type {MissingAirline} */ { airline }) => airline,
    fieldsOf: ({ airlineName, detail }) => ({ airlineName, detail }),
    compare: () => 1,
  });

  /** @type {AbortController | undefined} */
  let current;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let again;

  const listener = {
    fare(/** @type {AirlineFares} */ { airline, detail, durationMs, fares: found }) {
      airlines.settle(airline, { outcome: 'answered', detail, durationMs });
      empty.hidden = true;
      found.forEach(fares.put);
    },
    missing(/** @type {MissingAirline} */ missed) {
      const { airline, reason, detail, durationMs } = missed;
      airlines.settle(airline, { outcome: reason, detail, durationMs });
      missing.put(missed);
    },
    done(/** @type {FareSearchDone} */ { date, answered, asked, fromCache, cheapest, elapsedMs }) {
      budget.stop(elapsedMs);
      const best = cheapest ? `, from ${price(cheapest.price)}` : '';
      const cached = fromCache === 0 ? '' : `, ${fromCache} from the cache`;
      againNews.textContent = news.textContent = `${date}: ${answered} of ${asked} answered${cached}${best}`;
      empty.hidden = cheapest !== null;
      empty.textContent = 'No fares: no airline had one.';
    },
  };

  async function search() {
    clearTimeout(again);
    current?.abort();
    const controller = (current = new AbortController());
    problem.textContent = '';
    let isDone = false;
    try {
      const query = new URLSearchParams(/** @type {any} */ (new FormData(form)));
      const response = await fetch(`/fares/stream?${query}`, { signal: controller.signal });
      if (!response.ok || !response.body) throw new Error(await problemOf(response));
      begin();
      for await (const { type, data } of eventsOf(response.body)) {
        if (type in listener) listener[/** @type {keyof typeof listener} */ (type)](data);
        isDone ||= type === 'done';
      }
      if (!isDone) throw new Error('The search broke off.');
    } catch (error) {
      if (controller.signal.aborted) return;
      news.textContent = 'No search yet';
      againNews.textContent = problem.textContent =
        error instanceof TypeError ? 'The desk cannot be reached.' : /** @type {Error} */ (error).message;
    }
    budget.stop();
    airlines.stop();
    if (repeat.checked) again = setTimeout(() => void search(), AGAIN_MS);
  }

  function begin() {
    fares.replace([]);
    missing.replace([]);
    empty.hidden = false;
    empty.textContent = 'Asking…';
    againNews.textContent = news.textContent = 'Asking all airlines';
    airlines.ask();
    budget.start(airlines.wait);
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void search();
  });
  repeat.addEventListener('change', () => {
    if (repeat.checked) form.requestSubmit();
    else clearTimeout(again);
  });
}
