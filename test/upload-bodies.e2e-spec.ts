import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BodyConsumedError } from '../src/index.js';
import { CA, CERTIFICATE } from './support/certificates.js';
import { packagedForm } from './support/packaged-form.js';
import { startProxy } from './support/proxy.js';
import { startRawUpstream } from './support/raw-upstream.js';
import { startTransport } from './support/start-transport.js';
import { startUpstream } from './support/upstream.js';

const MB = 1_000_000;
const PART = Buffer.alloc(50_000, 'x');

/** Answers with the hash of what it was sent. */
function answerHash(request: IncomingMessage, response: ServerResponse): void {
  const hash = createHash('sha1');
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    hash.update(chunk);
  });
  request.on('end', () => response.end(JSON.stringify({ bytes, sha1: hash.digest('hex') })));
}

/** A stream of parts, counted as they are read, `pauseMs` apart. */
function parts(count: number, pauseMs?: number) {
  const counted = { read: 0 };
  const source = Readable.from(
    (async function* () {
      for (let part = 0; part < count; part++) {
        counted.read++;
        yield PART;
        if (pauseMs !== undefined) await sleep(pauseMs);
      }
    })(),
    { objectMode: false },
  );
  return Object.assign(source, { counted });
}

/** Yields a part, and then nothing. */
function stalledAfter(part: string | Buffer): Readable {
  const source = new Readable({ read() {} });
  source.push(part);
  return source;
}

