import axios, { type AxiosError, type AxiosInstance } from 'axios';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCall, type Layer } from '../src/call/call.js';
import { openPool, resolvePlatform } from '../src/client/platform.js';
import { ClientStack, stackContext } from '../src/client/stack.js';
import { type HttpClientOptions, isTimeoutError, runInInboundContext } from '../src/index.js';
import { resolveModuleOptions } from '../src/options/resolve-options.js';
import type { ConnectionPool } from '../src/pool/connection-pool.js';
import { failureOf } from './support/failure-of.js';
import { startThreadedUpstream, type ThreadedUpstream } from './support/threaded-upstream.js';

const LIMIT_MS = 100;
const BLOCK_MS = 400;

let upstream: ThreadedUpstream;
let pool: ConnectionPool;
/** Called when a request has just been sent, or waits, before the event loop turns. */
let afterSending: () => void;

beforeEach(async () => {
  upstream = await startThreadedUpstream();
  afterSending = () => {};
});

afterEach(async () => {
  await pool.close();
  await upstream[Symbol.asyncDispose]();
});

function clientWith(options: HttpClientOptions): AxiosInstance {
  const { client, inbound } = resolveModuleOptions({ ...options, inbound: true });
  pool = openPool(client, 0, { platform: resolvePlatform() });
  const innermost: Layer = (next) => (call) => {
    const answer = next(call);
    process.nextTick(() => afterSending()); // Node sends a request in such a tick, which comes first
    return answer;
  };
  const placed = [{ name: 'block', layer: innermost, place: { after: 'attemptTimeout' } } as const];
  const { handle } = new ClientStack(client, stackContext(pool, { inbound, placed }));
  return axios.create({
    baseURL: upstream.url,
    timeout: client.timeouts.attemptMs || 0,
    adapter: (config) => handle(createCall(config, 'default')),
  });
}

/** Opens a socket, by a call without those limits. */
async function openSocket(): Promise<void> {
  const { handle } = new ClientStack(resolveModuleOptions({}).client, stackContext(pool));
  await axios.get(upstream.url, { adapter: (config) => handle(createCall(config, 'other')) });
}

/** @param answers since the start, the last of them while the loop is blocked */
const blocking = (answers: number) => () => {
  afterSending = () => {};
  upstream.block(BLOCK_MS, answers);
};

type Send = (client: AxiosInstance, path: string) => Promise<{ readonly data: unknown }>;
const get: Send = (client, path) => client.get(path);
const LIMITS: [string, HttpClientOptions, string, Send][] = [
  ['the response', { timeouts: { responseMs: LIMIT_MS } }, 'ERR_RESPONSE_TIMEOUT', get],
  ['an attempt', { timeouts: { attemptMs: LIMIT_MS } }, 'ECONNABORTED', get],
  ['a call as a whole', { resilience: { deadlineMs: LIMIT_MS } }, 'ERR_DEADLINE_EXCEEDED', get],
  [
    'the inbound request that it is made for',
    {},
    'ERR_DEADLINE_EXCEEDED',
    (client, path) => runInInboundContext({ deadlineMs: LIMIT_MS }, () => client.get(path)),
  ],
];

it.each(LIMITS)(
  'an answer in time is taken though the limit of %s passed in a block',
  async (_, options, _code, send) => {
    const client = clientWith(options);
    await openSocket();
    afterSending = blocking(2);
    expect((await send(client, '/')).data).toBe('in time');
  },
);

it.each(LIMITS)('the error for the limit of %s says that the loop was blocked', async (_, options, code, send) => {
  const client = clientWith(options);
  await openSocket();
  afterSending = blocking(1);
  expectToBlameTheLoop(await failureOf(send(client, '/never')), code);
});

it('a connection in time is taken', async () => {
  const client = clientWith({ timeouts: { connectMs: LIMIT_MS } });
  afterSending = blocking(0);
  expect((await client.get('/')).data).toBe('in time');
});

it('a part of the body in time is taken', async () => {
  const client = clientWith({ timeouts: { bodyIdleMs: LIMIT_MS } });
  const { data } = await client.get('/parts', { responseType: 'stream' });
  blocking(1)();
  expect(await text(data)).toBe('one two');
});

it('the error for a silent body says that the loop was blocked', async () => {
  const client = clientWith({ timeouts: { bodyIdleMs: LIMIT_MS } });
  const { data } = await client.get('/half', { responseType: 'stream' });
  blocking(0)();
  expectToBlameTheLoop(await failureOf(text(data)), 'ERR_BODY_TIMEOUT');
});

it('a socket that has become free in time is taken', async () => {
  const client = clientWith({ pool: { maxSockets: 1 }, timeouts: { poolWaitMs: LIMIT_MS } });
  await openSocket();
  const first = client.get('/');
  const second = client.get('/');
  afterSending = () => (afterSending = blocking(2)); // when the second has come to wait
  expect((await first).data).toBe('in time');
  expect((await second).data).toBe('in time');
});

it('the error for the wait for a socket says that the loop was blocked', async () => {
  const client = clientWith({ pool: { maxSockets: 1 }, timeouts: { poolWaitMs: LIMIT_MS } });
  await openSocket();
  const controller = new AbortController();
  const first = failureOf(client.get('/never', { signal: controller.signal }));
  const second = client.get('/');
  afterSending = () => (afterSending = blocking(1));
  expectToBlameTheLoop(await failureOf(second), 'ERR_POOL_TIMEOUT');
  controller.abort();
  await first;
});

function expectToBlameTheLoop(error: AxiosError, code: string): void {
  expect(isTimeoutError(error)).toBe(true);
  expect(error.code).toBe(code);
  const { eventLoopDelayMs = 0, message } = error;
  expect(eventLoopDelayMs).toBeGreaterThanOrEqual(BLOCK_MS - LIMIT_MS - 1);
  expect(message).toContain(`this process's own event loop was blocked for at least ${eventLoopDelayMs} ms`);
}
