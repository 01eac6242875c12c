/**
 * What a call in flight keeps in memory: KB of the heap per call, while 2,000 of them wait for an upstream that does not answer. Their sockets
 * are open before: what they keep while they are idle does not count. Contenders take turns, each in a process of its own.
 *
 *   npm run build && node bench/memory.mjs [turns]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { loadContender } from './contenders/index.mjs';
import { refreshLibrary } from './library.mjs';
import { median } from './statistics.mjs';

const CALLS = 2_000;
const CONTENDERS = [
  'nest-outbound-http-service',
  'nest-outbound-axios',
  'nest-outbound-standard',
  'axios-agentkeepalive',
  'nestjs-axios-http-service',
  'undici-request',
  'raw-http',
];

if (process.argv[2] === 'worker') await worker(process.argv[3], process.argv[4]);
else await main(Number(process.argv[2] ?? 3));

async function main(turns) {
  refreshLibrary();
  const { server, hold, release } = await upstream();
  const url = `http://127.0.0.1:${server.address().port}/`;
  const kilobytes = new Map(CONTENDERS.map((id) => [id, []]));
  for (let turn = 0; turn < turns; turn++) {
    for (const id of CONTENDERS) {
      const child = fork(fileURLToPath(import.meta.url), ['worker', id, url], { execArgv: ['--expose-gc'] });
      await once(child, 'message'); // its sockets are open
      const held = hold();
      child.send('go');
      await held;
      child.send('look');
      const [{ kb }] = await once(child, 'message');
      kilobytes.get(id).push(kb);
      child.kill();
      await once(child, 'exit');
      release();
    }
  }
  console.log(`KB of the heap per call in flight, of ${CALLS}, median of ${turns} turns; Node ${process.version}`);
  for (const [id, kb] of kilobytes) console.log(`${id.padEnd(30)}${median(kb).toFixed(1)}`);
  server.closeAllConnections();
  server.close();
}

/** Answers at once, until it is told to hold. */
async function upstream() {
  let isHolding = false;
  let waiting = 0;
  let full = () => {};
  const server = http.createServer((_request, response) => {
    if (!isHolding) response.end('{}');
    else if (++waiting === CALLS) full();
  });
  server.keepAliveTimeout = 65_000;
  server.listen(0, '127.0.0.1', 4_096);
  await once(server, 'listening');
  return {
    server,
    hold: () => {
      isHolding = true;
      waiting = 0;
      return new Promise((resolve) => (full = resolve));
    },
    release: () => (isHolding = false),
  };
}

async function worker(id, url) {
  const { create } = await loadContender(id);
  const client = await create({ url, method: 'GET', kind: 'json', maxSockets: 2 * CALLS });
  for (let turn = 0; turn < 5; turn++) await Promise.all(Array.from({ length: CALLS }, () => client.request()));
  const before = heap();
  process.send({});
  await once(process, 'message');
  for (let call = 0; call < CALLS; call++) client.request().catch(() => {});
  await once(process, 'message');
  process.send({ kb: (heap() - before) / CALLS / 1_024 });
}

function heap() {
  for (let turn = 0; turn < 3; turn++) globalThis.gc();
  return process.memoryUsage().heapUsed;
}
