import { bound } from '../bound.js';
import { type Html, html } from '../html.js';
import { DETAIL_PINGS } from '../public/fields/sparkline.js';
import { sparkline } from './endpoints.view.js';
import { icon, template } from './parts.js';

const NO_DETAIL = {
  id: '',
  url: '',
  state: '',
  since: '',
  breaker: '',
  uptime: '',
  icon: '#icon-unknown',
  breakerIcon: '#breaker-closed',
  up: '',
  degraded: '',
  down: '',
  spark: '',
};
const NO_PING = { at: '', state: '', icon: '#icon-unknown', outcome: '', duration: '', attempts: '' };

const detail = html`<dialog id="detail" aria-labelledby="detail-title" closedby="any">
  <header>
    <h2 id="detail-title">${bound('span', NO_DETAIL, { text: 'id' })}</h2>
    <form method="dialog"><button>Close</button></form>
  </header>
  ${bound('p', NO_DETAIL, { text: 'url' }, { class: 'url' })}
  <dl>
    <div>
      <dt>State</dt>
      ${bound(
        'dd',
        NO_DETAIL,
        { 'data-state': 'state' },
        {},
        html`${icon(NO_DETAIL, 'icon')} ${bound('b', NO_DETAIL, { text: 'state' })}
        ${bound('span', NO_DETAIL, { text: 'since' })}`,
      )}
    </div>
    <div>
      <dt>Breaker</dt>
      ${bound(
        'dd',
        NO_DETAIL,
        { 'data-breaker': 'breaker' },
        {},
        html`${icon(NO_DETAIL, 'breakerIcon')} ${bound('b', NO_DETAIL, { text: 'breaker' })}`,
      )}
    </div>
    <div>
      <dt>Not down in</dt>
      <dd>${bound('b', NO_DETAIL, { text: 'uptime' })} of its pings</dd>
    </div>
  </dl>
  ${sparkline(NO_DETAIL, DETAIL_PINGS)}
  <table>
    <thead>
      <tr>
        <th scope="col">Sent</th>
        <th scope="col">State</th>
        <th scope="col">Outcome</th>
        <th scope="col">Took</th>
        <th scope="col">Requests</th>
      </tr>
    </thead>
    <tbody id="pings"></tbody>
  </table>
  <p class="error" role="alert" id="detail-error"></p>
  ${template(
    'ping',
    html`<tr>
      ${bound('td', NO_PING, { text: 'at' })}
      ${bound(
        'td',
        NO_PING,
        { 'data-state': 'state' },
        {},
        html`${icon(NO_PING, 'icon')} ${bound('span', NO_PING, { text: 'state' })}`,
      )}
      ${bound('td', NO_PING, { text: 'outcome' })} ${bound('td', NO_PING, { text: 'duration' })}
      ${bound('td', NO_PING, { text: 'attempts' })}
    </tr>`,
  )}
</dialog>`;

const drain = html`<dialog id="drain-dialog" aria-labelledby="drain-title" closedby="any">
  <h2 id="drain-title">End this process?</h2>
  <p>
    Six slow calls are put under way, then the process gets SIGTERM, as from whoever runs it: no socket is kept, the
    calls are answered, and when nothing is under way any more it is gone. Nothing starts it again but you.
  </p>
  <form method="dialog">
    <button value="cancel">Keep it running</button>
    <button value="drain" class="danger">Drain and end</button>
  </form>
</dialog>`;

export const dialogsView: Html = html`${detail} ${drain}`;
