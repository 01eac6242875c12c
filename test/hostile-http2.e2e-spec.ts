import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { failureOf } from './support/failure-of.js';
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  field,
  type Frame,
  type FrameConnection,
  GOAWAY,
  HEADERS,
  OK,
  PING,
  RST_STREAM,
  SETTINGS,
  startFrames,
  uint32,
} from './support/http2-frames.js';
import { startHttp2 } from './support/http2-upstream.js';
import { startTransport } from './support/start-transport.js';

const MB = 1024 * 1024;
const SHORT = { timeouts: { connectMs: 5_000, responseMs: 300, bodyIdleMs: 300 } };
const SOON = { timeouts: { connectMs: 300 } };
const PUSH_PROMISE = 5;
const INITIAL_WINDOW_SIZE = 4;

/** A setting in the form of RFC 9113 §6.5.1. */
function setting(id: number, value: number): Buffer {
  return Buffer.concat([Buffer.from([0, id]), uint32(value)]);
}

/** A header of 4,000 bytes that goes into the table once, then a thousand references to it (RFC 7541 §6.1). */
const HPACK_BOMB = Buffer.concat([
  OK,
  Buffer.from([0x40, 1, 'a'.charCodeAt(0), 127, 0xa1, 0x1e]), // a literal that is indexed, of 127 + 33 + 30 * 128 bytes
  Buffer.alloc(4_000, 'x'),
  Buffer.alloc(900, 0xbe), // index 62: the newest of the table
]);

type Attack = (frame: Frame, connection: FrameConnection) => void;

const onHeaders =
  (attack: (stream: number, send: FrameConnection['send'], connection: FrameConnection) => void): Attack =>
  ({ type, stream }, connection) => {
    if (type === HEADERS) attack(stream, connection.send, connection);
  };

const repeat = (count: number, run: (n: number) => void): void => {
  for (let n = 0; n < count; n++) run(n);
};

