import type { AxiosRequestConfig } from 'axios';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { TransportOptions } from '../src/index.js';
import { expectTyped, startClient } from './support/attack.js';
import { CA, CERTIFICATE } from './support/certificates.js';
import { startProxy } from './support/proxy.js';
import { startRawUpstream } from './support/raw-upstream.js';
import { answerJson, startUpstream } from './support/upstream.js';

const NO_TIMEOUTS = { poolWaitMs: false, connectMs: false, responseMs: false, bodyIdleMs: false } as const;

/**
 * The error of a call to https://example.test through a proxy that answers CONNECT as given, once the proxy's sockets are closed, though it
 * never closes one itself, and nothing is left of the call.
 */
async function errorOf(
  answer: string | Buffer | ((socket: Socket) => void),
  options: TransportOptions = {},
  config: AxiosRequestConfig = {},
) {
  const heads: string[] = [];
  const closed: Promise<unknown>[] = [];
  await using proxy = await startRawUpstream((socket, head) => {
    heads.push(head);
    closed.push(new Promise((resolve) => socket.once('close', resolve)));
    if (typeof answer === 'function') answer(socket);
    else socket.write(answer);
  });
  const { port } = proxy.server.address() as AddressInfo;
  const { transport, client } = startClient(options);
  const call = async () =>
    client
      .request({ url: 'https://example.test/', timeout: 0, ...config, proxy: { host: '127.0.0.1', port } })
      .catch((reason: unknown) => reason);
  const error = await call();
  expectTyped(error);
  const received = [...heads];
  expect(await call()).toMatchObject({ code: error.code }); // there is one socket: it was given back
  await Promise.all(closed);
  expect(transport.pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0, idle: 0, queued: 0 } });
  await transport.close();
  return { error, heads: received };
}

/** Writes for as long as somebody reads. */
function flood(socket: Socket, chunk: string): void {
  const write = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', write);
  write();
}

