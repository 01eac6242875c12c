import { types } from 'node:util';
import { canParse } from '../base/can-parse.js';
import type { RedactionRules } from '../redaction/rules.js';
import { redactUrl } from '../redaction/url.js';
import { type AsymmetricMatcher, type Difference, differencesOf, matches, shownValue } from './match-value.js';
import type { ReceivedRequest } from './received-request.js';

/**
 * - a string: an absolute URL, or a path from the root (`/v1/users/1`, whatever the host; what a base URL adds is part of it). One that
 *   has a query has exactly that query, in any order; one without leaves the query to `query`.
 * - a URL: as its text
 * - a RegExp: tested on the absolute URL, its query included
 * - a function: gets the URL
 */
export type UrlMatch = string | URL | RegExp | ((url: URL) => boolean);

/** Of a header or a query parameter; null: it must not be there. A list is for one that comes several times, in order. */
export type TextMatch =
  | string
  | number
  | boolean
  | RegExp
  | null
  | AsymmetricMatcher
  | readonly (string | number | boolean | RegExp)[]
  | ((value: string) => boolean);

/** What a request must be like; what is absent may be anything. */
export interface RequestMatcher {
  /** The name of the client; `default` is that of `forRoot`. */
  readonly client?: string;
  /** In either case. */
  readonly method?: string;
  /** Absolute, or a path from the root; a RegExp or a function gets the absolute URL. */
  readonly url?: UrlMatch;
  /** Parameters it must have, and maybe others; `exactly(…)` for no others. */
  readonly query?: Readonly<Record<string, TextMatch>> | ExactQuery;
  /** Headers it must have, by names in either case, and maybe others. */
  readonly headers?: Readonly<Record<string, TextMatch>>;
  /**
   * Compared with the body, as `ReceivedRequest` has it, in depth: `containing(…)` lets it have more. A function gets the body, a RegExp
   * its text, and bytes are compared with what was sent.
   */
  readonly body?: unknown;
}

/** What requests are told by: a URL, more than that, or a function that judges the whole of it. */
export type RequestMatch = string | URL | RegExp | RequestMatcher | ((request: ReceivedRequest) => boolean);

/** Parameters, and no others. */
export class ExactQuery {
  constructor(
    /** Every parameter, by name. */
    readonly params: Readonly<Record<string, TextMatch>>,
  ) {}
}

/** For `query`: these parameters and no others. */
export function exactly(params: Readonly<Record<string, TextMatch>>): ExactQuery {
  return new ExactQuery(params);
}

/** Where a function says that a request is not as it should be. */
const FUNCTION = 'what it returns';

/** Where a request is not as a match has it: empty where it is. */
export function differencesFrom(match: RequestMatch, request: ReceivedRequest): Difference[] {
  if (typeof match === 'function') {
    const answer: unknown = match(request);
    return isTrue(answer) ? [] : [{ where: FUNCTION, expected: true, actual: answer }];
  }
  const { client, method, url, query, headers, body } = asMatcher(match);
  return [
    ...(client === undefined ? [] : differencesOf('client', client, request.client)),
    ...(method === undefined ? [] : differencesOf('method', method.toUpperCase(), request.method)),
    ...(url === undefined ? [] : urlDifferences(url, request)),
    ...(query === undefined ? [] : queryDifferences(query, request.query)),
    ...Object.entries(headers ?? {}).flatMap(([name, expected]) => headerDifferences(name, expected, request)),
    ...(body === undefined ? [] : bodyDifferences(body, request)),
  ];
}

