import type { Server, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createTransport } from '../src/index.js';
import { attack, OK, startClient } from './support/attack.js';
import { guardedClient } from './support/guarded-client.js';
import { leaks, secret } from './support/printed.js';
import { startRawUpstream } from './support/raw-upstream.js';

const HEAD = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n`;

describe('a response that can be read in two ways is an error, and closes its socket', () => {
  it.each([
    ['a length and chunks', `${HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['chunks and a length', `${HEAD}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n`],
    ['an identity coding and a length', `${HEAD}transfer-encoding: identity\r\ncontent-length: 2\r\n\r\nok`],
    ['two lengths', `${HEAD}content-length: 2\r\ncontent-length: 5\r\n\r\nok`],
    ['a list of lengths', `${HEAD}content-length: 2, 2\r\n\r\nok`],
    ['a negative length', `${HEAD}content-length: -2\r\n\r\nok`],
    ['a signed length', `${HEAD}content-length: +2\r\n\r\nok`],
    ['a length beyond 64 bits', `${HEAD}content-length: 99999999999999999999\r\n\r\nok`],
    ['no length after its name', `${HEAD}content-length: \r\n\r\nok`],
    ['a space before the colon', `${HEAD}content-length : 2\r\n\r\nok`],
    ['a folded line', `${HEAD}x-a: a\r\n b\r\ncontent-length: 2\r\n\r\nok`],
    ['a bare LF after the status', 'HTTP/1.1 200 OK\ncontent-length: 2\r\n\r\nok'],
    ['a bare LF in a header', `${HEAD}x-a: a\nx-b: b\r\ncontent-length: 2\r\n\r\nok`],
    ['a bare CR in a header', `${HEAD}x-a: a\rx-b: b\r\ncontent-length: 2\r\n\r\nok`],
    ['a NUL in a header', `${HEAD}x-a: a\0b\r\ncontent-length: 2\r\n\r\nok`],
    ['a header without a name', `${HEAD}: a\r\ncontent-length: 2\r\n\r\nok`],
    ['a chunk of a negative size', `${CHUNKED}-2\r\nok\r\n0\r\n\r\n`],
    ['a chunk size with a prefix', `${CHUNKED}0x2\r\nok\r\n0\r\n\r\n`],
    ['a chunk size beyond 64 bits', `${CHUNKED}FFFFFFFFFFFFFFFFFF\r\nok\r\n0\r\n\r\n`],
    ['a chunk longer than its size', `${CHUNKED}2\r\nokXX0\r\n\r\n`],
    ['bare LFs between chunks', `${CHUNKED}2\nok\n0\n\n`],
    ['a chunk extension of 20 KB', `${CHUNKED}2;${'a'.repeat(20_000)}\r\nok\r\n0\r\n\r\n`],
    ['a body where there can be none', 'HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello'],
    ['a status of five digits', 'HTTP/1.1 20000 OK\r\ncontent-length: 2\r\n\r\nok'],
    ['a status of letters', 'HTTP/1.1 abc OK\r\ncontent-length: 2\r\n\r\nok'],
    ['HTTP/0.9', '<html>hello</html>'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a frame of HTTP/2', Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])],
    ['SOCKS', Buffer.from([5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0])],
    ['a request', 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'],
  ])('%s', async (_, bytes) => {
    const { error, socketWasReused } = await attack(bytes);
    expect(error!.code).toMatch(/^HPE_/);
    expect(socketWasReused).toBe(false);
  });

  it.each([
    ['0, which axios takes for a success', 'HTTP/1.1 000 OK\r\ncontent-length: 2\r\n\r\nok'],
    ['below 100', 'HTTP/1.1 042 OK\r\ncontent-length: 2\r\n\r\nok'],
    ['101, which nobody has asked for', 'HTTP/1.1 101 Switching Protocols\r\n\r\nanything'],
  ])('a status %s', async (_, bytes) => {
    const { error, socketWasReused } = await attack(bytes, { validateStatus: null });
    expect(error).toMatchObject({ code: 'ERR_BAD_RESPONSE', message: expect.stringContaining('no answer') });
    expect(socketWasReused).toBe(false);
    const viaAxios = await attack(bytes, { validateStatus: null, maxRate: 1e9 });
    expect(viaAxios.error).toMatchObject({ code: 'ERR_BAD_RESPONSE', message: expect.stringContaining('no answer') });
  });

  it('a switch of protocols', async () => {
    const { error } = await attack('HTTP/1.1 101 OK\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n', {
      method: 'post',
    });
    expect(error!.code).toBe('ECONNRESET');
  });
});

