import type { DeskSnapshot } from '../../desk/desk.dto.js';
import { bound } from '../bound.js';
import { type Html, html } from '../html.js';
import { drainFields, monitorFields, processFields, STEPS } from '../public/fields/process-fields.js';
import { RATE_SECONDS, SPARK_HEIGHT, sparkWidth } from '../public/fields/sparkline.js';
import { totalsFields } from '../public/fields/traffic-fields.js';

/** The strip below the head: the process, and everything in a number. */
export function totalsView({ process, drain, monitor, clients }: DeskSnapshot): Html {
  const totals = totalsFields(clients);
  const states = monitorFields(monitor);
  return html`<section class="totals" aria-label="The process and its totals">
    ${processView(process, drain)}
    <dl id="monitor">
      <dt>Endpoints</dt>
      <dd class="states">${state(states, 'up')} ${state(states, 'degraded')} ${state(states, 'down')}</dd>
      ${bound('dd', states, { text: 'round' }, { class: 'sub' })}
      ${bound('dd', states, { text: 'shared', hidden: 'isAlone' }, { class: 'sub', id: 'shared' })}
    </dl>
    <dl class="numbers" id="totals">
      <div>
        <dt>Open sockets</dt>
        ${bound('dd', totals, { text: 'open' })} ${bound('dd', totals, { text: 'cap' }, { class: 'sub' })}
      </div>
      <div>
        <dt>Reuse ratio</dt>
        ${bound('dd', totals, { text: 'ratio' })}
        <dd class="sub">of ${bound('span', totals, { text: 'requests' })}</dd>
      </div>
      <div>
        <dt>Retries</dt>
        ${bound('dd', totals, { text: 'retries' })}
        <dd class="sub">since the start</dd>
      </div>
      <div>
        <dt>Cache hits</dt>
        ${bound('dd', totals, { text: 'hitRatio' }, { id: 'hit-ratio' })}
        <dd class="sub">of ${bound('span', totals, { text: 'cached' })}</dd>
      </div>
    </dl>
    <dl id="rate">
      <dt>Requests per second</dt>
      ${bound('dd', { rate: '–' }, { text: 'rate' })}
      <dd class="sub">
        <svg
          class="spark"
          viewBox="0 0 ${sparkWidth(RATE_SECONDS)} ${SPARK_HEIGHT}"
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          ${bound('path', { bars: '' }, { d: 'bars' })}
        </svg>
        <span class="unseen">on average over 10 seconds</span>
      </dd>
    </dl>
  </section>`;
}

const state = (fields: ReturnType<typeof monitorFields>, name: 'up' | 'degraded' | 'down'): Html =>
  html`<span data-state="${name}"
    ><svg class="icon" aria-hidden="true"><use href="#icon-${name}" /></svg> ${bound('b', fields, { text: name })}
    ${name}</span
  >`;

function processView(process: DeskSnapshot['process'], drain: DeskSnapshot['drain']): Html {
  const facts = processFields(process);
  const fields = { at_open: null, at_draining: null, at_closing: null, at_ended: null, ...drainFields(drain) };
  return html`<div class="process">
    <div class="process-head">
      <h2 id="process">
        Process ${bound('span', facts, { text: 'pid' })}
        <small>${bound('span', facts, { text: 'memory' })}, ${bound('span', facts, { text: 'watchers' })}</small>
      </h2>
      <button type="button" class="danger scripted" id="drain-open">Drain…</button>
    </div>
    <div id="drain">
      <ol class="steps" aria-label="Phases">
        ${STEPS.map((step) => bound('li', fields, { 'aria-current': `at_${step}` }, {}, html`${step}`))}
      </ol>
      <p class="sub">
        ${bound('span', fields, { text: 'news' })}${bound('code', fields, { hidden: 'isAlive' }, {}, html`npm start`)}
      </p>
    </div>
    <p class="error" role="alert" id="drain-error"></p>
  </div>`;
}
