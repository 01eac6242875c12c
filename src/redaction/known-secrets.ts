import type { InternalAxiosRequestConfig } from 'axios';
import { binaryBytes } from '../base/bytes.js';
import { dataOf, isPair, toldName, VALUE } from './values.js';
import { REDACTED, type RedactionRules } from './rules.js';
import { redactText } from './text.js';
import { addressOf, decoded } from './url.js';

/** As V8 writes them: https://v8.dev/docs/stack-trace-api */
const FRAME = /^\s+at [^\r\n]{1,1000}$/;
/** Where a frame may have more than names of functions and files. */
const MORE = /[=?]|:\/\/[^/\s]*@|%40|eyJ/;
/** Nothing but frames: as a rule, all that is behind the message. */
const FRAMES = /^(?:\n[ \t]+at [^\r\n]{1,1000})*$/;
/** What engine and axios begin a stack with. It says nothing of the message behind it. */
const PLAIN_NAME = /^(?:Axios|Canceled|Eval|Range|Reference|Syntax|Type|URI)?Error: $/;

/** Whether a stack has nothing but a plain name, this message and frames, and none of these has more than names of functions and files. */
export function isPlainStack(stack: string, message: string): boolean {
  const at = stack.indexOf(message);
  return at !== -1 && PLAIN_NAME.test(stack.slice(0, at)) && arePlainFrames(stack.slice(at + message.length));
}

const arePlainFrames = (text: string): boolean => FRAMES.test(text) && !MORE.test(text);

/**
 * A stack whose message is redacted. Frames say where the code stands, not what it was called with: only what has the form of
 * a secret is replaced in them, so `node:internal/timers` stays where a call had the header `x-auth-type: internal`.
 * @param message the one that the stack begins with
 * @param redact takes everything out
 * @param redactForms takes out what its form tells
 */
export function redactStack(
  stack: string,
  message: string,
  redact: (text: string) => string,
  redactForms: (text: string) => string,
): string {
  const at = message === '' ? -1 : stack.indexOf(message);
  const name = stack.slice(0, Math.max(0, at));
  const head = at === -1 ? '' : name + message;
  const shownHead = PLAIN_NAME.test(name) ? name + redact(message) : head && redact(head);
  const rest = stack.slice(head.length);
  if (arePlainFrames(rest)) return shownHead + rest; // a third of the time
  const lines = rest.split('\n').map((line) => {
    if (!FRAME.test(line)) return line === '' ? line : redact(line);
    return MORE.test(line) ? redactForms(line) : line;
  });
  return shownHead + lines.join('\n');
}

