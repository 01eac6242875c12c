// One contender in one scenario, in a process of its own: warms up, waits until the parent has looked at the upstream,
// measures, sends the result.
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { isDeepStrictEqual } from 'node:util';
import { loadContender } from './contenders/index.mjs';
import { startProfile } from './helpers/profile.mjs';
import { SCENARIOS } from './scenarios.mjs';
import { quantile } from './statistics.mjs';

process.on('disconnect', () => process.exit()); // whoever started this is gone

const [{ contender, scenario: name, origin, requests, warmup, profile }] = await once(process, 'message');
const scenario = SCENARIOS.find((known) => known.name === name);
const { concurrency } = scenario;

const { create } = await loadContender(contender);
const client = await create({
  url: origin + scenario.path,
  method: scenario.method,
  body: scenario.body,
  kind: scenario.kind,
  acceptEncoding: scenario.acceptEncoding,
  // Twice what is needed, so that no request waits for a socket; the library's own default where that is more.
  maxSockets: Math.max(100, 2 * concurrency),
});

await sendAll(warmup, (answer) => isDeepStrictEqual(answer, scenario.answer));
process.send({ state: 'warm' });
await once(process, 'message');
process.send({ state: 'measured', result: await measure() });
await client.close();
process.disconnect();

async function measure() {
  const latencies = new Float64Array(requests);
  const stopProfile = profile ? await startProfile() : undefined;
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  await sendAll(requests, scenario.isRight, latencies);
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpuBefore);
  const rss = process.memoryUsage.rss();
  await stopProfile?.(profile);
  return {
    requests,
    cpu: (user + system) / requests,
    userCpu: user / requests,
    rps: (requests / ms) * 1_000,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    rss: rss / 2 ** 20,
  };
}

/** Keeps `concurrency` requests in flight until all are answered. Fails with the first that errs or is answered wrongly. */
async function sendAll(count, isRight, latencies = []) {
  let sent = 0;
  const sendOneByOne = async () => {
    while (sent < count) {
      const index = sent++;
      const start = performance.now();
      const answer = await client.request();
      latencies[index] = performance.now() - start;
      if (!isRight(answer)) throw new Error(`A wrong answer: ${JSON.stringify(answer)?.slice(0, 200)}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, sendOneByOne));
}
