import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { get } from 'node:https';
import type { Socket } from 'node:net';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CA, CERTIFICATE } from './support/certificates.js';
import { startProxy } from './support/proxy.js';
import { startRawUpstream } from './support/raw-upstream.js';
import { startTransport } from './support/start-transport.js';
import { answerJson, startUpstream } from './support/upstream.js';

const startTls = () => startUpstream(answerJson, CERTIFICATE);

/** What a call's `proxy` says for this proxy. */
const proxyOf = (url: string, auth?: { username: string; password: string }) => {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port), auth };
};

const NO_PROXY = {
  HTTP_PROXY: '',
  HTTPS_PROXY: '',
  ALL_PROXY: '',
  NO_PROXY: '',
  http_proxy: '',
  https_proxy: '',
  no_proxy: '',
};

afterEach(() => void vi.unstubAllEnvs());

function stubEnvironment(env: Record<string, string>): void {
  for (const [name, value] of Object.entries({ ...NO_PROXY, ...env })) vi.stubEnv(name, value);
}

describe('an https call through a proxy', () => {
  it('uses the tunnels of earlier ones: 100 calls open no more than their concurrency', async () => {
    await using upstream = await startTls();
    await using proxy = await startProxy();
    stubEnvironment({ HTTPS_PROXY: proxy.url });
    const { client, transport } = startTransport({ tls: { ca: CA } });
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => client.get(`${upstream.url}/${n}`)));
      expect(answers.map(({ data }) => data.path)).toEqual(Array.from({ length: 10 }, (_, n) => `/${n}`));
    }
    expect(upstream.requests).toBe(100);
    expect(proxy.tunnels).toBe(10);
    expect(transport.pool.stats().origins[upstream.url]).toMatchObject({ idle: 10, created: 10, reused: 90 });
  });

  it('opens no more tunnels than it may have sockets, also while they are being opened', async () => {
    await using upstream = await startTls();
    await using proxy = await startProxy();
    const { client } = startTransport({ tls: { ca: CA }, pool: { maxSockets: 5 } });
    const calls = Array.from({ length: 50 }, (_, n) =>
      client.get(`${upstream.url}/${n}`, { proxy: proxyOf(proxy.url) }),
    );
    expect(await Promise.all(calls)).toHaveLength(50);
    expect(proxy.tunnels).toBe(5);
  });

  it('leaves nobody waiting when tunnels cannot be opened', async () => {
    const proxy = await startProxy();
    await proxy[Symbol.asyncDispose]();
    const { client, transport } = startTransport({ pool: { maxSockets: 2 } });
    const calls = Array.from({ length: 10 }, () => client.get('https://127.0.0.1:1/', { proxy: proxyOf(proxy.url) }));
    for (const { status } of await Promise.allSettled(calls)) expect(status).toBe('rejected');
    expect(transport.pool.stats()).toMatchObject({ inFlight: 0, total: { queued: 0 } });
  });

  it('tries no more tunnels for a request than one, also where it had to wait for its turn', async () => {
    const asked: Socket[] = [];
    await using proxy = await startRawUpstream((socket) => void asked.push(socket));
    const { transport } = startTransport({ pool: { maxSockets: 1 } });
    const agent = transport.pool.tunnelAgent(new URL(proxy.url));
    const requests = [1, 2].map(() => get('https://127.0.0.1:1/', { agent }));
    const failed = Promise.all(requests.map(async (sent) => once(sent, 'error')));
    for (const turn of [1, 2]) {
      await expect.poll(() => asked).toHaveLength(turn);
      asked.at(-1)!.end();
    }
    await failed;
    expect(agent).toMatchObject({ requests: {}, sockets: {}, totalSocketCount: 0 });
    expect(proxy.connections).toBe(2);
  });

  it('closes its tunnels with the transport', async () => {
    await using upstream = await startTls();
    await using proxy = await startProxy();
    const { client, transport } = startTransport({ tls: { ca: CA } });
    await client.get(upstream.url, { proxy: proxyOf(proxy.url) });
    await transport.close();
    await expect.poll(() => proxy.open).toBe(0);
  });

  it('logs in at the proxy, and tells the origin nothing of it', async () => {
    await using upstream = await startTls();
    await using proxy = await startProxy();
    const seen: string[] = [];
    upstream.server.on('request', (request) => seen.push(...Object.keys(request.headers)));
    const { client } = startTransport({ tls: { ca: CA } });
    await client.get(upstream.url, { proxy: proxyOf(proxy.url, { username: 'üser', password: 'p:w' }) });
    expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('üser:p:w').toString('base64')}`]);
    expect(seen).not.toContain('proxy-authorization');
  });

  it('checks the certificate of the origin, not of the proxy', async () => {
    await using upstream = await startTls();
    await using proxy = await startProxy();
    const { client } = startTransport();
    await expect(client.get(upstream.url, { proxy: proxyOf(proxy.url) })).rejects.toMatchObject({
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
  });

  it('checks it for the address that was asked for, not for the name of the proxy', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [
        { name: 'basicConstraints', cA: true },
        { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
      ],
    });
    await using upstream = await startUpstream(answerJson, { key, cert });
    await using proxy = await startProxy();
    const { client } = startTransport({ tls: { ca: cert } });
    const through = { proxy: { ...proxyOf(proxy.url), host: 'localhost' } };
    await expect(client.get(upstream.url, through)).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    const named = upstream.url.replace('127.0.0.1', 'localhost');
    expect((await client.get(named, through)).status).toBe(200);
  });

  it('tells the proxy the address, an IPv6 one in brackets, and nothing of the call', async () => {
    const heads: string[] = [];
    await using proxy = await startRawUpstream((socket, head) => {
      heads.push(head);
      socket.end('HTTP/1.1 403 No\r\n\r\n');
    });
    const { client } = startTransport();
    const config = { headers: { authorization: 'secret' }, proxy: proxyOf(proxy.url) };
    for (const url of ['https://[::1]/path?a=b', 'https://example.test:8443/']) {
      await expect(client.get(url, config)).rejects.toMatchObject({ code: 'ERR_PROXY_TUNNEL', status: 403 });
    }
    const headOf = (authority: string) =>
      `CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\nconnection: keep-alive\r\nproxy-connection: keep-alive`;
    expect(heads).toEqual([headOf('[::1]:443'), headOf('example.test:8443')]);
  });

  it('logs in with credentials that are badly encoded as they stand', async () => {
    await using proxy = await startProxy({ status: 407 });
    stubEnvironment({ HTTPS_PROXY: proxy.url.replace('//', '//50%:p%20w@') });
    const { client } = startTransport();
    await expect(client.get('https://127.0.0.1:1/')).rejects.toMatchObject({ code: 'ERR_PROXY_TUNNEL', status: 407 });
    expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('50%:p w').toString('base64')}`]);
  });

  describe('that is reached over TLS', () => {
    const startSecureProxy = () => startProxy({ tls: CERTIFICATE });

    it('is asked within TLS, and has TLS with the origin within that', async () => {
      await using upstream = await startTls();
      await using proxy = await startSecureProxy();
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0'); // no default CA knows the proxy's
      const { client } = startTransport({ tls: { ca: CA, rejectUnauthorized: true } });
      const through = { proxy: { ...proxyOf(proxy.url, { username: 'u', password: 'p' }), protocol: 'https' } };
      for (const path of ['/a', '/b']) {
        expect((await client.get(upstream.url + path, through)).data).toEqual({ path });
      }
      expect(proxy.tunnels).toBe(1);
      expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('u:p').toString('base64')}`]);
    });

    it('is told nothing where its certificate is not trusted', async () => {
      await using proxy = await startSecureProxy();
      const { client } = startTransport();
      const through = { proxy: { ...proxyOf(proxy.url), protocol: 'https' } };
      await expect(client.get('https://127.0.0.1:1/', through)).rejects.toMatchObject({
        code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      });
      expect(proxy.tunnels).toBe(0);
    });
  });

  it('gives up on a proxy that does not answer, and lets go of its connection', async () => {
    await using proxy = await startProxy({ hangs: true });
    const { client } = startTransport({ timeouts: { connectMs: 50 } });
    await expect(client.get('https://127.0.0.1:1/', { proxy: proxyOf(proxy.url) })).rejects.toMatchObject({
      name: 'ConnectTimeoutError',
    });
    await expect.poll(() => proxy.open).toBe(0);
  });

  it.each(['node:http', 'undici'] as const)(
    'takes a TLS handshake in the tunnel that does not end for a connect that does not: %s',
    async (engine) => {
      await using upstream = await startRawUpstream(() => {});
      await using proxy = await startProxy();
      const { client } = startTransport({ engine, timeouts: { connectMs: 50, responseMs: 5_000 } });
      const url = upstream.url.replace('http', 'https');
      await expect(client.post(url, { a: 1 }, { proxy: proxyOf(proxy.url) })).rejects.toMatchObject({
        name: 'ConnectTimeoutError',
      });
      await expect.poll(() => proxy.open).toBe(0);
    },
  );

  it('fails when the proxy is dead', async () => {
    const proxy = await startProxy();
    await proxy[Symbol.asyncDispose]();
    const { client, transport } = startTransport();
    await expect(client.get('https://127.0.0.1:1/', { proxy: proxyOf(proxy.url) })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      isAxiosError: true,
    });
    expect(transport.pool.stats()).toMatchObject({ inFlight: 0, total: { queued: 0 } });
  });
});

describe('an http call through a proxy', () => {
  it('sends the whole URL to the proxy, on sockets that are used again', async () => {
    await using upstream = await startUpstream();
    await using proxy = await startProxy();
    stubEnvironment({ HTTP_PROXY: proxy.url.replace('//', '//user:secret@') });
    const { client } = startTransport();
    for (let n = 0; n < 5; n++) {
      expect((await client.get(`${upstream.url}/a?n=${n}`)).data).toEqual({ path: `/a?n=${n}` });
    }
    expect(proxy.forwarded).toBe(5);
    expect(proxy.connections).toBe(1);
    expect(proxy.authorizations[0]).toBe(`Basic ${Buffer.from('user:secret').toString('base64')}`);
  });

  it('finds its way after a redirect', async () => {
    await using upstream = await startUpstream((request, response) => {
      if (request.url === '/from') response.writeHead(302, { location: '/to' }).end();
      else answerJson(request, response);
    });
    await using proxy = await startProxy();
    const { client } = startTransport();
    expect((await client.get(`${upstream.url}/from`, { proxy: proxyOf(proxy.url) })).data).toEqual({ path: '/to' });
    expect(proxy.forwarded).toBe(2);
  });
});

describe.each([
  ['by itself', {}],
  ['with axios’s own adapter', { maxRate: 1e9 }],
  ['with axios’s own adapter and a hook', { beforeRedirect: () => {} }],
])('a redirect that the transport follows %s', (_, config) => {
  it('goes through the proxy that is for it, or straight', async () => {
    await using there = await startTls();
    const seen: [at: string, string | undefined, authorization: string | undefined][] = [];
    const hops: Record<string, string> = {};
    const hopping: RequestListener = ({ url, headers }, response) => {
      seen.push([url!, headers.host, headers['proxy-authorization']]);
      const location = hops[url!];
      response.writeHead(location ? 302 : 200, location ? { location } : {}).end('{}');
    };
    await using proxied = await startUpstream(hopping);
    await using straight = await startUpstream(hopping);
    await using proxy = await startProxy();
    const address = proxy.url.replace('//', '//user:secret@');
    stubEnvironment({ HTTP_PROXY: address, HTTPS_PROXY: address, NO_PROXY: new URL(straight.url).host });
    const { client } = startTransport({ tls: { ca: CA } });
    Object.assign(hops, {
      '/1': `${straight.url}/2`,
      '/2': `${proxied.url}/3`,
      '/3': '/4',
      '/4': `${straight.url}/5`,
      '/5': `${there.url}/6`,
    });
    for (const first of [proxied, straight]) {
      const before = [proxy.forwarded, proxy.tunnels];
      expect((await client.get(`${first.url}/1`, config)).data).toEqual({ path: '/6' });
      const login = `Basic ${Buffer.from('user:secret').toString('base64')}`;
      const [through, host, straightHost] = [login, new URL(proxied.url).host, new URL(straight.url).host];
      expect(seen.splice(0)).toEqual([
        first === proxied ? ['/1', host, through] : ['/1', straightHost, undefined],
        ['/2', straightHost, undefined],
        ['/3', host, through],
        ['/4', host, through],
        ['/5', straightHost, undefined],
      ]);
      expect(proxy.forwarded - before[0]!).toBe(first === proxied ? 3 : 2);
      expect(proxy.tunnels - before[1]!).toBe(first === proxied ? 1 : 0); // the second finds it open
    }
  });
});

describe('the environment', () => {
  it.each([
    ['no proxy is named', {}],
    ['NO_PROXY names the host', { HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY: '127.0.0.1' }],
    ['NO_PROXY names every host', { http_proxy: 'http://127.0.0.1:1', no_proxy: '*' }],
    ['only the other scheme has one', { HTTPS_PROXY: 'http://127.0.0.1:1' }],
  ])('is not used where %s', async (_, env) => {
    await using upstream = await startUpstream();
    stubEnvironment(env);
    const { client } = startTransport();
    expect((await client.get(upstream.url)).status).toBe(200);
  });

  it.each(['http://127.0.0.1:1/', 'https://127.0.0.1:1/'])('cannot name a SOCKS proxy, for %s', async (url) => {
    stubEnvironment({ ALL_PROXY: 'socks5://user:secret@127.0.0.1:1' });
    const { client } = startTransport();
    const error = { code: 'ERR_BAD_OPTION', message: 'Unsupported proxy protocol socks5:, use http: or https:' };
    await expect(client.get(url)).rejects.toMatchObject(error);
    const config = { proxy: { protocol: 'socks5', host: '127.0.0.1', port: 1 } };
    await expect(client.get(url, config)).rejects.toMatchObject(error);
  });

  it('is not used for a call with proxy: false', async () => {
    await using upstream = await startUpstream();
    stubEnvironment({ HTTP_PROXY: 'http://127.0.0.1:1' });
    const { client } = startTransport();
    expect((await client.get(upstream.url, { proxy: false })).status).toBe(200);
  });
});
