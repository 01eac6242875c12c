import { DEFAULT_RULES, REDACTED, type RedactionRules } from './redaction-rules.js';
import { redactUrl } from './redact-url.js';

/** Headers whose values are URLs. */
const URLS: ReadonlySet<string> = new Set(['content-location', 'link', 'location', 'origin', 'referer', 'refresh']);

/** A copy of headers, of a request or a response, with the values of secret ones replaced, and the secrets in those that are URLs. */
export function redactHeaders(
  headers: Readonly<Record<string, unknown>>,
  rules: RedactionRules = DEFAULT_RULES,
): Record<string, unknown> {
  const copy: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    if (rules.isSecretHeader(name)) copy[name] = REDACTED;
    else copy[name] = URLS.has(name.toLowerCase()) ? redactedUrls(value, rules) : value;
  }
  return copy;
}

function redactedUrls(value: unknown, rules: RedactionRules): unknown {
  if (Array.isArray(value)) return value.map((entry) => redactedUrls(entry, rules));
  return typeof value === 'string' ? redactUrl(value, rules) : value;
}
