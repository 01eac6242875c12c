import { inspect, types } from 'node:util';
import { REDACTED, type RedactionRules } from '../redaction/rules.js';
import { redactText } from '../redaction/text.js';

/** What vitest's and jest's `expect.objectContaining`, `expect.any` and the like are. */
export interface AsymmetricMatcher {
  /** Whether a value is as expected. */
  asymmetricMatch(actual: unknown): boolean;
}

/** Where something is not as expected. Not redacted: see `shownDifference`. */
export interface Difference {
  /** As `url`, `query.page`, `headers.accept`, `body.address.city`. */
  readonly where: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** A value that may have more properties than these, however deep. */
class Containing implements AsymmetricMatcher {
  constructor(readonly subset: object) {}

  asymmetricMatch(actual: unknown): boolean {
    return differencesOf('', this, actual).length === 0;
  }

  [inspect.custom](): unknown {
    return this.subset;
  }
}

/**
 * Matches what has these properties, and maybe others; so may the objects in it. Arrays have as many entries as here.
 * It works within `expect` of vitest and jest, too, and they within it.
 */
export function containing(subset: object): AsymmetricMatcher {
  return new Containing(subset);
}

/**
 * Where a value that was JSON is not as expected. What is expected may hold functions that judge a value, regular expressions for
 * texts, and asymmetric matchers, anywhere.
 */
export function differencesOf(where: string, expected: unknown, actual: unknown): Difference[] {
  return compare(where, expected, actual, false);
}

function compare(where: string, expected: unknown, actual: unknown, allowsMore: boolean): Difference[] {
  const differs = [{ where, expected, actual }];
  if (expected instanceof Containing) return compare(where, expected.subset, actual, true);
  if (isAsymmetric(expected)) return expected.asymmetricMatch(actual) ? [] : differs;
  if (typeof expected === 'function') return expected(actual) === true ? [] : differs;
  if (types.isRegExp(expected)) return typeof actual === 'string' && matches(expected, actual) ? [] : differs;
  if (typeof expected !== 'object' || expected === null) return Object.is(expected, actual) ? [] : differs;
  if ('toJSON' in expected && typeof expected.toJSON === 'function') {
    return compare(where, expected.toJSON(), actual, allowsMore);
  }
  if (typeof actual !== 'object' || actual === null || Array.isArray(expected) !== Array.isArray(actual)) {
    return differs;
  }
  if (Array.isArray(expected) && expected.length !== (actual as unknown[]).length) return differs;
  const wanted = expected as Record<string, unknown>;
  const got = actual as Record<string, unknown>;
  const names = allowsMore ? Object.keys(wanted) : new Set([...Object.keys(wanted), ...Object.keys(got)]);
  return Array.from(names).flatMap((name) =>
    compare(
      where ? `${where}.${name}` : name,
      wanted[name],
      Object.hasOwn(got, name) ? got[name] : undefined,
      allowsMore,
    ),
  );
}

/** Also one with the flag `g` or `y`, which would remember where it was. */
export function matches(pattern: RegExp, text: string): boolean {
  return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).test(text);
}

function isAsymmetric(value: unknown): value is AsymmetricMatcher {
  return typeof (value as Partial<AsymmetricMatcher> | null | undefined)?.asymmetricMatch === 'function';
}

/** As `body.city: expected 'Bern', got 'Basel'`, without secrets. */
export function shownDifference({ where, expected, actual }: Difference, rules: RedactionRules): string {
  const isSecret = where.split('.').some((name, index) => index > 0 && isSecretName(name, rules));
  const shown = (value: unknown) => (isSecret && value !== undefined ? REDACTED : shownValue(value, rules));
  return `${where}: expected ${shown(expected)}, got ${shown(actual)}`;
}

/** In one line, shortened, without secrets. */
export function shownValue(value: unknown, rules: RedactionRules): string {
  if (value === undefined) return 'none';
  if (typeof value === 'function') return `what ${value.name || 'a function'} accepts`;
  const printed = inspect(withoutSecrets(value, rules), {
    depth: 4,
    breakLength: Infinity,
    compact: true,
    maxStringLength: 200,
    maxArrayLength: 20,
    sorted: true,
  });
  const text = redactText(printed, rules);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

const MAX_SHOWN = 400;

function withoutSecrets(value: unknown, rules: RedactionRules): unknown {
  if (value instanceof Containing) return withoutSecrets(value.subset, rules);
  if (Array.isArray(value)) return value.map((entry) => withoutSecrets(entry, rules));
  if (typeof value !== 'object' || value === null || isAsymmetric(value)) return value;
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      name,
      isSecretName(name, rules) ? REDACTED : withoutSecrets(entry, rules),
    ]),
  );
}

/** Also of another realm, such as a test runner's. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isSecretName(name: string, { isSecretHeader, isSecretParam }: RedactionRules): boolean {
  return isSecretParam(name) || isSecretHeader(name);
}
