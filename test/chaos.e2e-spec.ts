import axios, { type AxiosInstance } from 'axios';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createTransport, type TransportOptions } from '../src/index.js';
import { type Plan, planOf, startChaos, textOf } from './support/chaos-upstream.js';

const MAX_SOCKETS = 5;
const CALLERS = 20;

async function* bodyOf(parts: number) {
  for (let part = 0; part < parts; part++) {
    yield Buffer.alloc(1_000, part);
    await new Promise(setImmediate); // oxlint-disable-line no-await-in-loop -- part by part
  }
}

/** @returns what came of it; undefined: the caller did not want all of it */
async function call(client: AxiosInstance, n: number, { way, delayMs }: Plan): Promise<string | undefined> {
  const url = `/${n}`;
  switch (way) {
    case 'get':
      return (await client.get<string>(url)).data;
    case 'post':
      return (await client.post<string>(url, { n })).data;
    case 'upload':
      return (await client.post<string>(url, Readable.from(bodyOf(20)))).data;
    case 'abort': {
      const signal = AbortSignal.timeout(Math.ceil(delayMs / 2));
      return (await client.get<string>(url, { signal })).data;
    }
    default: {
      const { data } = await client.get<Readable>(url, { responseType: 'stream' });
      const parts: Buffer[] = [];
      for await (const part of data) {
        parts.push(part as Buffer);
        if (way === 'leave') return undefined; // destroys the stream
      }
      return Buffer.concat(parts).toString();
    }
  }
}

/** What a call may fail with, besides the statuses of the upstream. */
const CODES = new Set([
  'ECONNRESET',
  'EPIPE',
  'ERR_CANCELED',
  'ERR_RESPONSE_TIMEOUT',
  'ERR_BODY_TIMEOUT',
  'ETIMEDOUT', // a PING that was not answered: this process has much else to do
  'ERR_BAD_RESPONSE', // 503, or a body that was cut
  'ERR_FR_REDIRECTION_FAILURE', // an upload that cannot be sent again
  'ERR_REDIRECT_BODY',
]);

const ENGINES: readonly (readonly [string, TransportOptions])[] = [
  ['node:http', {}],
  ['undici', { engine: 'undici' }],
  ['HTTP/2', { http2: 'prior-knowledge' }],
];

describe.each(ENGINES)('with an upstream that does anything, over %s', (_, options) => {
  const isHttp2 = options.http2 !== undefined;

  async function survive(seed: number, calls: number) {
    const upstream = await startChaos(seed, isHttp2);
    const transport = createTransport({
      ...options,
      pool: { maxSockets: MAX_SOCKETS },
      timeouts: { responseMs: 1_000, bodyIdleMs: 1_000, poolWaitMs: 60_000, connectMs: 30_000 },
    });
    const client = axios.create({ adapter: transport, baseURL: upstream.url });
    const outcomes = { right: 0, left: 0, failed: 0 };
    const odd: unknown[] = [];
    let next = 0;
    const caller = async () => {
      while (next < calls) {
        const n = next++;
        try {
          const text = await call(client, n, planOf(seed, n)); // oxlint-disable-line no-await-in-loop -- one after the other
          if (text === undefined) outcomes.left++;
          else if (text === textOf(n)) outcomes.right++;
          else odd.push({ n, text });
        } catch (error) {
          outcomes.failed++;
          if (!CODES.has((error as { code: string }).code)) odd.push({ n, ...planOf(seed, n), error });
        }
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
    expect(odd).toEqual([]);
    expect(outcomes.right + outcomes.left + outcomes.failed).toBe(calls);
    expect(outcomes.right).toBeGreaterThan(calls / 10);
    expect(new Set(upstream.posts).size).toBe(upstream.posts.length); // none was sent twice
    expect(upstream.most).toBeLessThanOrEqual(2 * MAX_SOCKETS); // those that are being closed included
    await expect.poll(() => transport.pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0, queued: 0 } });
    expect(transport.pool.stats().total.idle).toBeLessThanOrEqual(MAX_SOCKETS);
    expect(await transport.close()).toMatchObject({ aborted: 0 });
    await expect.poll(() => upstream.open).toBe(0);
  }

  it('each call has its own answer or an error, and nothing is left of it', () => survive(1, 100));

  it('so it is with twelve more, all at once', { tags: 'slow' }, async () => {
    await Promise.all(Array.from({ length: 12 }, (__, n) => survive(n + 2, 200)));
  });
});
