import type { AxiosError, InternalAxiosRequestConfig } from 'axios';
import { types } from 'node:util';
import { addressOf } from '../redaction/address-of.js';
import { knownSecrets } from '../redaction/known-secrets.js';
import { redactStack } from '../redaction/redact-stack.js';
import { type CopyOptions, redactedText } from '../redaction/redacted-copy.js';
import type { RedactionRules } from '../redaction/redaction-rules.js';
import { hideValues } from './hide-values.js';
import { printAsAddress } from './print-config.js';
import { HttpClientError } from './http-client.error.js';
import { errorToJson, hide, inspectEnumerableOnly } from './print-error.js';

/** What is known of the call that an error has ended. */
export interface FailedCall {
  readonly rules: RedactionRules;
  readonly clientName: string;
  /** Undefined: what the error has. */
  readonly config: InternalAxiosRequestConfig | undefined;
}

/** Where errors of axios, Node and follow-redirects keep what was sent and received. `input` and `base` are URLs, `rawPacket` an answer. */
const DETAILS = ['config', 'request', 'response', 'rawPacket', 'input', 'base'] as const;

/** Error → the message it had when its texts were last redacted. */
const redactedMessages = new WeakMap<Error, string>();

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
    inspectEnumerableOnly(error);
  }
  if ('isAxiosError' in error) describe(error, call);
  const options = copyOptions(error, call);
  if (!isOurs && redactedMessages.get(error) !== error.message) redactTexts(error, options);
  hideValues(error, options);
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
    if (Object.hasOwn(error, name)) hasDetails = Reflect.defineProperty(error, name, { enumerable: false });
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
  const { message, stack } = error;
  const redact = (text: string) => redactedText(text, options);
  const redactForms = (text: string) => redactedText(text, { rules: options.rules });
  const shown: unknown = message;
  if (typeof shown === 'string') replaceText(error, 'message', shown, redact(shown));
  if (typeof stack === 'string') {
    const first = typeof shown === 'string' ? shown : '';
    replaceText(error, 'stack', stack, redactStack(stack, first, redact, redactForms));
  }
  redactedMessages.set(error, error.message);
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
