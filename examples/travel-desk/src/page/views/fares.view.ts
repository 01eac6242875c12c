import { bound } from '../bound.js';
import { type Html, html } from '../html.js';
import { time } from '../public/fields/format.js';
import { template } from './parts.js';

const DAYS_AHEAD = 30;
const DAY_MS = 86_400_000;
const AIRPORTS: readonly [string, string][] = [
  ['AMS', 'Amsterdam'],
  ['BCN', 'Barcelona'],
  ['CPH', 'Copenhagen'],
  ['DUB', 'Dublin'],
  ['LHR', 'London'],
  ['LIS', 'Lisbon'],
  ['MAD', 'Madrid'],
  ['VIE', 'Vienna'],
  ['ZRH', 'Zürich'],
];

const NO_FARE = { price: '', airlineName: '', flight: '', departs: '', arrives: '' };
const NO_MISSING = { airlineName: '', detail: '' };

export function faresView(searchMs: number, today: Date): Html {
  const date = new Date(today.getTime() + DAYS_AHEAD * DAY_MS).toISOString().slice(0, 10);
  return html`<section class="panel fares" aria-labelledby="fares-title">
    <header><h2 id="fares-title">Fare search</h2></header>
    <form action="/fares" id="search">
      <datalist id="airports">
        ${AIRPORTS.map(([code, city]) => html`<option value="${code}">${city}</option>`)}
      </datalist>
      ${airport('from', 'From', 'AMS')} ${airport('to', 'To', 'LIS')}
      <label>Date <input type="date" name="date" value="${date}" required /></label>
      <button type="submit" class="primary">Search</button>
      <label class="check"><input type="checkbox" name="cached" value="false" /> Not from the cache</label>
      <label class="check scripted"><input type="checkbox" id="repeat" /> Again every 3 s</label>
    </form>
    <p class="error" role="alert" id="search-error"></p>
    <div class="budget">
      <svg class="meter" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        <rect id="budget-bar" width="0" height="4" />
      </svg>
      <p class="sub">
        <span id="search-news" role="status">No search yet</span> <span id="budget-text">${time(searchMs)}</span>
      </p>
    </div>
    <ul id="missing" aria-label="Airlines without an answer"></ul>
    <div class="scroll" role="region" aria-label="Fares found" tabindex="0">
      <p class="empty" id="fares-empty">Fares appear here as airlines answer, the cheapest first.</p>
      <ol id="fares"></ol>
    </div>
    ${template(
      'fare',
      html`<li>
        ${bound('b', NO_FARE, { text: 'price' })} ${bound('span', NO_FARE, { text: 'airlineName' })}
        ${bound('span', NO_FARE, { text: 'flight' }, { class: 'flight' })}
        <span class="times"
          >${bound('time', NO_FARE, { text: 'departs' })} → ${bound('time', NO_FARE, { text: 'arrives' })}</span
        >
      </li>`,
    )}
    ${template(
      'missed',
      html`<li>
        ${bound('b', NO_MISSING, { text: 'airlineName' })} ${bound('span', NO_MISSING, { text: 'detail' })}
      </li>`,
    )}
  </section>`;
}

const airport = (name: string, label: string, value: string): Html =>
  html`<label
    >${label}
    <input
      name="${name}"
      value="${value}"
      list="airports"
      required
      maxlength="3"
      pattern="[A-Za-z]{3}"
      title="The code of an airport, as AMS"
      autocomplete="off"
      autocapitalize="characters"
      spellcheck="false"
    />
  </label>`;
