import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { failureOf } from './support/failure-of.js';
import { CA } from './support/certificates.js';
import {
  ACK,
  ALTSVC,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  field,
  type Frame,
  type FrameConnection,
  frameOf,
  GOAWAY,
  HEADERS,
  OK,
  ORIGIN,
  PADDED,
  PING,
  PRIORITY,
  PUSH_PROMISE,
  RST_STREAM,
  setting,
  SETTINGS,
  startFrames,
  uint32,
  WINDOW_UPDATE,
} from './support/http2-frames.js';
import { startHttp2 } from './support/http2-upstream.js';
import { startTransport } from './support/start-transport.js';

const MB = 1024 * 1024;
const SHORT = { timeouts: { connectMs: 5_000, responseMs: 300, bodyIdleMs: 300 } };
const SOON = { timeouts: { connectMs: 300 } };
const INITIAL_WINDOW_SIZE = 4;

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

/** `200`, and a body to come. */
const headersOf = (stream: number): Buffer => frameOf(HEADERS, END_HEADERS, stream, OK);

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

  it('frames that nobody asked for, as many as fit through: little memory, and a typed error in time', async () => {
    const MANY = 20_000;
    const flood = (frame: Buffer) => Buffer.concat(Array.from({ length: MANY }, () => frame));
    const floods: [string, (stream: number) => Buffer][] = [
      ['PRIORITY', (stream) => flood(frameOf(PRIORITY, 0, stream, Buffer.alloc(5)))],
      ['PRIORITY of streams that there are not', () => flood(frameOf(PRIORITY, 0, 1_001, Buffer.alloc(5)))],
      ['WINDOW_UPDATE', (stream) => flood(frameOf(WINDOW_UPDATE, 0, stream, uint32(1)))],
      ['WINDOW_UPDATE of the session', () => flood(frameOf(WINDOW_UPDATE, 0, 0, uint32(1)))],
      ['empty parts', (stream) => Buffer.concat([headersOf(stream), flood(frameOf(DATA, 0, stream))])],
      [
        'parts of padding',
        (stream) =>
          Buffer.concat([
            headersOf(stream),
            flood(frameOf(DATA, PADDED, stream, Buffer.from([10, ...Buffer.alloc(10)]))),
          ]),
      ],
      ['early hints', (stream) => flood(frameOf(HEADERS, END_HEADERS, stream, field(':status', '103')))],
      ['resets of streams that are closed', () => flood(frameOf(RST_STREAM, 0, 1, uint32(8)))],
      ['PINGs answered that nobody sent', () => flood(frameOf(PING, ACK, 0, Buffer.alloc(8)))],
      ['SETTINGS acknowledged that nobody sent', () => flood(frameOf(SETTINGS, ACK, 0))],
      ['GOAWAY', () => flood(frameOf(GOAWAY, 0, 0, uint32(2 ** 31 - 1, 0)))],
      ['ALTSVC', () => flood(frameOf(ALTSVC, 0, 0, Buffer.from('\0\x01ah2=":443"')))],
      ['frames of unknown types', (stream) => flood(frameOf(0xfa, 0, stream, Buffer.alloc(8)))],
      [
        'CONTINUATION without a byte',
        (stream) => Buffer.concat([frameOf(HEADERS, 0, stream, OK), flood(frameOf(CONTINUATION, 0, stream))]),
      ],
    ];
    const fine = await startHttp2((_request, response) => response.end('fine'));
    const before = process.memoryUsage().rss;
    await Promise.all(
      floods.map(async ([name, frames]) => {
        const upstream = await startFrames(onHeaders((stream, _, { socket }) => socket.write(frames(stream))));
        const { client, transport } = startTransport({ http2: 'prior-knowledge', ...SHORT });
        const error = await failureOf(client.get(upstream.url));
        expect(error, name).toMatchObject({ isAxiosError: true });
        expect(error.code, name).toMatch(/^ERR_HTTP2|ERR_RESPONSE_TIMEOUT|ERR_BODY_TIMEOUT|ECONNRESET/);
        expect((await client.get(fine.url)).data, name).toBe('fine');
        expect(transport.pool.inFlight, name).toBe(0);
        await transport.close();
      }),
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * MB);
  });

  it('header fields that no HTTP has: they are left out, however many there are', async () => {
    const upstream = await startFrames(
      onHeaders((stream, send) => {
        const none = [field('x-a', 'b\r\nset-cookie: c=d'), field('', '1'), field('x b', '1'), field('x-nul', 'a\0b')];
        const empty = Array.from({ length: 4_000 }, () => field('', ''));
        send(HEADERS, END_HEADERS | END_STREAM, stream, Buffer.concat([OK, ...none, field('x-fine', '1'), ...empty]));
      }),
    );
    const { client } = startTransport({ http2: 'prior-knowledge', ...SHORT });
    const { headers } = await client.get(upstream.url);
    expect(Object.entries(headers)).toEqual([['x-fine', '1']]);
  });

  it('headers, windows and settings that are none: a typed error, and the next call is answered', async () => {
    const blocks: [string, Buffer, string?][] = [
      ['no status', field('x-a', '1')],
      ['two statuses', Buffer.concat([OK, OK])],
      ['a status after other headers', Buffer.concat([field('x-a', '1'), OK])],
      ['a status that is no number', field(':status', 'fine')],
      ['a status of two digits', field(':status', '20')],
      ['a pseudo-header of requests', Buffer.concat([OK, field(':path', '/')])],
      ['a pseudo-header that there is not', Buffer.concat([OK, field(':other', '1')])],
      ['Connection', Buffer.concat([OK, field('connection', 'close')])],
      ['Transfer-Encoding', Buffer.concat([OK, field('transfer-encoding', 'chunked')])],
      ['a Content-Length that is no number', Buffer.concat([OK, field('content-length', 'many')])],
      ['a Content-Length below zero', Buffer.concat([OK, field('content-length', '-1')])],
      [
        'two different Content-Lengths',
        Buffer.concat([OK, field('content-length', '1'), field('content-length', '2')]),
      ],
      ['more than its Content-Length', Buffer.concat([OK, field('content-length', '1')]), 'more'],
      ['an index that the table has not', Buffer.concat([OK, Buffer.from([0xff, 0xff, 0x01])])],
      ['a table that grows beyond what was allowed', Buffer.concat([Buffer.from([0x3f, 0xe1, 0xff, 0x7f]), OK])],
    ];
    const attacks: [string, (stream: number) => Buffer][] = [
      ...blocks.map(([name, block, body]): [string, (stream: number) => Buffer] => [
        name,
        (stream) =>
          body === undefined
            ? frameOf(HEADERS, END_HEADERS | END_STREAM, stream, block)
            : Buffer.concat([
                frameOf(HEADERS, END_HEADERS, stream, block),
                frameOf(DATA, END_STREAM, stream, Buffer.from(body)),
              ]),
      ]),
      ['a window that grows by nothing', (stream) => frameOf(WINDOW_UPDATE, 0, stream, uint32(0))],
      ["a session's window that grows by nothing", () => frameOf(WINDOW_UPDATE, 0, 0, uint32(0))],
      ['a window that grows too large', (stream) => frameOf(WINDOW_UPDATE, 0, stream, uint32(2 ** 31 - 1))],
      ["a session's window that grows too large", () => frameOf(WINDOW_UPDATE, 0, 0, uint32(2 ** 31 - 1))],
      ['a first window that is too large', () => frameOf(SETTINGS, 0, 0, setting(INITIAL_WINDOW_SIZE, 2 ** 31))],
      ['frames of no size', () => frameOf(SETTINGS, 0, 0, setting(5, 0))],
      ['a push that it allows itself', () => frameOf(SETTINGS, 0, 0, setting(2, 1))],
      ['half a setting', () => frameOf(SETTINGS, 0, 0, Buffer.alloc(4))],
      ['a PING of four bytes', () => frameOf(PING, 0, 0, Buffer.alloc(4))],
      [
        'padding that is longer than its frame',
        (stream) => Buffer.concat([headersOf(stream), frameOf(DATA, PADDED, stream, Buffer.from([9, 1]))]),
      ],
      [
        'headers within the headers of another stream',
        (stream) => Buffer.concat([frameOf(HEADERS, 0, stream, OK), frameOf(HEADERS, END_HEADERS, stream + 2, OK)]),
      ],
      ['a second answer', (stream) => Buffer.concat([headersOf(stream), headersOf(stream)])],
      [
        'GOAWAY, then a part of the body and no more',
        (stream) =>
          Buffer.concat([
            frameOf(GOAWAY, 0, 0, uint32(stream, 0)),
            headersOf(stream),
            frameOf(DATA, 0, stream, Buffer.from('half')),
          ]),
      ],
      [
        'GOAWAY that takes back what it had promised',
        (stream) =>
          Buffer.concat([frameOf(GOAWAY, 0, 0, uint32(stream, 0)), frameOf(GOAWAY, 0, 0, uint32(stream + 100, 0))]),
      ],
    ];
    await Promise.all(
      attacks.map(async ([name, frames]) => {
        let isFirst = true;
        const upstream = await startFrames(
          onHeaders((stream, send, { socket }) => {
            if (!isFirst) return send(HEADERS, END_HEADERS | END_STREAM, stream, OK);
            isFirst = false;
            socket.write(frames(stream));
          }),
        );
        const { client, transport } = startTransport({
          http2: 'prior-knowledge',
          timeouts: { ...SHORT.timeouts, responseMs: 1_000 }, // for the next call, beside all the others
        });
        const error = await failureOf(client.post(upstream.url));
        expect(error, name).toMatchObject({ isAxiosError: true });
        expect(error.code, name).toMatch(
          /^ERR_HTTP2|ERR_RESPONSE_TIMEOUT|ERR_BODY_TIMEOUT|ECONNRESET|ERR_BAD_RESPONSE/,
        );
        expect((await client.get(upstream.url)).status, name).toBe(200);
        await transport.close();
      }),
    );
  });

  it('an end, and more after it: the call has its answer, and nobody gets the rest', async () => {
    const upstream = await startFrames(
      onHeaders((stream, send) => {
        send(HEADERS, END_HEADERS, stream, OK);
        send(DATA, END_STREAM, stream, Buffer.from(`answer ${stream}`));
        send(DATA, END_STREAM, stream, Buffer.from('more'));
      }),
    );
    const { client } = startTransport({ http2: 'prior-knowledge', ...SHORT });
    for (let n = 0; n < 5; n++) {
      const { data } = await client.get<string>(upstream.url); // oxlint-disable-line no-await-in-loop -- the rest of one is there for the next
      expect(data).toMatch(/^answer \d$/);
    }
  });

  it('origins without an end that it says it serves: the session is closed before they are many', async () => {
    let sent = 0;
    const upstream = await startFrames(
      ({ type }, { socket }) => {
        if (type !== HEADERS) return;
        const more = () => {
          if (!socket.writable || sent >= 10_000) return;
          const origins = Array.from({ length: 200 }, (_, n) => {
            const origin = Buffer.from(`https://host-${sent}-${n}.example.com`);
            return Buffer.concat([Buffer.from([origin.length >> 8, origin.length & 0xff]), origin]);
          });
          sent++;
          socket.write(frameOf(ORIGIN, 0, 0, Buffer.concat(origins)), () => setImmediate(more));
        };
        more();
      },
      { tls: true },
    );
    const { client } = startTransport({ http2: true, tls: { ca: CA }, timeouts: { responseMs: 30_000 } });
    expect(await failureOf(client.get(upstream.url))).toMatchObject({
      code: expect.stringMatching(/^ERR_HTTP2_(SESSION_ERROR|TOO_MANY_ORIGINS)$/), // Node's own, where it has a limit
      message: expect.stringContaining('ORIGIN'),
    });
    expect(sent).toBeLessThan(10_000);
  });

  it.each<[string, Attack, string]>([
    [
      'a body of one byte at a time',
      onHeaders((stream, send, { socket }) => {
        send(HEADERS, END_HEADERS, stream, OK);
        const timer = setInterval(() => send(DATA, 0, stream, Buffer.from('x')), 5);
        socket.once('close', () => clearInterval(timer));
      }),
      'GET',
    ],
    [
      'a window of one byte at a time',
      onHeaders((stream, send, { socket }) => {
        const timer = setInterval(() => {
          send(WINDOW_UPDATE, 0, stream, uint32(1));
          send(WINDOW_UPDATE, 0, 0, uint32(1));
        }, 5);
        socket.once('close', () => clearInterval(timer));
      }),
      'POST',
    ],
  ])('%s: the time limit of the call ends it', async (_, attack, method) => {
    const upstream = await startFrames(attack, { settings: setting(INITIAL_WINDOW_SIZE, 0) });
    const { client, transport } = startTransport({ http2: 'prior-knowledge' });
    const data = method === 'POST' ? Buffer.alloc(1 * MB) : undefined;
    expect(await failureOf(client.request({ method, url: upstream.url, data, timeout: 500 }))).toMatchObject({
      code: 'ECONNABORTED',
    });
    expect(transport.pool.inFlight).toBe(0);
  });

  it('limits that change all the time: no call is lost, and none goes beyond them', async () => {
    let open = 0;
    let most = 0;
    let limit = 1;
    let changes = 0;
    const upstream = await startFrames(
      onHeaders((stream, send) => {
        most = Math.max(most, ++open);
        setImmediate(() => {
          open--;
          send(HEADERS, END_HEADERS | END_STREAM, stream, OK);
          if (++changes > 100) return;
          limit = limit === 1 ? 3 : 1;
          send(SETTINGS, 0, 0, setting(3, limit));
        });
      }),
      { settings: setting(3, 1) },
    );
    const { client } = startTransport({ http2: 'prior-knowledge', pool: { maxSockets: 1 } });
    const calls = await Promise.all(Array.from({ length: 200 }, () => client.get(upstream.url)));
    expect(calls).toHaveLength(200);
    expect(most).toBeLessThanOrEqual(3);
    expect(upstream.connections).toHaveLength(1);
  });

  it('callers that give up at once, again and again: streams are reset, sockets and slots are not lost', async () => {
    const upstream = await startHttp2((request, response) => {
      if (request.url === '/fine') response.end('fine');
    });
    const { client, transport } = startTransport({ http2: 'prior-knowledge' });
    await client.get(`${upstream.url}/fine`);
    for (let round = 0; round < 5; round++) {
      const abort = new AbortController();
      const failures = Array.from({ length: 50 }, () => failureOf(client.get(upstream.url, { signal: abort.signal })));
      setImmediate(() => abort.abort());
      for (const { code } of await Promise.all(failures)) expect(code).toBe('ERR_CANCELED'); // oxlint-disable-line no-await-in-loop -- round by round
    }
    expect((await client.get(`${upstream.url}/fine`)).data).toBe('fine');
    expect(transport.pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0, queued: 0 } });
    expect(upstream.connections).toBeLessThanOrEqual(3);
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
