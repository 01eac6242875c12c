import { type RedactionRules, redactionRules } from '../../redaction/rules.js';
import type { RecordingSettings } from './recording-options.js';

/** What is left out of a fixture, by its name. */
export interface RecordingRules extends RedactionRules {
  /** Of fields, one that the options name: there is no doubt about it. */
  readonly isNamedField: (name: string) => boolean;
  /** A parameter or a field that is no secret, but is another each time. */
  readonly isIgnored: (name: string) => boolean;
}

function namesIn(names: readonly string[]): (name: string) => boolean {
  const lowerCased = new Set(names.map((name) => name.toLowerCase()));
  return (name) => lowerCased.has(name.trim().toLowerCase());
}

/** Those for requests; nothing is ignored in responses. */
export function recordingRules({ redact, match }: Pick<RecordingSettings, 'redact' | 'match'>): RecordingRules {
  const everybody = redactionRules(redact);
  const isKept = namesIn(redact.keep);
  const isNamedField = namesIn(redact.fields);
  return {
    isSecretHeader: (name) => !isKept(name) && everybody.isSecretHeader(name),
    isSecretParam: (name) => !isKept(name) && everybody.isSecretParam(name),
    isSecretKey: (name) => !isKept(name) && (isNamedField(name) || everybody.isSecretKey(name)),
    isNamedField,
    isIgnored: namesIn(match.ignore),
  };
}
