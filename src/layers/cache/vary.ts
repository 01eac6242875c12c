import { digest } from '../../base/digest.js';
import { listOf, membersOf } from './directives.js';
import type { ResponseHeaders } from './freshness.js';

/** A header of a request, in a form that two requests share only where they ask for the same. Undefined: it is not sent. */
export type Selector = readonly [name: string, value: string | undefined];

/** Lists in which neither case nor order says anything (RFC 9110 §12.5). */
const NEGOTIATION: ReadonlySet<string> = new Set(['accept', 'accept-charset', 'accept-encoding', 'accept-language']);

/** RFC 9111 §4.1: lines are combined, and white space around the members of a list counts for nothing. */
export function normalized(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === false) return undefined;
  const members = membersOf(Array.isArray(value) ? value.join(',') : `${value as number}`);
  if (!NEGOTIATION.has(name)) return members.join(',');
  return members
    .map((member) => member.toLowerCase().replaceAll(' ', ''))
    .toSorted((a, b) => (a < b ? -1 : 1))
    .join(',');
}

/** The value of a request header by its name in lower case. */
export type HeaderValues = (name: string) => unknown;

/**
 * What selects a response among those of a URL: the request headers that its `Vary` names.
 * @param isSecret those of which only a digest is kept
 */
export function selectorsOf(
  headers: ResponseHeaders,
  valueOf: HeaderValues,
  isSecret: (name: string) => boolean,
): readonly Selector[] {
  return listOf(headers['vary']).map((name) => selectorOf(name, valueOf, isSecret));
}

function selectorOf(name: string, valueOf: HeaderValues, isSecret: (name: string) => boolean): Selector {
  const value = normalized(name, valueOf(name));
  return [name, value === undefined || !isSecret(name) ? value : digest(value)];
}

/** Whether a request has what a stored response was selected by. */
export function isSelected(
  selectors: readonly Selector[],
  valueOf: HeaderValues,
  isSecret: (name: string) => boolean,
): boolean {
  for (const [name, value] of selectors) if (selectorOf(name, valueOf, isSecret)[1] !== value) return false;
  return true;
}
