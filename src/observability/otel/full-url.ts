import type { InternalAxiosRequestConfig } from 'axios';
import { addressOf } from '../../redaction/address-of.js';
import { redactUrl } from '../../redaction/redact-url.js';
import { REDACTED, type RedactionRules } from '../../redaction/redaction-rules.js';
import { requestTarget, urlOf } from '../../transport/request-target.js';

/**
 * `url.full`: where a call goes, parameters included, without user and password, and with REDACTED for what is secret, as the
 * conventions have it.
 */
export function fullUrl(config: InternalAxiosRequestConfig, rules: RedactionRules): string {
  const target = targetOf(config);
  return target === undefined ? addressOf(config, rules) : redactUrl(target, rules).replaceAll(REDACTED, 'REDACTED');
}

/** The transport is about to fail with what this ignores. */
function targetOf(config: InternalAxiosRequestConfig): string | undefined {
  try {
    const target = requestTarget(config);
    return target && urlOf(target);
  } catch {
    return undefined;
  }
}
