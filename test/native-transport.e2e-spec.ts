import type { AxiosInstance } from 'axios';
import fc from 'fast-check';
import { once } from 'node:events';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createTransport, isTimeoutError } from '../src/index.js';
import { itAtScale } from './support/at-scale.js';
import { CA, CERTIFICATE } from './support/certificates.js';
import { startRawUpstream } from './support/raw-upstream.js';
import { startTransport } from './support/start-transport.js';
import { answerJson, startUpstream } from './support/upstream.js';

describe('phases', () => {
  it('gives up waiting for a socket, and takes the request out of the queue', async () => {
    await using upstream = await startUpstream(() => {});
    const { client, transport } = startTransport({ pool: { maxSockets: 1 }, timeouts: { poolWaitMs: 50 } });
    const arrived = once(upstream.server, 'request');
    const controller = new AbortController();
    const blocking = client.get(upstream.url, { signal: controller.signal }).catch(() => {});
    await arrived;
    await expect(client.get(upstream.url)).rejects.toMatchObject({
      name: 'PoolTimeoutError',
      code: 'ERR_POOL_TIMEOUT',
      origin: upstream.url,
      attempts: [{ number: 1, outcome: 'ERR_POOL_TIMEOUT' }],
      isAxiosError: true,
      // A busy machine adds that its event loop was blocked.
      message: expect.stringContaining(
        `GET ${upstream.url}: waited 50 ms for a socket in attempt 1; raise pool.maxSockets or timeouts.poolWaitMs`,
      ),
    });
    expect(Object.keys(transport.pool.httpAgent.requests)).toEqual([]);
    controller.abort();
    await blocking;
  });

  it('refuses a call at once when as many wait as may', async () => {
    await using upstream = await startUpstream(() => {});
    const { client } = startTransport({ pool: { maxSockets: 1, maxQueued: 1 } });
    const controller = new AbortController();
    const waiting = [1, 2].map(() => client.get(upstream.url, { signal: controller.signal }).catch(() => {}));
    await expect(client.get(upstream.url)).rejects.toMatchObject({ code: 'ERR_POOL_QUEUE_FULL', attempts: [] });
    controller.abort();
    await Promise.all(waiting);
    await expect(client.get(upstream.url, { timeout: 20 })).rejects.toMatchObject({ code: 'ECONNABORTED' });
  });

  it('gives up on a TLS handshake that does not end', async () => {
    await using upstream = await startRawUpstream(() => {});
    const { client } = startTransport({ timeouts: { connectMs: 50 } });
    await expect(client.get(upstream.url.replace('http', 'https'))).rejects.toMatchObject({
      name: 'ConnectTimeoutError',
      code: 'ERR_CONNECT_TIMEOUT',
    });
  });

  it('gives up on response headers that do not come', async () => {
    await using upstream = await startUpstream(() => {});
    const { client, transport } = startTransport({ timeouts: { responseMs: 50 } });
    await expect(client.post(upstream.url, { a: 1 })).rejects.toMatchObject({
      name: 'ResponseTimeoutError',
      code: 'ERR_RESPONSE_TIMEOUT',
      method: 'POST',
    });
    await transport.close();
    expect(transport.pool.stats().total).toMatchObject({ timedOut: 1, errors: 0 });
  });

  it('gives up on a body that falls silent', async () => {
    await using upstream = await startUpstream((_, response) => void response.write('half'));
    const { client } = startTransport({ timeouts: { bodyIdleMs: 50 } });
    await expect(client.get(upstream.url)).rejects.toMatchObject({
      name: 'BodyTimeoutError',
      code: 'ERR_BODY_TIMEOUT',
    });
  });

  it.each([
    ['falls silent', async (data: NodeJS.ReadableStream) => void data.resume()],
    ['nobody reads', async () => {}],
  ])('gives up on a stream that %s', async (_, consume) => {
    await using upstream = await startUpstream((_request, response) => void response.write('half'));
    const { client } = startTransport({ timeouts: { bodyIdleMs: 50 } });
    const { data } = await client.get(upstream.url, { responseType: 'stream' });
    await consume(data);
    const [error] = await once(data, 'error');
    expect(error).toMatchObject({ name: 'BodyTimeoutError' });
  });

  it('waits for a body and a stream that keep coming, however long they take', async () => {
    await using upstream = await startUpstream((_, response) => {
      let left = 10;
      const drip = setInterval(() => {
        response.write('.');
        if (--left > 0) return;
        clearInterval(drip);
        response.end();
      }, 20);
    });
    const { client } = startTransport({ timeouts: { bodyIdleMs: 100, responseMs: 100 } });
    const [whole, stream] = await Promise.all([
      client.get(upstream.url),
      client.get(upstream.url, { responseType: 'stream' }),
    ]);
    expect(whole.data).toBe('..........');
    expect(Buffer.concat(await stream.data.toArray()).toString()).toBe('..........');
  });

  it('waits for an upstream that takes 10 seconds to answer when nothing forbids it', { timeout: 20_000 }, async () => {
    await using upstream = await startUpstream((_, response) => void setTimeout(() => response.end('late'), 10_000));
    const { client } = startTransport();
    expect((await client.get(upstream.url)).data).toBe('late');
  });
});

