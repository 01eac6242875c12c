// One way to call an upstream, in a process of its own: warms up, then measures bursts of calls.
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import axios from 'axios';
import { loadContender } from './contenders/index.mjs';
import { axiosRequest } from './helpers/axios-request.mjs';

const CREATE = {
  shared: (await loadContender('nest-outbound-axios')).create,
  fresh: (await loadContender('axios-fresh-client')).create,
  plain: async (target) => ({ request: axiosRequest(axios.create(), target), close: () => {} }),
};

process.on('disconnect', () => process.exit());

const [{ way, url, calls, warmUp, bursts }] = await once(process, 'message');
const client = await CREATE[way]({ url, method: 'GET', kind: 'json', maxSockets: 2 * calls });

const burst = () =>
  Promise.all(
    Array.from({ length: calls }, async () => {
      const start = performance.now();
      await client.request();
      return performance.now() - start;
    }),
  );

/** Bursts, one after the other. */
async function run(count) {
  const latencies = [];
  // oxlint-disable-next-line no-await-in-loop -- what is measured
  for (let done = 0; done < count; done++) latencies.push(...(await burst()));
  return latencies;
}

await run(warmUp);
process.send('warm');
await once(process, 'message');
const cpuBefore = process.cpuUsage();
const latencies = await run(bursts);
const { user, system } = process.cpuUsage(cpuBefore);
process.send({ latencies, cpu: user + system });
await once(process, 'message');
await client.close();
process.exit();
