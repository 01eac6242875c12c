/** @typedef {Readonly<Record<string, string | number | boolean | null>>} Fields */

/** Root → what in it shows a field. Made by the server's `bound`. */
const known = new WeakMap();

/**
 * Shows fields where `data-bind` says so, in an element and all below. Nothing else is touched, nor what is right already.
 * @param {Element} root
 * @param {Fields} fields those that are missing stay as they are
 */
export function patch(root, fields) {
  for (const { element, target, field } of bindingsOf(root)) {
    const value = fields[field];
    if (value === undefined) continue;
    if (target === 'text') setText(element, String(value ?? ''));
    else if (value === null || value === false) element.removeAttribute(target);
    else if (element.getAttribute(target) !== String(value)) element.setAttribute(target, String(value));
  }
}

/**
 * @param {Element} element
 * @param {string} text
 */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {Element} root
 * @returns {readonly { element: Element, target: string, field: string }[]}
 */
function bindingsOf(root) {
  let bindings = known.get(root);
  if (!bindings) {
    bindings = [root, ...root.querySelectorAll('[data-bind]')].flatMap((element) =>
      (element.getAttribute('data-bind') ?? '')
        .split(' ')
        .filter(Boolean)
        .map((binding) => {
          const [target, field] = binding.split(':');
          return { element, target, field };
        }),
    );
    known.set(root, bindings);
  }
  return bindings;
}
