/** @import { EndpointView } from '../../monitor/monitor.dto.js' */
import { byId, byKey } from './dom.js';
import { endpointFields } from './fields/endpoint-fields.js';
import { patch } from './patch.js';

const STEPS = new Map([
  ['ArrowRight', 1],
  ['ArrowLeft', -1],
]);

/**
 * The cells of the endpoints.
 * @param {(id: string) => void} open shows one of them in detail
 */
export function endpoints(open) {
  const grid = byId('endpoints');
  const cells = byKey(grid);
  const all = [...cells.values()];
  const cellOf = (/** @type {Event} */ { target }) =>
    target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest('.cell')) : null;

  grid.addEventListener('click', (event) => {
    const cell = cellOf(event);
    const { ctrlKey, metaKey, shiftKey } = event;
    if (!cell || ctrlKey || metaKey || shiftKey) return; // a link, for who wants it in a tab of its own
    event.preventDefault();
    open(cell.dataset.key ?? '');
  });
  grid.addEventListener('keydown', (event) => {
    const cell = cellOf(event);
    const step = STEPS.get(event.key);
    if (!cell || step === undefined) return;
    all[all.indexOf(cell) + step]?.focus();
    event.preventDefault();
  });

  return {
    /** @param {readonly EndpointView[]} views */
    isAllOf: (views) => views.length === cells.size && views.every(({ id }) => cells.has(id)),
    put: (/** @type {EndpointView} */ view) => {
      const cell = cells.get(view.id);
      if (cell) patch(cell, endpointFields(view));
    },
  };
}