describe('a proxy', () => {
  it.each<[string, string | Buffer, string]>([
    ['SOCKS', Buffer.from([5, 0, 5, 0, 0, 1]), 'HPE_INVALID_CONSTANT'],
    ['a status that is none', 'HTTP/1.1 abc\r\n\r\n', 'HPE_INVALID_STATUS'],
    ['a header that is none', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n', 'HPE_INVALID_HEADER_TOKEN'],
    ['an informational status', 'HTTP/1.1 100 Continue\r\n\r\n', 'ERR_PROXY_TUNNEL'],
    ['a switch of protocols', 'HTTP/1.1 101 Yes\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n', 'ERR_PROXY_TUNNEL'],
    ['a response to the call', 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil', 'ERR_PROXY_TUNNEL'],
    ['a created resource', 'HTTP/1.1 201 Created\r\ncontent-length: 4\r\n\r\nevil', 'ERR_PROXY_TUNNEL'],
    ['a demand for credentials', 'HTTP/1.1 407 No\r\nproxy-authenticate: Basic\r\n\r\n', 'ERR_PROXY_TUNNEL'],
    ['a page of its own', 'HTTP/1.1 502 No\r\ncontent-length: 4\r\n\r\nevil', 'ERR_PROXY_TUNNEL'],
  ])('that answers CONNECT with %s has spoken for itself, not for the origin', async (_, answer, code) => {
    const { error } = await errorOf(answer);
    expect(error.code).toBe(code);
    expect(error.response).toBeUndefined();
  });

  it('that redirects is not followed: nothing of the call goes elsewhere', async () => {
    const redirect = 'HTTP/1.1 307 Go\r\nlocation: https://elsewhere.test/\r\ncontent-length: 0\r\n\r\n';
    const { error, heads } = await errorOf(redirect, {}, { method: 'POST', data: 'secret' });
    expect(error).toMatchObject({ code: 'ERR_PROXY_TUNNEL', status: 307 });
    expect(heads).toHaveLength(1);
  });

  it('that closes instead of answering', async () => {
    const { error } = await errorOf((socket) => void socket.end());
    expect(error).toMatchObject({ code: 'ECONNRESET' });
  });

  it.each([
    ['headers', 'HTTP/1.1 200 OK\r\n', 'x-header: value\r\n'],
    ['one header', 'HTTP/1.1 200 OK\r\nx-header: ', 'value'.repeat(1_000)],
    ['a reason', 'HTTP/1.1 200 ', 'OK'.repeat(1_000)],
  ])('that answers CONNECT with %s without end is given up at the limit for headers', async (_, start, rest) => {
    const options = { timeouts: { ...NO_TIMEOUTS }, limits: { maxHeaderBytes: 2_000 } };
    const { error } = await errorOf((socket) => {
      socket.write(start);
      flood(socket, rest);
    }, options);
    expect(error).toMatchObject({ name: 'HeadersTooLargeError', code: 'ERR_HEADERS_TOO_LARGE' });
    expect(error.message).toContain('2000');
  });

  it('that answers CONNECT with more headers than a call takes is given up, where another call takes them', async () => {
    const answer = `HTTP/1.1 403 No\r\nx-header: ${'v'.repeat(20_000)}\r\n\r\n`;
    for (const [maxHeaderBytes, code] of [
      [19_000, 'ERR_HEADERS_TOO_LARGE'],
      [21_000, 'ERR_PROXY_TUNNEL'],
    ] as const) {
      expect((await errorOf(answer, { limits: { maxHeaderBytes } })).error.code).toBe(code);
    }
  });

  it('that drips is given up at the limit for headers, however long it takes', async () => {
    let sent = 0;
    const { error } = await errorOf(
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        const drip = () => {
          if (!socket.destroyed) socket.write('x-a: a\r\n', () => setImmediate(drip));
          sent++;
        };
        drip();
      },
      { timeouts: { ...NO_TIMEOUTS }, limits: { maxHeaderBytes: 1_000 } },
    );
    expect(error).toMatchObject({ name: 'HeadersTooLargeError' });
    expect(sent).toBeGreaterThan(100);
  });

  it('that drips is given up when connecting takes too long', async () => {
    const { error } = await errorOf(
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        const timer = setInterval(() => socket.write('x-a: a\r\n'), 10);
        socket.once('close', () => clearInterval(timer));
      },
      { timeouts: { connectMs: 100 } },
    );
    expect(error).toMatchObject({ code: 'ERR_CONNECT_TIMEOUT' });
  });

  it('that says nothing more is let go of by a call that is cancelled', async () => {
    const controller = new AbortController();
    const { error } = await errorOf(() => controller.abort(), { timeouts: NO_TIMEOUTS }, { signal: controller.signal });
    expect(error).toMatchObject({ code: 'ERR_CANCELED' });
  });

  it('whose tunnel leads to no TLS', async () => {
    const { error } = await errorOf((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil')); // for the ClientHello
    });
    expect(error.code).toMatch(/^(EPROTO|ERR_SSL_)/);
    expect(error.response).toBeUndefined();
  });

  it.each([
    ['in single bytes', 'HTTP/1.1 200 OK\r\nx-a: a\r\n\r\n'.split('')],
    ['with a length, which means nothing here', ['HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n']], // RFC 9110 §9.3.6
    ['with another 2xx', ['HTTP/1.1 204 No Content\r\n\r\n']],
    ['in HTTP/1.0', ['HTTP/1.0 200 Connection established\r\n\r\n']],
  ])('may open a tunnel %s', async (_, opening) => {
    await using upstream = await startUpstream(answerJson, CERTIFICATE);
    await using proxy = await startProxy({ opening });
    const { hostname: host, port } = new URL(proxy.url);
    const { transport, client } = startClient({ tls: { ca: CA } });
    const { data } = await client.get(`${upstream.url}/a`, { proxy: { host, port: Number(port) } });
    expect(data).toEqual({ path: '/a' });
    await transport.close();
  });
});
