import { redactUrl } from '../redaction/redact-url.js';
import { DEFAULT_RULES, type RedactionRules } from '../redaction/redaction-rules.js';
import type { Arrival } from './arrival.js';
import { currentTest } from './current-test.js';
import type { Expectation } from './expectation.js';
import { shownDifference } from './match-value.js';
import { describeMatch, differencesFrom, distance } from './request-match.js';

/** As `GET https://api.example.com/users/2 of client "users"`, without secrets. */
export function describeRequest({ request, rules }: Arrival): string {
  const { method, url, client } = request;
  return `${method} ${redactUrl(url, rules)} of client "${client}"`;
}

/** Why nobody expected a request: the expectation that comes nearest, and where they differ. */
export function describeUnexpected(arrival: Arrival, expectations: readonly Expectation[]): string {
  const test = currentTest();
  const what = `${describeRequest(arrival)} was not expected${test ? ` (${test})` : ''}`;
  if (expectations.length === 0) return `${what}; nothing is expected`;
  const open = expectations.filter(({ isUsedUp }) => !isUsedUp);
  const matching = expectations.find(({ match }) => differencesFrom(match, arrival.request).length === 0);
  if (matching) {
    const { count } = matching;
    const { max } = count;
    if (max === 0) return `${what}: expectNone forbids ${describeMatch(matching.match, arrival.rules)}`;
    return `${what} more than ${max === 1 ? 'once' : `${max} times`}`;
  }
  if (open.length === 0) return `${what}; all that was expected has come`;
  const lines = open
    .map(({ match }) => ({ match, differences: differencesFrom(match, arrival.request) }))
    .toSorted((a, b) => distance(a.differences) - distance(b.differences));
  const { match, differences } = lines[0]!;
  return `${what}\nnearest expectation: ${describeMatch(match, arrival.rules)}\n${shownLines(differences, arrival.rules)}`;
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
  return `${what}\nnearest request: ${describeRequest(nearest.arrival)}\n${shownLines(nearest.differences, rules)}`;
}

function shownLines(differences: ReturnType<typeof differencesFrom>, rules: RedactionRules): string {
  return differences.map((difference) => `  ${shownDifference(difference, rules)}`).join('\n');
}
