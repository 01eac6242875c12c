/** @import { Comparison } from '../../comparison/comparison.dto.js' */
import { byId } from './dom.js';
import { comparisonFields, comparisonNews, NO_COMPARISON } from './fields/comparison-fields.js';
import { patch } from './patch.js';
import { post, showingErrors } from './post.js';

/** The form of the comparison, and what it finds. */
export function comparison() {
  const form = /** @type {HTMLFormElement} */ (byId('comparison'));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector('button'));
  const figures = byId('comparison-figures');
  const news = byId('comparison-news');

  const run = async () => {
    const query = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    patch(figures, NO_COMPARISON);
    news.textContent = 'Measuring: a few seconds…';
    try {
      /** @type {Comparison} */
      const outcome = await (await post(`/comparison?${query}`)).json();
      patch(figures, comparisonFields(outcome));
      news.textContent = comparisonNews(outcome);
    } catch (error) {
      news.textContent = 'Nothing measured yet.';
      throw error;
    }
  };

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (button.ariaDisabled === 'true') return; // not disabled: it keeps the focus
    button.ariaDisabled = 'true';
    void showingErrors(byId('comparison-error'), run).then(() => {
      button.ariaDisabled = null;
    });
  });
}