/** Shorter ones would take ordinary words out of messages. */
const MIN_LENGTH = 8;
/** From here on, nobody writes the same by chance, and letters are no single word any more. */
const LONG = 20;
/** Of parameters in parameters, which may turn in a circle. */
const MAX_DEPTH = 5;
/** Of a body that is looked into. */
const MAX_BODY = 64 * 1024;
/** Of fields and entries that are looked at, in a body or in parameters: each takes 1 to 3 us of the event loop. */
const MAX_FIELDS = 10_000;
/** Of texts in a body, in which secrets are looked for by their forms: that takes longer than by names. */
const MAX_TEXTS = 8 * 1024;
/** Words and what is made of them, all in one case: `internal`, `NOT_FOUND`, `client-credentials`, `application/json`, `api.example.com`. */
const WORDS = /^(?:[\p{Ll}_./-]+|[\p{Lu}_./-]+|\p{L}+)$/u;
const CREDENTIALS = /^\S+ +(.+)$/;
const USERINFO = /^[a-z][a-z\d+.-]*:\/\/([^/\\?#]*)@/i;
const PAIR = /[?&;#]([^=?&;#]+)=([^?&;#]+)/g;
const COOKIE = /(?:^|;)\s*[^=;]+=([^;]+)/g;

/**
 * Whether a value that a name tells to be a secret is looked for elsewhere, in texts where nothing else tells it. Names such as
 * `x-auth-type` have values that are no secrets, and texts are made of words: a value that somebody may have written by chance is none.
 *
 * - It has at least 8 characters.
 * - It is no word, nor words with dots, dashes or slashes between them, of fewer than 20 characters: `internal`, `created_at`,
 *   `application/json`. So is a password that is one.
 * - It is no date, version or address: digits with dots, dashes and colons between them.
 */
export function isDistinctive(value: string): boolean {
  if (value.length < MIN_LENGTH || value === REDACTED) return false;
  if (value.length < LONG && WORDS.test(value)) return false;
  return !/^\d+(?:[.:/T-]\d+)+Z?$/.test(value);
}

/**
 * The secrets that a call was made with, as they are known: the values of secret headers, parameters and fields, passwords. For texts
 * in which they cannot be told by their form, as in the message of an error that a transform throws. What the call's address shows is none.
 * The longest first, as one may be part of another.
 */
export function knownSecrets(config: InternalAxiosRequestConfig, rules: RedactionRules): readonly string[] {
  const secrets = new Set<string>();
  const add = (value: unknown) => {
    if (Array.isArray(value)) value.forEach(add);
    else if (typeof value === 'string' && isDistinctive(value)) secrets.add(value);
  };
  addHeaders(config, rules, add);
  addFields(config.params, { isSecret: rules.isSecretParam, look: () => {}, left: MAX_FIELDS }, add);
  addBody(config.data, rules, add);
  add(config.auth?.password);
  if (config.proxy) add(config.proxy.auth?.password);
  for (const url of [config.url, config.baseURL]) if (typeof url === 'string') addUrl(url, rules, add);
  if (secrets.size === 0) return [];
  const address = addressOf(config, rules);
  return [...secrets].filter((secret) => !address.includes(secret)).toSorted((a, b) => b.length - a.length);
}

const LETTER_OR_DIGIT = /[\p{L}\d]/u;

/**
 * A text without them. One that is neither long nor has letters and digits is replaced as a whole word only: it may be part of another
 * by chance.
 */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let result = text;
  for (const secret of secrets) {
    if (!result.includes(secret)) continue;
    const isSure = secret.length >= LONG || (/\d/.test(secret) && /\p{L}/u.test(secret));
    result = isSure ? result.replaceAll(secret, REDACTED) : withoutWord(result, secret);
  }
  return result;
}

function withoutWord(text: string, word: string): string {
  return text.replaceAll(word, (_, at: number) => {
    const before = LETTER_OR_DIGIT.test(word[0]!) && LETTER_OR_DIGIT.test(text[at - 1] ?? ' ');
    const after = LETTER_OR_DIGIT.test(word.at(-1)!) && LETTER_OR_DIGIT.test(text[at + word.length] ?? ' ');
    return before || after ? word : REDACTED;
  });
}

type Add = (value: unknown) => void;

function addHeaders({ headers, sensitiveHeaders }: InternalAxiosRequestConfig, rules: RedactionRules, add: Add): void {
  const sensitive = sensitiveHeaders?.map((name) => name.toLowerCase());
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (!rules.isSecretHeader(name) && !sensitive?.includes(name.toLowerCase())) continue;
    add(value);
    if (typeof value !== 'string') continue;
    // What follows the scheme, as in `Bearer …`, also by itself; so each cookie.
    add(CREDENTIALS.exec(value)?.[1]);
    if (value.includes('=')) for (const [, cookie] of value.matchAll(COOKIE)) add(cookie!.trim());
    addBasic(value, add);
  }
}

/** A password that is sent as base64. */
function addBasic(value: string, add: Add): void {
  const encoded = /^basic +(\S+)$/i.exec(value)?.[1];
  if (encoded === undefined) return;
  const [, ...password] = Buffer.from(encoded, 'base64').toString().split(':');
  add(password.join(':'));
}

interface FieldReading {
  readonly isSecret: (name: string) => boolean;
  /** Finds the secrets in a text whose name tells none. */
  readonly look: (text: string) => void;
  /** How many fields may still be looked at. */
  left: number;
}

/** Of what is sent: objects, Maps, forms, and in them `{ name, value }` and `[name, value]`. */
function addFields(fields: unknown, reading: FieldReading, add: Add, depth = 0): void {
  if (typeof fields === 'string') reading.look(fields);
  if (typeof fields !== 'object' || fields === null || depth === MAX_DEPTH) return;
  if (binaryBytes(fields)) return; // each of their bytes is a property
  if (isPair(fields)) {
    if (reading.isSecret(fields[0])) add(fields[1]);
    else addFields(fields[1], reading, add, depth + 1);
    return;
  }
  const told = toldName(fields);
  const isTold = told !== undefined && reading.isSecret(told);
  for (const [name, value] of entriesOf(fields, reading.left)) {
    if (reading.left-- <= 0) return;
    if (reading.isSecret(name) || (isTold && VALUE.test(name))) add(value);
    addFields(value, reading, add, depth + 1);
  }
}

function entriesOf(fields: object, most: number): Iterable<[string, unknown]> {
  if (fields instanceof URLSearchParams || fields instanceof FormData) return fields.entries();
  if (fields instanceof Map) return Array.from(fields, ([name, value]) => [String(name), value]);
  if (Array.isArray(fields)) return fields.slice(0, most).map((value) => ['', value]);
  return Object.keys(fields).map((name) => [name, dataOf(fields, name)]);
}

/** Of a call that was sent it is text or bytes, or a form; of one that fails before that, whatever the caller has given. */
function addBody(data: unknown, rules: RedactionRules, add: Add): void {
  let left = MAX_TEXTS;
  const look = (text: string) => {
    if (text.length < MIN_LENGTH || !/["'=<]/.test(text)) return; // without these, only words and numbers follow names
    left -= text.length;
    if (left >= 0) redactText(text, rules, add);
  };
  const reading = { isSecret: rules.isSecretKey, look, left: MAX_FIELDS };
  const bytes = binaryBytes(data);
  const text = bytes && bytes.length <= MAX_BODY ? bytes.toString() : data;
  if (typeof text !== 'string') return addFields(text, reading, add);
  if (text.length > MAX_BODY) return;
  if (/^\s*[[{]/.test(text)) addFields(parsed(text), reading, add);
  else if (/^[^\s=&]+=[^\s]*$/.test(text)) addFields(new URLSearchParams(text), reading, add);
  else look(text);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

function addUrl(url: string, rules: RedactionRules, add: Add): void {
  const userinfo = USERINFO.exec(url)?.[1];
  if (userinfo !== undefined) {
    const password = userinfo.slice(userinfo.indexOf(':') + 1);
    add(password);
    add(decoded(password));
  }
  for (const [, name, value] of url.matchAll(PAIR)) {
    if (!rules.isSecretParam(decoded(name!))) continue;
    add(value);
    add(decoded(value!));
  }
}
