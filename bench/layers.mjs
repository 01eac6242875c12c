/**
 * What each layer adds to a call that goes well: CPU microseconds per call through the stack, on a transport that answers at
 * once. Variants take turns in one process, so that they share its fortunes; what is printed is their difference from the
 * stack with nothing on, the median of the turns, and what a fifth of the turns is below: on a busy machine that says more. Nobody
 * listens to events, but in the variants that are about them.
 *
 *   npm run build && node bench/layers.mjs [turns]
 */
import { channel } from 'node:diagnostics_channel';
import axios, { AxiosError, AxiosHeaders } from 'axios';
import { authLayer } from '../dist/client/auth.js';
import { createHttpClient } from '../dist/client/create-client.js';
import { resolvePlatform } from '../dist/client/platform.js';
import { ClientStack, stackContext } from '../dist/client/stack.js';
import { runInInboundContext } from '../dist/inbound/context.js';
import { compose } from '../dist/call/compose.js';
import { createCall } from '../dist/call/call.js';
import { settled } from '../dist/call/response-data.js';
import { channelName, HttpClientEvents } from '../dist/call/event-sink.js';
import { resolveModuleOptions } from '../dist/options/resolve-options.js';
import { get, HttpApi } from '../dist/contracts/index.js';
import { ConnectionPool } from '../dist/pool/connection-pool.js';
import { systemClock } from '../dist/base/clock.js';
import { loadOpenTelemetryApi } from '../dist/telemetry/api.js';
import { ClientTelemetry } from '../dist/telemetry/client-telemetry.js';
import { redactionRules } from '../dist/redaction/rules.js';
import { registerSdk, sdkOnly, unregisterSdk } from './helpers/open-telemetry.mjs';
import { median, quantile } from './statistics.mjs';

const CALLS = 2_000;
const CONCURRENCY = 50;
const TURNS = Number(process.argv[2] ?? 60);
const WARM_UP = 10;
const MANY = 1_000_000;

const VARIANTS = {
  'nothing on': {},
  deadline: { deadlineMs: 30_000 },
  'retry, with its budget': { retry: true },
  'circuit breaker': { breaker: true },
  'concurrency limit': { concurrency: { max: MANY } },
  'adaptive concurrency, aimd': { concurrency: { adaptive: 'aimd', max: MANY, initial: 100 } },
  'adaptive concurrency, gradient': { concurrency: { adaptive: 'gradient', max: MANY, initial: 200 } },
  'rate limit': { rateLimit: { max: MANY } },
  hedge: { hedge: true },
  coalesce: { coalesce: true },
  "'standard'": 'standard',
};

const answer = { status: 200, statusText: 'OK', headers: new AxiosHeaders(), data: '{}', request: {} };
/** As the transport makes them: V8 adds properties to a copy of another object in ten times the time. */
const answerTo = async ({ config: sent }) => ({
  status: 200,
  statusText: 'OK',
  headers: answer.headers,
  data: '{}',
  request: answer.request,
  config: sent,
});
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
  terminal = answerTo,
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

const BASE = 'http://api.test';
/** As axios merges it. */
const configOfBase = { ...config, baseURL: BASE, url: '/users/1' };

/** What a client with a `baseURL` is made of. */
function partsOfBase(options = {}) {
  const { client } = resolveModuleOptions({ baseURL: BASE, ...options });
  return { client, pool: new ConnectionPool({ ...client, drainMs: 1, clock: systemClock, random: Math.random }) };
}

/** @returns sends one call, with the client's credentials if it has any */
function clientOfBase(options) {
  const { client, pool } = partsOfBase(options);
  const token = async () => ({ data: { access_token: 'token', expires_in: 3_600 }, status: 200 });
  const auth = authLayer(client, {
    clock: systemClock,
    closing: pool.closing,
    events: new HttpClientEvents(),
    tokenClient: () => ({ post: token }),
  });
  const entries = new ClientStack(client, stackContext(pool, { auth })).entries();
  const handle = compose(
    entries.map(({ layer }) => layer),
    answerTo,
  );
  return () => handle(createCall(configOfBase, 'bench'));
}

/** @returns an axios instance whose calls are answered at once */
function instance() {
  const { client, pool } = partsOfBase();
  const platform = resolvePlatform({ transport: () => answerTo });
  return createHttpClient(client, new ClientStack(client, stackContext(pool, { platform })), []);
}

/** A schema that takes next to no time. */
const anything = { '~standard': { version: 1, vendor: 'bench', validate: (value) => ({ value }) } };
const described = { query: anything, response: anything };
class Users extends HttpApi('bench', {
  one: get('/users/{id}', described),
  strict: get('/users/{id}', { ...described, invalidResponse: 'failure' }),
}) {}

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
senders.push(['telemetry, no SDK registered', clientWith({ telemetry: true })]);
const observed = new Map([
  ['telemetry, metrics', clientWith({ telemetry: { tracing: false } })],
  ['telemetry, spans', clientWith({ telemetry: { metrics: false } })],
  ['telemetry, spans and metrics', clientWith({ telemetry: true })],
]);
senders.push(...observed);
/** A span, its header, and the measurements of a request and a call. */
const SDK_ONLY = 'of it what the SDK takes by itself';
senders.push([SDK_ONLY, undefined]);

