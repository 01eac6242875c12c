/**
 * What each layer adds to a call that goes well: CPU microseconds per call through the stack, on a transport that answers at
 * once. Variants take turns in one process, so that they share its fortunes; what is printed is their difference from the
 * stack with nothing on, the median of the turns.
 *
 *   npm run build && node bench/layers.mjs [turns]
 */
import axios from 'axios';
import { AxiosHeaders } from 'axios';
import { ClientStack, stackContext } from '../dist/client-stack.js';
import { runInInboundContext } from '../dist/context/inbound-context.js';
import { compose } from '../dist/layers/compose.js';
import { createCall } from '../dist/layers/create-call.js';
import { resolveInbound } from '../dist/options/resolve-inbound.js';
import { resolveModuleOptions } from '../dist/options/resolve-options.js';
import { ConnectionPool } from '../dist/pool/connection-pool.js';
import { systemClock } from '../dist/clock.js';
import { median } from './statistics.mjs';

const CALLS = 20_000;
const CONCURRENCY = 50;
const TURNS = Number(process.argv[2] ?? 15);
const MANY = 1_000_000;

const VARIANTS = {
  'nothing on': {},
  deadline: { deadlineMs: 30_000 },
  'retry, with its budget': { retry: true },
  'circuit breaker': { breaker: true },
  'concurrency limit': { concurrency: { max: MANY } },
  'rate limit': { rateLimit: { max: MANY } },
  hedge: { hedge: true },
  coalesce: { coalesce: true },
  "'standard'": 'standard',
};

const answer = { status: 200, statusText: 'OK', headers: new AxiosHeaders(), data: '{}', request: {} };
const config = {
  ...axios.defaults,
  method: 'get',
  url: 'http://api.test/users/1',
  headers: new AxiosHeaders({ accept: 'application/json' }),
  timeout: 30_000,
};

/** @returns sends one call */
function clientWith(resilience, inbound) {
  const { client, ...module } = resolveModuleOptions({ resilience, inbound });
  const pool = new ConnectionPool({ ...client, drainMs: 1, clock: systemClock, random: Math.random });
  const stack = new ClientStack(client, stackContext(pool, { inbound: resolveInbound(inbound) && module.inbound }));
  const terminal = async (call) => ({ ...answer, config: call.config });
  const handle = compose(
    stack.entries().map(({ layer }) => layer),
    terminal,
  );
  return () => handle(createCall(config, 'bench'));
}

async function cpuPerCall(send) {
  let left = CALLS;
  const before = process.cpuUsage();
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (left-- > 0) await send();
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CALLS;
}

const senders = Object.entries(VARIANTS).map(([name, resilience]) => [name, clientWith(resilience)]);
const inbound = clientWith({}, true);
senders.push(['inbound context, outside a request', inbound]);
senders.push(['inbound context, within one', () => runInInboundContext({ deadlineMs: 30_000 }, inbound)]);

const turns = new Map(senders.map(([name]) => [name, []]));
for (let turn = 0; turn < TURNS + 2; turn++) {
  for (let n = 0; n < senders.length; n++) {
    const [name, send] = senders[(n + turn) % senders.length];
    const cost = await cpuPerCall(send);
    if (turn >= 2) turns.get(name).push(cost); // the first two warm up
  }
}

const base = turns.get('nothing on');
console.log(`CPU microseconds per call, median of ${TURNS} turns [least – most]; Node ${process.version}`);
for (const [name, costs] of turns) {
  const added = costs.map((cost, turn) => cost - base[turn]);
  const figures = name === 'nothing on' ? costs : added;
  const shown = [median(figures), Math.min(...figures), Math.max(...figures)].map((figure) => figure.toFixed(1));
  console.log(`${name.padEnd(36)}${(name === 'nothing on' ? '' : '+') + shown[0]} [${shown[1]} – ${shown[2]}]`);
}
process.exit();
