import { inspect, type InspectOptions, types } from 'node:util';
import { type CopyOptions, type RedactedCopy, redactedCopy } from '../redaction/redacted-copy.js';
import { REDACTED } from '../redaction/redaction-rules.js';
import { hide } from './print-error.js';

/** What is concealed by itself, has no secrets, or is how an error is printed. */
const OTHERS: ReadonlySet<PropertyKey> = new Set([
  'name',
  'message',
  'stack',
  'cause',
  'errors',
  'config',
  'request',
  'response',
  'rawPacket',
  'input',
  'base',
  'attempts',
  'timings',
  'toJSON',
  inspect.custom,
]);

/** Error → how it is shown, and the properties that are, though they are not enumerable any more. */
const hidden = new WeakMap<Error, { options: CopyOptions; readonly names: Set<PropertyKey> }>();

/**
 * Hides what an error has objects with secrets in: the properties keep their values, for those who read them, but are not enumerable
 * any more. Whatever prints the error shows redacted copies of them. Other properties stay as they are.
 */
export function hideValues(error: Error, options: CopyOptions): void {
  for (const name of Reflect.ownKeys(error)) {
    if (OTHERS.has(name)) continue;
    const property = Object.getOwnPropertyDescriptor(error, name)!;
    const { value, enumerable = false } = property;
    if (!('value' in property))
      hideValue(error, name, false, options); // a getter is not called to find out
    else if (isOfInterest(value)) {
      const copy = copied(name, value, options);
      if (!copy.changed) continue;
      // A text with a secret in it is replaced; one that is the secret by its name is kept for code that reads it.
      if (typeof value !== 'string' || copy.value === REDACTED) hideValue(error, name, enumerable, options);
      else Reflect.defineProperty(error, name, { ...property, value: copy.value });
    }
  }
}

/** Errors are concealed by themselves; functions print their names. */
function isOfInterest(value: unknown): boolean {
  if (typeof value === 'string' || typeof value === 'number') return true;
  return typeof value === 'object' && value !== null && !(value instanceof Error) && !types.isNativeError(value);
}

/** Its name may tell what it is. */
function copied(name: PropertyKey, value: unknown, options: CopyOptions): RedactedCopy {
  const { value: holder, changed } = redactedCopy({ [name]: value }, options);
  return { value: (holder as Record<PropertyKey, unknown>)[name], changed };
}

function hideValue(error: Error, name: PropertyKey, isShown: boolean, options: CopyOptions): void {
  if (!Reflect.defineProperty(error, name, { enumerable: false })) return;
  let how = hidden.get(error);
  if (!how) {
    how = { options, names: new Set() };
    hidden.set(error, how);
  }
  hide(error, 'toJSON', toJson);
  hide(error, inspect.custom, inspectShown);
  how.options = options;
  if (isShown) how.names.add(name);
}

/** Everything that prints shows this in place of the error. */
function shown(error: Error): Error {
  const { options, names } = hidden.get(error)!;
  const copy = redactedCopy(error, options).value as Error;
  for (const name of names) {
    const { value } = copied(name, Object.getOwnPropertyDescriptor(error, name)?.value, options);
    Object.defineProperty(copy, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return copy;
}

function toJson(this: Error): object {
  const { name, message, stack } = this;
  const copy = shown(this);
  return { ...Object.fromEntries(Object.entries(copy)), name, message, stack };
}

function inspectShown(this: Error, depth: number, options: InspectOptions, print: typeof inspect): string {
  return print(shown(this), { ...options, depth, showHidden: false, customInspect: false });
}
