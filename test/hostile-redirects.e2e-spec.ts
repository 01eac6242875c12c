import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { attack, OK, startClient } from './support/attack.js';
import { CA, CERTIFICATE } from './support/certificates.js';
import { startRawUpstream } from './support/raw-upstream.js';
import { startUpstream } from './support/upstream.js';

const to = (location: string) => `HTTP/1.1 302 Found\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`;
const once = (location: string) => (socket: Socket, head: string) =>
  void socket.write(head.startsWith('GET / ') ? to(location) : OK);

describe('a redirect without end stops after as many as are allowed', () => {
  it.each([
    ['to itself', () => '/'],
    ['to an address that grows', (head: string) => `${head.split(' ')[1]}${'x'.repeat(2_000)}`],
    ['to another fragment', () => '#a'],
    ['to another query', () => '?a'],
  ])('%s', async (_, location) => {
    const { error, heads } = await attack((socket, head) => void socket.write(to(location(head))));
    expect(error!.code).toBe('ERR_FR_TOO_MANY_REDIRECTS');
    expect(heads).toHaveLength(6);
  });

  it('from http to https and back', async () => {
    await using secure = await startUpstream(
      (_, response) => response.writeHead(303, { location: plain.url }).end(),
      createServer(CERTIFICATE),
    );
    await using plain = await startUpstream((_, response) => response.writeHead(303, { location: secure.url }).end());
    const options = { tls: { ca: CA }, redirects: { max: 5, allowDowngrade: true } };
    const free = startClient(options);
    await expect(free.client.get(plain.url)).rejects.toMatchObject({ code: 'ERR_FR_TOO_MANY_REDIRECTS' });
    expect(plain.requests + secure.requests).toBe(6);
    const strict = startClient({ tls: { ca: CA } });
    await expect(strict.client.get(plain.url)).rejects.toMatchObject({ code: 'ERR_FR_REDIRECTION_FAILURE' });
    for (const { transport } of [free, strict]) {
      await transport.close();
      expect(transport.pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0, idle: 0, queued: 0 } });
    }
  });
});

describe('a redirect that leads nowhere is refused', () => {
  it.each([
    'file:///etc/passwd',
    'ftp://127.0.0.1/',
    'data:text/plain,hi',
    'javascript:alert(1)',
    'unix:/var/run/docker.sock',
    'http+unix://%2Fvar%2Frun%2Fdocker.sock/',
    'gopher://127.0.0.1/',
    'blob:http://127.0.0.1/a',
    'http://[::1',
    'http://127.0.0.1:99999/',
    'http://127.0.0.1:abc/',
    'http://127.0.0.1:-1/',
    'http://a b/',
    'http://a%00b/',
    '//',
    '//[',
  ])('%s', async (location) => {
    const { error, heads } = await attack(once(location));
    expect(error!.code).toBe('ERR_FR_REDIRECTION_FAILURE');
    expect(heads).toHaveLength(1);
  });

  it('two different Locations', async () => {
    const { error, heads } = await attack(once('/a\r\nlocation: /b'));
    expect(error).toMatchObject({ code: 'ERR_FR_REDIRECTION_FAILURE', message: expect.stringContaining('several') });
    expect(heads).toHaveLength(1);
  });

  it('the same Location twice is one', async () => {
    expect((await attack(once('/a\r\nlocation: /a'))).response!.data).toBe('ok');
  });

  it.each([300, 304, 305, 306])('a %i: it is a response, whatever its Location', async (status) => {
    const head = `HTTP/1.1 ${status} x\r\nlocation: /a\r\n${status === 304 ? '' : 'content-length: 0\r\n'}\r\n`;
    const { error, heads } = await attack((socket) => void socket.write(head));
    expect(error).toMatchObject({ code: 'ERR_BAD_RESPONSE', response: { status, headers: { location: '/a' } } });
    expect(heads).toHaveLength(1);
  });

  it('no Location at all: it is a response', async () => {
    expect((await attack(once(''))).error).toMatchObject({ code: 'ERR_BAD_RESPONSE', response: { status: 302 } });
  });
});

