import { bound, type Fields } from '../bound.js';
import { type Html, html } from '../html.js';

/** An icon that follows a field, as `#icon-up`. What it says is beside it in words. */
export const icon = <F extends Fields>(fields: F, field: keyof F & string): Html =>
  html`<svg class="icon" aria-hidden="true">${bound('use', fields, { href: field })}</svg>`;

/** A bar whose length follows a field, in percent. What it says is beside it in words. */
export const meter = <F extends Fields>(fields: F, field: keyof F & string): Html =>
  html`<svg class="meter" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
    ${bound('rect', fields, { width: field }, { height: 4 })}
  </svg>`;

/** What the browser makes more of, once it knows what to fill in. */
export const template = (id: string, content: Html): Html => html`<template id="${id}">${content}</template>`;
