import type { AxiosError, InternalAxiosRequestConfig } from 'axios';
import { inspect } from 'node:util';
import { isPlainStack, knownSecrets, redactStack } from '../redaction/known-secrets.js';
import { type CopyOptions, redactedText } from '../redaction/redacted-copy.js';
import type { RedactionRules } from '../redaction/rules.js';
import { addressOf } from '../redaction/url.js';
import { isError } from '../redaction/values.js';
import { printAsAddress } from './config-printing.js';
import { DETAILS, type FailedCall, type Findings, findingsOf, isAsFound } from './findings.js';
import { hideValues, redactCauses } from './hidden-values.js';
import { errorToJson, hide, HttpClientError, inspectedEnumerableOnly } from './http-client.error.js';

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

const inspectedAsIs = inspectedEnumerableOnly();

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