let directory: string;
let file: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'upload-'));
  file = join(directory, 'file.txt');
  await writeFile(file, Buffer.alloc(20 * MB, 'y'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('an upload', () => {
  const BODIES: Record<string, () => unknown> = {
    'a stream': () => parts(40),
    'a file': () => createReadStream(file),
    'a Blob': () => new Blob([PART, PART]),
    'a form': () => {
      const form = new FormData();
      form.append('file', new Blob([PART]), 'a.bin');
      return form;
    },
    'a form of the form-data package': () => packagedForm({ file: createReadStream(file) }),
  };

  it.each(Object.entries(BODIES))('of %s uses pooled sockets again, with and without TLS', async (_, body) => {
    await using plain = await startUpstream(answerHash);
    await using secure = await startUpstream(answerHash, CERTIFICATE);
    const { client, transport } = startTransport({ tls: { ca: CA } });
    for (const upstream of [plain, secure]) {
      const first = await client.post(upstream.url, body());
      const second = await client.put(upstream.url, body());
      expect(first.data.bytes).toBe(second.data.bytes);
      expect(upstream.connections).toBe(1);
      expect(transport.pool.stats().origins[upstream.url]).toMatchObject({ created: 1, reused: 1, active: 0 });
    }
  });

  it.each(Object.entries(BODIES))('of %s goes through pooled tunnels, and to a proxy', async (_, body) => {
    await using plain = await startUpstream(answerHash);
    await using secure = await startUpstream(answerHash, CERTIFICATE);
    await using proxy = await startProxy();
    const { hostname: host, port } = new URL(proxy.url);
    const { client } = startTransport({ tls: { ca: CA } });
    for (const { url } of [plain, secure, plain, secure]) {
      await client.post(url, body(), { proxy: { host, port: Number(port) } });
    }
    expect(proxy).toMatchObject({ tunnels: 1, forwarded: 2, connections: 2 });
  });

  it('of 20 MB arrives whole', async () => {
    const hash = createHash('sha1').update(await readFile(file));
    await using upstream = await startUpstream(answerHash, CERTIFICATE);
    const { client } = startTransport({ tls: { ca: CA } });
    const { data } = await client.post(upstream.url, createReadStream(file));
    expect(data).toEqual({ bytes: 20 * MB, sha1: hash.digest('hex') });
  });

  it('reads no further than the upstream does', async () => {
    await using upstream = await startUpstream(() => {});
    const { client } = startTransport();
    const source = parts(2_000);
    const controller = new AbortController();
    const answer = client.post(upstream.url, source, { signal: controller.signal });
    const rejected = expect(answer).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    await expect.poll(() => source.counted.read).toBeGreaterThan(1);
    let seen = 0;
    while (seen !== source.counted.read) {
      seen = source.counted.read;
      await sleep(50);
    }
    expect(seen * PART.length).toBeLessThan(20 * MB); // what the kernel holds for both ends
    controller.abort();
    await rejected;
  });
});

describe('phases', () => {
  it.each([
    ['a stream', () => parts(800)],
    ['bytes', () => Buffer.alloc(40 * MB)],
  ])('wait for an upload of %s that goes on, however long it takes', async (_, body) => {
    await using upstream = await startUpstream((request, response) => {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        request.pause();
        setTimeout(() => request.resume(), 3);
      });
      request.on('end', () => response.end(String(bytes)));
    });
    const { client } = startTransport({ timeouts: { responseMs: 1_000 } });
    const startedAt = performance.now();
    expect((await client.post(upstream.url, body())).data).toBe(40 * MB);
    expect(performance.now() - startedAt).toBeGreaterThan(1_500);
  });

  it('do not blame the upstream for a stream that yields nothing', async () => {
    await using upstream = await startUpstream(answerHash);
    const { client } = startTransport({ timeouts: { responseMs: 50 } });
    expect((await client.post(upstream.url, parts(3, 200))).data.bytes).toBe(3 * PART.length);
  });

  it('begin to wait for the answer when the stream has ended', async () => {
    await using upstream = await startUpstream((request) => void request.resume());
    const { client } = startTransport({ timeouts: { responseMs: 50 } });
    await expect(client.post(upstream.url, parts(2, 100))).rejects.toMatchObject({ name: 'ResponseTimeoutError' });
  });

  it('give up on an upstream that takes no more, and close the stream', async () => {
    await using upstream = await startUpstream(() => {});
    const { client } = startTransport({ timeouts: { responseMs: 100 } });
    const source = parts(2_000);
    await expect(client.post(upstream.url, source)).rejects.toMatchObject({ name: 'ResponseTimeoutError' });
    expect(source.destroyed).toBe(true);
  });

  it('give up on a connection that is not made, and close the stream', async () => {
    await using upstream = await startRawUpstream(() => {});
    const { client } = startTransport({ timeouts: { connectMs: 50 } });
    const source = stalledAfter('a');
    await expect(client.post(upstream.url.replace('http', 'https'), source)).rejects.toMatchObject({
      name: 'ConnectTimeoutError',
    });
    expect(source.destroyed).toBe(true);
  });

  it.each([
    ['headers', (response: ServerResponse) => response.flushHeaders()],
    ['a part', (response: ServerResponse) => response.write(' ')],
  ])('do not end a response of which there are %s while its upload goes on', async (_, begin) => {
    await using upstream = await startUpstream((request, response) => {
      begin(response);
      let bytes = 0;
      request.on('data', (chunk: Buffer) => (bytes += chunk.length));
      request.on('end', () => response.end(`[${bytes}]`));
    });
    const { client } = startTransport({ timeouts: { bodyIdleMs: 150 } });
    expect((await client.post(upstream.url, parts(8, 50))).data).toEqual([8 * PART.length]);
  });

  it('end a response that falls silent with its upload', async () => {
    await using upstream = await startUpstream((request, response) => {
      request.resume();
      response.write('[');
    });
    const { client } = startTransport({ timeouts: { bodyIdleMs: 50 } });
    const source = stalledAfter('a');
    await expect(client.post(upstream.url, source)).rejects.toMatchObject({ name: 'BodyTimeoutError' });
    expect(source.destroyed).toBe(true);
  });
});