const listened = new HttpClientEvents();
for (const name of ['call:end', 'attempt:end']) listened.on(name, () => {});
senders.push(['nothing on, without the layers for events', clientWith({ without: ['callEvents', 'attemptEvents'] })]);
senders.push(['call:end and attempt:end listened to', clientWith({ events: listened })]);
/** Channels are the whole process's, so somebody listens to these only while it is their turn. */
const LISTENS_ON_CHANNEL = 'call:end and attempt:end on channels';
senders.push([LISTENS_ON_CHANNEL, clientWith({})]);

const ofStatus500 = (call) => {
  call.journal.hasAnswer = true;
  const { config: sent } = call;
  return { status: 500, statusText: '', headers: answer.headers, data: '{}', request: answer.request, config: sent };
};
/** As the transport fails. */
const refused = async (call) => settled(ofStatus500(call));
/** As axios's adapter does. */
async function refusedByAxios(call) {
  const { config: sent } = call;
  const message = 'Request failed with status code 500';
  throw new AxiosError(message, 'ERR_BAD_RESPONSE', sent, answer.request, ofStatus500(call));
}
/** axios reads the stack of every error, to add the caller's: most of what it costs is to make it a text. */
const failing = (send) => () => send().catch(({ stack }) => stack);
senders.push(['a call that fails', failing(clientWith({ terminal: refused }))]);
const bare = compose([], refusedByAxios);
senders.push(['of it axios’s error, its stack, and throwing it', failing(() => bare(createCall(config, 'bench')))]);

const channels = ['call:end', 'attempt:end'].map((name) => channel(channelName(name)));
const hear = () => {};

/** @returns name → what a call cost in each turn */
async function measure(variants) {
  const turns = new Map(variants.map(([name]) => [name, []]));
  for (let turn = 0; turn < TURNS + WARM_UP; turn++) {
    for (let n = 0; n < variants.length; n++) {
      const [name, send] = variants[(n + turn) % variants.length];
      if (name === LISTENS_ON_CHANNEL) for (const it of channels) it.subscribe(hear);
      if (observed.has(name) || name === SDK_ONLY) registerSdk();
      const cost = await cpuPerCall(send ?? sdkOnly());
      if (name === LISTENS_ON_CHANNEL) for (const it of channels) it.unsubscribe(hear);
      unregisterSdk();
      if (turn >= WARM_UP) turns.get(name).push(cost);
    }
  }
  return turns;
}

/** Of the lowest fifths the difference, as the lowest of differences are those of turns in which the other was held up. */
function print([[first, base], ...rest]) {
  const low = (costs) => quantile(costs, 0.2);
  const line = (name, ...figures) =>
    console.log(name.padEnd(48) + figures.map((figure) => figure.padStart(8)).join(''));
  const signed = (figure) => (figure < 0 ? '' : '+') + figure.toFixed(1);
  line(first, median(base).toFixed(1), low(base).toFixed(1));
  for (const [name, costs] of rest) {
    const added = costs.map((cost, turn) => cost - base[turn]);
    line(name, signed(median(added)), signed(low(costs) - low(base)));
  }
}

console.log(`CPU microseconds per call: median of ${TURNS} turns, lowest fifth; Node ${process.version}`);
print([...(await measure(senders))]);

const http = instance();
const users = new Users(http);
const byHand = () => http.get(`/users/${encodeURIComponent(1)}`, { params: { page: 1 }, urlTemplate: '/users/{id}' });
print([
  ...(await measure([
    ['a call of an axios instance', byHand],
    ['by a contract, its schemas aside', () => users.one({ id: 1, query: { page: 1 } })],
    ["the same with invalidResponse: 'failure'", () => users.strict({ id: 1, query: { page: 1 } })],
  ])),
]);

const oauth2 = { tokenUrl: `${BASE}/token`, clientId: 'bench', clientSecret: 'secret' };
print([
  ...(await measure([
    ['a client with a baseURL', clientOfBase()],
    ['auth: bearer', clientOfBase({ auth: { bearer: 'token' } })],
    ['auth: bearer, a function', clientOfBase({ auth: { bearer: () => 'token' } })],
    ['auth: oauth2, with a token at hand', clientOfBase({ auth: { oauth2 } })],
    ['auth: sign, the signature aside', clientOfBase({ auth: { sign: () => ({ 'x-signature': 'signed' }) } })],
  ])),
]);
// Last: once an AsyncLocalStorage is in use, Node tells it of each promise of the process.
const inbound = clientWith({ inbound: true });
const within = () => runInInboundContext({ deadlineMs: 30_000 }, inbound);
await within();
print([
  ...(await measure([
    ['nothing on, with an AsyncLocalStorage in use', clientWith({})],
    ['inbound context, outside a request', inbound],
    ['inbound context, within one', within],
  ])),
]);
process.exit();
