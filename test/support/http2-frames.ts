import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { onTestFinished } from 'vitest';
import { CERTIFICATE } from './certificates.js';

export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;
/** RFC 7838 §4. */
export const ALTSVC = 10;
/** RFC 8336 §2. */
export const ORIGIN = 12;

export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
export const PADDED = 8;

const NO_BYTES = Buffer.alloc(0);
const PREFACE_BYTES = 24;
const FRAME_HEAD_BYTES = 9;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** One connection of a client, frame by frame. */
export interface FrameConnection {
  readonly socket: Socket;
  readonly send: (type: number, flags: number, stream: number, payload?: Buffer) => void;
}

/** A header field in HPACK: a literal that is not indexed (RFC 7541 §6.2.2). */
export function field(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

/** `:status: 200` (RFC 7541, appendix A). */
export const OK = Buffer.from([0x88]);

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([integer(bytes.length), bytes]);
}

/** With a prefix of 7 bits. */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

export function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [place, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, place * 4);
  return bytes;
}

/** A setting in the form of RFC 9113 §6.5.1. */
export function setting(id: number, value: number): Buffer {
  return Buffer.concat([Buffer.from([0, id]), uint32(value)]);
}

/** A frame in the form of RFC 9113 §4.1. */
export function frameOf(type: number, flags: number, stream: number, payload: Buffer = NO_BYTES): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/**
 * An upstream of frames written by hand, in cleartext unless told otherwise. It says SETTINGS and acknowledges the client's, unless told otherwise; the rest is for `onFrame`.
 * Closed after the test.
 */
export async function startFrames(
  onFrame: (frame: Frame, connection: FrameConnection) => void,
  { settings = NO_BYTES, tls = false }: { readonly settings?: Buffer | false; readonly tls?: boolean } = {},
): Promise<{ readonly url: string; readonly connections: readonly Socket[] }> {
  const connections: Socket[] = [];
  const onConnection = (socket: Socket) => {
    connections.push(socket);
    socket.on('error', () => {});
    const send: FrameConnection['send'] = (type, flags, stream, payload = NO_BYTES) => {
      if (socket.writable) socket.write(frameOf(type, flags, stream, payload));
    };
    let received = Buffer.alloc(0);
    let begun = false;
    if (settings) send(SETTINGS, 0, 0, settings);
    socket.on('data', (part) => {
      received = Buffer.concat([received, part]);
      if (!begun) {
        if (received.length < PREFACE_BYTES) return;
        begun = true;
        received = received.subarray(PREFACE_BYTES);
      }
      while (received.length >= FRAME_HEAD_BYTES) {
        const length = received.readUIntBE(0, 3);
        if (received.length < FRAME_HEAD_BYTES + length) return;
        const frame = {
          type: received[3]!,
          flags: received[4]!,
          stream: received.readUInt32BE(5),
          payload: received.subarray(FRAME_HEAD_BYTES, FRAME_HEAD_BYTES + length),
        };
        received = received.subarray(FRAME_HEAD_BYTES + length);
        if (settings && frame.type === SETTINGS && !(frame.flags & ACK)) send(SETTINGS, ACK, 0);
        onFrame(frame, { socket, send });
      }
    });
  };
  const server = tls
    ? createTlsServer({ ...CERTIFICATE, ALPNProtocols: ['h2'] }, onConnection)
    : createServer(onConnection);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of connections) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`, connections };
}
