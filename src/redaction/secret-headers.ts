import type { InternalAxiosRequestConfig } from 'axios';
import { redactedValue } from './redact-headers.js';
import type { RedactionRules } from './redaction-rules.js';

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
