/**
 * The element that the server has put there.
 * @template {Element} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return /** @type {T} */ (/** @type {unknown} */ (element));
}

/**
 * Another of what a template holds.
 * @param {string} id of the template
 * @returns {HTMLElement}
 */
export function fromTemplate(id) {
  const first = /** @type {HTMLTemplateElement} */ (byId(id)).content.firstElementChild;
  return /** @type {HTMLElement} */ (document.importNode(/** @type {Element} */ (first), true));
}

/**
 * The elements below that stand for something, by its key.
 * @param {Element} root
 * @returns {Map<string, HTMLElement>}
 */
export const byKey = (root) =>
  new Map(
    [.../** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll('[data-key]'))].map((element) => [
      element.dataset.key ?? '',
      element,
    ]),
  );
