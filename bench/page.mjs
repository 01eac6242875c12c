import { heading } from './report.mjs';

const REFERENCE = 'raw-http';
const DIGITS = 4;

/** docs/benchmarks.md: CPU per request of every contender in every scenario, as a multiple of the reference's. */
export function benchmarksPage(results) {
  const { scenarios } = results;
  const names = new Map(scenarios.flatMap(({ contenders }) => contenders.map(({ id, name }) => [id, name])));
  const line = (first, others) => `| ${first} | ${others.join(' | ')} |`;
  return [
    '# Benchmarks',
    '',
    '<!-- Written by `npm run bench`. -->',
    '',
    'CPU time per request of each client, as a multiple of that of raw `http.request` with `agentkeepalive` in the same scenario, or in microseconds where that does',
    'not take part. [performance.md](performance.md) says what a call costs and why, [bench](../bench/README.md) how this is measured, [bench.json](bench.json) has all figures.',
    '',
    '```sh',
    'npm ci --prefix bench && npm run bench',
    '```',
    '',
    line(
      'client',
      scenarios.map(({ title }) => title),
    ),
    line(
      '---',
      scenarios.map(() => '---:'),
    ),
    ...[...names].map(([id, name]) =>
      line(
        name,
        scenarios.map((scenario) => cell(scenario, id)),
      ),
    ),
    '',
    '```',
    heading(results),
    '```',
    '',
  ].join('\n');
}

function cell({ contenders }, id) {
  const contender = contenders.find((one) => one.id === id);
  if (!contender) return '';
  const ratio = contender.cpuRatios[REFERENCE];
  return ratio ? `${ratio.median.toFixed(2)}x` : `${contender.cpu.median.toFixed(0)} µs`;
}

/** docs/bench.json: medians and ranges, to as many digits as mean something, a line for each contender. */
export function figures({ scenarios, ...run }) {
  const written = (key, value) => {
    if (key === 'rounds') return undefined;
    return typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value;
  };
  const lines = scenarios.flatMap(({ name, contenders }) =>
    contenders.map((contender) => JSON.stringify({ scenario: name, ...contender }, written)),
  );
  return `{\n"run": ${JSON.stringify(run)},\n"results": [\n${lines.join(',\n')}\n]\n}\n`;
}
