import { inspect } from 'node:util';
import { type CopyOptions, type RedactedCopy, redactedCopy, redactedText } from '../redaction/redacted-copy.js';
import { REDACTED } from '../redaction/rules.js';
import { isError } from '../redaction/values.js';
import { type Findings, UNKNOWN } from './findings.js';
import { hide, inspectedEnumerableOnly } from './http-client.error.js';

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

/** Of these, none is looked into for errors. */
const WITHOUT_ERRORS: ReadonlySet<PropertyKey> = new Set(['stack', 'attempts', 'timings', 'toJSON', inspect.custom]);

/** Error → how copies of it are made, and the properties that these show, though they are not enumerable any more. */
const hidden = new WeakMap<Error, { options: CopyOptions; readonly names: Set<PropertyKey> }>();

/**
 * Hides what an error has objects with secrets in: the properties keep their values, for those who read them, but are not enumerable
 * any more. Whatever prints the error shows redacted copies of them. Other properties stay as they are.
 * @returns the errors among the values
 */
export function hideValues(error: Error, options: CopyOptions, found: Findings): Error[] {
  let within = NO_ERRORS;
  const names = Reflect.ownKeys(error);
  const values: unknown[] = [];
  const isAsBefore = names.length >= found.names.length && found.names.every((name, index) => name === names[index]);
  let isPlain = true;
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    const isPrinting = name === 'toJSON' || name === inspect.custom;
    values.push(isPrinting ? Reflect.get(error, name) : UNKNOWN);
    if (WITHOUT_ERRORS.has(name)) continue;
    const property = Object.getOwnPropertyDescriptor(error, name)!;
    const { value, enumerable = false } = property;
    if (typeof value === 'object' && value !== null && typeof name === 'string') within = withErrors(within, value);
    if (OTHERS.has(name)) {
      if (name === 'cause' || name === 'errors') isPlain = false;
      continue;
    }
    if (!('value' in property)) {
      isPlain = false;
      hideValue(error, name, false, options); // a getter is not called to find out
    } else if (!isOfInterest(value)) {
      if (typeof value === 'object' && value !== null) isPlain = false;
      else values[i] = value;
    } else if ((isAsBefore && found.values[i] === value) || (name === 'url' && value === found.url)) values[i] = value;
    else {
      const copy = copied(name, value, options);
      if (!copy.changed && (typeof value === 'string' || typeof value === 'number')) values[i] = value;
      else isPlain = false;
      // A text with a secret in it is replaced; one that is the secret by its name is kept for code that reads it.
      if (!copy.changed) continue;
      if (typeof value !== 'string' || copy.value === REDACTED) hideValue(error, name, enumerable, options);
      else Reflect.defineProperty(error, name, { ...property, value: copy.value });
    }
  }
  found.names = names;
  found.values = values;
  found.isPlain = isPlain && within.length === 0;
  return within;
}

const NO_ERRORS: Error[] = [];

function withErrors(known: Error[], value: object): Error[] {
  if (isError(value)) return [...known, value];
  const entries = Array.isArray(value) ? value.filter(isError) : NO_ERRORS;
  return entries.length > 0 ? [...known, ...entries] : known;
}

/**
 * A cause, and the errors of an AggregateError, are printed even though they are not enumerable, and read by whoever goes through causes. So what
 * is no error among them is replaced by its copy.
 */
export function redactCauses(error: Error, options: CopyOptions): void {
  const redacted = (value: unknown): unknown => {
    if (!isOfInterest(value)) return value;
    const copy = redactedCopy(value, options);
    return copy.changed ? copy.value : value;
  };
  for (const name of ['cause', 'errors'] as const) {
    const property = Object.getOwnPropertyDescriptor(error, name);
    if (!property || !('value' in property)) continue;
    const value: unknown = property.value;
    const copy = Array.isArray(value) && value.some(isError) ? value.map(redacted) : redacted(value);
    const isNew = Array.isArray(value) && Array.isArray(copy) ? copy.some((e, i) => e !== value[i]) : copy !== value;
    if (isNew) Reflect.defineProperty(error, name, { ...property, value: copy });
  }
}

/** Errors are concealed by themselves; functions print their names, and what they have besides. */
function isOfInterest(value: unknown): boolean {
  if (typeof value === 'string' || typeof value === 'number') return true;
  if (typeof value === 'function') return Object.keys(value).length > 0;
  return typeof value === 'object' && value !== null && !isError(value);
}

/** No secret is that short a word: `isDistinctive`. */
const PLAIN_NAME = /^[A-Za-z]{1,19}$/;

/** Its name may tell what it is. */
function copied(name: PropertyKey, value: unknown, options: CopyOptions): RedactedCopy {
  const isText = typeof value === 'string';
  if (
    (isText || typeof value === 'number') &&
    PLAIN_NAME.test(String(name)) &&
    !options.rules!.isSecretKey(String(name))
  ) {
    const text = isText ? redactedText(value, options) : value;
    return { value: text, changed: text !== value };
  }
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
  hide(error, 'toJSON', shownAsJson);
  hide(error, inspect.custom, inspectedRedacted);
  how.options = options;
  if (isShown) how.names.add(name);
}

/** Everything that prints shows this in place of the error. */
function redactedView(error: Error): Error {
  const { options, names } = hidden.get(error)!;
  const copy = redactedCopy(error, options).value as Error;
  for (const name of names) {
    const { value } = copied(name, Object.getOwnPropertyDescriptor(error, name)?.value, options);
    Object.defineProperty(copy, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return copy;
}

const inspectedRedacted = inspectedEnumerableOnly(redactedView);

function shownAsJson(this: Error): object {
  const { name, message, stack } = this;
  return { ...Object.fromEntries(Object.entries(redactedView(this))), name, message, stack };
}