describe('a call that ends early', () => {
  it.each([
    ['by its signal', { signal: () => AbortSignal.timeout(50) }, 'ERR_CANCELED'],
    ['by its timeout', { timeout: 50 }, 'ECONNABORTED'],
  ])('%s closes the stream', async (_, { signal, ...config }: any, code) => {
    await using upstream = await startUpstream(() => {});
    const { client } = startTransport();
    const source = stalledAfter('a');
    await expect(client.post(upstream.url, source, { ...config, signal: signal?.() })).rejects.toMatchObject({ code });
    expect(source.destroyed).toBe(true);
  });

  it('closes the files in a form of the form-data package', async () => {
    await using upstream = await startUpstream(() => {});
    const { client } = startTransport();
    const [first, second] = [createReadStream(file), createReadStream(file)];
    const form = packagedForm({ first, second });
    await expect(client.post(upstream.url, form, { timeout: 100 })).rejects.toMatchObject({ code: 'ECONNABORTED' });
    expect([first.destroyed, second.destroyed]).toEqual([true, true]);
  });

  it('closes the stream when its client closes', async () => {
    await using upstream = await startUpstream(() => {});
    const { client, transport } = startTransport({ shutdown: { drainMs: 50 } });
    const source = stalledAfter('a');
    const rejected = expect(client.post(upstream.url, source)).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
    await once(upstream.server, 'request');
    await transport.close();
    await rejected;
    expect(source.destroyed).toBe(true);
  });

  it('leaves a stream alone that it has not begun to send', async () => {
    await using upstream = await startUpstream(() => {});
    const { client } = startTransport({ pool: { maxSockets: 1 }, timeouts: { poolWaitMs: 50 } });
    const arrived = once(upstream.server, 'request');
    const controller = new AbortController();
    const blocking = client.get(upstream.url, { signal: controller.signal }).catch(() => {});
    await arrived;
    const source = stalledAfter('a');
    await expect(client.post(upstream.url, source)).rejects.toMatchObject({ name: 'PoolTimeoutError' });
    await expect(client.post(upstream.url, source, { signal: AbortSignal.abort() })).rejects.toThrow('canceled');
    expect(source).toMatchObject({ destroyed: false, readableDidRead: false });
    controller.abort();
    await blocking;
  });
});

describe('a stream', () => {
  it('may fail while the call waits for a socket', async () => {
    await using upstream = await startUpstream(() => {});
    const { client } = startTransport({ pool: { maxSockets: 1 } });
    const arrived = once(upstream.server, 'request');
    const blocking = client.get(upstream.url, { timeout: 200 }).catch(() => {});
    await arrived;
    await expect(client.post(upstream.url, createReadStream('/missing'))).rejects.toMatchObject({
      code: 'ENOENT',
      isAxiosError: true,
    });
    await blocking;
  });

  it('that fails leaves no socket behind that waits for the rest of it', async () => {
    await using upstream = await startUpstream(answerHash);
    const { client, transport } = startTransport();
    const source = stalledAfter('a');
    const rejected = expect(client.post(upstream.url, source)).rejects.toMatchObject({ code: 'EIO', message: 'disk' });
    await once(upstream.server, 'request');
    source.destroy(Object.assign(new Error('disk'), { code: 'EIO' }));
    await rejected;
    expect((await client.get(upstream.url)).data.bytes).toBe(0);
    expect(upstream.connections).toBe(2);
    expect(transport.pool.stats().total).toMatchObject({ active: 0, idle: 1 });
  });

  it('that was closed before the call is refused', async () => {
    await using upstream = await startUpstream(answerHash);
    const { client } = startTransport();
    const source = Readable.from(['a']);
    source.destroy();
    await expect(client.post(upstream.url, source)).rejects.toMatchObject({
      name: 'CanceledError',
      message: 'Request stream has been aborted',
    });
    expect(upstream.requests).toBe(0);
  });

  it.each([
    ['a stream', () => Readable.from(['a', 'b'])],
    ['a form of the form-data package', () => packagedForm({ a: 1 })],
  ])('that was sent before is refused, rather than sent empty: %s', async (_, body) => {
    await using upstream = await startUpstream(answerHash);
    const { client } = startTransport();
    const source = body();
    await client.post(upstream.url, source);
    const error: unknown = await client.post(upstream.url, source).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BodyConsumedError);
    expect(error).toMatchObject({ code: 'ERR_BODY_CONSUMED', isAxiosError: true });
    expect(upstream.requests).toBe(1);
  });

  it.each([
    ['objects', [{ a: 1 }]],
    ['numbers', ['a', 5]],
    ['an ArrayBuffer', [new ArrayBuffer(1)]],
  ])('of %s fails the call, not the process', async (_, chunks) => {
    await using upstream = await startUpstream(answerHash);
    const { client } = startTransport();
    const source = Readable.from(chunks);
    await expect(client.post(upstream.url, source)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
      isAxiosError: true,
    });
    expect(source.destroyed).toBe(true);
  });

  it.each([
    ['more', 5, ['abc', 'def']],
    ['less', 7, ['abc', 'def']],
  ])('of %s than its Content-Length fails, and nobody gets the answer to its surplus', async (_, length, chunks) => {
    await using upstream = await startUpstream(answerHash);
    const { client } = startTransport();
    const config = { headers: { 'content-length': String(length) } };
    await expect(client.post(upstream.url, Readable.from(chunks), config)).rejects.toMatchObject({
      code: 'ERR_HTTP_CONTENT_LENGTH_MISMATCH',
      isAxiosError: true,
    });
    const answers = await Promise.all([1, 2].map(() => client.post(upstream.url, 'abc')));
    expect(answers.map(({ data }) => data.bytes)).toEqual([3, 3]);
  });

  it.each(['get', 'delete', 'options'])('of unknown length is framed, so that it is part of its %s', async (method) => {
    await using upstream = await startUpstream(answerHash);
    const { client } = startTransport();
    for (let call = 0; call < 2; call++) {
      const { data } = await client.request({ url: upstream.url, method, data: Readable.from(['a', 'b']) });
      expect(data.bytes).toBe(2);
    }
    expect(upstream).toMatchObject({ requests: 2, connections: 1 });
  });
});

