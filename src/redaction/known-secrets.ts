import type { InternalAxiosRequestConfig } from 'axios';
import { REDACTED, type RedactionRules } from './rules.js';
import { decoded } from './url.js';

/** As V8 writes them: https://v8.dev/docs/stack-trace-api */
const FRAME = /^\s+at [^\r\n]{1,1000}$/;
/** Where a frame may have more than names of functions and files. */
const MORE = /[=?]|:\/\/[^/\s]*@|%40|eyJ/;

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
  const head = at === -1 ? '' : stack.slice(0, at + message.length);
  const lines = stack.slice(head.length).split('\n');
  const redacted = lines.map((line) => {
    if (!FRAME.test(line)) return line === '' ? line : redact(line);
    return MORE.test(line) ? redactForms(line) : line;
  });
  return (head && redact(head)) + redacted.join('\n');
}

/** Shorter ones would take ordinary words out of messages. */
const MIN_LENGTH = 8;
/** From here on, nobody writes the same by chance, and letters are no single word any more. */
const LONG = 20;
/** Of parameters in parameters, which may turn in a circle. */
const MAX_DEPTH = 5;
/** Of a body that is looked into. */
const MAX_BODY = 64 * 1024;
const CREDENTIALS = /^\S+ +(.+)$/;
const USERINFO = /^[a-z][a-z\d+.-]*:\/\/([^/\\?#]*)@/i;
const PAIR = /[?&;#]([^=?&;#]+)=([^?&;#]+)/g;
const COOKIE = /(?:^|;)\s*[^=;]+=([^;]+)/g;

/**
 * Whether a value that a name tells to be a secret is looked for elsewhere, in texts where nothing else tells it. Names such as
 * `x-auth-type` have values that are no secrets, and texts are made of words: a value that somebody may have written by chance is none.
 *
 * - It has at least 8 characters.
 * - It is not one word: only letters, fewer than 20 of them. `internal` and `exceeded` are words, and so is a password that is one.
 * - It is no date, version or address: digits with dots, dashes and colons between them.
 */
export function isDistinctive(value: string): boolean {
  if (value.length < MIN_LENGTH || value === REDACTED) return false;
  if (value.length < LONG && /^\p{L}+$/u.test(value)) return false;
  return !/^\d+(?:[.:/T-]\d+)+Z?$/.test(value);
}

/**
 * The secrets that a call was made with, as they are known: the values of secret headers, parameters and fields, passwords. For texts
 * in which they cannot be told by their form, as in the message of an error that a transform throws. The longest first, as one may
 * be part of another.
 */
export function knownSecrets(config: InternalAxiosRequestConfig, rules: RedactionRules): readonly string[] {
  const secrets = new Set<string>();
  const add = (value: unknown) => {
    if (Array.isArray(value)) value.forEach(add);
    else if (typeof value === 'string' && isDistinctive(value)) secrets.add(value);
  };
  addHeaders(config, rules, add);
  addFields(config.params, rules.isSecretParam, add);
  addBody(config.data, rules, add);
  add(config.auth?.password);
  if (config.proxy) add(config.proxy.auth?.password);
  for (const url of [config.url, config.baseURL]) if (typeof url === 'string') addUrl(url, rules, add);
  return [...secrets].toSorted((a, b) => b.length - a.length);
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

function addHeaders({ headers }: InternalAxiosRequestConfig, rules: RedactionRules, add: Add): void {
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (!rules.isSecretHeader(name)) continue;
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

function addFields(fields: unknown, isSecret: (name: string) => boolean, add: Add, depth = 0): void {
  if (typeof fields !== 'object' || fields === null || depth === MAX_DEPTH) return;
  const entries = fields instanceof URLSearchParams ? fields.entries() : Object.entries(fields);
  for (const [name, value] of entries) {
    if (isSecret(name)) add(value);
    addFields(value, isSecret, add, depth + 1);
  }
}

/** By the time that a call fails, it is text. */
function addBody(data: unknown, { isSecretKey }: RedactionRules, add: Add): void {
  if (data instanceof URLSearchParams) addFields(data, isSecretKey, add);
  if (typeof data !== 'string' || data.length > MAX_BODY) return;
  if (/^\s*[[{]/.test(data)) addFields(parsed(data), isSecretKey, add);
  else if (/^[^\s=&]+=[^\s]*$/.test(data)) addFields(new URLSearchParams(data), isSecretKey, add);
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
