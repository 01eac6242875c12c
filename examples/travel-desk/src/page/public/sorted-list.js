/** @import { Fields } from './patch.js' */
import { byKey, fromTemplate } from './dom.js';
import { patch } from './patch.js';

/**
 * Elements in order, one for each item, made from a template. Those that are there already are only patched.
 * @template T
 * @param {object} options
 * @param {Element} options.container
 * @param {string} options.template id of it
 * @param {(item: T) => string} options.keyOf
 * @param {(item: T) => Fields} options.fieldsOf
 * @param {(one: T, other: T) => number} options.compare
 */
export function sortedList({ container, template, keyOf, fieldsOf, compare }) {
  /** Those of the server have their keys; their items come with the first `replace`. */
  /** @type {{ key: string, item?: T, element: Element }[]} */
  let entries = [...byKey(container)].map(([key, element]) => ({ key, element }));

  /** @param {T} item */
  const put = (item) => {
    const key = keyOf(item);
    const there = entries.find((entry) => entry.key === key);
    if (there) {
      there.item = item;
      patch(there.element, fieldsOf(item));
      return;
    }
    const element = fromTemplate(template);
    patch(element, fieldsOf(item));
    const after = entries.findIndex((entry) => entry.item && compare(item, entry.item) < 0);
    const place = after === -1 ? entries.length : after;
    container.insertBefore(element, entries[place]?.element ?? null);
    entries.splice(place, 0, { key, item, element });
  };

  return {
    put,
    /** @param {readonly T[]} items instead of all */
    replace(items) {
      const keys = new Set(items.map(keyOf));
      for (const { key, element } of entries) if (!keys.has(key)) element.remove();
      entries = entries.filter(({ key }) => keys.has(key));
      items.forEach(put);
    },
  };
}