describe('limits', () => {
  it('refuses a body that is too large, and says how to allow it', async () => {
    await using upstream = await startUpstream((_, response) => void response.end('x'.repeat(1_001)));
    const { client } = startTransport({ limits: { maxResponseBytes: 1_000 } });
    await expect(client.get(upstream.url)).rejects.toMatchObject({
      name: 'BodyTooLargeError',
      code: 'ERR_BODY_TOO_LARGE',
      message: expect.stringMatching(/exceeds 1000 bytes; raise limits\.maxResponseBytes/),
    });
    expect((await client.get(upstream.url, { maxContentLength: 2_000 })).data).toHaveLength(1_001);
    const { data } = await client.get(upstream.url, { responseType: 'stream' });
    expect(Buffer.concat(await data.toArray())).toHaveLength(1_001);
  });

  it('hold for calls that are left to axios, too', async () => {
    await using upstream = await startUpstream((request, response) => {
      if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
      else response.end('x'.repeat(1_001));
    });
    const { client } = startTransport({ limits: { maxResponseBytes: 1_000 }, redirects: { max: 1 } });
    const watched = { onUploadProgress: () => {} };
    await expect(client.post(upstream.url, 'a', watched)).rejects.toMatchObject({ code: 'ERR_BODY_TOO_LARGE' });
    await expect(client.post(`${upstream.url}/loop`, 'a', watched)).rejects.toMatchObject({
      code: 'ERR_FR_TOO_MANY_REDIRECTS',
    });
    expect(upstream.requests).toBe(3);
  });

  it('stops a decompression bomb while it inflates', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    await using upstream = await startUpstream((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': bomb.length }).end(bomb);
    });
    const { client } = startTransport({ limits: { maxResponseBytes: 1_000_000 } });
    const before = process.memoryUsage().arrayBuffers;
    await expect(client.get(upstream.url)).rejects.toMatchObject({ code: 'ERR_BODY_TOO_LARGE' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16_000_000);
  });
});

