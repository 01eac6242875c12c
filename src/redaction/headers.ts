import type { InternalAxiosRequestConfig } from 'axios';
import type { OnSecret } from './credentials.js';
import { DEFAULT_RULES, REDACTED, type RedactionRules } from './rules.js';
import { redactText } from './text.js';
import { redactUrl } from './url.js';

/** A URL and nothing else, absolute or relative. */
const ADDRESS = /^[^\s"'<>,]+$/;

/** A copy of headers, of a request or a response, with the values of secret ones replaced, and the secrets in those that are none. */
export function redactHeaders(
  headers: Readonly<Record<string, unknown>>,
  rules: RedactionRules = DEFAULT_RULES,
  onSecret?: OnSecret,
): Record<string, unknown> {
  const copy: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    copy[name] = rules.isSecretHeader(name) ? REDACTED : redactedValue(value, rules, onSecret);
  }
  return copy;
}

/** The value of a header that is none of a secret's, without the secrets that its form tells. */
function redactedValue(value: unknown, rules: RedactionRules, onSecret?: OnSecret): unknown {
  if (Array.isArray(value)) {
    const copy = value.map((entry: unknown) => redactedValue(entry, rules, onSecret));
    return copy.some((entry, index) => entry !== value[index]) ? copy : value; // the same says that there is none
  }
  if (typeof value !== 'string') return value;
  return redactText(ADDRESS.test(value) ? redactUrl(value, rules) : value, rules, onSecret);
}

/**
 * Which headers of a call no other origin may get: those that must not be shown, by their names or
 * because of what is in them, and those that the call names in `sensitiveHeaders`.
 * @returns their names, in lower case
 */
export function secretHeaders(
  headers: Readonly<Record<string, unknown>>,
  { sensitiveHeaders }: Pick<InternalAxiosRequestConfig, 'sensitiveHeaders'>,
  rules: RedactionRules,
): Set<string> {
  const names = new Set((sensitiveHeaders ?? []).map((name) => name.toLowerCase()));
  for (const [name, value] of Object.entries(headers)) {
    if (rules.isSecretHeader(name) || redactedValue(value, rules) !== value) names.add(name.toLowerCase());
  }
  return names;
}
