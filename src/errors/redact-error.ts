import type { AxiosError, InternalAxiosRequestConfig } from 'axios';
import { inspect, types } from 'node:util';
import { isPlainStack, knownSecrets, redactStack } from '../redaction/known-secrets.js';
import { type CopyOptions, type RedactedCopy, redactedCopy, redactedText } from '../redaction/redacted-copy.js';
import { REDACTED, type RedactionRules } from '../redaction/rules.js';
import { addressOf } from '../redaction/url.js';
import { printAsAddress } from './config-printing.js';
import { DETAILS, type FailedCall, type Findings, findingsOf, isAsFound, UNKNOWN } from './findings.js';
import { errorToJson, hide, HttpClientError, inspectedEnumerableOnly } from './http-client.error.js';

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

/** Error → how it is redactedView, and the properties that are, though they are not enumerable any more. */
const hidden = new WeakMap<Error, { options: CopyOptions; readonly names: Set<PropertyKey> }>();

/**
 * Hides what an error has objects with secrets in: the properties keep their values, for those who read them, but are not enumerable
 * any more. Whatever prints the error shows redacted copies of them. Other properties stay as they are.
 * @returns the errors among the values
 */
function hideValues(error: Error, options: CopyOptions, found: Findings): Error[] {
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
function redactCauses(error: Error, options: CopyOptions): void {
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
  return typeof value === 'object' && value !== null && !(value instanceof Error) && !types.isNativeError(value);
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
const inspectedAsIs = inspectedEnumerableOnly();

function shownAsJson(this: Error): object {
  const { name, message, stack } = this;
  return { ...Object.fromEntries(Object.entries(redactedView(this))), name, message, stack };
}

/**
 * Has an error and its causes print no secrets, whatever prints them: `util.inspect`, `JSON.stringify`, loggers that take its
 * own enumerable properties.
 *
 * - `config`, `request`, `response` and the like keep their values, for those who read them, but are not enumerable any more.
 * - A config that is printed by itself shows its method and address.
 * - Secrets are taken out of message, stack and other texts.
 * - So with other properties whose values have secrets in them; what prints the error shows copies of those without.
 * - Instead an error of axios shows `client`, `method` and `url`, which is an address without user, password and query.
 *
 * The texts of HttpClientErrors are made without secrets. A frozen error stays as it is. To conceal an error again does no harm.
 * Never throws: whoever calls this has an error already.
 */
export function concealError(error: unknown, call: FailedCall): void {
  try {
    if (isError(error) && !isAsFound(error, call)) conceal(error, call, new Set());
  } catch {
    // A getter of the config's or the error's has thrown. What was sent and received is hidden before any is called.
  }
}

function conceal(error: Error, call: FailedCall, seen: Set<Error>): void {
  if (seen.has(error)) return;
  seen.add(error);
  const isOurs = error instanceof HttpClientError;
  if (hideDetails(error, call.rules) && !isOurs && !isPrintedAsIs(error)) {
    hide(error, 'toJSON', toJson);
    hide(error, inspect.custom, inspectedAsIs);
  }
  const found = findingsOf(error, call);
  if ('isAxiosError' in error) describe(error, call, found);
  const options = new ErrorCopyOptions(error, call);
  if (!isOurs && found.message !== error.message) redactTexts(error, options);
  found.message = error.message;
  const within = hideValues(error, options, found);
  redactCauses(error, options);
  for (const one of within) conceal(one, call, seen);
}

function isPrintedAsIs(error: Error): boolean {
  return Object.hasOwn(error, inspect.custom) && (error as Printed)[inspect.custom] === inspectedAsIs;
}

type Printed = Error & { readonly [inspect.custom]?: unknown };

interface Described {
  client?: string;
  method?: string;
  url?: string;
}

function describe(error: Error & Described, { config, clientName, rules }: FailedCall, found: Findings): void {
  const sent = (error as { config?: InternalAxiosRequestConfig }).config ?? config;
  if (!sent || ('client' in error && 'method' in error && 'url' in error)) return;
  try {
    if (!('client' in error)) error.client = clientName;
    if (!('method' in error)) error.method = (sent.method ?? 'get').toUpperCase();
    if (!('url' in error)) found.url = error.url = addressOf(sent, rules);
  } catch {
    // it is frozen
  }
}

/** @returns whether there are any */
function hideDetails(error: Error, rules: RedactionRules): boolean {
  let hasDetails = false;
  for (const name of DETAILS) {
    if (!Object.hasOwn(error, name)) continue;
    const isHidden = !Object.prototype.propertyIsEnumerable.call(error, name);
    hasDetails = isHidden || Reflect.defineProperty(error, name, { enumerable: false });
  }
  const { config, response } = error as Partial<AxiosError>;
  if (config) printAsAddress(config, rules);
  if (response?.config) printAsAddress(response.config, rules);
  return hasDetails;
}

/** With the known secrets, which are looked up where a text may have one. */
class ErrorCopyOptions implements CopyOptions {
  readonly rules: RedactionRules;
  readonly #error: Error;
  readonly #config: InternalAxiosRequestConfig | undefined;
  #secrets: readonly string[] | undefined;

  constructor(error: Error, { config, rules }: FailedCall) {
    this.rules = rules;
    this.#error = error;
    this.#config = config;
  }

  get secrets(): readonly string[] {
    const sent = this.#config ?? (this.#error as { config?: InternalAxiosRequestConfig }).config;
    return (this.#secrets ??= sent ? knownSecrets(sent, this.rules) : []);
  }
}

/** axios's own words for a status: there is nothing of the call in them. */
const STATUS_MESSAGE = /^Request failed with status code \d{3}$/;

/** The last stacks that were seen to have nothing but axios's own words and frames: calls that fail do so at the same places. */
const plainStacks: string[] = [];
const MAX_PLAIN_STACKS = 8;

function redactTexts(error: Error, options: CopyOptions): void {
  const { message, stack } = error as { message: unknown; stack?: unknown };
  const first = typeof message === 'string' ? message : '';
  const isOfStatus = STATUS_MESSAGE.test(first);
  const redacted = isOfStatus ? first : redactedText(first, options);
  if (typeof message === 'string') replaceText(error, 'message', message, redacted);
  if (typeof stack !== 'string' || (isOfStatus && plainStacks.includes(stack))) return;
  if (isOfStatus && isPlainStack(stack, first)) {
    if (plainStacks.push(stack) > MAX_PLAIN_STACKS) plainStacks.shift();
    return;
  }
  const redact = (text: string) => (text === first ? redacted : redactedText(text, options));
  const redactForms = (text: string) => redactedText(text, { rules: options.rules });
  replaceText(error, 'stack', stack, redactStack(stack, first, redact, redactForms));
}

function replaceText(error: Error, name: 'message' | 'stack', text: string, redacted: string): void {
  if (redacted !== text && !Reflect.set(error, name, redacted)) hide(error, name, redacted);
}

function toJson(this: Error): object {
  return errorToJson(this);
}

/** Also of another realm, such as a test runner's. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}
