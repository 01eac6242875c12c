import axios, { type AxiosInstance } from 'axios';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../src/base/clock.js';
import { OriginMap } from '../src/base/origin-map.js';
import { createCall } from '../src/call/call.js';
import { compose } from '../src/call/compose.js';
import type { Attempt } from '../src/errors/http-client.error.js';
import { admission } from '../src/layers/admission.js';
import { attemptTimeout } from '../src/layers/attempt-timeout.js';
import { deadline } from '../src/layers/deadline.js';
import { RetryBudget } from '../src/layers/retry/budget.js';
import type { RetrySettings } from '../src/layers/retry/decision.js';
import { retry } from '../src/layers/retry/retry.js';
import { resolveTransportOptions } from '../src/options/resolve-options.js';
import { ConnectionPool } from '../src/pool/connection-pool.js';
import { DEFAULT_RULES } from '../src/redaction/rules.js';
import { nativeTransport } from '../src/transport/transport.js';
import { CERTIFICATE } from './support/certificates.js';
import { SILENT } from './support/recorded-events.js';
import { startUpstream } from './support/upstream.js';

const HOUR_MS = 3_600_000;

const SETTINGS: RetrySettings = {
  max: 2,
  statuses: [408, 429, 500, 502, 503, 504],
  baseMs: 20,
  throttledBaseMs: 20,
  capMs: 20_000,
  retryIf: undefined,
  onRetry: undefined,
};

interface Options {
  readonly settings?: Partial<RetrySettings>;
  readonly deadlineMs?: number;
  readonly budget?: { readonly ratio: number; readonly minPerSecond: number };
  readonly maxSockets?: number;
}

const pools: ConnectionPool[] = [];

function start({ settings, deadlineMs = 20_000, budget, maxSockets = 100 }: Options = {}): {
  client: AxiosInstance;
  pool: ConnectionPool;
} {
  const { pool: poolOptions, tls } = resolveTransportOptions({ pool: { maxSockets } });
  const random = Math.random;
  const pool = new ConnectionPool({ pool: poolOptions, tls, drainMs: 200, clock: systemClock, random });
  pools.push(pool);
  const now = () => systemClock.now();
  const layers = [
    admission(pool, DEFAULT_RULES, systemClock),
    deadline({ deadlineMs, clock: systemClock }),
    retry(
      { ...SETTINGS, ...settings },
      {
        clock: systemClock,
        random,
        now: Date.now,
        events: SILENT,
        budgets: budget && new OriginMap(() => new RetryBudget({ ...budget, now })),
      },
    ),
    attemptTimeout(systemClock, { ofClient: false, ofOrigin: false }),
  ];
  const transport = nativeTransport({
    pool,
    clock: systemClock,
    poolWaitMs: false,
    phases: { connect: 60_000, response: 60_000, bodyIdle: 60_000, readerIdle: 60_000 },
    maxResponseBytes: false,
    maxHeaderBytes: 16_384,
    redirects: { max: 5, allowDowngrade: false },
    rules: DEFAULT_RULES,
    events: SILENT,
  });
  const handle = compose(layers, transport);
  return { client: axios.create({ adapter: (config) => handle(createCall(config, 'test')) }), pool };
}

afterEach(async () => {
  for (const pool of pools.splice(0)) {
    expect(pool.inFlight).toBe(0);
    await pool.close();
    expect(pool.stats().total).toMatchObject({ active: 0, idle: 0, queued: 0 });
  }
});

/** Answers each request with the next of these; then with 200. */
const inTurn = (...answers: readonly RequestListener[]): RequestListener => {
  let requests = 0;
  return (request, response) => (answers[requests++] ?? ok)(request, response);
};
const ok = (_: IncomingMessage, response: ServerResponse) => void response.end('ok');
const status =
  (code: number, headers = {}): RequestListener =>
  (_, response) =>
    void response.writeHead(code, headers).end(`status ${code}`);

