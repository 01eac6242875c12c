/** @import { ClientView, OriginSockets } from '../../../traffic/traffic.dto.js' */
import { count, counted, NOTHING, percent } from './format.js';

/**
 * What the page shows of the sockets to one origin.
 * @param {OriginSockets} sockets
 */
export const socketsFields = ({ client, origin, label, active, idle, queued, created, reused, reuseRatio }) => ({
  key: socketsKey({ client, origin }),
  client,
  origin,
  label,
  active: count(active),
  idle: count(idle),
  queued: count(queued),
  created: count(created),
  reused: count(reused),
  isBusy: String(active + queued > 0),
  isEmpty: String(isEmpty({ active, idle, queued })),
  ratio: percent(reuseRatio),
  ratioWidth: Math.round((reuseRatio ?? 0) * 100),
});

/**
 * Whether no socket is open, and none is waited for.
 * @param {Pick<OriginSockets, 'active' | 'idle' | 'queued'>} sockets
 */
export const isEmpty = ({ active, idle, queued }) => active + idle + queued === 0;

/** @param {Pick<OriginSockets, 'client' | 'origin'>} sockets */
export const socketsKey = ({ client, origin }) => `${client} ${origin}`;

/**
 * By client, then by name: `slow-2` before `slow-10`.
 * @param {Pick<OriginSockets, 'client' | 'label'>} one
 * @param {Pick<OriginSockets, 'client' | 'label'>} other
 */
export const compareSockets = (one, other) =>
  one.client.localeCompare(other.client, 'en') || one.label.localeCompare(other.label, 'en', { numeric: true });

/**
 * What the page shows of a client.
 * @param {ClientView} view
 */
export function clientFields({ client, state, inFlight, open, maxSockets, queued, retries, reuseRatio }) {
  return {
    client,
    state,
    inFlight: count(inFlight),
    open: count(open),
    cap: maxSockets === null ? 'no limit' : `of ${count(maxSockets)}`,
    openWidth: maxSockets === null ? 0 : Math.min(100, Math.round((100 * open) / maxSockets)),
    queued: count(queued),
    retries: count(retries),
    ratio: percent(reuseRatio),
  };
}

/**
 * All clients together.
 * @param {readonly ClientView[]} clients
 */
export function totalsFields(clients) {
  const sum = (/** @type {(client: ClientView) => number} */ of) => clients.reduce((all, one) => all + of(one), 0);
  const reused = sum((client) => client.reused);
  const requests = reused + sum((client) => client.created);
  const hits = sum(({ cache }) => cache?.hits ?? 0);
  const cached = sum(({ cache }) => cache?.calls ?? 0);
  const isLimited = clients.every(({ maxSockets }) => maxSockets !== null);
  return {
    open: count(sum((client) => client.open)),
    cap: isLimited ? `of ${count(sum(({ maxSockets }) => maxSockets ?? 0))} allowed` : 'no limit',
    ratio: requests === 0 ? NOTHING : percent(reused / requests),
    requests: counted(requests, 'request'),
    retries: count(sum((client) => client.retries)),
    hitRatio: cached === 0 ? NOTHING : percent(hits / cached),
    cached: counted(cached, 'call'),
  };
}
