import { type OnSecret, redactCredentials, redactMarkup } from './credentials.js';
import { DEFAULT_RULES, REDACTED, type RedactionRules } from './rules.js';
import { decoded, hidesSecret, redactUrl } from './url.js';

/** Where the value is that a name tells to be a secret. */
interface ValuePlace {
  readonly from: number;
  readonly to: number;
}

/**
 * A text with some values replaced.
 * @param opening what stands before a value, with the flag `g`
 * @param find where the value of an opening is, which ends at `from`; undefined where it is no secret: then the search goes on right behind the opening
 */
function replaceValues(
  text: string,
  opening: RegExp,
  find: (match: RegExpExecArray, from: number) => ValuePlace | undefined,
): string {
  let result = '';
  let last = 0;
  opening.lastIndex = 0; // shared: to compile it anew takes longer than to read a text with it
  for (let match = opening.exec(text); match; match = opening.exec(text)) {
    const place = find(match, opening.lastIndex);
    if (!place || place.to <= place.from) continue;
    result += text.slice(last, place.from) + REDACTED;
    opening.lastIndex = last = place.to;
  }
  return last === 0 ? text : result + text.slice(last);
}

/**
 * Where a quoted text ends: at its quote, behind as many backslashes as it began behind, or where the text ends.
 * @param level the backslashes
 */
function quotedEnd(text: string, from: number, level: number, quote: string): number {
  let backslashes = 0;
  for (let index = from; index < text.length; index++) {
    const character = text[index];
    if (character === '\\') {
      backslashes++;
      continue;
    }
    if (character === quote && backslashes <= level) return index - backslashes;
    backslashes = 0;
  }
  return text.length;
}

