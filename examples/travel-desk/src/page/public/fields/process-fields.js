/** @import { DeskSnapshot } from '../../../desk/desk.dto.js' */
import { count, counted, time } from './format.js';

/** A phase of the process; `ended`: it is gone, which only the browser can tell. */
export const STEPS = /** @type {const} */ (['open', 'draining', 'closing', 'ended']);

/** @param {DeskSnapshot['process']} process */
export const processFields = ({ pid, rssMegabytes, watchers }) => ({
  pid: String(pid),
  memory: `${count(rssMegabytes)}\u00a0MB`,
  watchers: counted(watchers, 'watcher'),
});

/**
 * @param {DeskSnapshot['drain']} drain
 * @param {boolean} [isEnded] whether the process is gone
 */
export function drainFields({ phase, inFlight, elapsedMs, deadlineMs }, isEnded = false) {
  const step = isEnded ? 'ended' : phase;
  const under = `${counted(inFlight, 'call')} in flight`;
  const news = {
    open: under,
    draining: `${under}, ${time(elapsedMs ?? 0)} of ${time(deadlineMs)}`,
    closing: `Drained in ${time(elapsedMs ?? 0)}; streams end`,
    ended: 'The process has ended. Start it again:',
  };
  return {
    step,
    news: news[step],
    isOpen: step === 'open',
    isAlive: step !== 'ended',
    ...Object.fromEntries(STEPS.map((name) => [`at_${name}`, name === step ? 'step' : null])),
  };
}

/** @param {DeskSnapshot['monitor']} monitor */
export const monitorFields = ({ states, intervalMs, ticks, lastTickMs, sharing }) => ({
  up: count(states.up),
  degraded: count(states.degraded),
  down: count(states.down),
  unknown: count(states.unknown),
  round: lastTickMs === null ? `every ${time(intervalMs)}` : `round ${count(ticks)} took ${time(lastTickMs)}`,
  isAlone: sharing === null,
  shared: sharing === null ? '' : sharedText(sharing),
});

/** @param {NonNullable<DeskSnapshot['monitor']['sharing']>} sharing */
const sharedText = ({ replica, replicas, slices, slicesHere, connected }) =>
  connected
    ? `${counted(replicas, 'replica')}; this one, ${replica}, pinged ${count(slicesHere)} of ${counted(slices, 'slice')}`
    : 'Redis does not answer: this is as last known';