/** Sends half of a body, then resets. */
const cut =
  (headers: Record<string, string>, body: Buffer): RequestListener =>
  (request, response) => {
    response.writeHead(200, headers);
    response.write(body.subarray(0, body.length / 2), () => setTimeout(() => request.socket.resetAndDestroy(), 10));
  };

const withBody =
  (answer: (body: Buffer, response: ServerResponse) => void): RequestListener =>
  (request, response) =>
    void request.toArray().then((chunks) => answer(Buffer.concat(chunks), response));

const attemptsOf = async (result: Promise<unknown>): Promise<readonly Attempt[]> => {
  const error: unknown = await result.then(
    () => expect.unreachable('it did not fail'),
    (reason: unknown) => reason,
  );
  return (error as { attempts: readonly Attempt[] }).attempts;
};

describe('a call whose upstream fails', () => {
  it('waits for as long as Retry-After says, and is made again on the same socket', async () => {
    await using upstream = await startUpstream(inTurn(status(503, { 'retry-after': '1' })));
    const { client } = start();
    const startedAt = performance.now();
    expect((await client.get(upstream.url)).data).toBe('ok');
    expect(performance.now() - startedAt).toBeGreaterThan(990);
    expect(upstream).toMatchObject({ requests: 2, connections: 1 });
  });

  it('heeds a date in Retry-After', async () => {
    const at = new Date(Date.now() + 2_000).toUTCString();
    await using upstream = await startUpstream(inTurn(status(429, { 'retry-after': at })));
    const { client } = start();
    expect((await client.get(upstream.url)).data).toBe('ok');
    expect(Date.now()).toBeGreaterThan(Date.parse(at) - 10);
  });

  it('fails at once where Retry-After leaves no time, and says so', async () => {
    await using upstream = await startUpstream(status(503, { 'retry-after': '7200' }));
    const { client } = start({ deadlineMs: HOUR_MS }); // whoever waits for one of them is not done in time
    expect(await attemptsOf(client.get(upstream.url))).toEqual([
      {
        number: 1,
        outcome: 503,
        durationMs: expect.any(Number),
        notRetried: expect.stringMatching(/^Retry-After of 7200000 ms is longer than the \d+ ms to the deadline$/),
      },
    ]);
  });

  it.each([
    ['a reset before the response', [(request: IncomingMessage) => void request.socket.resetAndDestroy()]],
    ['a reset in the middle of a body of known length', [cut({ 'content-length': '1000' }, Buffer.alloc(1_000, 'x'))]],
    ['a reset in the middle of a chunked body', [cut({}, Buffer.alloc(1_000, 'x'))]],
    [
      'a reset in the middle of a compressed body',
      [cut({ 'content-encoding': 'gzip' }, gzipSync(Buffer.from(Array.from({ length: 9_999 }, (_, n) => n * n))))],
    ],
    ['statuses', [status(500), status(504)]],
  ])('survives %s', async (_, failures) => {
    await using upstream = await startUpstream(inTurn(...failures));
    const { client } = start();
    expect((await client.get(upstream.url)).data).toBe('ok');
    expect(upstream.requests).toBe(failures.length + 1);
  });

  it('tells what each attempt saw', async () => {
    await using upstream = await startUpstream(inTurn(status(500), cut({}, Buffer.alloc(1_000)), status(502)));
    const { client } = start();
    const durationMs = expect.any(Number);
    const delayMs = expect.any(Number);
    expect(await attemptsOf(client.get(upstream.url))).toEqual([
      { number: 1, outcome: 500, durationMs, delayMs },
      { number: 2, outcome: 'ERR_BAD_RESPONSE', durationMs, delayMs },
      { number: 3, outcome: 502, durationMs, notRetried: 'it was attempt 3 of 3' },
    ]);
  });

  it('is made again when nobody listens', async () => {
    const upstream = await startUpstream();
    await upstream[Symbol.asyncDispose]();
    const { client } = start();
    const attempts = await attemptsOf(client.get(upstream.url));
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['ECONNREFUSED', 'ECONNREFUSED', 'ECONNREFUSED']);
  });

  it('is made again when an attempt takes too long', async () => {
    await using upstream = await startUpstream(inTurn(() => {}));
    const { client } = start();
    expect((await client.get(upstream.url, { timeout: 100 })).data).toBe('ok');
    expect(upstream.requests).toBe(2);
  });

  it('is not made again when its certificate is refused', async () => {
    await using upstream = await startUpstream(ok, CERTIFICATE);
    const { client } = start();
    expect(await attemptsOf(client.get(upstream.url))).toHaveLength(1);
    expect(upstream.connections).toBe(1);
  });

  it('gets the last response where it accepts every status', async () => {
    await using upstream = await startUpstream(status(503));
    const { client } = start();
    expect(await client.get(upstream.url, { validateStatus: null })).toMatchObject({ status: 503, data: 'status 503' });
    expect(upstream.requests).toBe(3);
  });

  it.each([[null], [undefined]])(
    'gives the socket of a discarded stream back (validateStatus: %o)',
    async (validateStatus) => {
      const large = Buffer.alloc(1_000_000);
      await using upstream = await startUpstream(inTurn((_, response) => void response.writeHead(503).end(large)));
      const { client } = start({ maxSockets: 1 });
      const config = { responseType: 'stream', ...(validateStatus === null && { validateStatus }) } as const;
      const { data } = await client.get(upstream.url, config);
      expect(Buffer.concat(await data.toArray()).toString()).toBe('ok');
    },
  );
});

