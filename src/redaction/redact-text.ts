import { DEFAULT_RULES, REDACTED, type RedactionRules } from './redaction-rules.js';
import { redactUrl } from './redact-url.js';

/** Whatever may be a URL with a user in it, or more than an address: from its slashes on, as its scheme is no secret. */
const URL_IN_TEXT = /[/\\]{2}[^\s"'<>`]+/g;
/** `name=value`, also where it is no part of a URL. It begins at the beginning of a name, or a long text would take for ever. */
const PAIR_IN_TEXT = /(?<![\w.%[\]-])([\w.%[\]-]{1,100})=([^\s&;#"'<>`,)]+)/g;
/** V8 quotes what it cannot parse: https://chromium.googlesource.com/v8/v8/+/refs/heads/main/src/common/message-template.h */
const QUOTED_JSON = /Unexpected token '?.{1,2}'?, (?:\.\.\.)?".{0,200}?"(?:\.\.\.)? is not valid JSON/gsu;

/**
 * A message or the stack of an error without the secrets that can be told by their form: user and password of URLs, the
 * values of secret parameters, what parsers quote.
 */
export function redactText(text: string, rules: RedactionRules = DEFAULT_RULES): string {
  let result = text;
  if (result.includes('is not valid JSON')) {
    result = result.replace(QUOTED_JSON, `Unexpected token, ${REDACTED} is not valid JSON`);
  }
  if (result.includes('//') || result.includes('\\\\')) {
    result = result.replace(URL_IN_TEXT, (url) => redactUrl(url, rules));
  }
  if (result.includes('=')) {
    result = result.replace(PAIR_IN_TEXT, (pair, name: string) =>
      rules.isSecretParam(name) ? `${name}=${REDACTED}` : pair,
    );
  }
  return result;
}
