import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { expectTyped, OK, startClient } from './support/attack.js';
import { CA, CERTIFICATE } from './support/certificates.js';

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n';
/** A TLS alert: fatal, handshake_failure; and close_notify, in the clear. */
const ALERT = Buffer.from([21, 3, 3, 0, 2, 2, 40]);

/** The error of a call to a TLS server that answers as given, from a client that is then closed with nothing left. */
async function errorOf(answer: (socket: TLSSocket, wire: Socket) => void, options: TlsOptions = {}): Promise<unknown> {
  const wires: Socket[] = [];
  const server = createServer({ ...CERTIFICATE, ...options }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => answer(socket, wires.at(-1)!));
  });
  server.on('connection', (wire: Socket) => wires.push(wire.on('error', () => {})));
  server.on('tlsClientError', () => {});
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { transport, client } = startClient({ tls: { ca: CA } });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const result = await client.get(url).then(
    ({ data }) => data,
    (error: unknown) => error,
  );
  await transport.close();
  expect(transport.pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0, idle: 0, queued: 0 } });
  for (const wire of wires) wire.destroy();
  server.close();
  return result;
}

describe('a TLS server', () => {
  it.each([
    [
      'an alert in the clear in the middle of a body',
      (socket: TLSSocket, wire: Socket) => void socket.write(`${HEAD}half`, () => wire.write(ALERT)),
    ],
    [
      'garbage instead of records',
      (socket: TLSSocket, wire: Socket) => void socket.write(`${HEAD}half`, () => wire.write('garbage'.repeat(10))),
    ],
    ['garbage instead of an answer', (_: TLSSocket, wire: Socket) => void wire.write('garbage'.repeat(10))],
    [
      'an end without close_notify',
      (socket: TLSSocket, wire: Socket) => void socket.write(`${HEAD}half`, () => wire.end()),
    ],
    ['a reset', (socket: TLSSocket, wire: Socket) => void socket.write(`${HEAD}half`, () => wire.resetAndDestroy())],
    ['a close_notify in the middle of a body', (socket: TLSSocket) => void socket.end(`${HEAD}half`)],
  ])('that sends %s', async (_, answer) => {
    expectTyped(await errorOf(answer));
  });

  it('that renegotiates for ever, while it answers nothing', async () => {
    const renegotiate = (socket: TLSSocket): void =>
      void socket.renegotiate({}, (error) => error || renegotiate(socket));
    const error = await errorOf(renegotiate, { maxVersion: 'TLSv1.2' });
    expectTyped(error);
  });

  it.each([
    ['HTTP in the clear', OK],
    ['an alert', ALERT],
    ['nothing but a byte', '\x16'],
    ['SOCKS', Buffer.from([5, 255])],
  ])('that is none, and answers %s', async (_, bytes) => {
    const server = createTcpServer((socket) => socket.on('error', () => {}).once('data', () => socket.end(bytes)));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { transport, client } = startClient();
    const error = await client
      .get(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)
      .catch((reason: unknown) => reason);
    expectTyped(error);
    await transport.close();
    expect(transport.pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0, idle: 0, queued: 0 } });
    server.close();
  });
});
