/** @import { BreakerView, ClientView, OriginSockets } from '../../traffic/traffic.dto.js' */
import { airlines } from './airlines.js';
import { announcer } from './announcer.js';
import { breakerCountdowns } from './breaker-countdowns.js';
import { comparison } from './comparison.js';
import { byId, byKey } from './dom.js';
import { endpointDialog } from './endpoint-dialog.js';
import { endpoints } from './endpoints.js';
import { eventLog } from './event-log.js';
import { fareSearch } from './fare-search.js';
import { time } from './fields/format.js';
import { attemptWord } from './fields/outcome-word.js';
import { monitorFields } from './fields/process-fields.js';
import {
  clientFields,
  compareSockets,
  isEmpty,
  socketsFields,
  socketsKey,
  totalsFields,
} from './fields/traffic-fields.js';
import { listenLive } from './live.js';
import { patch } from './patch.js';
import { processPanel } from './process.js';
import { requestRate } from './request-rate.js';
import { sortedList } from './sorted-list.js';
import { themeButton } from './theme-button.js';

/** The client whose news is not for people's ears: it never ends. */
const MONITOR = 'monitor';
const searchMs = Number(document.body.dataset.searchMs);

themeButton(byId('theme'));
const announce = announcer(byId('announcer'));
const log = eventLog();
const dialog = endpointDialog();
const cells = endpoints((id) => void dialog.open(id));
const carriers = airlines(searchMs);
const rate = requestRate(byId('rate'));
const sockets = sortedList({
  container: byId('sockets'),
  template: 'sockets-row',
  keyOf: socketsKey,
  fieldsOf: socketsFields,
  compare: compareSockets,
});
/** Keys of those that are folded away. @type {Set<string>} */
const emptySockets = new Set();
const countdowns = breakerCountdowns();
const clientCards = byKey(byId('clients'));
/** @type {Map<string, ClientView>} */
const clients = new Map();
/** Client and origin → the state that was told last. @type {Map<string, BreakerView['state']>} */
const breakers = new Map();
const desk = processPanel((text) => {
  log.add({ kind: 'process', label: 'The process', text });
  announce(`The process ${text}`);
});

fareSearch(searchMs, carriers);
comparison();

function showTotals() {
  const all = [...clients.values()];
  patch(byId('totals'), totalsFields(all));
  rate(all.reduce((sum, { created, reused }) => sum + created + reused, 0));
}

function showClient(/** @type {ClientView} */ view) {
  clients.set(view.client, view);
  const card = clientCards.get(view.client);
  if (card) patch(card, clientFields(view));
}

/** @param {readonly OriginSockets[]} views */
function countEmpty(views) {
  for (const view of views) {
    if (isEmpty(view)) emptySockets.add(socketsKey(view));
    else emptySockets.delete(socketsKey(view));
  }
  patch(byId('pools-fold'), { empty: emptySockets.size });
}

function noteBreaker(/** @type {BreakerView} */ view) {
  countdowns.put(view);
  const { client, origin, label, state, failures, calls } = view;
  const key = `${client} ${origin}`;
  const before = breakers.get(key) ?? 'closed';
  breakers.set(key, state);
  if (state === before) return;
  const because = state === 'open' && before === 'closed' ? `, after ${failures} failures in ${calls} calls` : '';
  log.add({ kind: `breaker-${state}`, client, label, text: `breaker ${state}${because}` });
  if (client !== MONITOR) announce(`Breaker of ${label} is ${state}`);
}

listenLive(
  {
    snapshot(snapshot) {
      // A process with other settings has another page.
      if (!cells.isAllOf(snapshot.endpoints) || !carriers.isAllOf(snapshot.airlines)) return location.reload();
      desk.process(snapshot.process);
      desk.drain(snapshot.drain);
      patch(byId('monitor'), monitorFields(snapshot.monitor));
      snapshot.endpoints.forEach(cells.put);
      snapshot.airlines.forEach(carriers.put);
      clients.clear();
      snapshot.clients.forEach(showClient);
      showTotals();
      sockets.replace(snapshot.sockets);
      emptySockets.clear();
      countEmpty(snapshot.sockets);
      countdowns.replace(snapshot.breakers, snapshot.at);
      breakers.clear();
      for (const { client, origin, state } of snapshot.breakers) breakers.set(`${client} ${origin}`, state);
    },
    process: desk.process,
    drain: desk.drain,
    monitor: (monitor) => patch(byId('monitor'), monitorFields(monitor)),
    endpoint(view) {
      cells.put(view);
      dialog.refresh(view.id);
    },
    airline: carriers.put,
    client(view) {
      showClient(view);
      showTotals();
    },
    sockets(view) {
      sockets.put(view);
      countEmpty([view]);
    },
    breaker: noteBreaker,
    retry({ at, client, label, attempt, outcome, delayMs }) {
      log.add({
        at,
        kind: 'retry',
        client,
        label,
        text: `attempt ${attempt} failed (${attemptWord(outcome)}); again in ${time(delayMs)}`,
      });
      if (client !== MONITOR) announce(`Retry at ${label}`);
    },
    alert({ at, id, state, status, code }) {
      const text = state === 'down' ? `is down: ${attemptWord(status ?? code ?? '')}` : 'is no longer down';
      log.add({ at, kind: `endpoint-${state}`, client: MONITOR, label: id, text });
    },
  },
  (isLive) => {
    const state = byId('live');
    state.dataset.state = isLive ? 'live' : 'waiting';
    state.textContent = isLive ? 'live' : 'reconnecting…';
    if (!isLive) desk.lost();
  },
);
