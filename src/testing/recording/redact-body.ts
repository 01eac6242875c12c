import type { OnSecret } from '../../redaction/credentials.js';
import { type CopyOptions, redactedCopy, redactedText } from '../../redaction/redacted-copy.js';
import { REDACTED, type RedactionRules } from '../../redaction/rules.js';
import { COUNTING } from '../../redaction/text.js';
import type { RecordingRules } from './recording-rules.js';

/** A text without the values that its names or their form tell, and without those that are ignored. */
export function redactBodyText(text: string, rules: RecordingRules, onSecret: OnSecret): string {
  return redactedText(text, copyOptions(rules, onSecret));
}

/** A value of JSON without those of secret fields. Its shape stays: texts are replaced, numbers become 0. */
export function redactJson(value: unknown, rules: RecordingRules, onSecret: OnSecret): unknown {
  return redactedCopy(value, copyOptions(rules, onSecret)).value;
}

/** What is ignored is replaced like a secret, but is none. */
export function withIgnored(rules: RecordingRules): RedactionRules {
  return {
    ...rules,
    isSecretParam: (name) => rules.isSecretParam(name) || rules.isIgnored(name),
    isSecretKey: (name) => rules.isSecretKey(name) || rules.isIgnored(name),
  };
}

/** Tells of what is a secret, rather than ignored. */
export function onlySecrets(rules: RecordingRules, onSecret: OnSecret): OnSecret {
  return (value, name) => {
    if (name === undefined || rules.isSecretParam(name) || rules.isSecretKey(name)) onSecret(value, name);
  };
}

function copyOptions(rules: RecordingRules, onSecret: OnSecret): CopyOptions {
  return {
    rules: withIgnored(rules),
    onSecret: onlySecrets(rules, onSecret),
    maxDepth: Infinity,
    maxObjects: Infinity,
    replaced: (value, name) => {
      if (rules.isIgnored(name)) return REDACTED;
      return withoutLeaves(value, !rules.isNamedField(name) && COUNTING.test(name), onSecret);
    },
  };
}

function withoutLeaves(value: unknown, keepsNumbers: boolean, onSecret: OnSecret): unknown {
  if (typeof value === 'string' && value !== '') {
    onSecret(value);
    return REDACTED;
  }
  if (typeof value === 'number') return keepsNumbers ? value : 0;
  if (Array.isArray(value)) return value.map((entry) => withoutLeaves(entry, keepsNumbers, onSecret));
  if (typeof value !== 'object' || value === null) return value;
  // Also of a field `__proto__`, which JSON may have.
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([name, entry]) => [name, withoutLeaves(entry, keepsNumbers, onSecret)]));
}