describe('a call that may not be repeated', () => {
  it('is never sent twice: a POST without an Idempotency-Key', async () => {
    const seen = new Map<string, number>();
    let n = 0;
    await using upstream = await startUpstream((request, response) => {
      seen.set(request.url!, (seen.get(request.url!) ?? 0) + 1);
      request.resume();
      const kind = n++ % 4;
      if (kind === 0) status(503)(request, response);
      else if (kind === 1) request.socket.resetAndDestroy();
      else if (kind === 2) cut({}, Buffer.alloc(1_000))(request, response);
      else response.end();
    });
    const { client } = start();
    const posts = Array.from({ length: 200 }, (_, call) => client.post(`${upstream.url}/${call}`, { call }));
    const results = await Promise.allSettled(posts);
    expect(results.some(({ status: outcome }) => outcome === 'rejected')).toBe(true);
    expect(seen.size).toBe(200);
    expect(Math.max(...seen.values())).toBe(1);
  });

  it('is sent again with an Idempotency-Key, with the same body', async () => {
    const bodies: string[] = [];
    await using upstream = await startUpstream(
      withBody((body, response) => {
        bodies.push(body.toString());
        response.writeHead(bodies.length < 3 ? 503 : 200).end();
      }),
    );
    const { client } = start();
    await client.post(upstream.url, { a: 1 }, { headers: { 'Idempotency-Key': '1' } });
    expect(bodies).toEqual(['{"a":1}', '{"a":1}', '{"a":1}']);
  });

  it('is not sent again with a stream for a body, and is with a FormData', async () => {
    const lengths: number[] = [];
    await using upstream = await startUpstream(
      withBody((body, response) => {
        lengths.push(body.length);
        response.writeHead(503).end();
      }),
    );
    const { client } = start();
    expect(await attemptsOf(client.put(upstream.url, Readable.from(['abc'])))).toEqual([
      expect.objectContaining({ outcome: 503, notRetried: 'the body is a stream, which cannot be sent twice' }),
    ]);
    const form = new FormData();
    form.set('a', '1');
    expect(await attemptsOf(client.put(upstream.url, form))).toHaveLength(3);
    expect(lengths).toHaveLength(4);
    expect(lengths[1]).toBeGreaterThan(50);
    expect(new Set(lengths.slice(1)).size).toBe(1);
  });
});

