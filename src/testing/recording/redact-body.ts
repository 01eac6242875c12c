import { redactText } from '../../redaction/redact-text.js';
import { REDACTED } from '../../redaction/redaction-rules.js';
import type { RecordingRules } from './recording-rules.js';

/** Names that numbers have which only count secrets or time them, as `max_tokens` and `token_expires_in`. */
const COUNTING = /(?:tokens|count|length|size|limit|ttl|age|expires(?:in|at|on)?)$/i;
/** A JSON web token (RFC 7519), wherever it is. */
const WEB_TOKEN = /\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*/g;
/** In what is no JSON as a whole: events, lines of JSON, scripts. */
const JSON_PAIR = /("((?:[^"\\]|\\.){1,100})"\s*:\s*")((?:[^"\\]|\\.)+)(?=")/g;
const XML_ELEMENT = /(<([\w:.-]{1,100})(?:\s[^<>]*)?>)([^<]+)(?=<)/g;
const FORM_PART = /(\bname="([^"\r\n]*)"(?:\r\n[^\r\n]+)*\r\n\r\n)([\s\S]*?)(?=\r\n--)/g;
/** Each: what stands before a value, the name in that, the value. */
const NAMED_VALUES = [FORM_PART, JSON_PAIR, XML_ELEMENT] as const;

/** As in forms, in cookies, and in the queries of URLs in a text. */
const PAIR = /(?<![\w.%[\]-])([\w.%[\]-]{1,100})=([^\s&;#"'<>`,)]+)/g;

/** Is told of secrets that are found. */
export type OnSecret = (value: string) => void;

/** A text without the values that its names or their form tell: URLs, pairs, fields of JSON, XML and forms, tokens. */
export function redactBodyText(text: string, rules: RecordingRules, onSecret: OnSecret): string {
  findSecretPairs(text, rules.isSecretParam, onSecret);
  let result = redactText(text, rules).replace(WEB_TOKEN, (token) => {
    onSecret(token);
    return REDACTED;
  });
  for (const values of NAMED_VALUES) {
    result = result.replace(values, (whole, before: string, name: string, value: string) => {
      if (value.trim() === '') return whole;
      const isSecret = rules.isSecretField(name);
      if (isSecret) onSecret(value.trim());
      return isSecret || rules.isIgnored(name) ? before + REDACTED : whole;
    });
  }
  return result;
}

/** Tells of the values of `name=value`, as written and as they are once decoded. */
export function findSecretPairs(text: string, isSecret: (name: string) => boolean, onSecret: OnSecret): void {
  for (const [, name, value] of text.matchAll(PAIR)) {
    if (!isSecret(decoded(name!))) continue;
    onSecret(value!);
    onSecret(decoded(value!));
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** A value of JSON without those of secret fields. Its shape stays: texts are replaced, numbers become 0. */
export function redactJson(value: unknown, rules: RecordingRules, onSecret: OnSecret): unknown {
  if (typeof value === 'string') return redactBodyText(value, rules, onSecret);
  if (Array.isArray(value)) return value.map((entry) => redactJson(entry, rules, onSecret));
  if (typeof value !== 'object' || value === null) return value;
  return mapFields(value, (entry, name) => {
    if (rules.isIgnored(name)) return REDACTED;
    if (!rules.isSecretField(name)) return redactJson(entry, rules, onSecret);
    return withoutLeaves(entry, !rules.isNamedField(name) && COUNTING.test(name), onSecret);
  });
}

function withoutLeaves(value: unknown, keepsNumbers: boolean, onSecret: OnSecret): unknown {
  if (typeof value === 'string' && value !== '') {
    onSecret(value);
    return REDACTED;
  }
  if (typeof value === 'number') return keepsNumbers ? value : 0;
  if (Array.isArray(value)) return value.map((entry) => withoutLeaves(entry, keepsNumbers, onSecret));
  if (typeof value !== 'object' || value === null) return value;
  return mapFields(value, (entry) => withoutLeaves(entry, keepsNumbers, onSecret));
}

/** Also of a field `__proto__`, which JSON may have. */
const mapFields = (value: object, change: (entry: unknown, name: string) => unknown): object =>
  Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, change(entry, name)]));
