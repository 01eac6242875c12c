import { type Html, html } from '../html.js';

/** Shapes that differ by more than their colour; a circuit breaker is a switch, as in a circuit diagram. */
export const iconsView: Html = html`<svg class="icons" aria-hidden="true" focusable="false">
  <symbol id="icon-up" viewBox="0 0 12 12"><circle cx="6" cy="6" r="4" /></symbol>
  <symbol id="icon-degraded" viewBox="0 0 12 12"><path d="M6 1.5 11 10.5H1z" /></symbol>
  <symbol id="icon-down" viewBox="0 0 12 12">
    <path d="M2.5 2.5l7 7M9.5 2.5l-7 7" fill="none" stroke="currentColor" stroke-width="2.2" />
  </symbol>
  <symbol id="icon-unknown" viewBox="0 0 12 12">
    <circle cx="6" cy="6" r="3.5" fill="none" stroke="currentColor" stroke-width="1.5" />
  </symbol>
  <symbol id="breaker-closed" viewBox="0 0 24 12">
    <path d="M0 8h24" fill="none" stroke="currentColor" stroke-width="1.6" />
    <circle cx="7" cy="8" r="2" />
    <circle cx="17" cy="8" r="2" />
  </symbol>
  <symbol id="breaker-half-open" viewBox="0 0 24 12">
    <path d="M0 8h7l9.5-3.5M17 8h7" fill="none" stroke="currentColor" stroke-width="1.6" />
    <circle cx="7" cy="8" r="2" />
    <circle cx="17" cy="8" r="2" />
  </symbol>
  <symbol id="breaker-open" viewBox="0 0 24 12">
    <path d="M0 8h7l7-7M17 8h7" fill="none" stroke="currentColor" stroke-width="1.6" />
    <circle cx="7" cy="8" r="2" />
    <circle cx="17" cy="8" r="2" />
  </symbol>
</svg>`;
