import { type RedactionRules, redactionRules } from '../../redaction/redaction-rules.js';
import type { RecordingSettings } from './recording-options.js';

/** What is left out of a fixture, by its name. */
export interface RecordingRules extends RedactionRules {
  /** Of JSON or a form. */
  readonly isSecretField: (name: string) => boolean;
  /** A field or parameter that the options name: whatever its value is, it is left out. */
  readonly isNamed: (name: string) => boolean;
}

/** Fields that only look like secrets. `code` is as often as not the code of an error, so fields have not all the names of parameters. */
const HARMLESS_FIELDS: ReadonlySet<string> = new Set([
  'tokentype',
  'tokenendpoint',
  'publickey',
  'keyid',
  'signaturealgorithm',
]);

const compact = (name: string): string => name.toLowerCase().replace(/[^a-z\d]+/g, '');
const lowerCased = (names: readonly string[]): ReadonlySet<string> => new Set(names.map((name) => name.toLowerCase()));

export function recordingRules({ redact, match }: Pick<RecordingSettings, 'redact' | 'match'>): RecordingRules {
  const { headers, query, fields, keep } = redact;
  const everybody = redactionRules({ headers, query: [...query, ...match.ignore] });
  const named = lowerCased([...fields, ...match.ignore]);
  const kept = lowerCased(keep);
  const isKept = (name: string) => kept.has(name.trim().toLowerCase());
  const isNamed = (name: string) => named.has(name.toLowerCase());
  return {
    isSecretHeader: (name) => !isKept(name) && everybody.isSecretHeader(name),
    isSecretParam: (name) => !isKept(name) && everybody.isSecretParam(name),
    isSecretField: (name) =>
      !isKept(name) && (isNamed(name) || (everybody.isSecretHeader(name) && !HARMLESS_FIELDS.has(compact(name)))),
    isNamed,
  };
}