describe('what comes after a response is nobody’s', () => {
  it('together with it', async () => {
    const { response, socketWasReused } = await attack(`${OK}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil`);
    expect(response!.data).toBe('ok');
    expect(socketWasReused).toBe(false);
  });

  it.each([
    ['a whole response', 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil'],
    ['the first half of one', 'HTTP/1.1 200 OK\r\nx-half:'],
    ['a single byte', '\r'],
  ])('%s, once the socket is idle: it is closed', async (_, bytes) => {
    await using upstream = await startRawUpstream((socket) => void socket.setNoDelay().write(OK));
    const { transport, client } = startClient({ pool: { maxSockets: 1, idleMs: 60_000 } });
    const [serverSide] = await Promise.all([connectionOf(upstream.server), client.get(upstream.url)]);
    expect(transport.pool.stats().total.idle).toBe(1);
    serverSide.write(bytes);
    await new Promise((closed) => serverSide.once('close', closed));
    expect((await client.get(upstream.url)).data).toBe('ok');
    expect(transport.pool.stats().total.created).toBe(2);
    await transport.close();
  });
});

describe('more headers than anybody needs', () => {
  const TOO_LARGE = { name: 'HeadersTooLargeError', code: 'ERR_HEADERS_TOO_LARGE' };

  it.each([
    ['one of 1 MB', `${HEAD}x-a: ${'a'.repeat(1 << 20)}\r\n\r\n`],
    ['a status line of 1 MB', `HTTP/1.1 200 ${'a'.repeat(1 << 20)}\r\n\r\n`],
    ['10,000 cookies', `${HEAD}${'set-cookie: a=b\r\n'.repeat(10_000)}\r\n`],
    ['trailers of 1 MB', `${CHUNKED}2\r\nok\r\n0\r\nx-a: ${'a'.repeat(1 << 20)}\r\n\r\n`],
  ])('%s', async (_, bytes) => {
    const { error, socketWasReused } = await attack(bytes);
    expect(error).toMatchObject({
      ...TOO_LARGE,
      message: expect.stringContaining('exceed 16384 bytes; raise limits.maxHeaderBytes'),
    });
    expect(socketWasReused).toBe(false);
  });

  it('is bounded by Node where axios’s own adapter carries out the call', async () => {
    const { error, socketWasReused } = await attack(`${HEAD}x-a: ${'a'.repeat(1 << 20)}\r\n\r\n`, { maxRate: 1e9 });
    expect(error!.code).toBe('HPE_HEADER_OVERFLOW');
    expect(socketWasReused).toBe(false);
  });

  it('is bounded with a guard, too', async () => {
    await using upstream = await startRawUpstream((socket, head) => {
      socket.write(
        head.startsWith('GET /bytes')
          ? `${HEAD}x-a: ${'a'.repeat(5_000)}`
          : `${HEAD}${lines(257)}content-length: 2\r\n\r\nok`,
      );
    });
    const guard = { allowHosts: ['127.0.0.1'], allowPorts: false } as const;
    await using guarded = guardedClient({ guard, limits: { maxHeaderBytes: 4_000 } });
    for (const [path, config] of [
      ['/bytes', {}],
      ['/number', {}],
      ['/number', { maxRate: 1e9 }],
    ] as const) {
      await expect(guarded.client.get(upstream.url + path, config)).rejects.toMatchObject(TOO_LARGE);
    }
    expect(guarded.pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0 } });
  });

  it.each([
    ['bytes', `${HEAD}set-cookie: a=${secret('cookie')}\r\n${'x: y\r\n'.repeat(10_000)}\r\n`],
    ['number', `${HEAD}set-cookie: a=${secret('cookie')}\r\n${'x: y\r\n'.repeat(300)}\r\n`],
    ['garbage', `${HEAD}set-cookie: a=${secret('cookie')}\r\n\0: y\r\n\r\n`],
  ])('shows nothing of them in the error: %s', async (_, bytes) => {
    expect(leaks((await attack(bytes)).error)).toEqual([]);
  });

  it('lets a client raise its limit', async () => {
    const bytes = `${HEAD}x-a: ${'a'.repeat(30_000)}\r\ncontent-length: 2\r\n\r\nok`;
    const { response } = await attack(bytes, {}, { limits: { maxHeaderBytes: 40_000 } });
    expect(response!.headers['x-a']).toHaveLength(30_000);
    expect((await attack(bytes, {}, { limits: { maxHeaderBytes: 20_000 } })).error!.message).toContain('20000');
  });

  const lines = (count: number) => Array.from({ length: count - 1 }, (_, i) => `_${i}:\r\n`).join('');

  it.each([
    ['the transport', {}],
    ['axios’s own adapter', { maxRate: 1e9 }],
    ['axios’s own adapter, as a stream', { maxRate: 1e9, responseType: 'stream' as const }],
  ])('refuses so many of them that some would be lost, with %s', async (_, config) => {
    const { error } = await attack(`${HEAD}${lines(257)}content-length: 2\r\n\r\nok`, config);
    expect(error).toMatchObject({ ...TOO_LARGE, message: expect.stringContaining('more than 256 headers') });
  });

  it.each([
    ['the transport', {}],
    ['axios’s own adapter', { maxRate: 1e9 }],
  ])('refuses them of a status that is refused as well, with %s', async (_, config) => {
    const { error } = await attack(`HTTP/1.1 500 No\r\n${lines(257)}content-length: 2\r\n\r\nok`, config);
    expect(error).toMatchObject(TOO_LARGE);
  });

  it('takes 256', async () => {
    const { response } = await attack(`${HEAD}${lines(256)}content-length: 2\r\n\r\nok`);
    expect(Object.keys(response!.headers)).toHaveLength(256);
  });

  it('takes none for one of its own methods or for a prototype', async () => {
    const names = [
      '__proto__',
      'constructor',
      'prototype',
      'get',
      'set',
      'has',
      'normalize',
      'tojson',
      'hasownproperty',
    ];
    const { response } = await attack(
      `${HEAD}${names.map((name) => `${name}: 1\r\n`).join('')}content-length: 2\r\n\r\nok`,
    );
    expect(response!.headers).toBeInstanceOf(Object.getPrototypeOf(response!.config.headers).constructor);
    expect((response!.headers as unknown as Map<string, string>).get('content-length')).toBe('2');
    expect(({} as Record<string, unknown>)['get']).toBeUndefined();
  });
});

