import { redactUrl } from '../redaction/redact-url.js';
import { REDACTED } from '../redaction/redaction-rules.js';

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

/** What may hold secrets is listed by name only. */
const SECRET = /^(headers|tls|axios)\./;

/**
 * Where each effective option comes from.
 * @param effective the options as they were resolved
 * @param sources who gave options, the nearest to the call first
 * @returns dotted path → option
 */
export function explainOptions(effective: object, sources: readonly OptionSource[]): Record<string, ExplainedOption> {
  return Object.fromEntries(
    leavesOf(effective)
      .filter(([, value]) => value !== undefined)
      .map(([path, value]) => [path, { value: shown(path, value), from: sourceOf(path, sources) }]),
  );
}

function leavesOf(options: object, prefix = ''): [string, unknown][] {
  return Object.entries(options).flatMap(([name, value]): [string, unknown][] => {
    const path = prefix + name;
    return isGroup(value) && !SECRET.test(prefix) ? leavesOf(value, `${path}.`) : [[path, value]];
  });
}

function isGroup(value: unknown): value is Entries {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function shown(path: string, value: unknown): unknown {
  if (SECRET.test(path)) return REDACTED;
  if (typeof value === 'function') return `[function ${value.name || 'anonymous'}]`;
  return typeof value === 'string' ? redactUrl(value) : value;
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
