/**
 * One shared client against a client per call: over TLS, with a round trip. The upstream is a process of its own, behind a relay in another.
 *
 *   npm run bench:shared [-- rounds]
 */
import { refreshLibrary } from './library.mjs';
import { startRelay, startTrusting, startUpstream } from './processes.mjs';
import { median, quantile } from './statistics.mjs';

const ROUND_TRIPS_MS = [0, 10, 40];
const CALLS = 100;
const WARM_UP = 5;
const BURSTS = 3;
const WAYS = {
  shared: 'one shared client: nest-outbound',
  fresh: 'a client and an agent per call: axios + agentkeepalive',
  plain: "one axios instance, Node's global agent",
};

const rounds = Number(process.argv[2] ?? 3);
refreshLibrary();
const upstream = await startUpstream({ sleeps: true });
try {
  console.log(`${CALLS} calls at once, ${BURSTS} times, GET over TLS; medians of ${rounds} rounds. CPU is per call.`);
  for (const roundTripMs of ROUND_TRIPS_MS) console.log(await table(roundTripMs));
} finally {
  upstream.stop();
}

/** The ways take turns. */
async function table(roundTripMs) {
  const results = new Map(Object.keys(WAYS).map((way) => [way, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [way, turns] of results) turns.push(await turn(way, roundTripMs));
  }
  const rows = Array.from(results, ([way, turns]) => {
    const of = (name) => median(turns.map((result) => result[name]));
    const times = [of('p50'), of('p99')].map((ms) => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`);
    const cpu = [of('cpu'), of('upstreamCpu')].map((us) => `${us.toFixed(0)} µs`);
    return [WAYS[way], ...times, of('handshakes'), ...cpu];
  });
  const head = ['', 'p50', 'p99', 'TLS handshakes', 'CPU of the client', 'CPU of the upstream'];
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return [`\nround trip ${roundTripMs} ms\n`, ...lines].join('\n');
}

async function turn(way, roundTripMs) {
  const relay = await startRelay(upstream.origins.https, roundTripMs);
  const worker = startTrusting('./shared-worker.mjs');
  try {
    await worker.ask({ way, url: `${relay.origin}/small`, calls: CALLS, warmUp: WARM_UP, bursts: BURSTS });
    const before = await upstream.look();
    const { latencies, cpu } = await worker.ask('measure');
    const after = await upstream.look();
    const calls = CALLS * BURSTS;
    return {
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      handshakes: after.handshakes - before.handshakes,
      cpu: cpu / calls,
      upstreamCpu: (after.cpu - before.cpu) / calls,
    };
  } finally {
    worker.stop();
    relay.stop();
  }
}
