import type { DeskSnapshot } from '../../desk/desk.dto.js';
import { type Html, html } from '../html.js';
import { airlinesView } from './airlines.view.js';
import { comparisonView } from './comparison.view.js';
import { dialogsView } from './dialogs.view.js';
import { endpointsView } from './endpoints.view.js';
import { faresView } from './fares.view.js';
import { iconsView } from './icons.view.js';
import { logView } from './log.view.js';
import { poolsView } from './pools.view.js';
import { totalsView } from './totals.view.js';

/** In this order: the later ones are about less. */
const STYLES = [
  'tokens',
  'base',
  'controls',
  'layout',
  'totals',
  'airlines',
  'fares',
  'comparison',
  'endpoints',
  'pools',
  'dialogs',
];

export interface PageContext {
  /** How long a search may take, in milliseconds. */
  readonly searchMs: number;
  readonly today: Date;
}

/** The whole page. */
export const page = (snapshot: DeskSnapshot, { searchMs, today }: PageContext): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta
          name="description"
          content="A live view of an app that calls other people's APIs through pooled HTTP clients"
        />
        <title>Travel desk</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        ${STYLES.map((name) => html`<link rel="stylesheet" href="/assets/styles/${name}.css" />`)}
        <script src="/assets/theme.js"></script>
        <script src="/assets/main.js" type="module"></script>
      </head>
      <body data-search-ms="${searchMs}">
        <a class="skip" href="#main">Skip to the airlines</a>
        ${iconsView}
        <header class="masthead">
          <img src="/assets/icon.svg" alt="" width="36" height="36" />
          <div class="title">
            <h1>Travel desk</h1>
            <p>
              One app, ${snapshot.clients.length} pooled HTTP clients,
              ${snapshot.endpoints.length + snapshot.airlines.length} APIs. Break an airline, search twice, and watch
              its retries and its circuit breaker.
            </p>
          </div>
          <nav aria-label="More">
            <span class="live" id="live" data-state="waiting">${'not live'}</span>
            <a href="/docs">API</a>
            <button type="button" class="scripted" id="theme">Theme: system</button>
          </nav>
        </header>
        <noscript>
          <p class="notice">
            This is how things were at ${snapshot.at}. With JavaScript the page is live, and its buttons work; without,
            <a href="/desk">/desk</a> tells the same, and <code>curl -X POST</code> presses the buttons.
          </p>
        </noscript>
        ${totalsView(snapshot)}
        <main id="main" tabindex="-1">
          ${airlinesView(snapshot.airlines, searchMs)} ${faresView(searchMs, today)} ${comparisonView}
          ${endpointsView(snapshot.endpoints)} ${poolsView(snapshot)} ${logView}
        </main>
        ${dialogsView}
        <p class="unseen" role="status" id="announcer"></p>
      </body>
    </html>`;
