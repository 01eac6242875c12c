import type { InternalAxiosRequestConfig } from 'axios';
import type { RedactionRules } from './redaction-rules.js';

/**
 * Which headers of a call no other origin may get: those that must not be shown, and those that the call names in `sensitiveHeaders`.
 * @returns their names, in lower case
 */
export function secretHeaders(
  headers: Readonly<Record<string, unknown>>,
  { sensitiveHeaders }: Pick<InternalAxiosRequestConfig, 'sensitiveHeaders'>,
  { isSecretHeader }: RedactionRules,
): Set<string> {
  const names = new Set((sensitiveHeaders ?? []).map((name) => name.toLowerCase()));
  for (const name of Object.keys(headers)) if (isSecretHeader(name)) names.add(name.toLowerCase());
  return names;
}
