/** @import { EndpointState, RecentPing } from '../../../monitor/monitor.dto.js' */
import { counted, time } from './format.js';

/** The size of the drawing: it is stretched to whatever room it has. */
export const SPARK_HEIGHT = 20;
/** As many pings as the cell of an endpoint shows, and as its details do. */
export const CELL_PINGS = 30;
export const DETAIL_PINGS = 60;
/** As many seconds as the rate of requests is shown for. */
export const RATE_SECONDS = 60;

const SLOT = 4;
const GAP = 1;

/** One scale for all, so that endpoints can be compared: logarithmic, 1 ms to 2 s. */
const TOP_MS = 2_000;

/** @param {number} slots */
export const sparkWidth = (slots) => slots * SLOT;

/**
 * A bar for each ping, the newest at the right, as the data of an SVG path for each state; and what they say in words.
 * @param {readonly RecentPing[]} pings the newest last
 * @param {number} slots for so many pings there is room
 */
export const sparkFields = (pings, slots) => ({
  up: barsOf(pings, 'up', slots),
  degraded: barsOf(pings, 'degraded', slots),
  down: barsOf(pings, 'down', slots),
  spark: inWords(pings),
});

/**
 * Bars of anything, the last at the right.
 * @param {readonly number[]} levels each from 0 to 1
 * @param {number} slots
 */
export const plainBars = (levels, slots) =>
  levels.map((height, index) => (height > 0 ? bar(slots - levels.length + index, height) : '')).join('');

/**
 * @param {readonly RecentPing[]} pings
 * @param {EndpointState} state
 * @param {number} slots
 */
function barsOf(pings, state, slots) {
  const shown = pings.slice(-slots);
  return shown
    .map((ping, index) =>
      ping.state === state ? bar(slots - shown.length + index, state === 'down' ? 1 : level(ping.durationMs)) : '',
    )
    .join('');
}

/** @param {readonly RecentPing[]} pings */
function inWords(pings) {
  if (pings.length === 0) return 'No pings yet';
  const answered = pings.filter(({ state }) => state !== 'down').map(({ durationMs }) => durationMs);
  const downs = pings.length - answered.length;
  return [
    `Last ${counted(pings.length, 'ping')}`,
    answered.length > 0 && `${time(Math.min(...answered))} to ${time(Math.max(...answered))}`,
    downs > 0 && `${downs} down`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** @param {number} duration */
const level = (duration) => Math.min(1, Math.log1p(duration) / Math.log1p(TOP_MS));

/**
 * @param {number} slot
 * @param {number} height from 0 to 1
 */
function bar(slot, height) {
  const top = SPARK_HEIGHT - Math.max(1, Math.round(height * SPARK_HEIGHT));
  return `M${slot * SLOT} ${SPARK_HEIGHT}V${top}h${SLOT - GAP}V${SPARK_HEIGHT}z`;
}
