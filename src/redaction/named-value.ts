/** Names of properties that hold a name, and of those that hold the value then. */
export const NAMING = /^(?:name|key|k|field|header|label|param|parameter|property|attribute|id)$/i;
export const VALUE = /^(?:values?|val|v|content|data|text|default(?:value)?|raw)$/i;

/** What an object of the form `{ name, value }` has a value of. Calls no getters. */
export function toldName(value: object): string | undefined {
  const keys = Object.keys(value);
  if (!keys.some((key) => VALUE.test(key))) return undefined;
  for (const key of keys) {
    const name = NAMING.test(key) ? dataOf(value, key) : undefined;
    if (typeof name === 'string') return name;
  }
  return undefined;
}

export const isPair = (value: unknown): value is readonly [string, unknown] =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === 'string';

/** Without calling getters. */
export function dataOf(value: object, key: PropertyKey): unknown {
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}
