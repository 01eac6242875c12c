/** @import { EndpointDetail, Ping } from '../../monitor/monitor.dto.js' */
import { byId, fromTemplate } from './dom.js';
import { percent, time } from './fields/format.js';
import { DETAIL_PINGS, sparkFields } from './fields/sparkline.js';
import { outcomeWord } from './fields/outcome-word.js';
import { patch } from './patch.js';
import { problemOf, showingErrors } from './post.js';

const ROWS = 10;
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

const clock = (/** @type {string} */ moment) => CLOCK.format(new Date(moment));

/** One endpoint in detail, kept up to date for as long as it is shown. */
export function endpointDialog() {
  const dialog = /** @type {HTMLDialogElement} */ (byId('detail'));
  const error = byId('detail-error');
  /** @type {string | undefined} */
  let shown;

  const load = (/** @type {string} */ id) =>
    showingErrors(error, async () => {
      const response = await fetch(`/monitor/${encodeURIComponent(id)}`).catch(() => {
        throw new Error('The desk cannot be reached.');
      });
      if (!response.ok) throw new Error(await problemOf(response));
      const detail = await response.json();
      if (shown === id) show(dialog, detail);
    });

  dialog.addEventListener('close', () => {
    shown = undefined;
  });

  return {
    /** @param {string} id */
    async open(id) {
      shown = id;
      await load(id);
      if (!dialog.open) dialog.showModal();
    },
    /**
     * There is news of one.
     * @param {string} id
     */
    refresh(id) {
      if (id === shown) void load(id);
    },
  };
}

/**
 * @param {Element} dialog
 * @param {EndpointDetail} detail
 */
function show(dialog, { id, url, state, since, breaker, uptime, history }) {
  patch(dialog, {
    id,
    url,
    state,
    icon: `#icon-${state}`,
    since: since === null ? '' : `since ${clock(since)}`,
    breaker,
    breakerIcon: `#breaker-${breaker}`,
    uptime: percent(uptime),
    ...sparkFields(history, DETAIL_PINGS),
  });
  byId('pings').replaceChildren(...history.slice(-ROWS).toReversed().map(row));
}

/** @param {Ping} ping */
function row(ping) {
  const element = fromTemplate('ping');
  const { at, state, status, code, attempts, durationMs } = ping;
  patch(element, {
    at: clock(at),
    state,
    icon: `#icon-${state}`,
    outcome: code === null ? String(status) : outcomeWord(ping),
    duration: time(durationMs),
    attempts: String(attempts),
  });
  return element;
}
