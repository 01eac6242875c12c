import axios, { type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { createTransport, type Transport, type TransportOptions } from '../src/index.js';
import { type RawUpstream, startRawUpstream } from './support/raw-upstream.js';
import { startUpstream } from './support/upstream.js';

const CALLS = 5;
const LONG = 'x'.repeat(1_000_000);

let transport: Transport;
let client: AxiosInstance;

function start(options: TransportOptions = {}) {
  transport = createTransport({ pool: { maxSockets: 1 }, timeouts: { poolWaitMs: 5_000 }, ...options });
  client = axios.create({ adapter: transport, responseType: 'stream', timeout: 20_000 });
}

/** Nothing is waited for: neither a socket nor a call counts as in use. */
const held = () => {
  const { inFlight, total } = transport.pool.stats();
  return { inFlight, active: total.active, queued: total.queued };
};
const NOTHING = { inFlight: 0, active: 0, queued: 0 };

const refused = async (call: Promise<unknown>): Promise<AxiosResponse<Readable>> => {
  const { response } = await call.then(
    () => expect.unreachable(),
    (error: { response: AxiosResponse<Readable> }) => error,
  );
  return response;
};

afterEach(async () => {
  await transport.close();
  expect(held()).toEqual(NOTHING);
});

describe.each([
  ['the native transport', {}],
  ["axios's adapter", { maxRate: 100_000_000 }],
] as [string, AxiosRequestConfig][])('with %s', (_, config) => {
  describe('a stream of nothing is over at once, read or not', () => {
    const answers: [string, string, string][] = [
      ['HEAD', 'HEAD', '200 OK\r\ncontent-length: 1000000'],
      ['HEAD, encoded', 'HEAD', '200 OK\r\ncontent-encoding: br\r\ncontent-length: 1000000'],
      ['HEAD of a refused status', 'HEAD', '404 Not Found\r\ncontent-length: 1000000'],
      ['204', 'GET', '204 No Content'],
      ['205', 'GET', '205 Reset Content\r\ncontent-length: 0'],
      ['304', 'GET', '304 Not Modified\r\ncontent-length: 1000'],
      ['304, encoded', 'GET', '304 Not Modified\r\ncontent-encoding: gzip'],
      ['content-length: 0', 'GET', '200 OK\r\ncontent-length: 0'],
      ['no chunk', 'GET', '200 OK\r\ntransfer-encoding: chunked\r\n\r\n0'],
      ...['gzip', 'deflate', 'br', 'unknown'].map((coding): [string, string, string] => [
        `content-length: 0, ${coding}`,
        'POST',
        `200 OK\r\ncontent-encoding: ${coding}\r\ncontent-length: 0`,
      ]),
      ['after 103', 'GET', '103 Early Hints\r\n\r\nHTTP/1.1 204 No Content'],
    ];

    it.each(answers)('%s', async (_name, method, head) => {
      await using upstream: RawUpstream = await startRawUpstream(
        (socket) => void socket.write(`HTTP/1.1 ${head}\r\n\r\n`),
      );
      start();
      const responses: AxiosResponse<Readable>[] = [];
      for (let n = 0; n < CALLS; n++) {
        responses.push(await client.request({ url: upstream.url, method, validateStatus: () => true, ...config }));
      }
      expect(upstream.connections).toBe(1);
      await expect.poll(held).toEqual(NOTHING);
      // Whoever comes to read later finds its end, in any way of reading.
      const [first, second, third] = responses.map(({ data }) => data) as [Readable, Readable, Readable];
      await once(first.resume(), 'end');
      expect(await text(second)).toBe('');
      third.destroy();
    });
  });

  describe('a stream of a refused status', () => {
    const serve: RequestListener = (request, answer) => {
      if (request.url === '/ok') answer.end('ok');
      else answer.writeHead(404).end(request.url === '/long' ? LONG : 'no such file');
    };

    it('that is short gives its socket back, and can be read later', async () => {
      await using upstream = await startUpstream(serve);
      start();
      const responses: AxiosResponse<Readable>[] = [];
      for (let n = 0; n < CALLS; n++) responses.push(await refused(client.get(`${upstream.url}/short`, config)));
      await expect.poll(held).toEqual(NOTHING);
      expect(upstream.connections).toBe(1);
      const bodies = await Promise.all(responses.map(({ data }) => text(data)));
      expect(bodies).toEqual(responses.map(() => 'no such file'));
    });

    it('that is just below 64 KiB gives its socket back', async () => {
      await using upstream = await startUpstream((_request, answer) => {
        answer.writeHead(500, { 'content-length': 65_535 }).end('y'.repeat(65_535));
      });
      start();
      const { data } = await refused(client.get(upstream.url, config));
      await expect.poll(held).toEqual(NOTHING);
      expect((await text(data)).length).toBe(65_535);
    });

    it.each([
      ['that is long', '/long'],
      ['that never ends', '/drip'],
    ])('%s and that nobody reads gives way to who waits for its socket', async (_name, path) => {
      const dripping = new Set<ServerResponse>();
      await using upstream = await startUpstream((request, answer) => {
        if (request.url !== '/drip') serve(request, answer);
        else dripping.add(answer.writeHead(503)).forEach((drip) => drip.write('.'));
      });
      start({ pool: { maxSockets: 3 } });
      const responses = await Promise.all(
        Array.from({ length: CALLS }, () => refused(client.get(upstream.url + path, config))),
      );
      expect(await text((await client.get(`${upstream.url}/ok`)).data)).toBe('ok');
      const failures = responses.map(({ data }): NodeJS.ErrnoException | null => data.errored);
      expect(failures.filter((failure) => failure?.code === 'ECONNABORTED')).toHaveLength(3);
      for (const { data } of responses) data.destroy();
    });

    it('that is long is whole for its caller while nobody needs its socket, however late it is read', async () => {
      await using upstream = await startUpstream(serve);
      start({ pool: { maxSockets: 2 } });
      const { data } = await refused(client.get(`${upstream.url}/long`, config));
      expect(await text((await client.get(`${upstream.url}/ok`)).data)).toBe('ok');
      expect(await text(data)).toBe(LONG);
    });

    it('that is being read keeps its socket from those who wait', async () => {
      await using upstream = await startUpstream(serve);
      start();
      const reading = refused(client.get(`${upstream.url}/long`, config)).then(({ data }) => text(data));
      const waiting = client.get(`${upstream.url}/ok`);
      expect(await reading).toBe(LONG);
      expect(await text((await waiting).data)).toBe('ok');
    });

    it('that is given up makes room under the total bound, too', async () => {
      await using upstream = await startUpstream(serve);
      await using other = await startUpstream(serve);
      start({ pool: { maxSockets: 2, maxTotalSockets: 2 } });
      const responses: AxiosResponse<Readable>[] = [];
      for (let n = 0; n < CALLS; n++) responses.push(await refused(client.get(`${upstream.url}/long`, config)));
      expect(await text((await client.get(`${other.url}/ok`)).data)).toBe('ok');
      for (const { data } of responses) data.destroy();
    });

    it('that breaks off unread ends no process, and tells who reads it', async () => {
      await using upstream = await startRawUpstream((socket) =>
        socket.write('HTTP/1.1 404 Not Found\r\ncontent-length: 100\r\n\r\nno', () => socket.destroy()),
      );
      start();
      const { data } = await refused(client.get(upstream.url, config));
      await expect.poll(held).toEqual(NOTHING);
      await expect(text(data)).rejects.toThrow();
    });
  });
});