describe('a hostile upstream of HTTP/2 costs its own calls, with a typed error', () => {
  it.each<[string, Attack, string | RegExp]>([
    ['a flood of PING', onHeaders((_, send) => repeat(2_000, () => send(PING, 0, 0, Buffer.alloc(8)))), /^ERR_HTTP2/],
    ['a flood of SETTINGS', onHeaders((_, send) => repeat(2_000, () => send(SETTINGS, 0, 0))), /^ERR_HTTP2/],
    [
      'headers without an end',
      onHeaders((stream, send) => {
        send(HEADERS, 0, stream, OK);
        repeat(200, (n) => send(CONTINUATION, 0, stream, field(`x-${n}`, 'x'.repeat(10_000))));
      }),
      /^ERR_HTTP2|HEADERS_TOO_LARGE|ECONNRESET/,
    ],
    [
      'headers that grow when they are decompressed',
      onHeaders((stream, send) => send(HEADERS, END_HEADERS | END_STREAM, stream, HPACK_BOMB)),
      'ERR_HEADERS_TOO_LARGE',
    ],
    [
      'more header lines than a response has',
      onHeaders((stream, send) => {
        const lines = Buffer.concat([OK, ...Array.from({ length: 300 }, (_, n) => field(`x-${n}`, '1'))]);
        send(HEADERS, END_HEADERS | END_STREAM, stream, lines);
      }),
      'ERR_HEADERS_TOO_LARGE',
    ],
    [
      'a header name in upper case',
      onHeaders((stream, send) =>
        send(HEADERS, END_HEADERS | END_STREAM, stream, Buffer.concat([OK, field('X-Upper', '1')])),
      ),
      /^ERR_HTTP2/,
    ],
    [
      'less than its Content-Length',
      onHeaders((stream, send) => {
        send(HEADERS, END_HEADERS, stream, Buffer.concat([OK, field('content-length', '10')]));
        send(DATA, END_STREAM, stream, Buffer.from('half'));
      }),
      /^ERR_HTTP2|ERR_BAD_RESPONSE/,
    ],
    ['silence', () => {}, 'ERR_RESPONSE_TIMEOUT'],
    [
      'informational responses without an end',
      onHeaders((stream, send, { socket }) => {
        const status = field(':status', '103');
        const timer = setInterval(() => send(HEADERS, END_HEADERS, stream, status), 5);
        socket.once('close', () => clearInterval(timer));
      }),
      'ERR_RESPONSE_TIMEOUT',
    ],
    [
      'a body of empty parts',
      onHeaders((stream, send, { socket }) => {
        send(HEADERS, END_HEADERS, stream, OK);
        const timer = setInterval(() => send(DATA, 0, stream), 5);
        socket.once('close', () => clearInterval(timer));
      }),
      'ERR_BODY_TIMEOUT',
    ],
    ['a GOAWAY before everything', onHeaders((_, send) => send(GOAWAY, 0, 0, uint32(0, 0))), 'ECONNRESET'],
  ])('%s', async (_, attack, code) => {
    const upstream = await startFrames(attack);
    const fine = await startHttp2((_request, response) => response.end('fine'));
    const { client, transport } = startTransport({ http2: 'prior-knowledge', ...SHORT });
    const before = process.memoryUsage().rss;
    const failures = Array.from({ length: 3 }, () => failureOf(client.get(upstream.url)));
    const other = client.get(fine.url);
    for (const error of await Promise.all(failures)) {
      expect(error).toMatchObject({ isAxiosError: true });
      expect(error.code).toMatch(code);
    }
    expect((await other).data).toBe('fine');
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * MB);
    expect(transport.pool.inFlight).toBe(0);
  });

  it('frames that break the protocol: none of the next calls is on that connection', async () => {
    const attacks: [string, Attack][] = [
      ['a frame that is too large', onHeaders((stream, send) => send(DATA, 0, stream, Buffer.alloc(20_000)))],
      ['data before headers', onHeaders((stream, send) => send(DATA, 0, stream, Buffer.alloc(10)))],
      ['a stream that nobody opened', onHeaders((_, send) => send(DATA, 0, 99, Buffer.alloc(10)))],
      [
        'a push that was refused',
        onHeaders((stream, send) => send(PUSH_PROMISE, END_HEADERS, stream, Buffer.concat([uint32(2), OK]))),
      ],
      ['no HTTP/2 at all', onHeaders((_, _send, { socket }) => socket.write('HTTP/1.1 200 OK\r\n\r\n'.repeat(10)))],
    ];
    await Promise.all(
      attacks.map(async ([name, attack]) => {
        const upstream = await startFrames(attack);
        const { client, transport } = startTransport({ http2: 'prior-knowledge', ...SHORT, pool: { idleMs: 60_000 } });
        const { code } = await failureOf(client.get(upstream.url));
        expect(code, name).toMatch(/^ERR_HTTP2|ERR_RESPONSE_TIMEOUT|ECONNRESET/);
        const next = failureOf(client.get(upstream.url));
        await expect.poll(() => `${name}: ${upstream.connections.length}`, { timeout: 10_000 }).toBe(`${name}: 2`);
        await next;
        await transport.close();
      }),
    );
  });

  it('no SETTINGS: no connection', async () => {
    const upstream = await startFrames(() => {}, { settings: false });
    const { client, transport } = startTransport({ http2: 'prior-knowledge', ...SOON });
    const failures = Array.from({ length: 3 }, () => failureOf(client.get(upstream.url)));
    for (const error of await Promise.all(failures)) expect(error).toMatchObject({ code: 'ERR_CONNECT_TIMEOUT' });
    expect(upstream.connections).toHaveLength(1);
    await expect.poll(() => transport.pool.stats().total).toMatchObject({ active: 0, timedOut: 1 });
  });

  it('no streams allowed: no second connection for them', async () => {
    const upstream = await startFrames(() => {}, { settings: setting(3, 0) });
    const { client } = startTransport({ http2: 'prior-knowledge', ...SOON });
    const failures = Array.from({ length: 3 }, () => failureOf(client.get(upstream.url)));
    for (const error of await Promise.all(failures)) expect(error).toMatchObject({ code: 'ERR_CONNECT_TIMEOUT' });
    expect(upstream.connections).toHaveLength(1);
  });

  it('a window that never opens: an upload ends by its time limit, and holds little of it', async () => {
    const upstream = await startFrames(() => {}, { settings: setting(INITIAL_WINDOW_SIZE, 0) });
    const { client } = startTransport({ http2: 'prior-knowledge', ...SHORT });
    let read = 0;
    const source = async function* () {
      for (; read < 1_000; read++) yield Buffer.alloc(64 * 1024);
    };
    const { Readable } = await import('node:stream');
    const stream = Readable.from(source());
    expect(await failureOf(client.post(upstream.url, stream))).toMatchObject({ code: 'ERR_RESPONSE_TIMEOUT' });
    expect(read).toBeLessThan(60);
    expect(stream.destroyed).toBe(true);
  });

  it('headers that break off: garbage collection does not end the process', async () => {
    const upstream = await startFrames(
      onHeaders((stream, send) => {
        send(HEADERS, 0, stream, OK);
        repeat(20, (n) => send(CONTINUATION, 0, stream, field(`x-${n}`, 'x'.repeat(10_000))));
      }),
    );
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const { client } = startTransport({ http2: 'prior-knowledge', ...SHORT });
    for (let round = 0; round < 40; round++) {
      await Promise.all(Array.from({ length: 3 }, () => failureOf(client.get(upstream.url))));
      if (round % 5 === 4) collectGarbage();
    }
    expect(upstream.connections.length).toBeGreaterThanOrEqual(40);
  });

  it('every stream reset: each call fails by itself, on one connection', async () => {
    const upstream = await startFrames(onHeaders((stream, send) => send(RST_STREAM, 0, stream, uint32(2))));
    const { client } = startTransport({ http2: 'prior-knowledge' });
    for (let round = 0; round < 5; round++) {
      const failures = Array.from({ length: 50 }, () => failureOf(client.get(upstream.url)));
      for (const { code } of await Promise.all(failures)) expect(code).toBe('ECONNRESET');
    }
    expect(upstream.connections).toHaveLength(1);
  });
});
