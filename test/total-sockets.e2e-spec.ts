import axios, { AxiosHeaders, type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTransport, type Transport, type TransportOptions } from '../src/index.js';
import { answerJson, startUpstream, type Upstream } from './support/upstream.js';

const ORIGINS = 6;
const MAX_TOTAL = 4;

describe('pool.maxTotalSockets', () => {
  let upstreams: Upstream[];
  let transport: Transport;
  let client: AxiosInstance;
  /** Sockets that this process has opened and not closed, now and at most. */
  let open: Set<Socket>;
  let most: number;

  const start = (options: TransportOptions) => {
    transport = createTransport(options);
    client = axios.create({ adapter: transport });
  };
  const opened = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    open.add(socket);
    most = Math.max(most, [...open].filter(({ destroyed }) => !destroyed).length);
  };

  beforeEach(async () => {
    upstreams = await Promise.all(Array.from({ length: ORIGINS }, () => startUpstream()));
    open = new Set();
    most = 0;
    subscribe('net.client.socket', opened);
  });

  afterEach(async () => {
    unsubscribe('net.client.socket', opened);
    expect(transport.pool.stats().total).toMatchObject({ active: 0, queued: 0 });
    await transport.close();
    await Promise.all(upstreams.map((upstream) => upstream[Symbol.asyncDispose]()));
  });

  it('bounds the sockets of all origins together, idle ones included, and every call is answered', async () => {
    start({ pool: { maxSockets: 3, maxTotalSockets: MAX_TOTAL } });
    const calls = Array.from({ length: 600 }, (_, n) => client.get(`${upstreams[n % ORIGINS]!.url}/${n}`));
    const answers = await Promise.all(calls);
    expect(answers.map(({ data }) => data.path)).toEqual(calls.map((_, n) => `/${n}`));
    expect(most).toBe(MAX_TOTAL);
  });

  it('closes an idle socket of another origin to make room', async () => {
    start({ pool: { maxSockets: 2, maxTotalSockets: 2 } });
    for (const { url } of [...upstreams, ...upstreams]) expect((await client.get(url)).status).toBe(200);
    expect(most).toBe(2);
    expect(transport.pool.stats().total).toMatchObject({ idle: 2, created: 12, closed: 10 });
  });

  it('holds where a call is given up before it has the idle socket, and another opens one at the same time', async () => {
    start({ pool: { maxSockets: 1, maxTotalSockets: 1 } });
    const [first, second] = upstreams as [Upstream, Upstream];
    await client.get(first.url);
    const given = (url: string, signal?: AbortSignal) =>
      transport({ url, method: 'get', headers: new AxiosHeaders(), ...(signal && { signal }) });
    const controller = new AbortController();
    const givenUp = given(first.url, controller.signal);
    controller.abort();
    const other = given(second.url);
    await expect(givenUp).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    expect((await other).status).toBe(200);
    expect(transport.pool.stats().total).toMatchObject({ active: 0, idle: 1, created: 2 });
  });

  it('counts calls that axios sends itself', async () => {
    start({ pool: { maxSockets: 3, maxTotalSockets: MAX_TOTAL } });
    const calls = Array.from({ length: 60 }, (_, n) => {
      const form = new FormData();
      form.append('n', String(n));
      return client.post(`${upstreams[n % ORIGINS]!.url}/${n}`, form);
    });
    const answers = await Promise.all(calls);
    expect(answers.map(({ data }) => data.path)).toEqual(calls.map((_, n) => `/${n}`));
    expect(most).toBe(MAX_TOTAL);
  });

  describe('leaves a healthy origin a way in', () => {
    const POOL_WAIT = 400;
    let hanging: Upstream[];
    let clientCodes: Promise<string[]>;
    let end: AbortController;
    /** Whether a request has arrived at each of them, as often as given. */
    const allHang = (each: number) =>
      expect.poll(() => hanging.map(({ requests }) => requests)).toEqual(hanging.map(() => each));
    const outcome = (call: Promise<{ status: number }>) =>
      call.then(
        ({ status }) => String(status),
        ({ code }) => code as string,
      );
    const startHanging = async (count: number, listen: RequestListener = () => {}) => {
      end = new AbortController();
      hanging = await Promise.all(Array.from({ length: count }, () => startUpstream(listen)));
    };
    const occupy = (each: number, config: AxiosRequestConfig = {}) => {
      const calls = hanging.flatMap(({ url }) =>
        Array.from({ length: each }, () => outcome(client.get(url, { ...config, signal: end.signal }))),
      );
      clientCodes = Promise.all(calls);
    };

    afterEach(async () => {
      end.abort();
      await clientCodes;
      await Promise.all(hanging.map((upstream) => upstream[Symbol.asyncDispose]()));
    });

    it('beside others that hang and have long queues: every tenth socket is for origins without one', async () => {
      await startHanging(4);
      start({ pool: { maxSockets: 5, maxTotalSockets: 20 } }); // with no limit of time, nothing is ever given up
      occupy(30);
      await expect.poll(() => transport.pool.stats().total.active).toBe(18);
      const answers = await Promise.all(upstreams.map(({ url }) => outcome(client.get(url))));
      expect(answers).toEqual(upstreams.map(() => '200'));
    });

    it.each([
      ['that have answered nothing', () => {}, {}],
      ['that stop in the middle of a body', (_: unknown, answer: ServerResponse) => void answer.write('{'), {}],
      ['that axios calls itself', () => {}, { maxRate: 1_000_000 }],
    ])('where others %s have all sockets: one gives way in half of the wait', async (_, listen, config) => {
      await startHanging(MAX_TOTAL, listen);
      start({ pool: { maxSockets: 1, maxTotalSockets: MAX_TOTAL }, timeouts: { poolWaitMs: POOL_WAIT } });
      occupy(1, config);
      await allHang(1);
      expect(await outcome(client.get(upstreams[0]!.url))).toBe('200');
      for (const { server } of hanging) server.closeAllConnections();
      const codes = await clientCodes;
      expect(codes.filter((code) => code === 'ECONNABORTED' || code === 'ERR_BAD_RESPONSE')).not.toEqual([]);
    });

    it.each<[string, RequestListener, AxiosRequestConfig]>([
      ['that have answered nothing', () => {}, {}],
      [
        'that stop in the middle of a stream that its caller iterates',
        (_: unknown, answer: ServerResponse) => void answer.write('{'),
        { responseType: 'stream' },
      ],
    ])('where there are more others than sockets %s', async (_, listen, config) => {
      await startHanging(MAX_TOTAL + 1, listen);
      start({ pool: { maxSockets: 2, maxTotalSockets: MAX_TOTAL }, timeouts: { poolWaitMs: 2_000 } });
      const calls = hanging.flatMap(({ url }) => [1, 2].map(() => client.get(url, { ...config, signal: end.signal })));
      clientCodes = Promise.all(
        calls.map((call) =>
          outcome(
            call.then(async (response) => {
              if (config.responseType) for await (const part of response.data) void part;
              return response;
            }),
          ),
        ),
      );
      await expect.poll(() => transport.pool.stats().total.active).toBe(MAX_TOTAL);
      const answers = await Promise.all([1, 2].map(() => outcome(client.get(upstreams[0]!.url))));
      expect(answers).toEqual(['200', '200']);
    });

    it('at the cost of an origin that is silent altogether, rather than of one that answers, or of the only request of another', async () => {
      await startHanging(2, () => {});
      start({ pool: { maxSockets: 3, maxTotalSockets: 6 }, timeouts: { poolWaitMs: 2_000 } });
      const [dead, poll] = hanging as [Upstream, Upstream];
      const [quick, late] = upstreams as [Upstream, Upstream];
      quick.server.removeAllListeners('request');
      quick.server.on('request', (request, answer) => {
        if (request.url === '/poll') return;
        answer.write('.');
        const dripping = setInterval(() => answer.write('.'), 20);
        answer.on('close', () => clearInterval(dripping));
      });
      const urls = [poll.url, dead.url, dead.url, `${quick.url}/poll`, `${quick.url}/poll`, quick.url];
      const codes: Record<string, string[]> = {};
      const calls = urls.map((url) =>
        outcome(client.get(url, { signal: end.signal })).then((code) => {
          (codes[url] ??= []).push(code);
          return code;
        }),
      );
      clientCodes = Promise.all(calls);
      await expect.poll(() => transport.pool.stats().total.active).toBe(6);
      expect(await outcome(client.get(late.url))).toBe('200');
      expect(codes).toEqual({ [dead.url]: ['ECONNABORTED'] });
    });

    it('of the origin with most sockets, of which only one is given up for each that waits', async () => {
      await startHanging(2);
      start({ pool: { maxSockets: 3, maxTotalSockets: MAX_TOTAL }, timeouts: { poolWaitMs: POOL_WAIT } });
      const [greedy, one] = hanging as [Upstream, Upstream];
      const calls = [greedy, one, greedy, greedy].map(({ url }) => client.get(url, { signal: end.signal }));
      clientCodes = Promise.all(calls.map(outcome));
      await expect.poll(() => greedy.requests + one.requests).toBe(MAX_TOTAL);
      expect(await outcome(client.get(upstreams[0]!.url))).toBe('200');
      const { origins } = transport.pool.stats();
      expect([origins[greedy.url]!.active, origins[one.url]!.active]).toEqual([2, 1]);
      await expect(Promise.any(calls.map((call) => call.catch((error) => error.message)))).resolves.toContain(
        'raise pool.maxTotalSockets',
      );
    });

    it('where nobody is silent, nobody is given up', async () => {
      const drips = new Set<ServerResponse>();
      await startHanging(MAX_TOTAL, (_, answer) => void drips.add(answer.writeHead(200)));
      start({ pool: { maxSockets: 1, maxTotalSockets: MAX_TOTAL }, timeouts: { poolWaitMs: POOL_WAIT } });
      occupy(1);
      await allHang(1);
      const dripping = setInterval(() => drips.forEach((answer) => answer.write(' ')), 10);
      expect(await outcome(client.get(upstreams[0]!.url))).toBe('ERR_POOL_TIMEOUT');
      expect(transport.pool.stats().total.timedOut).toBe(0);
      clearInterval(dripping);
      drips.forEach((answer) => answer.end('1'));
      expect(await clientCodes).toEqual(hanging.map(() => '200'));
    });
  });

  it('is named by the error of a call that waited for it in vain', async () => {
    start({ pool: { maxSockets: 1, maxTotalSockets: 1 }, timeouts: { poolWaitMs: 30 } });
    const [held, other] = upstreams as [Upstream, Upstream];
    const { data: stream } = await client.get(held.url, { responseType: 'stream' });
    await expect(client.get(other.url)).rejects.toThrow('raise pool.maxTotalSockets or timeouts.poolWaitMs');
    await expect(client.get(held.url)).rejects.toThrow('raise pool.maxSockets or timeouts.poolWaitMs');
    stream.resume();
    expect((await client.get(other.url)).status).toBe(200);
  });

  it('leaves room for no call that was given up', async () => {
    start({ pool: { maxSockets: 1, maxTotalSockets: 1 } });
    const [held, other] = upstreams as [Upstream, Upstream];
    const { data: stream } = await client.get(held.url, { responseType: 'stream' });
    const controller = new AbortController();
    const waiting = client.get(other.url, { signal: controller.signal });
    const late = client.get(other.url, { signal: AbortSignal.abort() });
    await expect(late).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    expect(transport.pool.stats().total.queued).toBe(1);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    stream.destroy();
    expect((await client.get(other.url)).status).toBe(200);
    expect(other.requests).toBe(1);
  });

  it('holds for a request that is sent again on a fresh socket, after another has taken its slot', async () => {
    const [dying, other] = upstreams as [Upstream, Upstream];
    start({ pool: { maxSockets: 1, maxTotalSockets: 1 } });
    await client.get(dying.url);
    dying.server.removeAllListeners('request');
    dying.server.once('request', (request) => {
      request.socket.resetAndDestroy();
      dying.server.on('request', answerJson);
    });
    const answers = await Promise.all([client.get(dying.url), client.get(other.url)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(most).toBe(1);
    expect(transport.pool.stats().origins[dying.url]!.created).toBe(2);
  });
});
