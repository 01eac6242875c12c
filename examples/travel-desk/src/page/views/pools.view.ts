import type { DeskSnapshot } from '../../desk/desk.dto.js';
import type { ClientView, OriginSockets } from '../../traffic/traffic.dto.js';
import { bound, type Fields } from '../bound.js';
import { type Html, html } from '../html.js';
import { clientFields, compareSockets, isEmpty, socketsFields } from '../public/fields/traffic-fields.js';
import { meter, template } from './parts.js';

const NOTHING: OriginSockets = {
  client: '',
  origin: '',
  label: '',
  active: 0,
  idle: 0,
  queued: 0,
  created: 0,
  reused: 0,
  closed: 0,
  timedOut: 0,
  errors: 0,
  reuseRatio: null,
};

export const poolsView = ({ clients, sockets }: DeskSnapshot): Html =>
  html`<section class="panel pools" aria-labelledby="pools-title">
    <header>
      <h2 id="pools-title" tabindex="-1">Pools</h2>
      <p class="sub">A pool of sockets for each client; what they do, origin by origin.</p>
      <label class="check" id="pools-fold"
        ><input type="checkbox" id="pools-empty" />
        <span
          >The ${bound('span', { empty: sockets.filter(isEmpty).length }, { text: 'empty' })} without sockets, too</span
        ></label
      >
    </header>
    <ul class="clients" id="clients">
      ${clients.map(clientView)}
    </ul>
    <div class="scroll" role="region" aria-label="Sockets by origin" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">Origin</th>
            <th scope="col">Active</th>
            <th scope="col">Idle</th>
            <th scope="col">Queued</th>
            <th scope="col" class="wide">Opened</th>
            <th scope="col" class="wide">Reused</th>
            <th scope="col">Reuse ratio</th>
          </tr>
        </thead>
        <tbody id="sockets">
          ${sockets.toSorted(compareSockets).map(socketsView)}
        </tbody>
      </table>
    </div>
    ${template('sockets-row', socketsView(NOTHING))}
  </section>`;

function clientView(view: ClientView): Html {
  const fields = clientFields(view);
  const fact = (label: string, name: keyof typeof fields): Html =>
    html`<div>
      <dt>${label}</dt>
      ${bound('dd', fields, { text: name })}
    </div>`;
  return bound(
    'li',
    fields,
    { 'data-state': 'state' },
    { 'data-key': view.client },
    html`<h3>
        ${bound('span', fields, { text: 'client' })} <small>${bound('span', fields, { text: 'state' })}</small>
      </h3>
      <p class="open">
        ${bound('b', fields, { text: 'open' })}
        <span class="sub">${bound('span', fields, { text: 'cap' })} sockets</span>
      </p>
      ${meter(fields, 'openWidth')}
      <dl>
        ${fact('in flight', 'inFlight')} ${fact('queued', 'queued')} ${fact('retries', 'retries')}
        ${fact('reuse', 'ratio')}
      </dl>`,
  );
}

function socketsView(sockets: OriginSockets): Html {
  const fields = socketsFields(sockets);
  const cell = (name: keyof typeof fields, attributes?: Fields) => bound('td', fields, { text: name }, attributes);
  return bound(
    'tr',
    fields,
    { 'data-key': 'key', 'data-busy': 'isBusy', 'data-empty': 'isEmpty' },
    {},
    html`<th scope="row">
        ${bound('span', fields, { text: 'label', title: 'origin' })} ${bound('small', fields, { text: 'client' })}
      </th>
      ${cell('active')} ${cell('idle')} ${cell('queued')} ${cell('created', { class: 'wide' })}
      ${cell('reused', { class: 'wide' })}
      <td class="ratio">${meter(fields, 'ratioWidth')} ${bound('span', fields, { text: 'ratio' })}</td>`,
  );
}
