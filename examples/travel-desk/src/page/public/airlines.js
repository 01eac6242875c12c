/** @import { AirlineView, LastAnswer } from '../../airlines/airlines.dto.js' */
import { byId, byKey } from './dom.js';
import { airlineFields } from './fields/airline-fields.js';
import { patch } from './patch.js';
import { post, showingErrors } from './post.js';

/**
 * The list of airlines, and its buttons.
 * @param {number} searchMs how long a search may take
 */
export function airlines(searchMs) {
  const list = byId('airlines');
  const rows = byKey(list);
  /** @type {Map<string, AirlineView>} */
  const views = new Map();
  /** Codes of those that a search of this page waits for. @type {Set<string>} */
  const awaited = new Set();

  const show = (/** @type {AirlineView} */ view, /** @type {number | null} */ runningMs = null) => {
    const row = rows.get(view.code);
    if (row) patch(row, airlineFields(view, searchMs, runningMs));
  };
  const put = (/** @type {AirlineView} */ view) => {
    views.set(view.code, view);
    if (!awaited.has(view.code)) show(view);
  };

  list.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('button') : null;
    const row = button?.closest('li');
    const error = row?.querySelector('.error');
    if (!button || !row || !error) return;
    const { action = '' } = button.dataset;
    void showingErrors(error, () => post(`/desk/airlines/${encodeURIComponent(row.dataset.key ?? '')}/${action}`));
  });

  return {
    /** @param {readonly AirlineView[]} all */
    isAllOf: (all) => all.length === rows.size && all.every(({ code }) => rows.has(code)),
    put,
    /** A search asks all of them. */
    ask: () => {
      for (const code of views.keys()) awaited.add(code);
    },
    /** Still asking. */
    wait: (/** @type {number} */ elapsedMs) => {
      for (const code of awaited) show(/** @type {AirlineView} */ (views.get(code)), elapsedMs);
    },
    /** The search knows about one. */
    settle: (/** @type {string} */ code, /** @type {Omit<LastAnswer, 'at'>} */ answer) => {
      awaited.delete(code);
      const view = views.get(code);
      if (view) put({ ...view, last: { at: new Date().toISOString(), ...answer } });
    },
    /** The search is over, whatever it knows. */
    stop: () => {
      awaited.clear();
      for (const view of views.values()) show(view);
    },
  };
}
