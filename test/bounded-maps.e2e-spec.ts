import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AxiosInstance, AxiosRequestConfig } from 'axios';
import { once } from 'node:events';
import { type Agent, createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ConnectionPool } from '../src/pool/connection-pool.js';

/** More than any map may keep. */
const MANY = 1_050;
const AT_ONCE = 50;
const MAX_ENTRIES = 1_000;
const MAX_TUNNEL_AGENTS = 100;

const isAgent = (value: unknown): value is Agent =>
  typeof (value as Agent | undefined)?.destroy === 'function' && 'freeSockets' in (value as Agent);

/** A Map or Set, and the two places in the code that led to it: put into words only when they are asked for, as there are ten thousands. */
class Made {
  declare readonly stack: string;

  constructor(readonly collection: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 2;
    Error.captureStackTrace(this, collection.constructor);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

describe('whatever callers name again and again, each time another', () => {
  /** Every Map and Set since the sources were loaded. */
  const made: Made[] = [];
  let proxy: Server;
  let port: number;
  let client: AxiosInstance;
  let pool: ConnectionPool;
  let close: () => Promise<void>;

  /** What vitest maps every frame of a stack to its source with: too dear for errors and collections by the ten thousand. */
  const mapped = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')!;

  beforeAll(async () => {
    Reflect.deleteProperty(Error, 'prepareStackTrace');
    class TrackedMap<Key, Value> extends Map<Key, Value> {
      constructor(entries?: Iterable<readonly [Key, Value]>) {
        super(entries);
        made.push(new Made(this));
      }
    }
    class TrackedSet<Value> extends Set<Value> {
      constructor(values?: Iterable<Value>) {
        super(values);
        made.push(new Made(this));
      }
    }
    vi.stubGlobal('Map', TrackedMap);
    vi.stubGlobal('Set', TrackedSet);
    const { HttpClientModule, getHttpClientToken, getConnectionPoolToken } = await import('../src/index.js');
    proxy = createServer((_, answer) => answer.end('{}'));
    proxy.on('connect', (_, socket) => socket.end('HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n'));
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    ({ port } = proxy.address() as AddressInfo);
    const root = HttpClientModule.forRoot({
      resilience: {
        preset: 'standard',
        retry: false,
        hedge: true,
        rateLimit: { max: 1_000_000, per: 'origin' },
        concurrency: { max: 1_000, per: 'origin' },
        coalesce: true,
      },
    });
    Logger.overrideLogger(false);
    const app = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
    client = app.get(getHttpClientToken());
    pool = app.get(getConnectionPoolToken());
    close = () => app.close();
  });

  afterAll(async () => {
    vi.unstubAllGlobals();
    Object.defineProperty(Error, 'prepareStackTrace', mapped);
    await close();
    proxy.closeAllConnections();
    proxy.close();
  });

  const proxied = (auth?: AxiosRequestConfig['auth']) => ({
    proxy: { host: '127.0.0.1', port, protocol: 'http', auth },
  });
  const own = () => ({ url: `http://127.0.0.1:${port}/`, proxy: false as const });

  /** Makes calls, each with another name, and looks into every collection. */
  async function expectBounds(config: (n: number) => AxiosRequestConfig): Promise<void> {
    for (let from = 0; from < MANY; from += AT_ONCE) {
      // oxlint-disable-next-line no-await-in-loop -- so many at once, and no more
      await Promise.allSettled(Array.from({ length: AT_ONCE }, (_none, n) => client.request(config(from + n))));
    }
    await expect.poll(() => pool.stats().inFlight).toBe(0);
    const all = [pool.httpAgent, pool.httpsAgent];
    const tooLarge: string[] = [];
    for (const entry of made) {
      const agents = [...entry.collection.values()].filter(isAgent);
      if (entry.collection.size > MAX_ENTRIES || agents.length > MAX_TUNNEL_AGENTS) tooLarge.push(entry.stack);
      all.push(...agents);
    }
    expect(tooLarge.filter((stack) => stack.includes('/src/'))).toEqual([]);
    // Node forgets a key in the tick after its last socket has gone.
    await expect
      .poll(() => all.flatMap(({ sockets, requests }) => Object.keys({ ...sockets, ...requests })))
      .toEqual([]);
    expect(Object.keys(pool.stats().origins).length).toBeLessThanOrEqual(MAX_ENTRIES);
  }

  it.each<[string, (n: number) => AxiosRequestConfig]>([
    ['the origin of an http call', (n) => ({ url: `http://host-${n}.test/`, ...proxied() })],
    ['the URL', (n) => ({ ...own(), params: { n } })],
    ['its template', (n) => ({ ...own(), urlTemplate: `/${n}/{id}` })],
    ['the name of a header', (n) => ({ ...own(), headers: { [`x-${n}`]: 'a' } })],
  ])('%s: no map keeps more than it may', { timeout: 120_000 }, (_, config) => expectBounds(config));

  describe('of those that take longer, most of which fail', { tags: 'slow' }, () => {
    it.each<[string, (n: number) => AxiosRequestConfig]>([
      [
        'the credentials of a proxy',
        (n) => ({ url: 'http://host.test/', ...proxied({ username: `s-${n}`, password: 'p' }) }),
      ],
      ['the origin of an https call', (n) => ({ url: `https://host-${n}.test/`, ...proxied() })],
      [
        'the credentials of a tunnel',
        (n) => ({ url: 'https://host.test/', ...proxied({ username: `s-${n}`, password: 'p' }) }),
      ],
      ['the path of a socket', (n) => ({ url: '/', socketPath: `/nowhere/${n}.sock` })],
      ['the method', (n) => ({ ...own(), method: `M${n}` })],
    ])('%s: no map keeps more than it may', (_, config) => expectBounds(config));
  });

  it('they were looked at: the maps of the pool and of every layer are among them', () => {
    const files = [
      'pool-agents',
      'pool/sockets',
      'slots',
      'pool/fast-lane',
      'origin-map',
      'call/call',
      'call/target',
      'header-plan',
      'coalesce',
      'rate-limit',
      'in-flight',
    ];
    const missing = files.filter((name) => !made.some(({ stack }) => stack.includes(`/${name}.ts`)));
    expect(missing).toEqual([]);
  });
});
