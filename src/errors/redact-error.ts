import type { AxiosError, InternalAxiosRequestConfig } from 'axios';
import { inspect, types } from 'node:util';
import { knownSecrets, redactStack } from '../redaction/known-secrets.js';
import { type CopyOptions, type RedactedCopy, redactedCopy, redactedText } from '../redaction/redacted-copy.js';
import { REDACTED, type RedactionRules } from '../redaction/rules.js';
import { addressOf } from '../redaction/url.js';
import { errorToJson, hide, HttpClientError, inspectedEnumerableOnly } from './http-client.error.js';

/**
 * Has a config that somebody prints by itself, as `logger.error(error.config)` does, show its method and address only. Code reads,
 * changes, copies and sends it as ever. JSON has it as a text, which nobody can take for a config and send without its parameters.
 */
function printAsAddress(config: InternalAxiosRequestConfig, rules: RedactionRules): void {
  if (Object.hasOwn(config, inspect.custom)) return;
  const shown = () => `${(config.method ?? 'get').toUpperCase()} ${addressOf(config, rules)}`;
  hide(config, inspect.custom, () => `[config of ${shown()}; copy it, as { ...config }, to print its values]`);
  hide(config, 'toJSON', shown);
}

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

/** Error → how it is redactedView, and the properties that are, though they are not enumerable any more. */
const hidden = new WeakMap<Error, { options: CopyOptions; readonly names: Set<PropertyKey> }>();

/** What was found of an error when it was concealed before: what has not changed is not judged again, up to four times for each failed call. */
interface Findings {
  /** Its message, once its texts were redacted. */
  message: string | undefined;
  rules: RedactionRules;
  config: InternalAxiosRequestConfig | undefined;
  /** Texts and numbers of its properties without a secret of these rules and this config. */
  readonly harmless: Map<PropertyKey, string | number>;
}

const findings = new WeakMap<Error, Findings>();

function findingsOf(error: Error, { rules, config }: FailedCall): Findings {
  let found = findings.get(error);
  if (!found) findings.set(error, (found = { message: undefined, rules, config, harmless: new Map() }));
  else if (found.rules !== rules || found.config !== config) {
    found.rules = rules;
    found.config = config;
    found.harmless.clear();
  }
  return found;
}

/**
 * Hides what an error has objects with secrets in: the properties keep their values, for those who read them, but are not enumerable
 * any more. Whatever prints the error shows redacted copies of them. Other properties stay as they are.
 */
function hideValues(error: Error, options: CopyOptions, { harmless }: Findings): void {
  for (const name of Reflect.ownKeys(error)) {
    if (OTHERS.has(name)) continue;
    const property = Object.getOwnPropertyDescriptor(error, name)!;
    const { value, enumerable = false } = property;
    if (!('value' in property))
      hideValue(error, name, false, options); // a getter is not called to find out
    else if (isOfInterest(value) && harmless.get(name) !== value) {
      const copy = copied(name, value, options);
      if (!copy.changed) {
        if (typeof value === 'string' || typeof value === 'number') harmless.set(name, value);
      }
      // A text with a secret in it is replaced; one that is the secret by its name is kept for code that reads it.
      else if (typeof value !== 'string' || copy.value === REDACTED) hideValue(error, name, enumerable, options);
      else Reflect.defineProperty(error, name, { ...property, value: copy.value });
    }
  }
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

/** What is known of the call that an error has ended. */
interface FailedCall {
  readonly rules: RedactionRules;
  readonly clientName: string;
  /** Undefined: what the error has. */
  readonly config: InternalAxiosRequestConfig | undefined;
}

/** Where errors of axios, Node and follow-redirects keep what was sent and received. `input` and `base` are URLs, `rawPacket` an answer. */
const DETAILS = ['config', 'request', 'response', 'rawPacket', 'input', 'base'] as const;

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
    if (isError(error)) conceal(error, call, new Set());
  } catch {
    // A getter of the config's or the error's has thrown. What was sent and received is hidden before any is called.
  }
}

function conceal(error: Error, call: FailedCall, seen: Set<Error>): void {
  if (seen.has(error)) return;
  seen.add(error);
  const isOurs = error instanceof HttpClientError;
  if (hideDetails(error, call.rules) && !isOurs) {
    hide(error, 'toJSON', toJson);
    hide(error, inspect.custom, inspectedAsIs);
  }
  if ('isAxiosError' in error) describe(error, call);
  const options = copyOptions(error, call);
  const found = findingsOf(error, call);
  if (!isOurs && found.message !== error.message) {
    redactTexts(error, options);
    found.message = error.message;
  }
  hideValues(error, options, found);
  redactCauses(error, options);
  for (const name of Object.getOwnPropertyNames(error)) {
    const value = ownValue(error, name);
    if (isError(value)) conceal(value, call, seen);
    else if (Array.isArray(value)) for (const entry of value) if (isError(entry)) conceal(entry, call, seen);
  }
}

function describe(error: Error, { config, clientName, rules }: FailedCall): void {
  const sent = (error as { config?: InternalAxiosRequestConfig }).config ?? config;
  if (!sent || ('client' in error && 'method' in error && 'url' in error)) return;
  const shown = { client: clientName, method: (sent.method ?? 'get').toUpperCase(), url: addressOf(sent, rules) };
  for (const [name, value] of Object.entries(shown)) if (!(name in error)) Reflect.set(error, name, value);
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
function copyOptions(error: Error, { config, rules }: FailedCall): CopyOptions {
  let secrets: readonly string[] | undefined;
  return {
    rules,
    get secrets() {
      const sent = config ?? (error as { config?: InternalAxiosRequestConfig }).config;
      return (secrets ??= sent ? knownSecrets(sent, rules) : []);
    },
  };
}

function redactTexts(error: Error, options: CopyOptions): void {
  const { message, stack } = error as { message: unknown; stack?: unknown };
  const first = typeof message === 'string' ? message : '';
  const redacted = redactedText(first, options);
  if (typeof message === 'string') replaceText(error, 'message', message, redacted);
  if (typeof stack !== 'string') return;
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

/** Without calling getters. */
function ownValue(error: Error, name: string): unknown {
  return Object.getOwnPropertyDescriptor(error, name)?.value;
}

/** Also of another realm, such as a test runner's. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}
