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
  /** @type {HTMLTemplateElement} */
  const template = byId(id);
  const first = template.content.firstElementChild;
  return /** @type {HTMLElement} */ (document.importNode(/** @type {Element} */ (first), true));
}

/**
 * The elements below that stand for something, by its key.
 * @param {Element} root
 * @returns {Map<string, HTMLElement>}
 */
export function byKey(root) {
  /** @type {NodeListOf<HTMLElement>} */
  const elements = root.querySelectorAll('[data-key]');
  return new Map(Array.from(elements, (element) => [element.dataset.key ?? '', element]));
}