/** As `POST /users`, with what else is asked for. */
export function describeMatch(match: RequestMatch, rules: RedactionRules): string {
  if (typeof match === 'function') return `what ${match.name || 'a function'} accepts`;
  const { client, method = 'any method', url, query, headers, body } = asMatcher(match);
  const shownQuery = query instanceof ExactQuery ? query.params : query;
  return [
    method.toUpperCase() === method ? method : method.replace(/^[a-z]+$/, (name) => name.toUpperCase()),
    url === undefined ? 'any URL' : describeUrl(url, rules),
    client === undefined ? '' : `of client "${client}"`,
    shownQuery ? `with query ${shownValue(shownQuery, rules)}` : '',
    headers ? `with headers ${shownValue(headers, rules)}` : '',
    body === undefined ? '' : `with body ${shownValue(body, rules)}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** From 0, for a request as it is expected, upwards: the less it has in common with that. */
export function distance(differences: readonly Difference[]): number {
  let sum = 0;
  for (const { where, expected, actual } of differences) {
    if (where === 'url') sum += 2 - 1.5 * likeness(String(expected), String(actual));
    else if (where === 'method' || where === 'client') sum += 0.75;
    else if (where === FUNCTION) sum += 3;
    else sum += 0.25;
  }
  return sum;
}

/** Nothing else that counts as true: the promise of a function that is async would. */
function isTrue(answer: unknown): boolean {
  return answer === true;
}

function asMatcher(match: Exclude<RequestMatch, (request: ReceivedRequest) => boolean>): RequestMatcher {
  return typeof match === 'string' || match instanceof URL || types.isRegExp(match) ? { url: match } : match;
}

function describeUrl(url: UrlMatch, rules: RedactionRules): string {
  if (types.isRegExp(url)) return String(url);
  return typeof url === 'function' ? `what ${url.name || 'a function'} accepts` : redactUrl(String(url), rules);
}

function urlDifferences(expected: UrlMatch, request: ReceivedRequest): Difference[] {
  const url = new URL(request.url);
  if (typeof expected === 'function')
    return isTrue(expected(url)) ? [] : [{ where: 'url', expected, actual: url.href }];
  if (types.isRegExp(expected))
    return matches(expected, url.href) ? [] : [{ where: 'url', expected, actual: url.href }];
  const text = String(expected);
  const wanted = new URL(text, url.origin);
  const isAbsolute = canParse(text);
  const hasQuery = text.includes('?');
  const shown = ({ origin, pathname, search }: URL) => (isAbsolute ? origin : '') + pathname + (hasQuery ? search : '');
  const isSame = wanted.origin === url.origin && wanted.pathname === url.pathname;
  if (isSame && (!hasQuery || sorted(wanted) === sorted(url))) return [];
  return [{ where: 'url', expected: shown(wanted), actual: shown(url) }];
}

function sorted({ searchParams }: URL): string {
  const copy = new URLSearchParams(searchParams);
  copy.sort();
  return copy.toString();
}

function queryDifferences(expected: NonNullable<RequestMatcher['query']>, actual: URLSearchParams): Difference[] {
  const isExact = expected instanceof ExactQuery;
  const params = isExact ? expected.params : expected;
  const differences = Object.entries(params).flatMap(([name, value]) =>
    textDifferences(`query.${name}`, value, actual.getAll(name)),
  );
  if (!isExact) return differences;
  for (const name of new Set(actual.keys())) {
    if (!Object.hasOwn(params, name))
      differences.push({ where: `query.${name}`, expected: undefined, actual: actual.get(name) });
  }
  return differences;
}

function headerDifferences(name: string, expected: TextMatch, { headers }: ReceivedRequest): Difference[] {
  const lowerCase = name.toLowerCase();
  const actual = headers[lowerCase] ?? [];
  return textDifferences(`headers.${lowerCase}`, expected, Array.isArray(actual) ? actual : [actual]);
}

function textDifferences(where: string, expected: TextMatch | undefined, values: readonly string[]): Difference[] {
  const actual = values.length > 1 ? values : values[0];
  if (expected === undefined) return [];
  if (expected === null) return actual === undefined ? [] : [{ where, expected: undefined, actual }];
  if (actual === undefined) return [{ where, expected, actual }];
  if (Array.isArray(expected)) return differencesOf(where, expected.map(asText), values);
  return differencesOf(where, asText(expected), actual);
}

/** A number or a boolean as it is written in a URL. */
function asText(value: TextMatch): unknown {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
}

function bodyDifferences(expected: unknown, { body, rawBody }: ReceivedRequest): Difference[] {
  const text = () => rawBody.toString();
  if (types.isRegExp(expected)) return differencesOf('body', expected, text());
  if (types.isUint8Array(expected)) {
    return rawBody.equals(expected) ? [] : [{ where: 'body', ...differentBytes(expected, rawBody) }];
  }
  return differencesOf('body', expected, typeof expected === 'string' ? text() : body);
}

function differentBytes(expected: Uint8Array, actual: Uint8Array): Pick<Difference, 'expected' | 'actual'> {
  const first = expected.findIndex((byte, index) => byte !== actual[index]);
  const from = first === -1 ? expected.byteLength : first;
  return {
    expected: `${expected.byteLength} bytes`,
    actual: `${actual.byteLength} bytes, others from byte ${from} on`,
  };
}

/** From 0 to 1: how many parts of two addresses are the same, at the same place. */
function likeness(one: string, other: string): number {
  const [a, b] = [one.split(/[/?&]/), other.split(/[/?&]/)];
  const same = a.filter((part, index) => part === b[index]).length;
  return same / Math.max(a.length, b.length);
}
