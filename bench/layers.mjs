/**
 * What each layer adds to a call that goes well: CPU microseconds per call through the stack, on a transport that answers at
 * once. Variants take turns in one process, so that they share its fortunes; what is printed is their difference from the
 * stack with nothing on, the median of the turns. Nobody listens to events, but in the variants that are about them.
 *
 *   npm run build && node bench/layers.mjs [turns]
 */
import { channel } from 'node:diagnostics_channel';
import axios, { AxiosError, AxiosHeaders } from 'axios';
import { ClientStack, stackContext } from '../dist/client/stack.js';
import { runInInboundContext } from '../dist/inbound/context.js';
import { compose } from '../dist/call/compose.js';
import { createCall } from '../dist/call/call.js';
import { channelName, HttpClientEvents } from '../dist/call/event-sink.js';
import { resolveModuleOptions } from '../dist/options/resolve-options.js';
import { ConnectionPool } from '../dist/pool/connection-pool.js';
import { systemClock } from '../dist/base/clock.js';
import { loadOpenTelemetryApi } from '../dist/telemetry/api.js';
import { ClientTelemetry } from '../dist/telemetry/client-telemetry.js';
import { redactionRules } from '../dist/redaction/rules.js';
import { registerSdk, unregisterSdk } from './helpers/open-telemetry.mjs';
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
function clientWith({
  resilience = {},
  inbound = false,
  telemetry = false,
  events = new HttpClientEvents(),
  without = [],
  terminal = async (call) => ({ ...answer, config: call.config }),
}) {
  const { client, ...module } = resolveModuleOptions({ resilience, inbound, telemetry });
  const pool = new ConnectionPool({ ...client, drainMs: 1, clock: systemClock, random: Math.random });
  const of = { name: 'bench', settings: client.telemetry, pool, rules: redactionRules() };
  const observing = new ClientTelemetry(events, systemClock).layerFor(of);
  const stack = new ClientStack(client, stackContext(pool, { inbound: module.inbound, events, telemetry: observing }));
  const handle = compose(
    stack
      .entries()
      .filter(({ name }) => !without.includes(name))
      .map(({ layer }) => layer),
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

await loadOpenTelemetryApi();
const senders = Object.entries(VARIANTS).map(([name, resilience]) => [name, clientWith({ resilience })]);
const inbound = clientWith({ inbound: true });
senders.push(['inbound context, outside a request', inbound]);
senders.push(['inbound context, within one', () => runInInboundContext({ deadlineMs: 30_000 }, inbound)]);
senders.push(['telemetry, no SDK registered', clientWith({ telemetry: true })]);
const observed = new Map([
  ['telemetry, metrics', clientWith({ telemetry: { tracing: false } })],
  ['telemetry, spans', clientWith({ telemetry: { metrics: false } })],
  ['telemetry, spans and metrics', clientWith({ telemetry: true })],
]);
senders.push(...observed);

const listened = new HttpClientEvents();
for (const name of ['call:end', 'attempt:end']) listened.on(name, () => {});
senders.push(['nothing on, without the layers for events', clientWith({ without: ['callEvents', 'attemptEvents'] })]);
senders.push(['call:end and attempt:end listened to', clientWith({ events: listened })]);
/** Channels are the whole process's, so somebody listens to these only while it is their turn. */
const LISTENS_ON_CHANNEL = 'call:end and attempt:end on channels';
senders.push([LISTENS_ON_CHANNEL, clientWith({})]);

/** As the transport fails for a status of 500. */
async function refused(call) {
  call.journal.hasAnswer = true;
  const response = { ...answer, status: 500, config: call.config };
  throw new AxiosError(
    'Request failed with status code 500',
    'ERR_BAD_RESPONSE',
    call.config,
    answer.request,
    response,
  );
}
const failing = (send) => () => send().catch(() => {});
senders.push(['a call that fails', failing(clientWith({ terminal: refused }))]);
const bare = compose([], refused);
senders.push(['of it axios’s error, and throwing it', failing(() => bare(createCall(config, 'bench')))]);

const channels = ['call:end', 'attempt:end'].map((name) => channel(channelName(name)));
const hear = () => {};

const turns = new Map(senders.map(([name]) => [name, []]));
for (let turn = 0; turn < TURNS + 2; turn++) {
  for (let n = 0; n < senders.length; n++) {
    const [name, send] = senders[(n + turn) % senders.length];
    if (name === LISTENS_ON_CHANNEL) for (const it of channels) it.subscribe(hear);
    if (observed.has(name)) registerSdk();
    const cost = await cpuPerCall(send);
    if (name === LISTENS_ON_CHANNEL) for (const it of channels) it.unsubscribe(hear);
    unregisterSdk();
    if (turn >= 2) turns.get(name).push(cost); // the first two warm up
  }
}

const base = turns.get('nothing on');
console.log(`CPU microseconds per call, median of ${TURNS} turns [least – most]; Node ${process.version}`);
for (const [name, costs] of turns) {
  const added = costs.map((cost, turn) => cost - base[turn]);
  const figures = name === 'nothing on' ? costs : added;
  const shown = [median(figures), Math.min(...figures), Math.max(...figures)].map((figure) => figure.toFixed(1));
  console.log(`${name.padEnd(44)}${(name === 'nothing on' ? '' : '+') + shown[0]} [${shown[1]} – ${shown[2]}]`);
}
process.exit();