describe('a socket', () => {
  it('is used again after a whole response, whatever its status', async () => {
    await using upstream = await startUpstream((request, response) => {
      response.writeHead(Number(request.url!.slice(1))).end();
    });
    const { client } = startTransport();
    for (const status of [200, 204, 304, 404, 500])
      await client.get(`${upstream.url}/${status}`, { validateStatus: null });
    await client.head(`${upstream.url}/200`);
    expect(upstream.connections).toBe(1);
  });

  it.each([
    [
      'that was cancelled',
      async (client: AxiosInstance, url: string) => {
        const controller = new AbortController();
        const { data } = await client.get(url, { responseType: 'stream', signal: controller.signal });
        controller.abort();
        await once(data, 'error');
      },
    ],
    [
      'whose body was too large',
      async (client: AxiosInstance, url: string) => {
        await expect(client.get(url, { maxContentLength: 2 })).rejects.toThrow('maxContentLength');
      },
    ],
    [
      'whose stream was destroyed',
      async (client: AxiosInstance, url: string) => {
        const { data } = await client.get(url, { responseType: 'stream' });
        data.destroy();
        await once(data, 'close');
      },
    ],
  ])('is not used again after an exchange %s', async (_, abandon) => {
    await using upstream = await startUpstream((request, response) => {
      if (request.url === '/long') response.write('half');
      else response.end('whole');
    });
    const { client } = startTransport();
    await abandon(client, `${upstream.url}/long`);
    expect((await client.get(`${upstream.url}/next`)).data).toBe('whole');
    expect(upstream.connections).toBe(2);
  });

  it('that sends more than its response does not answer the next request with it', async () => {
    let answered = 0;
    await using upstream = await startRawUpstream((socket) => {
      const body = `answer ${++answered}`;
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfake');
    });
    const { client } = startTransport();
    for (const expected of ['answer 1', 'answer 2', 'answer 3']) {
      expect((await client.get(upstream.url)).data).toBe(expected);
      await new Promise(setImmediate); // the surplus comes in while the socket is idle
    }
  });
});