/** Whatever may be a URL with a user in it, or more than an address: from its slashes on, as its scheme is no secret. */
const URL_IN_TEXT = /[/\\]{2}[^\s"'<>`]+/g;
/** `name=` and what may be its value, also where it is no part of a URL. It begins at the beginning of a name, or a long text would take for ever. */
const PAIR = /(?<![\w.%[\]-])([\w.%[\]-]{1,100})=/g;
const PAIR_VALUE = /[^\s&;#"'<>`,)\\]+/y;
/** A value may be a pair itself, and so on: each part of a text is read so often. What is deeper than that is replaced. */
const MAX_READINGS = 8;
/** `"name": "value"` and `name: 'value'`, as in JSON, JSON in JSON, and what inspect prints. */
const QUOTED =
  /(?<![\w$.-])(?:(\\{0,15}["'])([^"'\\\r\n]{1,100})\1|([\w$.-]{1,100}))\s{0,20}(?::|=>|=)\s{0,20}(\\{0,15})(["'`])/g;
const NUMBER = /(\\{0,15}")([^"'\\\r\n]{1,100})\1\s{0,20}:\s{0,20}(?=-?\d)/g;
const DIGITS = /-?[\d.eE+-]+/y;
/** `name: value`, as in the lines of a head. */
const HEADER = /(?<![\w.%"'[\]-])([A-Za-z][\w-]{0,100}):[ \t]{0,10}(?=[^\s"'`{[(])/g;
const LINE = /[^\r\n]{1,2000}/y;
/** `{"name": "password", "value": …}` */
const OBJECT = /\{[^{}]{1,2000}\}/g;
const OBJECT_NAME =
  /["']?\b(?:name|key|field|header|param|parameter|property)\b\\{0,15}["']?\s{0,20}:\s{0,20}\\{0,15}["']([^"'\\]{1,100})\\{0,15}["']/i;
const OBJECT_VALUE = /\b(?:values?|val|content|data|text)\b\\{0,15}["']?\s{0,20}:\s{0,20}(\\{0,15})(["'`])/gi;
/** Of a form of several parts (RFC 7578). */
const FORM_PART = /\bname="([^"\r\n]{1,100})"(?:\r?\n[^\r\n]{1,500}){0,5}\r?\n\r?\n/g;
const BOUNDARY = /\r?\n--/g;
/** A cookie as it is set: whatever its name, its value is a secret (RFC 6265 §4.1). */
const SET_COOKIE =
  /^([^=;,\s"'{[<]{1,200}=)([^;\r\n]+)(?=;(?:[^;\r\n]*;){0,10}[ \t]{0,5}(?:httponly|samesite=|secure\b|path=|domain=|expires=|max-age=))/gim;
/** V8 quotes what it cannot parse: https://chromium.googlesource.com/v8/v8/+/refs/heads/main/src/common/message-template.h */
const QUOTED_JSON = /Unexpected token '?.{1,2}'?, (?:\.\.\.)?".{0,200}?"(?:\.\.\.)? is not valid JSON/gsu;

/** Numbers under such names only count secrets or time them, as `max_tokens` and `token_expires_in`. */
export const COUNTING = /(?:tokens|count|length|size|limit|ttl|age|ms|seconds|expires(?:[_-]?(?:in|at|on))?|expiry)$/i;

/**
 * A text without the secrets that their names or their form tell, wherever they stand: user and password of URLs, values of secret
 * parameters, headers, and fields of JSON, XML, HTML and forms, cookies that are set, `Bearer …` and the like, web tokens, private keys,
 * what parsers quote. Everything else stays as it is. It takes no longer than in proportion to the text.
 * @param onSecret told of what was replaced
 */
export function redactText(text: string, rules: RedactionRules = DEFAULT_RULES, onSecret?: OnSecret): string {
  if (onSecret) findPairs(text, rules.isSecretParam, onSecret);
  let result = text;
  if (result.includes('is not valid JSON')) {
    result = result.replace(QUOTED_JSON, `Unexpected token, ${REDACTED} is not valid JSON`);
  }
  if (result.includes('name="')) result = redactFormParts(result, rules, onSecret);
  if (result.includes('<')) result = redactMarkup(result, rules, onSecret);
  if (result.includes(':') || result.includes('=')) result = redactQuoted(result, rules, onSecret);
  if (result.includes(';')) {
    result = result.replace(SET_COOKIE, (_, name: string, value: string) => {
      onSecret?.(value);
      return name + REDACTED;
    });
  }
  if (result.includes('//') || result.includes('\\\\')) {
    result = result.replace(URL_IN_TEXT, (url) => redactUrl(url, rules));
  }
  if (result.includes('=')) {
    const before = result;
    let toRead = MAX_READINGS * before.length;
    result = replaceValues(before, PAIR, ([, name], from) => {
      if (rules.isSecretParam(decoded(name!))) return endOf(PAIR_VALUE, before, from, onSecret, name);
      const place = endOf(PAIR_VALUE, before, from);
      if (!place) return undefined;
      const value = before.slice(place.from, place.to);
      toRead -= value.length;
      return toRead < 0 || (value.includes('%') && hidesSecret(value, rules)) ? place : undefined;
    });
  }
  result = redactCredentials(result, onSecret);
  return result.includes(':') ? redactHead(result, rules, onSecret) : result;
}

/** Tells of the secrets in `name=value`, as written and as they are once decoded, those of URLs included. */
export function findPairs(text: string, isSecret: (name: string) => boolean, onSecret: OnSecret): void {
  for (const { 0: opening, 1: written, index } of text.matchAll(PAIR)) {
    const name = decoded(written!);
    if (!isSecret(name)) continue;
    endOf(PAIR_VALUE, text, index + opening.length, (value) => {
      onSecret(value, name);
      onSecret(decoded(value), name);
    });
  }
}

/** A place that begins here and matches, told of. */
function endOf(value: RegExp, text: string, from: number, onSecret?: OnSecret, name?: string): ValuePlace | undefined {
  value.lastIndex = from;
  const found = value.exec(text)?.[0];
  if (found === undefined || found === REDACTED) return undefined;
  onSecret?.(found, name);
  return { from, to: from + found.length };
}

function redactQuoted(text: string, { isSecretKey }: RedactionRules, onSecret?: OnSecret): string {
  const quoted = (source: string, from: number, level: number, quote: string, name: string): ValuePlace | undefined => {
    const to = quotedEnd(source, from, level, quote);
    const value = source.slice(from, to);
    if (value === REDACTED || value.trim() === '') return undefined;
    onSecret?.(value, name);
    return { from, to };
  };
  let result =
    text.includes('{') && OBJECT_NAME.test(text)
      ? text.replace(OBJECT, (object) => {
          const name = OBJECT_NAME.exec(object)?.[1];
          if (name === undefined || !isSecretKey(name)) return object;
          return replaceValues(object, OBJECT_VALUE, ([, level, quote], from) =>
            quoted(object, from, level!.length, quote!, name),
          );
        })
      : text;
  const before = result;
  result = replaceValues(before, QUOTED, ([, , inQuotes, bare, level, quote], from) => {
    const name = (inQuotes ?? bare)!;
    return isSecretKey(name) ? quoted(before, from, level!.length, quote!, name) : undefined;
  });
  const numbers = result;
  return replaceValues(numbers, NUMBER, ([, , name], from) =>
    isSecretKey(name!) && !COUNTING.test(name!) ? endOf(DIGITS, numbers, from) : undefined,
  );
}

function redactFormParts(text: string, { isSecretKey }: RedactionRules, onSecret?: OnSecret): string {
  return replaceValues(text, FORM_PART, ([, name], from) => {
    if (!isSecretKey(name!)) return undefined;
    BOUNDARY.lastIndex = from;
    const to = BOUNDARY.exec(text)?.index ?? text.length;
    const value = text.slice(from, to);
    if (value === REDACTED) return undefined;
    onSecret?.(value, name);
    return { from, to };
  });
}

/** Of a cookie all of the line; else one word, unless it is one of a sentence, as in `token: expired`. */
function redactHead(text: string, { isSecretHeader }: RedactionRules, onSecret?: OnSecret): string {
  return replaceValues(text, HEADER, ([, name], from) => {
    if (!isSecretHeader(name!)) return undefined;
    LINE.lastIndex = from;
    const line = LINE.exec(text)?.[0] ?? '';
    const [first = ''] = /^[^\s,"'}\])]+/.exec(line) ?? [];
    const value = first.includes('=') ? line : first;
    if (value === REDACTED || line.includes(REDACTED) || isOfSentence(value)) return undefined;
    onSecret?.(value, name);
    return { from, to: from + value.length };
  });
}

const isOfSentence = (word: string): boolean => /^(?:[A-Z]?[a-z]+(?:['’-][a-z]+)*|\d{1,3})[.:;!?]*$/.test(word);
