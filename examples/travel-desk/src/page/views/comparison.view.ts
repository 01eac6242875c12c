import { DEFAULT_QUERY, MAX_CALLS, ROUND_TRIPS_MS } from '../../comparison/comparison.dto.js';
import { bound } from '../bound.js';
import { type Html, html } from '../html.js';
import { type Figure, NO_COMPARISON } from '../public/fields/comparison-fields.js';

export const comparisonView: Html = html`<section class="panel comparison" aria-labelledby="comparison-title">
  <header>
    <h2 id="comparison-title">One client, or one per call</h2>
    <p class="sub">The same calls over TLS, both ways in turns, measured when you ask.</p>
  </header>
  <form id="comparison" class="scripted">
    <label
      >Round trip
      <select name="roundTripMs">
        ${ROUND_TRIPS_MS.map((ms) => option(ms, ms === DEFAULT_QUERY.roundTripMs))}
      </select></label
    >
    <label
      >Calls at once
      <input type="number" name="calls" value="${DEFAULT_QUERY.calls}" min="1" max="${MAX_CALLS}" required />
    </label>
    <button type="submit" class="primary">Compare</button>
  </form>
  <table id="comparison-figures">
    <thead>
      <tr>
        <th scope="col">Measured</th>
        <th scope="col">One client</th>
        <th scope="col">One per call</th>
      </tr>
    </thead>
    <tbody>
      ${row('A call takes (p50)', 'P50', 'p50Times')} ${row('TLS handshakes', 'Handshakes')}
      ${row('CPU of the client, a call', 'ClientCpu', 'clientCpuTimes')}
      ${row('CPU of the upstream, a call', 'UpstreamCpu', 'upstreamCpuTimes')}
      ${row('Sockets in TIME_WAIT', 'TimeWait')}
    </tbody>
  </table>
  <p class="sub" id="comparison-news" role="status">Nothing measured yet.</p>
  <p class="error" role="alert" id="comparison-error"></p>
  <p class="sub">
    Client, upstream and the relay that adds the round trip are processes of their own: CPU is that of the calls alone.
    The pool is warm. <code>npm run bench:shared</code> measures more.
  </p>
</section>`;

function option(ms: number, isSelected: boolean): Html {
  const label = ms === 0 ? '0 ms (loopback)' : `${ms} ms`;
  return isSelected
    ? html`<option value="${ms}" selected>${label}</option>`
    : html`<option value="${ms}">${label}</option>`;
}

/** @param times how many times as much it is with a client per call */
function row(label: string, figure: Figure, times?: 'p50Times' | 'clientCpuTimes' | 'upstreamCpuTimes'): Html {
  return html`<tr>
    <th scope="row">${label}</th>
    ${bound('td', NO_COMPARISON, { text: `shared${figure}` })}
    <td>
      ${times ? bound('small', NO_COMPARISON, { text: times }) : ''}
      ${bound('span', NO_COMPARISON, { text: `perCall${figure}` })}
    </td>
  </tr>`;
}
