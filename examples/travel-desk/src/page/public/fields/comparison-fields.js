/** @import { ComparedWay, Comparison } from '../../../comparison/comparison.dto.js' */
import { count, counted, NOTHING, time } from './format.js';

/** @typedef {'P50' | 'Handshakes' | 'ClientCpu' | 'UpstreamCpu' | 'TimeWait'} Figure */

const UNKNOWN = 'unknown';

/** What the page shows before anything was compared. */
export const NO_COMPARISON = {
  ...wayFields('shared', null),
  ...wayFields('perCall', null),
  p50Times: '',
  clientCpuTimes: '',
  upstreamCpuTimes: '',
};

/**
 * What the page shows of a comparison.
 * @param {Comparison} comparison
 */
export const comparisonFields = ({ shared, perCall }) => ({
  ...wayFields('shared', shared),
  ...wayFields('perCall', perCall),
  p50Times: times(shared.p50Ms, perCall.p50Ms),
  clientCpuTimes: times(shared.clientCpuUs, perCall.clientCpuUs),
  upstreamCpuTimes: times(shared.upstreamCpuUs, perCall.upstreamCpuUs),
});

/**
 * The same in a sentence.
 * @param {Comparison} comparison
 */
export const comparisonNews = ({ roundTripMs, calls, bursts, shared, perCall }) =>
  `${counted(calls * bursts, 'call')} each way, round trip ${time(roundTripMs)}: ${time(shared.p50Ms)} a call with one client, ` +
  `${time(perCall.p50Ms)} with one per call; ${counted(shared.handshakes, 'handshake')} against ${count(perCall.handshakes)}.`;

/**
 * @template {'shared' | 'perCall'} Name
 * @param {Name} name
 * @param {ComparedWay | null} way
 */
function wayFields(name, way) {
  return /** @type {Record<`${Name}${Figure}`, string>} */ ({
    [`${name}P50`]: way ? milliseconds(way.p50Ms) : NOTHING,
    [`${name}Handshakes`]: way ? count(way.handshakes) : NOTHING,
    [`${name}ClientCpu`]: way ? microseconds(way.clientCpuUs) : NOTHING,
    [`${name}UpstreamCpu`]: way ? microseconds(way.upstreamCpuUs) : NOTHING,
    [`${name}TimeWait`]: way ? (way.timeWait === null ? UNKNOWN : count(way.timeWait)) : NOTHING,
  });
}

/** @param {number} duration */
const milliseconds = (duration) => (duration < 10 ? `${duration.toFixed(1)}\u00a0ms` : time(duration));

/** @param {number} duration */
const microseconds = (duration) => `${count(duration)}\u00a0µs`;

/**
 * How many times as much.
 * @param {number} one
 * @param {number} other
 */
const times = (one, other) => (one > 0 ? `${(other / one).toFixed(1)}\u00a0×` : '');
