// Looks into values of any kind without calling anything of theirs.
import { types } from 'node:util';
import type { RedactionRules } from './rules.js';

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

const RAW_HEADERS = /^raw(?:headers|trailers)$/i;
const HEADER_NAME = /^[A-Za-z]+(?:[-_][A-Za-z\d]+)*$/;

/** As Node has `rawHeaders`. A list of names, such as those that are to be forwarded, is none. */
export function isFlatPairs(list: readonly unknown[], name: string, { isSecretKey }: RedactionRules): boolean {
  if (list.length === 0 || list.length % 2 === 1) return false;
  if (RAW_HEADERS.test(name)) return true;
  const names = list.filter((_, index) => index % 2 === 0);
  if (!names.every((entry) => typeof entry === 'string' && HEADER_NAME.test(entry))) return false;
  if (!names.some((entry) => isSecretKey(entry as string))) return false;
  return !list.every((entry) => typeof entry === 'string' && HEADER_NAME.test(entry) && !/\d{3}/.test(entry));
}

/** What does something, rather than be something: what is in it is of no use to a reader, and there is no end of it. */
export function isMachine(value: object): boolean {
  if (types.isPromise(value) || types.isWeakMap(value) || types.isWeakSet(value)) return true;
  return hasMethod(value, 'pipe') || (hasMethod(value, 'on') && hasMethod(value, 'emit'));
}

/** Without calling getters. */
function hasMethod(value: object, name: string): boolean {
  for (let holder: unknown = value; holder; holder = Object.getPrototypeOf(holder)) {
    if (Object.hasOwn(holder, name)) return typeof dataOf(holder, name) === 'function';
  }
  return false;
}

/** Also of another realm, such as a test runner's. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

export function className(value: object): string {
  for (let prototype: unknown = value; prototype; prototype = Object.getPrototypeOf(prototype)) {
    const constructor = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value as unknown;
    if (typeof constructor === 'function' && prototype !== value) return nameOf(constructor) || 'Object';
  }
  return 'Object';
}

export const nameOf = (value: object): string => {
  const name: unknown = Object.getOwnPropertyDescriptor(value, 'name')?.value;
  return typeof name === 'string' ? name : '';
};

/** Prints under the name, and has none of the class's methods, which would not work on a copy. */
export function shellOf(name: string): object {
  return new { [name]: class {} }[name]!();
}

/** Of an error, whose stack may be a getter of the engine's. */
export function textOf(error: Error, key: 'message' | 'name' | 'stack'): string {
  try {
    const text: unknown = error[key];
    return typeof text === 'string' ? text : '';
  } catch {
    return '';
  }
}
