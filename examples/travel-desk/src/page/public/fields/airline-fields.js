/** @import { AirlineView } from '../../../airlines/airlines.dto.js' */
import { counted, time } from './format.js';

/** Outcome → what it is called. */
const OUTCOMES = {
  answered: 'answered',
  deadline: 'too late',
  failed: 'failed',
  refused: 'not asked',
  invalid: 'unreadable',
};

/**
 * What the page shows of an airline.
 * @param {AirlineView} view
 * @param {number} deadlineMs of a search
 * @param {number | null} runningMs how long a search has been waiting for it; null: none is
 */
export function airlineFields({ code, name, temper, mode, breaker, servers, last }, deadlineMs, runningMs = null) {
  const lane = {
    none: { outcome: 'none', word: 'not asked yet', duration: '', detail: '', width: 0 },
    running: {
      outcome: 'running',
      word: 'asking…',
      duration: '',
      detail: '',
      width: share(runningMs ?? 0, deadlineMs),
    },
  };
  return {
    code,
    name,
    temper,
    servers: servers.map(serverWords).join(', '),
    mode,
    modeWord: mode === 'normal' ? '' : mode,
    isBroken: String(mode === 'broken'),
    isSlow: String(mode === 'slow'),
    isNormal: String(mode === 'normal'),
    breaker,
    breakerIcon: `#breaker-${breaker}`,
    ...(runningMs !== null
      ? lane.running
      : last === null
        ? lane.none
        : {
            outcome: last.outcome,
            word: OUTCOMES[last.outcome],
            duration: last.outcome === 'refused' ? '' : time(last.durationMs),
            detail: last.detail,
            width: share(last.durationMs, deadlineMs),
          }),
  };
}

/**
 * A server by its number, and how many requests it got.
 * @param {AirlineView['servers'][number]} server
 * @param {number} index
 */
const serverWords = ({ state, requests }, index) =>
  `server ${index + 1}: ${counted(requests, 'request')}${state === 'ejected' ? ' (left out)' : ''}`;

/**
 * Percent, so much that it can be seen.
 * @param {number} part
 * @param {number} whole
 */
const share = (part, whole) => Math.max(1, Math.min(100, Math.round((1_000 * part) / whole) / 10));