describe('a server that answers before it has the body', () => {
  it.each([401, 413])('with %i gets no more of it, and is heard', async (status) => {
    await using upstream = await startUpstream((request, response) => {
      if (request.method === 'GET') response.end('next');
      else response.writeHead(status, { 'content-length': 7 }).end('refused');
    });
    const { client } = startTransport();
    const source = stalledAfter(PART);
    await expect(client.post(upstream.url, source)).rejects.toMatchObject({
      status,
      response: { data: 'refused' },
      code: 'ERR_BAD_REQUEST',
    });
    expect(source.destroyed).toBe(true);
    expect((await client.get(upstream.url)).data).toBe('next');
    expect(upstream.connections).toBe(2);
  });

  it('and closes is heard, or its reset is', async () => {
    await using upstream = await startUpstream((_, response) => {
      response.writeHead(413, { connection: 'close' }).end('refused');
    });
    const { client } = startTransport();
    const outcomes = new Set<unknown>();
    for (let call = 0; call < 30; call++) {
      const source = parts(200);
      outcomes.add(await client.post(upstream.url, source).catch(({ status, code }) => status ?? code));
      expect(source.destroyed).toBe(true);
    }
    expect(outcomes).toContain(413);
    expect([413, 'ECONNRESET', 'EPIPE']).toEqual(expect.arrayContaining([...outcomes]));
  });

  it('with success gets the rest of it, and the socket is used again afterwards', async () => {
    const received: number[] = [];
    await using upstream = await startUpstream((request, response) => {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => (bytes += chunk.length));
      request.on('end', () => received.push(bytes));
      setImmediate(() => response.end('accepted')); // once it is read: Node drops what nobody reads
    });
    const { client, transport } = startTransport();
    expect((await client.post(upstream.url, parts(5, 20))).data).toBe('accepted');
    expect(received).toEqual([]);
    expect(transport.pool.stats().total).toMatchObject({ active: 1, idle: 0 });
    await expect.poll(() => received).toEqual([5 * PART.length]);
    await expect.poll(() => transport.pool.stats().total).toMatchObject({ active: 0, idle: 1 });
    await client.get(upstream.url);
    expect(upstream.connections).toBe(1);
  });

  it('and closes afterwards gives up its place', async () => {
    await using upstream = await startRawUpstream((socket, head) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
      if (head.startsWith('POST')) setTimeout(() => socket.end(), 20);
    });
    const { client } = startTransport({ pool: { maxSockets: 1 }, timeouts: { poolWaitMs: 1_000 } });
    const source = stalledAfter('a');
    await client.post(upstream.url, source);
    expect((await client.get(upstream.url)).data).toBe('ok');
    expect(source.destroyed).toBe(true);
  });

  it('and falls silent afterwards does not keep its socket', async () => {
    await using upstream = await startUpstream((_, response) => void response.end('accepted'));
    const { client, transport } = startTransport({ timeouts: { bodyIdleMs: 50 } });
    const source = stalledAfter('a');
    await client.post(upstream.url, source);
    await expect.poll(() => transport.pool.stats().total).toMatchObject({ active: 0, idle: 0 });
    expect(source.destroyed).toBe(true);
  });
});

