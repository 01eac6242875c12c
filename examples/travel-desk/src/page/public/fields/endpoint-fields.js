/** @import { EndpointView } from '../../../monitor/monitor.dto.js' */
import { NOTHING, percent, time } from './format.js';
import { outcomeWord } from './outcome-word.js';
import { bars, sparkText } from './sparkline.js';

/** As many pings as a sparkline shows. */
export const SPARK_PINGS = 30;

/**
 * What the page shows of an endpoint.
 * @param {EndpointView} view
 */
export function endpointFields({ id, url, state, last, uptime, breaker, recent }) {
  const held = breaker !== 'closed';
  return {
    id,
    url,
    href: `/monitor/${encodeURIComponent(id)}`,
    state,
    icon: `#icon-${state}`,
    breaker,
    breakerIcon: `#breaker-${breaker}`,
    /** Where the breaker holds calls back, that is what matters. */
    outcome: last === null ? NOTHING : held ? `breaker ${breaker}` : outcomeWord(last),
    uptime: percent(uptime),
    latency: last === null ? NOTHING : time(last.durationMs),
    up: bars(recent, 'up', SPARK_PINGS),
    degraded: bars(recent, 'degraded', SPARK_PINGS),
    down: bars(recent, 'down', SPARK_PINGS),
    spark: sparkText(recent),
  };
}
