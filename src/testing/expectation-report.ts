import { DEFAULT_RULES, type RedactionRules } from '../redaction/rules.js';
import { redactUrl } from '../redaction/url.js';
import type { Arrival } from './arrival.js';
import { currentTest } from './current-test.js';
import type { Expectation } from './expectation.js';
import { type Difference, shownDifference } from './match-value.js';
import { describeMatch, differencesFrom, distance } from './request-match.js';

/** As `GET https://api.example.com/users/2 of client "users"`, without secrets. */
export function describeRequest({ request, rules }: Arrival): string {
  const { method, url, client } = request;
  return `${method} ${redactUrl(url, rules)} of client "${client}"`;
}

/** Why nobody expected a request: the expectation that comes nearest, and where they differ. */
export function describeUnexpected(arrival: Arrival, expectations: readonly Expectation[]): string {
  const { request, rules } = arrival;
  const test = currentTest();
  const told = (why: string) => `${describeRequest(arrival)} was not expected${why}${test ? ` (${test})` : ''}`;
  if (expectations.length === 0) return told(': nothing is');
  const fitting = expectations.filter(({ match }) => differencesFrom(match, request).length === 0);
  const forbidding = fitting.find(({ count }) => count.max === 0);
  if (forbidding) return told(`: expectNone forbids ${describeMatch(forbidding.match, rules)}`);
  const usedUp = fitting.reduce((sum, { count }) => sum + count.max, 0);
  if (usedUp > 0) return told(usedUp === 1 ? ' more than once' : ` more than ${usedUp} times`);
  const [nearest] = expectations
    .filter(({ isUsedUp }) => !isUsedUp)
    .map(({ match }) => ({ match, differences: differencesFrom(match, request) }))
    .toSorted((a, b) => distance(a.differences) - distance(b.differences));
  if (!nearest) return told(': each expectation has had its requests');
  const { match, differences } = nearest;
  return `${told('')}\nnearest expectation: ${describeMatch(match, rules)}\n${shownLines(differences, rules)}`;
}

/** That fewer requests came than must, and where the one that comes nearest differs. */
export function describeUnmet({ match, count, arrivals }: Expectation, unexpected: readonly Arrival[]): string {
  const [nearest] = unexpected
    .map((arrival) => ({ arrival, differences: differencesFrom(match, arrival.request) }))
    .toSorted((a, b) => distance(a.differences) - distance(b.differences));
  const rules = nearest?.arrival.rules ?? DEFAULT_RULES;
  const times = count.min === count.max ? `${count.min}` : `at least ${count.min}`;
  const requests = `${times} request${count.min === 1 ? '' : 's'}`;
  const what = `expected ${requests}, got ${arrivals.length}: ${describeMatch(match, rules)}`;
  if (!nearest) return what;
  if (nearest.differences.length === 0) {
    return `${what}\nit came before it was expected: expect it first, or have requests wait by the option unexpected: 'wait'`;
  }
  return `${what}\nnearest request: ${describeRequest(nearest.arrival)}\n${shownLines(nearest.differences, rules)}`;
}

/** A body that is another one altogether would bury the rest. */
const MAX_LINES = 10;

function shownLines(differences: readonly Difference[], rules: RedactionRules): string {
  const lines = differences.slice(0, MAX_LINES).map((difference) => `  ${shownDifference(difference, rules)}`);
  const more = differences.length - lines.length;
  return [...lines, ...(more > 0 ? [`  and ${more} more`] : [])].join('\n');
}
