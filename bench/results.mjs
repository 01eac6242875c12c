import { ratio, summary } from './statistics.mjs';

const MEASURED = ['cpu', 'userCpu', 'rps', 'sockets', 'socketsWhileMeasured', 'p50', 'p99', 'rss'];

/**
 * What the rounds of one scenario come to.
 * @param {Map<string, object[]>} rounds by the contender's id
 * @param {readonly { id: string, name: string }[]} contenders
 * @param {readonly string[]} references the ids of those to compare with
 */
export function evaluate(rounds, contenders, references) {
  const values = (id, key) => rounds.get(id).map((round) => round[key]);
  const known = references.filter((id) => rounds.has(id));
  return contenders.map(({ id, name }) => ({
    id,
    name,
    ...Object.fromEntries(MEASURED.map((key) => [key, summary(values(id, key))])),
    cpuRatios: Object.fromEntries(known.map((other) => [other, ratio(values(id, 'cpu'), values(other, 'cpu'))])),
    rounds: rounds.get(id),
  }));
}
