// Several processes share the monitor: does each endpoint get one ping a round, and what does that cost?
//   npm run scale                       1, 2 and 4 processes, 500 endpoints, rounds of 10 s, a minute each
//   npm run scale -- --every 2s --rounds 3 --replicas 2 --endpoints 100
// At last, one of the processes is killed, and then Redis is restarted with nothing in it. Needs redis-server. Exit code 1: something is
// not as it should be.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startRedis } from './scale/redis.mjs';
import { cpuMsOf, startReplica } from './scale/replica.mjs';
import { listenToResults } from './scale/results.mjs';
import { startEndpoints } from './scale/upstream.mjs';

const { values } = parseArgs({
  options: {
    every: { type: 'string', default: '10s' },
    rounds: { type: 'string', default: '6' },
    replicas: { type: 'string', default: '1,2,4' },
    endpoints: { type: 'string', default: '500' },
    slice: { type: 'string', default: '50' },
  },
});
const everyMs = 1_000 * parseFloat(values.every);
const rounds = Number(values.rounds);
const endpoints = Number(values.endpoints);
/** Of a round, after which its pings are over. */
const QUIET = 0.7;
/** Of a round, while its pings are under way: they are spread over a fifth of it, or 2 s. */
const BUSY = 0.05;

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const us = (ms, pings) => `${Math.round((1_000 * ms) / pings)} us`;

const problems = [];
function expectThat(isSo, problem) {
  if (isSo) return;
  problems.push(problem);
  console.log(`  NOT AS IT SHOULD BE: ${problem}`);
}

/** So many processes that share a Redis of their own, once all know each other and each endpoint has been pinged. */
async function deploy(count, config) {
  const redis = await startRedis();
  const results = listenToResults(redis.url);
  await results.ready;
  const replicas = await Promise.all(Array.from({ length: count }, () => startReplica(config, redis.url)));
  const isReady = ({ states, sharing }) => states.unknown === 0 && sharing.replicas === count;
  while (!(await Promise.all(replicas.map(({ monitor }) => monitor()))).every(isReady)) await sleep(200);
  return { redis, results, replicas };
}

/** Waits for a moment of a round, as a part of it. */
async function moment({ results }, part) {
  const phase = (Date.now() - results.lastRound()) % everyMs;
  await sleep((part * everyMs - phase + everyMs) % everyMs);
}

/** Whole rounds, from now on; `then` is called when the last of them should be over. A round may be one round late. */
async function watch({ results }, count, then = () => {}) {
  const from = Date.now();
  await sleep(count * everyMs);
  then();
  await sleep(everyMs);
  return results.roundsBetween(from, from + count * everyMs, everyMs, endpoints);
}

const missedIn = (seen) => seen.map(({ missed }) => missed).join(', ');

/** What rounds cost where nothing goes wrong. */
async function measure(deployment, upstream) {
  const { redis, results, replicas } = deployment;
  const counters = () => ({
    ...upstream.counts(),
    pings: results.pings(),
    kept: results.requests(),
    redisMs: cpuMsOf(redis.pid()),
    nodeMs: sum(replicas.map(({ cpuMs }) => cpuMs())),
  });
  await moment(deployment, QUIET);
  const before = counters();
  let after;
  const seen = await watch(deployment, rounds, () => (after = counters()));
  const [pings, connections, redisMs, nodeMs] = ['pings', 'connections', 'redisMs', 'nodeMs'].map(
    (name) => after[name] - before[name],
  );
  await moment(deployment, QUIET);
  const sent = upstream.counts().requests - before.requests;
  const kept = results.requests() - before.kept;
  const missed = sum(seen.map((round) => round.missed));
  const doubles = sum(seen.map((round) => round.doubles));
  console.log(
    `${replicas.length} processes, ${rounds} rounds: ${pings} pings, ${missed} missed, ${doubles} double; ${connections} new sockets; ` +
      `CPU per ping: Redis ${us(redisMs, pings)}, Node ${us(nodeMs, pings)}; slices of each: ${seen.map(({ split }) => split).join(', ')}`,
  );
  console.log(`  ${sent} requests arrived; the pings that were kept took ${kept}`);
  expectThat(sent - kept <= 0.01 * sent, `${sent - kept} requests were for nothing`);
  expectThat(missed === 0, `${missed} pings were missed`);
  expectThat(doubles <= 0.01 * rounds * endpoints, `${doubles} pings were double`);
}

/** A process is gone in the middle of a round. */
async function kill(deployment) {
  await moment(deployment, QUIET);
  const watching = watch(deployment, 3);
  await moment(deployment, BUSY);
  await deployment.replicas.pop().end('SIGKILL');
  const seen = await watching;
  console.log(
    `one process killed: missed in this round and the next two: ${missedIn(seen)}; double: ${sum(seen.map(({ doubles }) => doubles))}`,
  );
  expectThat(sum(seen.slice(1).map(({ missed }) => missed)) === 0, 'its slices did not go on within a round');
}

/** Redis is gone for a moment, and has nothing in it then. */
async function restart(deployment) {
  await moment(deployment, QUIET);
  const restartedAt = Date.now();
  await deployment.redis.restart();
  while (!(deployment.results.lastRound() > restartedAt)) await sleep(20);
  await moment(deployment, QUIET);
  console.log(`Redis restarted: the next round began ${deployment.results.lastRound() - restartedAt} ms later`);
  const seen = await watch(deployment, 2);
  console.log(`  missed in the next two: ${missedIn(seen)}`);
  expectThat(sum(seen.map(({ missed }) => missed)) === 0, 'the rounds after the restart were not whole');
}

const folder = mkdtempSync(join(tmpdir(), 'travel-desk-scale-'));
const upstream = await startEndpoints(endpoints);
try {
  const config = join(folder, 'settings.json');
  const monitor = {
    intervalMs: everyMs,
    sliceSize: Number(values.slice),
    maxSockets: endpoints, // else they are closed to make room for others
    endpoints: upstream.endpoints,
  };
  writeFileSync(config, JSON.stringify({ monitor }));
  const counts = values.replicas.split(',').map(Number);
  for (const [index, count] of counts.entries()) {
    const deployment = await deploy(count, config);
    await measure(deployment, upstream);
    if (index === counts.length - 1 && count > 1) {
      await kill(deployment);
      await restart(deployment);
    }
    await Promise.all(deployment.replicas.map((replica) => replica.end('SIGTERM')));
    deployment.results.stop();
    await deployment.redis.stop();
  }
} finally {
  upstream.stop();
  rmSync(folder, { recursive: true, force: true });
}
console.log(problems.length === 0 ? 'as it should be' : problems.join('\n'));
process.exitCode = problems.length === 0 ? 0 : 1;
