import { mergeConfig } from 'axios';

/** Names that axios leaves out of whatever it merges. */
export const UNSAFE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Whether axios might merge it entry by entry; class instances are passed on. */
export function mayBePlain(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Whether all there is to it are its own entries, and no symbols among them. */
export function isOrdinaryObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.getOwnPropertySymbols(value).length === 0;
}

/** Whether a shallow copy of it is what axios would make of it. */
export function isFlat(value: unknown): value is Record<string, unknown> {
  if (!isOrdinaryObject(value)) return false;
  for (const name of Object.keys(value)) {
    const entry = value[name];
    if (UNSAFE_NAMES.has(name) || (typeof entry === 'object' && entry !== null)) return false;
  }
  return true;
}

/**
 * What `mergeConfig({}, { data })` makes of data: plain objects are copied all the way down, arrays one level. 1.1 us
 * with four entries.
 */
export function copyOfData(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) return data.slice();
  if (!mayBePlain(data)) return data;
  if (!isOrdinaryObject(data)) return mergeConfig({}, { data }).data;
  const copy: Record<string, unknown> = { ...data };
  for (const name of Object.keys(copy)) {
    if (UNSAFE_NAMES.has(name)) return mergeConfig({}, { data }).data;
    const value = copy[name];
    if (typeof value === 'object') copy[name] = copyOfData(value);
  }
  return copy;
}

/** What axios makes of a call's params and the defaults': 1.7 us with two entries. */
export function mergedParams(defaults: unknown, params: unknown): unknown {
  if (typeof params !== 'object' || params === null) return params;
  const flat = isFlat(params) && (defaults === undefined || isFlat(defaults));
  return flat
    ? { ...(defaults as object | undefined), ...params }
    : mergeConfig({ params: defaults }, { params }).params;
}

/** Without prototype, so that nothing put on `Object.prototype` counts as a part of it. */
const HAS_OWN_PROPERTY: PropertyDescriptor = Object.assign(
  Object.create(null),
  Object.getOwnPropertyDescriptor(Object.prototype, 'hasOwnProperty'),
);

/**
 * What axios puts merged settings into: an object without prototype, but with a `hasOwnProperty`. V8 treats one from
 * `Object.create(null)` as a dictionary; made this way it remains a struct: 1.9 us.
 */
export function emptyConfig(): object {
  return Object.defineProperty(Object.setPrototypeOf({}, null), 'hasOwnProperty', HAS_OWN_PROPERTY);
}

/** The same settings, likewise as a struct, for defaults to be fast to check: 0.6 us. */
export function asStruct<T extends object>(config: T): T {
  return Object.defineProperties(Object.setPrototypeOf({}, null), Object.getOwnPropertyDescriptors(config));
}
