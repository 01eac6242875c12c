import type { AirlineView } from '../../airlines/airlines.dto.js';
import { bound } from '../bound.js';
import { type Html, html } from '../html.js';
import { airlineFields } from '../public/fields/airline-fields.js';
import { time } from '../public/fields/format.js';
import { icon, meter } from './parts.js';

export const airlinesView = (airlines: readonly AirlineView[], searchMs: number): Html =>
  html`<section class="panel airlines" aria-labelledby="airlines-title">
    <header>
      <h2 id="airlines-title">Airlines</h2>
      <p class="sub">A search asks all of them at once, for ${time(searchMs)} in all; each has a circuit breaker.</p>
    </header>
    <ul id="airlines">
      ${airlines.map((airline) => row(airline, searchMs))}
    </ul>
    <p class="again scripted">
      <button type="submit" form="search" class="primary">Ask all airlines</button>
      <span class="sub" id="again-news"></span>
    </p>
  </section>`;

function row(airline: AirlineView, searchMs: number): Html {
  const fields = airlineFields(airline, searchMs);
  return bound(
    'li',
    fields,
    { 'data-mode': 'mode', 'data-breaker': 'breaker', 'data-outcome': 'outcome' },
    { 'data-key': airline.code },
    html`<div class="who">
        ${bound('span', fields, { text: 'code' }, { class: 'code', 'aria-hidden': 'true' })}
        <div>
          <h3>${bound('span', fields, { text: 'name' })} ${bound('em', fields, { text: 'modeWord' })}</h3>
          ${bound('p', fields, { text: 'temper' }, { class: 'sub' })}
          ${bound('p', fields, { text: 'servers' }, { class: 'sub servers' })}
        </div>
      </div>
      <p class="breaker">
        ${icon(fields, 'breakerIcon')}
        <span>
          <span class="unseen">Breaker: </span>${bound('b', fields, { text: 'breaker' })}
          <span class="countdown" data-countdown="airlines ${airline.name}" data-before="half-open in "></span>
        </span>
      </p>
      <div class="lane">
        ${meter(fields, 'width')}
        <p>
          <span class="unseen">Last search: </span>${bound('b', fields, { text: 'word' })}
          ${bound('span', fields, { text: 'duration' }, { class: 'duration' })}
          ${bound('span', fields, { text: 'detail' }, { class: 'detail' })}
        </p>
      </div>
      <div class="actions scripted" role="group" aria-label="${airline.name}">
        ${action(fields, 'break', 'Break', 'isBroken')} ${action(fields, 'slow', 'Slow', 'isSlow')}
        ${action(fields, 'restore', 'Restore', 'isNormal')}
      </div>
      <p class="error" role="alert"></p>`,
  );
}

const action = (
  fields: ReturnType<typeof airlineFields>,
  name: string,
  word: string,
  pressed: 'isBroken' | 'isSlow' | 'isNormal',
): Html => bound('button', fields, { 'aria-pressed': pressed }, { type: 'button', 'data-action': name }, html`${word}`);
