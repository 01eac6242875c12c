/** @import { EndpointView } from '../../../monitor/monitor.dto.js' */
import { NOTHING } from './format.js';
import { outcomeWord } from './outcome-word.js';
import { CELL_PINGS, sparkFields } from './sparkline.js';

/**
 * What the page shows of an endpoint.
 * @param {EndpointView} view
 */
export function endpointFields({ id, state, last, breaker, recent }) {
  const held = breaker !== 'closed';
  return {
    id,
    href: `/monitor/${encodeURIComponent(id)}`,
    state,
    icon: `#icon-${state}`,
    breaker,
    /** Where the breaker holds calls back, that is what matters. */
    outcome: last === null ? NOTHING : held ? `breaker ${breaker}` : outcomeWord(last),
    ...sparkFields(recent, CELL_PINGS),
  };
}