describe('a stale socket', () => {
  /** Answers the first request of each connection and resets at the second one. */
  const startForgetful = () => {
    const served = new WeakSet<object>();
    const requests: string[] = [];
    return startUpstream((request, response) => {
      requests.push(request.method!);
      if (served.has(request.socket)) request.socket.resetAndDestroy();
      else response.end(String(requests.length));
      served.add(request.socket);
    });
  };

  it.each([['get'], ['put'], ['delete']])('is replaced for a %s, once, on a fresh socket', async (method) => {
    await using upstream = await startForgetful();
    const { client } = startTransport();
    await client.get(upstream.url);
    expect(
      (await client.request({ url: upstream.url, method, data: method === 'put' ? 'abc' : undefined })).status,
    ).toBe(200);
    expect(upstream.connections).toBe(2);
    expect(upstream.requests).toBe(3);
  });

  it('is not replaced for a POST, unless it has an Idempotency-Key', async () => {
    await using upstream = await startForgetful();
    const { client } = startTransport();
    await client.get(upstream.url);
    await expect(client.post(upstream.url, 'a')).rejects.toMatchObject({ code: 'ECONNRESET', name: 'Error' });
    expect(upstream.requests).toBe(2);
    await client.get(upstream.url);
    await client.post(upstream.url, 'a', { headers: { 'idempotency-key': '1' } });
    expect(upstream.connections).toBe(3);
  });

  it('is not what a fresh socket that is reset was', async () => {
    await using upstream = await startUpstream((request) => void request.socket.resetAndDestroy());
    const { client } = startTransport();
    await expect(client.get(upstream.url)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(upstream.requests).toBe(1);
  });

  itAtScale(
    'is never seen by callers of $n idempotent calls, and no POST is doubled, when idle sockets close at any time',
    2_000,
    20_000,
    async (calls) => {
      const posts = new Map<string, number>();
      let seed = 1;
      const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
      await using upstream = await startUpstream((request, response) => {
        if (request.method === 'POST') posts.set(request.url!, (posts.get(request.url!) ?? 0) + 1);
        const { socket } = request;
        response.end('ok');
        // Half of the time at once, otherwise when the next request may be on its way.
        if (random() < 0.05) {
          if (random() < 0.5) socket.end();
          else setTimeout(() => socket.destroy(), random() * 3);
        }
      });
      const { client } = startTransport({ pool: { maxSockets: 20 } });
      const failures: unknown[] = [];
      let failedPosts = 0;
      let sent = 0;
      const worker = async () => {
        while (sent < calls) {
          const n = sent++;
          if (n % 10 === 0) await client.post(`${upstream.url}/${n}`, 'once').catch(() => failedPosts++);
          else await client.get(`${upstream.url}/${n}`).catch((error) => failures.push(error));
        }
      };
      await Promise.all(Array.from({ length: 20 }, worker));
      expect(failures).toEqual([]);
      expect(Math.max(...posts.values())).toBe(1);
      expect(failedPosts).toBeLessThan(calls / 10);
    },
  );
});

describe('a stream that is sent where HTTP/2 was offered in vain', () => {
  it.each(['node:http', 'undici'] as const)('is sent to its end over %s', async (engine) => {
    const server = createSecureServer(CERTIFICATE, (request, response) => void request.pipe(response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { client } = startTransport({ engine, http2: true, tls: { ca: CA } });
    const { port } = server.address() as AddressInfo;
    const parts = Readable.from(['one ', 'two ', 'three'].map((part) => Buffer.from(part)));
    expect((await client.post(`https://localhost:${port}`, parts)).data).toBe('one two three');
  });
});

describe('a call that is left to axios', () => {
  it('is not sent where it was cancelled before', async () => {
    await using upstream = await startUpstream();
    const { client } = startTransport();
    const controller = new AbortController();
    const call = client.post(upstream.url, 'a', { onUploadProgress: () => {}, signal: controller.signal });
    setImmediate(() => controller.abort()); // it has its slot by now, and waits until all sockets have been looked at
    await expect(call).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    await client.get(upstream.url);
    expect(upstream.requests).toBe(1);
  });
});

describe('redirects', () => {
  const SECRETS = {
    authorization: 'Bearer SECRET',
    cookie: 'session=SECRET',
    'proxy-authorization': 'SECRET',
    'x-api-key': 'SECRET',
    'x-harmless': 'kept',
  };

  it('keep credentials within an origin and drop them beyond it', async () => {
    const seen: IncomingHttpHeaders[] = [];
    await using other = await startUpstream((request, response) => {
      seen.push(request.headers);
      response.end();
    });
    await using upstream = await startUpstream((request, response) => {
      seen.push(request.headers);
      response.writeHead(302, { location: request.url === '/first' ? '/second' : `${other.url}/third` }).end();
    });
    const { client } = startTransport();
    await client.get(`${upstream.url}/first`, { headers: SECRETS, sensitiveHeaders: ['X-API-Key'] });
    const [first, second, third] = seen;
    expect(first).toMatchObject(SECRETS);
    expect(second).toMatchObject(SECRETS);
    expect(JSON.stringify(third)).not.toContain('SECRET');
    expect(third).toMatchObject({ 'x-harmless': 'kept', host: new URL(other.url).host });
  });

  it('drop basic auth beyond an origin', async () => {
    const seen: (string | undefined)[] = [];
    await using other = await startUpstream((request, response) => {
      seen.push(request.headers.authorization);
      response.end();
    });
    await using upstream = await startUpstream(
      (_, response) => void response.writeHead(302, { location: other.url }).end(),
    );
    const { client } = startTransport();
    await client.get(upstream.url, { auth: { username: 'user', password: 'SECRET' } });
    expect(seen).toEqual([undefined]);
  });

  it('from https to http are refused unless allowed', async () => {
    await using plain = await startUpstream();
    await using secure = await startUpstream(
      (_, response) => void response.writeHead(302, { location: plain.url }).end(),
      CERTIFICATE,
    );
    const tls = { ca: CA };
    const { client: strict } = startTransport({ tls, redirects: { allowDowngrade: false } });
    await expect(strict.get(secure.url)).rejects.toMatchObject({
      code: 'ERR_FR_REDIRECTION_FAILURE',
      message: expect.stringContaining('redirects.allowDowngrade'),
    });
    expect(plain.requests).toBe(0);
    const { client: lax } = startTransport({ tls });
    expect((await lax.get(secure.url)).data).toEqual({ path: '/' });
  });

  it.each([
    ['another scheme', 'file:///etc/passwd', 'Redirected request failed: Unsupported protocol file:'],
    ['no URL', 'http://[', 'Redirected request failed: its Location is no URL'],
  ])('to %s are refused', async (_, location, message) => {
    await using upstream = await startUpstream(
      (_request, response) => void response.writeHead(302, { location }).end(),
    );
    const { client } = startTransport();
    await expect(client.get(upstream.url)).rejects.toMatchObject({ code: 'ERR_FR_REDIRECTION_FAILURE', message });
  });

  it('use the same socket again, unless their body is long', async () => {
    await using upstream = await startUpstream((request, response) => {
      if (request.url === '/end') response.end('end');
      else response.writeHead(302, { location: '/end' }).end(request.url === '/long' ? 'x'.repeat(1_000_000) : 'short');
    });
    const { client } = startTransport();
    await client.get(`${upstream.url}/short`);
    await client.get(`${upstream.url}/end`);
    expect(upstream.connections).toBeLessThanOrEqual(2);
    expect((await client.get(`${upstream.url}/long`)).data).toBe('end');
  });
});

describe('a broken response', () => {
  const RESPONSE = 'HTTP/1.1 200 OK\r\ncontent-length: 11\r\nx-a: b\r\n\r\nhello world';

  it('cut at any byte is an error, and counts go back to zero', async () => {
    await using upstream = await startRawUpstream((socket, head) => {
      const [, cut] = /^GET \/(\d+)/.exec(head)!;
      socket.end(RESPONSE.slice(0, Number(cut)));
    });
    const { client, transport } = startTransport();
    for (let cut = 0; cut < RESPONSE.length; cut++) {
      await expect(client.get(`${upstream.url}/${cut}`)).rejects.toMatchObject({ isAxiosError: true });
    }
    expect((await client.get(`${upstream.url}/${RESPONSE.length}`)).data).toBe('hello world');
    expect(transport.pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0, queued: 0 } });
  });

  it.each(['node:http', 'undici'] as const)(
    'that breaks off with its headers fails the stream that it is read by, and ends no process, over %s',
    async (engine) => {
      const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
      await using upstream = await startRawUpstream((socket) => socket.end(`${head}no chunk\r\n`));
      const { client } = startTransport({ engine });
      const { data } = await client.get(upstream.url, { responseType: 'stream' });
      await expect(data.toArray()).rejects.toMatchObject({ code: 'HPE_INVALID_CHUNK_SIZE' }); // an uncaught exception fails this, too
    },
  );

  it.each([
    ['informational responses before it', `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${RESPONSE}`, 'hello world'],
  ])('with %s', async (_, bytes, data) => {
    await using upstream = await startRawUpstream((socket) => void socket.write(bytes));
    const { client } = startTransport();
    expect((await client.get(upstream.url)).data).toBe(data);
  });

  it.each([
    ['a chunk that is none', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
    ['both lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a body longer than it says', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhello'],
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ])('with %s is an error', async (_, bytes) => {
    await using upstream = await startRawUpstream((socket) => void socket.write(bytes));
    const { client } = startTransport({ timeouts: { responseMs: 2_000 } });
    await expect(client.get(upstream.url)).rejects.toMatchObject({
      isAxiosError: true,
      code: expect.stringMatching(/^HPE_/),
    });
  });
});

it('fails when the server switches protocols unasked', async () => {
  await using upstream = await startRawUpstream(
    (socket) => void socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
  );
  const { client, transport } = startTransport();
  await expect(client.get(upstream.url)).rejects.toMatchObject({ isAxiosError: true, code: 'ECONNRESET' });
  expect(transport.pool.inFlight).toBe(0);
});

it('has one name for every way in which a call runs out of time', async () => {
  await using upstream = await startUpstream((_, response) => void response.write('half'));
  const { client } = startTransport({ timeouts: { bodyIdleMs: 50 } });
  const errorOf = (config: object) => client.get(upstream.url, config).catch((error: unknown) => error);
  expect(isTimeoutError(await errorOf({}))).toBe(true);
  expect(isTimeoutError(await errorOf({ timeout: 10 }))).toBe(true);
  expect(isTimeoutError(await errorOf({ signal: AbortSignal.timeout(10) }))).toBe(false);
});

describe('a valid response, split and cut at random', () => {
  const BODY = JSON.stringify({ text: 'hällo', list: [1, 2, 3] });
  const zipped = gzipSync(BODY);
  const chunked = (body: Buffer, size: number) => {
    const parts: Buffer[] = [];
    for (let at = 0; at < body.length; at += size) {
      const part = body.subarray(at, at + size);
      parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
    }
    return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
  };
  const head = (...lines: string[]) => Buffer.from(`HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\n\r\n`);
  const plain = Buffer.from(BODY);
  const RESPONSES = [
    Buffer.concat([head(`content-length: ${plain.length}`), plain]),
    Buffer.concat([head('transfer-encoding: chunked'), chunked(plain, 7)]),
    Buffer.concat([head('content-encoding: gzip', `content-length: ${zipped.length}`), zipped]),
    Buffer.concat([head('content-encoding: gzip', 'transfer-encoding: chunked'), chunked(zipped, 5)]),
    Buffer.concat([Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n'), head(`content-length: ${plain.length}`), plain]),
  ];

  it('is the right answer or a typed error, and counts go back to zero', async () => {
    let parts: Buffer[] = [];
    let cut = false;
    await using upstream = await startRawUpstream((socket) => {
      void (async () => {
        for (const part of parts) {
          socket.write(part);
          await new Promise(setImmediate);
        }
        if (cut) socket.destroy();
      })();
    });
    const { client, transport } = startTransport();
    const splits = fc.array(fc.nat(400), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...RESPONSES),
        splits,
        fc.option(fc.nat(400)),
        fc.constantFrom('json', 'stream' as const),
        async (response, at, cutAt, responseType) => {
          const end = Math.min(cutAt ?? Infinity, response.length);
          cut = end < response.length;
          const bounds = [0, ...at.filter((n) => n < end).toSorted((a, b) => a - b), end];
          parts = bounds.slice(1).map((bound, index) => response.subarray(bounds[index], bound));
          const outcome = await client
            .get(upstream.url, { responseType: responseType as 'json' })
            .then(async ({ data }) =>
              responseType === 'json' ? data : JSON.parse(String(Buffer.concat(await data.toArray()))),
            )
            .catch((error: unknown) => error);
          if (cut) expect(outcome).toBeInstanceOf(Error);
          else expect(outcome).toEqual(JSON.parse(BODY));
          if (cut && responseType === 'json') expect(outcome).toMatchObject({ isAxiosError: true });
          expect(transport.pool.stats()).toMatchObject({ inFlight: 0, total: { queued: 0 } });
        },
      ),
      { numRuns: 500 },
    );
  });
});

it('reaches IPv6', async () => {
  const { client } = startTransport();
  const { createServer } = await import('node:http');
  const server = createServer(answerJson).listen(0, '::1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  expect((await client.get(`http://[::1]:${port}/a`)).data).toEqual({ path: '/a' });
  server.closeAllConnections();
  server.close();
});

it('reuses TLS sessions on new sockets', async () => {
  const reused: boolean[] = [];
  await using upstream = await startUpstream((_, response: ServerResponse) => {
    response.setHeader('connection', 'close').end();
  }, CERTIFICATE);
  upstream.server.on('secureConnection', (socket: TLSSocket) => reused.push(socket.isSessionReused()));
  const { client } = startTransport({ tls: { ca: CA } });
  await client.get(upstream.url);
  await client.get(upstream.url);
  expect(reused).toEqual([false, true]);
});

it('refuses calls after close', async () => {
  await using upstream = await startUpstream();
  const { client, transport } = startTransport();
  await client.get(upstream.url);
  expect(await transport.close()).toMatchObject({ socketsClosed: 1 });
  await expect(client.get(upstream.url)).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
});

it('lists every wrong option', () => {
  expect(() => createTransport({ timeouts: { responseMs: -1 }, pool: { sockets: 5 } } as never)).toThrow(
    /^createTransport: 2 invalid options\n {2}- timeouts\.responseMs: .*\n {2}- pool\.sockets: /,
  );
});