describe('a call that is ended', () => {
  it('by its caller, in a pause, ends at once', async () => {
    await using upstream = await startUpstream(status(503, { 'retry-after': '600' })); // nobody waits for that here
    const controller = new AbortController();
    const { client } = start({
      deadlineMs: HOUR_MS,
      settings: { onRetry: () => void setImmediate(() => controller.abort()) },
    });
    const call = client.get(upstream.url, { signal: controller.signal });
    await expect(call).rejects.toMatchObject({ code: 'ERR_CANCELED', attempts: [{ number: 1, outcome: 503 }] });
    expect(upstream.requests).toBe(1);
  });

  it('by the close of its client, in a pause, ends when the drain deadline passes', async () => {
    await using upstream = await startUpstream(status(503, { 'retry-after': '10' }));
    let closing: Promise<unknown> | undefined;
    const { client, pool } = start({ settings: { onRetry: () => void (closing = pool.close()) } });
    await expect(client.get(upstream.url)).rejects.toMatchObject({
      code: 'ERR_CLIENT_CLOSED',
      attempts: [{ number: 1, outcome: 503 }],
    });
    await closing;
  });

  it('by its deadline, in an attempt, ends at once', async () => {
    await using upstream = await startUpstream(inTurn(status(503), () => {}));
    const { client } = start({ deadlineMs: 200 });
    await expect(client.get(upstream.url)).rejects.toMatchObject({
      code: 'ERR_DEADLINE_EXCEEDED',
      message: expect.stringContaining('not over after 200 ms'),
      attempts: [
        { number: 1, outcome: 503 },
        { number: 2, outcome: 'ERR_DEADLINE_EXCEEDED', notRetried: 'the call had ended' },
      ],
    });
  });

  it('leaves a stream alone that flows when the deadline passes', async () => {
    await using upstream = await startUpstream((_, response) => {
      response.write('early ');
      setTimeout(() => response.end('late'), 300);
    });
    const { client } = start({ deadlineMs: 150 });
    const { data } = await client.get(upstream.url, { responseType: 'stream' });
    expect(Buffer.concat(await data.toArray()).toString()).toBe('early late');
  });
});

describe('the budget', () => {
  const CALLS = 200;
  const BUDGET = { ratio: 0.2, minPerSecond: 10 };

  it.each([
    ['refuses', status(503)],
    ['resets', ((request) => void request.socket.resetAndDestroy()) satisfies RequestListener],
  ])('bounds what an upstream gets that %s every request', async (_, listener) => {
    await using upstream = await startUpstream(listener);
    const { client } = start({ budget: BUDGET, deadlineMs: HOUR_MS });
    const startedAt = performance.now();
    const results = await Promise.allSettled(Array.from({ length: CALLS }, () => client.get(upstream.url)));
    const seconds = (performance.now() - startedAt) / 1_000;
    expect(results.every((result) => result.status === 'rejected')).toBe(true);
    expect(upstream.requests).toBeLessThanOrEqual(CALLS + BUDGET.ratio * CALLS + BUDGET.minPerSecond * (seconds + 1));
    expect(upstream.requests).toBeGreaterThanOrEqual(CALLS + BUDGET.ratio * CALLS);
  });

  it('is what bounds it', async () => {
    await using upstream = await startUpstream(status(503));
    const { client } = start({ deadlineMs: HOUR_MS });
    await Promise.allSettled(Array.from({ length: CALLS }, () => client.get(upstream.url)));
    expect(upstream.requests).toBe(CALLS * 3);
  });

  it.each([
    ['has something left', 1, 200],
    ['has nothing left', 0, 'ECONNRESET'],
  ])('counts the replacement of a stale socket: one that %s', async (_, ratio, expected) => {
    const served = new WeakSet<object>();
    await using upstream = await startUpstream((request, response) => {
      if (served.has(request.socket)) request.socket.resetAndDestroy();
      else response.end('ok');
      served.add(request.socket);
    });
    const { client } = start({ settings: { max: 0 }, budget: { ratio, minPerSecond: 0 } });
    await client.get(upstream.url);
    const outcome = await client.get(upstream.url).then(
      (response) => response.status,
      (error) => error.code,
    );
    expect(outcome).toBe(expected);
    expect(upstream.requests).toBe(expected === 200 ? 3 : 2);
  });
});
