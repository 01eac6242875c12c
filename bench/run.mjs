import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cpuChart } from './chart.mjs';
import { CONTENDERS, REFERENCES } from './contenders/index.mjs';
import { topFunctions } from './helpers/profile.mjs';
import { commit, refreshLibrary, versions } from './library.mjs';
import { benchmarksPage, figures } from './page.mjs';
import { runWorker, startUpstream } from './processes.mjs';
import { heading, table } from './report.mjs';
import { evaluate } from './results.mjs';
import { FEW_REQUESTS, QUICK, SCENARIOS } from './scenarios.mjs';

const ROUNDS = 3;
const CHART_SCENARIO = 'small-get-50';
const OURS = 'nest-outbound';
/** Of what a contender has failed with: errors of got print all of their options. */
const ERROR_LINES = 6;
const RESULTS = new URL('results/', import.meta.url);
const DOCS = new URL('../docs/', import.meta.url);

const { values: options } = parseArgs({
  options: {
    scenario: { type: 'string' },
    contender: { type: 'string' },
    rounds: { type: 'string' },
    requests: { type: 'string' },
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    'upstream-sleeps': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) {
  console.log(readFileSync(new URL('README.md', import.meta.url), 'utf8'));
} else {
  await main().catch((error) => {
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  });
}

async function main() {
  const scenarios = chosen(SCENARIOS, options.scenario ?? (options.quick && QUICK.scenarios), ({ name }) => name);
  const contenders = chosen(CONTENDERS, options.contender ?? (options.quick && QUICK.contenders), nameAndId);
  const rounds = number(options.rounds, options.quick || options.profile ? 1 : ROUNDS);
  const takes = ({ contenders: ids }) => contenders.filter(({ id }) => ids.includes(id));
  if (!scenarios.some((scenario) => takes(scenario).length > 0)) throw new Error('None of them takes part in these.');
  refreshLibrary();
  mkdirSync(RESULTS, { recursive: true });

  const results = {
    date: new Date().toISOString(),
    machine: {
      cpu: os.cpus()[0].model.trim(),
      cores: os.cpus().length,
      memoryMb: Math.round(os.totalmem() / 2 ** 20),
      platform: `${os.platform()} ${os.arch()}`,
      load: os.loadavg()[0],
    },
    versions: versions(),
    commit: commit(),
    rounds,
    scenarios: [],
  };
  console.log(heading(results));

  const upstream = await startUpstream({ sleeps: options['upstream-sleeps'] });
  try {
    for (const scenario of scenarios) {
      const taking = takes(scenario);
      if (taking.length === 0) continue;
      const result = await runScenario(upstream, scenario, taking, rounds);
      results.scenarios.push(result);
      console.log(table(result));
    }
  } finally {
    upstream.stop();
  }

  if (options.profile) return;
  results.machine.loadAfter = os.loadavg()[0];
  write(new URL('latest.json', RESULTS), `${JSON.stringify(results, undefined, 2)}\n`);
  const charted = results.scenarios.find(({ name }) => name === CHART_SCENARIO);
  const isUsual = !options.contender && !options.quick && !options.requests && !options['upstream-sleeps'];
  if (!isUsual || rounds < ROUNDS) return;
  if (charted) write(new URL('bench.svg', DOCS), cpuChart(charted, results));
  if (options.scenario) return;
  write(new URL('benchmarks.md', DOCS), benchmarksPage(results));
  write(new URL('bench.json', DOCS), figures(results));
}

/** Every contender once per round, the rounds beginning with another one each. */
async function runScenario(upstream, scenario, contenders, rounds) {
  const { name, title, concurrency } = scenario;
  const results = new Map(contenders.map(({ id }) => [id, []]));
  for (let round = 0; round < rounds; round++) {
    const first = round % contenders.length;
    for (const { id } of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      if (!results.has(id)) continue; // left out
      const profile = options.profile ? fileURLToPath(new URL(`${name}-${id}.cpuprofile`, RESULTS)) : undefined;
      const job = {
        contender: id,
        scenario: name,
        origin: upstream.origins[scenario.scheme],
        ...requestsFor(id, scenario),
        profile,
      };
      progress(`${name}, round ${round + 1} of ${rounds}: ${id}`);
      try {
        results.get(id).push(await runWorker(upstream, job));
        progress('');
        if (profile) printProfile(profile);
      } catch (error) {
        if (id.startsWith(OURS)) throw error;
        results.delete(id);
        progress('');
        console.error(`\nleft out: ${error.message.split('\n').slice(0, ERROR_LINES).join('\n')}`);
      }
    }
  }
  const finished = contenders.filter(({ id }) => results.has(id));
  return { name, title, concurrency, contenders: evaluate(results, finished, REFERENCES) };
}

function requestsFor(id, scenario) {
  const { requests, warmup } = id === FEW_REQUESTS.id ? FEW_REQUESTS : scenario;
  return { requests: Math.max(scenario.concurrency, number(options.requests, requests)), warmup };
}

function printProfile(file) {
  console.log(`\n${file}`);
  for (const { place, part } of topFunctions(JSON.parse(readFileSync(file, 'utf8')))) {
    console.log(`${(part * 100).toFixed(1).padStart(5)} %  ${place}`);
  }
}

function chosen(all, words, text) {
  if (!words) return all;
  const wanted = Array.isArray(words) ? words : words.split(',').map((word) => word.trim().toLowerCase());
  const matches = (word) => {
    const exact = all.filter((one) => (one.id ?? one.name) === word);
    return exact.length > 0 ? exact : all.filter((one) => text(one).toLowerCase().includes(word));
  };
  const found = new Set(wanted.flatMap(matches));
  if (found.size === 0) throw new Error(`Nothing is called ${words}; there are\n${all.map(text).join('\n')}`);
  return all.filter((one) => found.has(one));
}

function nameAndId({ id, name }) {
  return `${name} (${id})`;
}

function number(text, otherwise) {
  const value = Number(text ?? otherwise);
  if (!Number.isInteger(value) || value < 1) throw new Error(`Not a number of times: ${text}`);
  return value;
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
}

function write(url, text) {
  writeFileSync(url, text);
  console.log(`\nwritten: ${fileURLToPath(url)}`);
}
