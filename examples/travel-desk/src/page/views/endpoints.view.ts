import type { EndpointView } from '../../monitor/monitor.dto.js';
import { bound } from '../bound.js';
import { type Html, html } from '../html.js';
import { endpointFields } from '../public/fields/endpoint-fields.js';
import { CELL_PINGS, SPARK_HEIGHT, sparkWidth } from '../public/fields/sparkline.js';
import { icon } from './parts.js';

export const endpointsView = (endpoints: readonly EndpointView[]): Html =>
  html`<section class="panel endpoints" aria-labelledby="endpoints-title">
    <header>
      <h2 id="endpoints-title">${endpoints.length} endpoints</h2>
      <p class="sub">
        The last ${CELL_PINGS} pings of each; height: latency, logarithmic, up to 2 s; full and pale: down.
        <a href="#pools-title" class="jump">Skip them</a>
      </p>
    </header>
    <div class="groups" id="endpoints">${byBehaviour(endpoints).map(([name, all]) => group(name, all))}</div>
  </section>`;

/** In the order in which each appears first. */
function byBehaviour(endpoints: readonly EndpointView[]): [string, EndpointView[]][] {
  const groups = new Map<string, EndpointView[]>();
  for (const endpoint of endpoints) {
    const name = endpoint.behaviour ?? 'your own';
    groups.set(name, [...(groups.get(name) ?? []), endpoint]);
  }
  return [...groups];
}

const group = (name: string, endpoints: readonly EndpointView[]): Html =>
  html`<section class="group" aria-label="${name}">
    <h3><span>${name}</span> <small>${endpoints.length}</small></h3>
    <ul>
      ${endpoints.map((endpoint) => html`<li>${cell(endpoint)}</li>`)}
    </ul>
  </section>`;

/** A link, to what the dialog that it opens tells. */
function cell(endpoint: EndpointView): Html {
  const fields = endpointFields(endpoint);
  return bound(
    'a',
    fields,
    { href: 'href', 'data-state': 'state', 'data-breaker': 'breaker' },
    { class: 'cell', 'data-key': endpoint.id },
    html`${bound('span', fields, { text: 'id', title: 'id' }, { class: 'id' })}
      <span class="state">${icon(fields, 'icon')} ${bound('span', fields, { text: 'state' })}</span>
      <span>
        ${bound('span', fields, { text: 'outcome' }, { class: 'outcome' })}
        <span class="countdown" data-countdown="monitor ${endpoint.id}"></span>
      </span>
      ${sparkline(fields, CELL_PINGS)}`,
  );
}

/** Bars for pings, and what they say. */
export const sparkline = (
  fields: { readonly up: string; readonly degraded: string; readonly down: string; readonly spark: string },
  slots: number,
): Html => {
  const bars = { ...fields };
  const path = (state: 'up' | 'degraded' | 'down') => bound('path', bars, { d: state }, { class: state });
  return bound(
    'svg',
    bars,
    { 'aria-label': 'spark' },
    {
      class: 'spark',
      role: 'img',
      viewBox: `0 0 ${sparkWidth(slots)} ${SPARK_HEIGHT}`,
      preserveAspectRatio: 'none',
    },
    html`${path('down')}${path('up')}${path('degraded')}`,
  );
};
