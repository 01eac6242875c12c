import { redactedCopy } from '../redaction/redacted-copy.js';
import { DEFAULT_RULES, REDACTED, type RedactionRules } from '../redaction/rules.js';

/** An effective option, and who set it. */
export interface ExplainedOption {
  readonly value: unknown;
  /** `default`, `module`, `client "name"`, `origin https://…`, or one of these with `'standard'` after it. */
  readonly from: string;
}

/** Options as somebody gave them. */
export interface OptionSource {
  readonly from: string;
  readonly options: unknown;
}

type Entries = Readonly<Record<string, unknown>>;

/** What may hold secrets is listed by name only. Paths of files are none. */
const SECRET = /^(?:auth|headers|axios)\.|^tls\.(?!files\b|watch\b)/;

/**
 * Where each effective option comes from.
 * @param effective the options as they were resolved
 * @param sources who gave options, the nearest to the call first
 * @param rules what must not be shown
 * @returns dotted path → option
 */
export function explainOptions(
  effective: object,
  sources: readonly OptionSource[],
  rules: RedactionRules = DEFAULT_RULES,
): Record<string, ExplainedOption> {
  return Object.fromEntries(
    leavesOf(effective)
      .filter(([, value]) => value !== undefined)
      .map(([path, value]) => [path, { value: shown(path, value, rules), from: sourceOf(path, sources) }]),
  );
}

/** Groups of ours lie no deeper; what a limiter of the user's has in it may turn in a circle. */
const MAX_DEPTH = 4;

function leavesOf(options: object, prefix = '', depth = 1): [string, unknown][] {
  return Object.entries(options).flatMap(([name, value]): [string, unknown][] => {
    const path = prefix + name;
    const isOpened = isGroup(value) && depth < MAX_DEPTH && !SECRET.test(path);
    return isOpened ? leavesOf(value, `${path}.`, depth + 1) : [[path, value]];
  });
}

function isGroup(value: unknown): value is Entries {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Data as it is; of what a class of the user's has made, its name. */
function shown(path: string, value: unknown, rules: RedactionRules): unknown {
  if (SECRET.test(path)) return REDACTED;
  if (path.startsWith('tls.files.')) return value; // the path of a key is none
  const names = path.split('.');
  const isSecret =
    typeof value !== 'boolean' && typeof value !== 'function' && names.some((name) => rules.isSecretKey(name));
  return isSecret ? REDACTED : redactedCopy(value, { rules, opensInstances: false }).value;
}

function sourceOf(path: string, sources: readonly OptionSource[]): string {
  for (const { from, options } of sources) {
    if (sets(options, path.split('.'))) return from;
    if (path.startsWith('resilience.') && isStandard((options as Entries | undefined)?.['resilience'])) {
      return `${from}: 'standard'`;
    }
  }
  return 'default';
}

const isStandard = (resilience: unknown): boolean =>
  resilience === 'standard' || (resilience as Entries | undefined)?.['preset'] === 'standard';

/** Whether the options hold a value at the path, or turn the group it is in on or off as a whole. */
function sets(options: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined || typeof options === 'boolean') return true;
  if (typeof options !== 'object' || options === null) return false;
  const value = (options as Entries)[name];
  return value !== undefined && sets(value, rest);
}