describe('a connection that ends at the wrong time', () => {
  const RESPONSE = `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`;

  it.each(['resetAndDestroy', 'end', 'destroySoon'] as const)('%s after each byte', async (end) => {
    await using upstream = await startRawUpstream((socket, head) => {
      const cut = Number(/^GET \/(\d+)/.exec(head)![1]);
      socket.write(RESPONSE.slice(0, cut), () => socket[end]());
    });
    const { transport, client } = startClient();
    for (let cut = 0; cut < RESPONSE.length; cut++) {
      const error = await client.get(`${upstream.url}/${cut}`).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ isAxiosError: true, code: expect.any(String) });
    }
    await transport.close();
    expect(transport.pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0, idle: 0, queued: 0 } });
  });

  it.each(['resetAndDestroy', 'end'] as const)('%s before anything is asked', async (end) => {
    await using upstream = await startRawUpstream(() => {});
    upstream.server.on('connection', (socket) => socket[end]());
    const { transport, client } = startClient();
    await expect(client.get(upstream.url)).rejects.toMatchObject({ isAxiosError: true, code: 'ECONNRESET' });
    await transport.close();
    expect(transport.pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0, idle: 0, queued: 0 } });
  });
});

it('is as safe left to its defaults, which are axios’s', async () => {
  await using upstream = await startRawUpstream((socket) => void socket.write(`${HEAD}${'a: b\r\n'.repeat(10_000)}`));
  const transport = createTransport();
  const call = transport({ url: upstream.url, headers: {} } as never);
  await expect(call).rejects.toMatchObject({ code: 'ERR_HEADERS_TOO_LARGE' });
  await transport.close();
});

function connectionOf(server: Server): Promise<Socket> {
  return new Promise((resolve) => server.once('connection', resolve));
}