describe('what a Location holds is never more than a path', () => {
  it.each([
    ['spaces', '/a HTTP/1.1', 'GET /a%20HTTP/1.1 HTTP/1.1'],
    ['a tab', '/a\tb', 'GET /ab HTTP/1.1'],
    ['an encoded line break', '/a%0d%0ax-a:1', 'GET /a%0d%0ax-a:1 HTTP/1.1'],
    ['UTF-8', '/\xff?\u20ac', 'GET /%C3%BF?%E2%82%AC HTTP/1.1'],
    ['UTF-8 that is encoded', '/%C3%BF', 'GET /%C3%BF HTTP/1.1'],
    ['backslashes', '\\a\\b', 'GET /a/b HTTP/1.1'],
    ['10,000 characters', `/${'x'.repeat(10_000)}`, `GET /${'x'.repeat(10_000)} HTTP/1.1`],
  ])('%s', async (_, location, line) => {
    const { response, heads } = await attack(once(location));
    expect(response!.data).toBe('ok');
    expect(heads[1]!.split('\r\n')[0]).toBe(line);
  });

  it('UTF-8, where axios’s own adapter carries out the call', async () => {
    const { response, heads } = await attack(once('/\xff?\u20ac'), { onDownloadProgress: () => {} });
    expect(response!.data).toBe('ok');
    expect(heads[1]!.split('\r\n')[0]).toBe('GET /%C3%BF?%E2%82%AC HTTP/1.1');
  });

  it('userinfo becomes basic authentication, encoded, of that request alone', async () => {
    await using upstream = await startRawUpstream((socket, head) => {
      heads.push(head);
      const [, , route] = /^(GET) (\S+)/.exec(head)!;
      const { host } = new URL(upstream.url);
      if (route === '/') socket.write(to(`http://a%0d%0ax-a:b:c@${host}/one`));
      else if (route === '/one') socket.write(to(`http://LOCALHOST:${host.split(':')[1]}/two`));
      else socket.write(OK);
    });
    const heads: string[] = [];
    const { transport, client } = startClient();
    expect((await client.get(upstream.url)).data).toBe('ok');
    expect(heads.map((head) => /authorization: (.*)/i.exec(head)?.[1])).toEqual([
      undefined,
      `Basic ${Buffer.from('a\r\nx-a:b:c').toString('base64')}`,
      undefined,
    ]);
    await transport.close();
  });
});

