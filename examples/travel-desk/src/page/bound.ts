import { escaped, Html } from './html.js';

/** What is shown of something. Of an attribute, null and false: it is not there. */
export type Fields = Readonly<Record<string, string | number | boolean | null>>;

/** `text`, or an attribute → the field that it shows. */
type Bindings<F extends Fields> = Readonly<Record<string, keyof F & string>>;

/**
 * An element that shows fields: rendered here, and kept up to date in the browser by `patch.js`, which reads `data-bind`.
 * @param attributes that stay as they are
 * @param content that stays as it is; after the text where there is one
 */
export function bound<F extends Fields>(
  tag: string,
  fields: F,
  bindings: Bindings<F>,
  attributes: Fields = {},
  content?: Html,
): Html {
  const { text, ...shown } = bindings;
  const all: Fields = {
    ...attributes,
    'data-bind': Object.entries(bindings)
      .map(([target, field]) => `${target}:${field}`)
      .join(' '),
    ...Object.fromEntries(Object.entries(shown).map(([name, field]) => [name, fields[field]!])),
  };
  const shownText = text === undefined ? '' : escaped(String(fields[text] ?? ''));
  return new Html(`<${tag}${attributesOf(all)}>${shownText}${content?.text ?? ''}</${tag}>`);
}

const attributesOf = (attributes: Fields): string =>
  Object.entries(attributes)
    .map(([name, value]) => {
      if (value === null || value === false) return '';
      return value === true ? ` ${name}` : ` ${name}="${escaped(String(value))}"`;
    })
    .join('');