describe('a redirect', () => {
  /** Redirects from any path but `/to`, once the body is there or at once. */
  const startRedirecting = (status: number, atOnce = false) =>
    startUpstream((request, response) => {
      if (request.url === '/to') return answerHash(request, response);
      const answer = () => void response.writeHead(status, { location: '/to', 'content-length': 0 }).end();
      if (atOnce) answer();
      else request.resume().on('end', answer);
    });

  it.each([307, 308])('by %i of a stream that is not small asks for what is gone', async (status) => {
    await using upstream = await startRedirecting(status);
    const { client } = startTransport();
    const error: unknown = await client.post(upstream.url, parts(2)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BodyConsumedError);
    expect(error).toMatchObject({ code: 'ERR_BODY_CONSUMED', message: expect.stringContaining(`(${status})`) });
    expect(upstream.requests).toBe(1);
  });

  it.each([
    ['a Blob', () => new Blob([Buffer.alloc(MB)])],
    [
      'a form',
      () => {
        const form = new FormData();
        form.append('a', new Blob([Buffer.alloc(MB)]));
        return form;
      },
    ],
  ])('by 307 sends %s again', async (_, body) => {
    await using upstream = await startRedirecting(307);
    const { client } = startTransport();
    expect((await client.post(upstream.url, body())).data.bytes).toBeGreaterThanOrEqual(MB);
  });

  it('by 307 in the middle of a small stream sends all of it to the other address', async () => {
    await using upstream = await startRedirecting(307, true);
    const { client } = startTransport();
    const source = stalledAfter('first ');
    const answer = client.post(upstream.url, source);
    await expect.poll(() => upstream.requests).toBe(2);
    source.push('second');
    source.push(null);
    expect((await answer).data).toEqual({
      bytes: 12,
      sha1: createHash('sha1').update('first second').digest('hex'),
    });
  });

  it('by 303 in the middle of a stream closes it', async () => {
    await using upstream = await startRedirecting(303, true);
    const { client } = startTransport();
    const source = stalledAfter('a');
    expect((await client.post(upstream.url, source)).data.bytes).toBe(0);
    expect(source.destroyed).toBe(true);
  });

  it('that is not followed closes a stream it would have sent again', async () => {
    await using upstream = await startUpstream((_, response) => {
      response.writeHead(307, { location: '/' }).end();
    });
    const { client } = startTransport();
    const source = stalledAfter('a');
    await expect(client.post(upstream.url, source, { maxRedirects: 2 })).rejects.toMatchObject({
      code: 'ERR_FR_TOO_MANY_REDIRECTS',
    });
    expect(source.destroyed).toBe(true);
  });
});

describe('a stale socket', () => {
  const startForgetful = () => {
    const served = new WeakSet<object>();
    return startUpstream((request, response) => {
      if (served.has(request.socket)) request.socket.resetAndDestroy();
      else answerHash(request, response);
      served.add(request.socket);
    });
  };

  it('is not replaced for a stream', async () => {
    await using upstream = await startForgetful();
    const { client } = startTransport();
    await client.get(upstream.url);
    await expect(client.put(upstream.url, Readable.from(['abc']))).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(upstream.requests).toBe(2);
  });

  it.each([
    ['a Blob', new Blob(['abc'])],
    ['a form', new FormData()],
    ['many bytes', Buffer.alloc(MB)],
  ])('is replaced for %s', async (_, body) => {
    await using upstream = await startForgetful();
    const { client } = startTransport();
    await client.get(upstream.url);
    expect((await client.put(upstream.url, body)).data.bytes).toBeGreaterThanOrEqual(3);
    expect(upstream.requests).toBe(3);
  });
});

describe('a retry', () => {
  const RETRIED = { resilience: { retry: { baseMs: 1 } } };

  const startFailingOnce = () => {
    let failed = false;
    return startUpstream((request, response) => {
      if (failed) return answerHash(request, response);
      failed = true;
      request.resume().on('end', () => response.writeHead(503).end());
    });
  };

  it('sends a form again, whole', async () => {
    await using upstream = await startFailingOnce();
    const { client } = startTransport();
    const form = new FormData();
    form.append('a', new Blob([Buffer.alloc(MB)]));
    expect((await client.put(upstream.url, form, RETRIED)).data.bytes).toBeGreaterThan(MB);
    expect(upstream.requests).toBe(2);
  });

  it('does not send a stream again', async () => {
    await using upstream = await startFailingOnce();
    const { client } = startTransport();
    await expect(client.put(upstream.url, Readable.from(['a']), RETRIED)).rejects.toMatchObject({
      status: 503,
      attempts: [{ notRetried: 'the body is a stream, which cannot be sent twice' }],
    });
    expect(upstream.requests).toBe(1);
  });
});
