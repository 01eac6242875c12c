import axios, { type AxiosInstance } from 'axios';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../src/base/clock.js';
import { createCall } from '../src/call/call.js';
import { ClientStack, stackContext } from '../src/client/stack.js';
import { resolveModuleOptions } from '../src/options/resolve-options.js';
import { ConnectionPool } from '../src/pool/connection-pool.js';
import { startUpstream, type Upstream } from './support/upstream.js';

describe('a call whose first request is not answered in time', () => {
  let upstream: Upstream;
  let pool: ConnectionPool;
  let client: AxiosInstance;
  /** The requests that have arrived; none is answered until the second has. */
  let arrived: ServerResponse[];
  let onSecond: (first: ServerResponse, second: ServerResponse) => void;

  beforeEach(async () => {
    arrived = [];
    upstream = await startUpstream((_, response) => {
      if (arrived.push(response) === 2) onSecond(arrived[0]!, arrived[1]!);
    });
    const { client: options } = resolveModuleOptions({ resilience: { hedge: { coldMs: 20 }, budget: false } });
    pool = new ConnectionPool({ ...options, drainMs: 100, clock: systemClock, random: Math.random });
    const { handle } = new ClientStack(options, stackContext(pool));
    client = axios.create({ adapter: (config) => handle(createCall(config, 'default')), baseURL: upstream.url });
  });

  afterEach(async () => {
    await pool.close();
    await upstream[Symbol.asyncDispose]();
  });

  const settled = () => expect.poll(() => pool.inFlight).toBe(0);

  it('has the answer to the second, and the first is cancelled', async () => {
    let firstClosed!: Promise<unknown>;
    onSecond = (first, second) => {
      firstClosed = once(first, 'close');
      second.end('second');
    };
    expect((await client.get('/')).data).toBe('second');
    await firstClosed;
    await settled();
    expect(arrived[0]!.writableEnded).toBe(false);
    expect(upstream.requests).toBe(2);
    expect(pool.stats().total).toMatchObject({ active: 0, idle: 1 });
  });

  it('has the answer to the first where that comes first, and the second is cancelled', async () => {
    let secondClosed!: Promise<unknown>;
    onSecond = (first, second) => {
      secondClosed = once(second, 'close');
      first.end('first');
    };
    expect((await client.get('/')).data).toBe('first');
    await secondClosed;
    await settled();
    expect(pool.stats().total).toMatchObject({ active: 0, idle: 1 });
  });

  it('has the answer to the second where the first fails', async () => {
    onSecond = (first, second) => {
      first.socket!.destroy();
      first.once('close', () => second.end('second'));
    };
    expect((await client.get('/')).data).toBe('second');
  });

  it('fails as its first request did where all fail', async () => {
    onSecond = (first, second) => {
      second.socket!.destroy();
      second.once('close', () => first.writeHead(503).end('busy'));
    };
    await expect(client.get('/')).rejects.toMatchObject({ response: { status: 503, data: 'busy' } });
    await settled();
  });

  it('has a stream that flows on when the other request has been cancelled', async () => {
    onSecond = (first, second) => {
      second.write('one, ');
      first.once('close', () => second.end('two'));
    };
    const { data } = await client.get<Readable>('/', { responseType: 'stream' });
    expect(Buffer.concat(await data.toArray()).toString()).toBe('one, two');
    await settled();
  });

  it('leaves no stream open, though both are answered', async () => {
    onSecond = (first, second) => {
      first.write('first');
      second.write('second');
    };
    const { data } = await client.get<Readable>('/', { responseType: 'stream' });
    await expect.poll(() => pool.inFlight).toBe(1);
    await expect.poll(() => upstream.open).toBe(1);
    data.destroy();
    await settled();
    await expect.poll(() => upstream.open).toBe(0);
  });

  it('ends both when its caller gives up', async () => {
    const controller = new AbortController();
    onSecond = () => controller.abort();
    await expect(client.get('/', { signal: controller.signal })).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    await settled();
    await setImmediate();
    await expect.poll(() => upstream.open).toBe(0);
  });
});