describe('the body of a redirect', () => {
  const NO_LIMITS = { timeouts: {} }; // as axios: no phase ends it
  const promising = (length: string) => (socket: Socket, head: string) =>
    void socket.write(head.startsWith('GET / ') ? `HTTP/1.1 302 Found\r\nlocation: /a\r\n${length}\r\n\r\n` : OK);

  it.each([
    ['that does not come', 'content-length: 10'],
    ['that is too long to wait for', 'content-length: 1000000000'],
    ['without an end', 'transfer-encoding: chunked'],
  ])('%s does not keep its socket once the next has answered', async (_, length) => {
    const { response } = await attack(promising(length), {}, { ...NO_LIMITS, pool: { maxSockets: 2 } });
    expect(response!.data).toBe('ok');
  });

  it.each([
    ['and whose redirects end', 'ok', promising('content-length: 10')],
    [
      'and whose redirects do not',
      'ERR_FR_TOO_MANY_REDIRECTS',
      (socket: Socket) => void socket.write('HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 10\r\n\r\n'),
    ],
  ])('that does not come %s holds no place for later calls', async (_, expected, answer) => {
    await using upstream = await startRawUpstream(answer);
    const { transport, client } = startClient({ ...NO_LIMITS, pool: { maxSockets: 2 } });
    for (let call = 0; call < 3; call++) {
      const ended = client.get(upstream.url).then(
        ({ data }) => data as string,
        ({ code }) => code as string,
      );
      expect(await ended).toBe(expected);
    }
    await transport.close();
    expect(transport.pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0, idle: 0, queued: 0 } });
  });

  it.each([
    ['refused', 'ERR_FR_REDIRECTION_FAILURE', (head: string) => (head.startsWith('POST / ') ? '/a' : 'ftp://a/')],
    ['reset', /^(ECONNRESET|EPIPE)$/, () => '/reset'],
  ])(
    'that does not come is given up where the next hop is %s, with a body that is sent again',
    async (_, code, next) => {
      const redirecting = (socket: Socket, head: string) => {
        if (head.startsWith('POST /reset ')) socket.resetAndDestroy();
        else socket.write(`HTTP/1.1 307 Found\r\nlocation: ${next(head)}\r\ncontent-length: 10\r\n\r\n`);
      };
      const config = { method: 'post', data: new Blob(['hello']) };
      const { error } = await attack(redirecting, config, { ...NO_LIMITS, pool: { maxSockets: 2 } });
      expect(error!.code).toMatch(code);
    },
  );

  describe('gives up its slot before the next hop waits for one', () => {
    const stalled = (location: string) =>
      `HTTP/1.1 302 Found\r\nlocation: ${location}\r\ncontent-length: 10\r\n\r\nmoved`;
    const ONE_SOCKET = { ...NO_LIMITS, pool: { maxSockets: 1 } };
    const ONE_IN_ALL = { ...NO_LIMITS, pool: { maxSockets: 1, maxTotalSockets: 1 } };

    it.each([
      ['that stalls', stalled('/a')],
      ['without an end', 'HTTP/1.1 302 Found\r\nlocation: /a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nmoved\r\n'],
      ['that is cut', 'HTTP/1.1 302 Found\r\nlocation: /a\r\nconnection: close\r\ncontent-length: 10\r\n\r\nmoved'],
      ['of no bytes', to('/a')],
    ])('to its own origin, which has one socket: %s', async (_, answer) => {
      const redirecting = (socket: Socket, head: string) => void socket.write(head.startsWith('GET / ') ? answer : OK);
      expect((await attack(redirecting, {}, ONE_SOCKET)).response!.data).toBe('ok');
      const maxQueued = 0; // nobody has to wait for it
      const { response } = await attack(redirecting, {}, { ...NO_LIMITS, pool: { maxSockets: 1, maxQueued } });
      expect(response!.data).toBe('ok');
    });

    it('after a body that it sends again', async () => {
      const redirecting = (socket: Socket, head: string) =>
        void socket.write(head.startsWith('POST / ') ? stalled('/a').replace('302', '307') : OK);
      const { response } = await attack(redirecting, { method: 'post', data: new Blob(['hello']) }, ONE_SOCKET);
      expect(response!.data).toBe('ok');
    });

    it('of which every hop has a body that stalls', async () => {
      const { error, heads } = await attack((socket) => void socket.write(stalled('/')), {}, ONE_SOCKET);
      expect(error!.code).toBe('ERR_FR_TOO_MANY_REDIRECTS');
      expect(heads).toHaveLength(6);
    });

    it.each([
      ['each with one socket', ONE_SOCKET],
      ['with one socket in all', ONE_IN_ALL],
    ])('to another origin and back, %s', async (_, options) => {
      await using other = await startRawUpstream((socket) => void socket.write(stalled(`${own.url}/back`)));
      await using own = await startRawUpstream(
        (socket, head) => void socket.write(head.startsWith('GET / ') ? stalled(other.url) : OK),
      );
      const { transport, client } = startClient(options);
      expect((await client.get(own.url)).data).toBe('ok');
      await transport.close();
      expect(transport.pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0, idle: 0, queued: 0 } });
    });

    it('and lets those who have waited for it longer go first', async () => {
      await using upstream = await startRawUpstream((socket, head) => {
        const [, path] = head.split(' ');
        order.push(path!);
        socket.write(path === '/' ? stalled('/a') : OK);
      });
      const order: string[] = [];
      const { transport, client } = startClient(ONE_SOCKET);
      await Promise.all(['/', '/waiting'].map((path) => client.get(upstream.url + path)));
      expect(order).toEqual(['/', '/waiting', '/a']);
      await transport.close();
    });

    it('and ends with the client while it waits', async () => {
      await using other = await startRawUpstream(() => queue.push(''));
      const queue: string[] = [];
      await using upstream = await startRawUpstream((socket) => void socket.write(stalled(`${other.url}/a`)));
      const { transport, client } = startClient({ ...ONE_SOCKET, timeouts: {} });
      const controller = new AbortController();
      const busy = client.get(`${other.url}/busy`, { signal: controller.signal }).catch(({ code }) => code as string);
      const redirected = client.get(upstream.url).catch(({ code }) => code as string);
      await expect.poll(() => transport.pool.stats().total.queued).toBe(1);
      const closed = transport.close();
      expect(await redirected).toBe('ERR_CLIENT_CLOSED');
      controller.abort();
      await busy;
      await closed;
      expect(transport.pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0, idle: 0, queued: 0 } });
    });
  });

  it.each([
    ['whose body has no announced length', 'GET', 'transfer-encoding: chunked\r\n\r\n5\r\nmoved\r\n0\r\n\r\n'],
    ['that answers HEAD', 'HEAD', 'content-length: 1000000\r\n\r\n'],
  ])('%s leaves its socket to the next hop', async (_, method, rest) => {
    const { heads, socketWasReused } = await attack(
      (socket, head) =>
        void socket.write(
          head.startsWith(`${method} / `)
            ? `HTTP/1.1 302 Found\r\nlocation: /a\r\n${rest}`
            : `HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n${method === 'HEAD' ? '' : 'ok'}`,
        ),
      { method },
      { pool: { maxSockets: 1 } },
    );
    expect(heads).toHaveLength(2);
    expect(socketWasReused).toBe(true);
  });
});
