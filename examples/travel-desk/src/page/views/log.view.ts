import { bound } from '../bound.js';
import { type Html, html } from '../html.js';
import { template } from './parts.js';

const NO_ENTRY = { at: '', kind: '', client: '', label: '', text: '' };

export const logView: Html = html`<section class="panel log" aria-labelledby="log-title">
  <header>
    <h2 id="log-title">What happened</h2>
    <p class="sub">since this page was opened</p>
    <label class="check scripted"><input type="checkbox" id="log-endpoints" checked /> Endpoints, too</label>
  </header>
  <div class="scroll" role="region" aria-label="News" tabindex="0">
    <p class="empty" id="log-empty">Nothing yet.</p>
    <ol id="log"></ol>
  </div>
  ${template(
    'log-entry',
    bound(
      'li',
      NO_ENTRY,
      { 'data-kind': 'kind', 'data-client': 'client' },
      {},
      html`${bound('time', NO_ENTRY, { text: 'at' })}
        <span>${bound('b', NO_ENTRY, { text: 'label' })} ${bound('span', NO_ENTRY, { text: 'text' })}</span>`,
    ),
  )}
</section>`;
