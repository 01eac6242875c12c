import { HttpService } from '@nestjs/axios';
import { Test } from '@nestjs/testing';
import {
  type AxiosInstance,
  type AxiosRequestConfig,
  type CreateAxiosDefaults,
  getAdapter,
  type InternalAxiosRequestConfig,
} from 'axios';
import FormData from 'form-data';
import { readFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type ResolveHost, UNGUARDED } from '../src/guard/address-guard.js';
import {
  AddressBlockedError,
  type ConnectionPool,
  createTransport,
  getConnectionPoolToken,
  getHttpClientToken,
  HttpClientModule,
  type HttpClientModuleOptions,
  HttpClients,
} from '../src/index.js';
import { CA, CERTIFICATE } from './support/certificates.js';
import { startDnsServer, type Zone } from './support/dns-server.js';
import { errorOf } from './support/failure-of.js';
import { guardedClient } from './support/guarded-client.js';
import { startProxy } from './support/proxy.js';
import { answerJson, startUpstream } from './support/upstream.js';

const portOf = (url: string) => Number(new URL(url).port);
/** The rule that refuses a call; undefined where it is answered. */
const ruleOf = async (call: Promise<unknown>) => {
  const error = await errorOf(call);
  if (error === undefined) return undefined;
  expect(error).toBeInstanceOf(AddressBlockedError);
  return (error as AddressBlockedError).rule;
};
/** A setting that only axios's own adapter carries out. */
const LEFT_TO_AXIOS = { maxRate: 1e9 };
const proxyOf = (url: string) => ({ host: new URL(url).hostname, port: portOf(url), protocol: 'http' });

afterEach(() => vi.unstubAllEnvs());

describe('a name', () => {
  it('is judged by what DNS has for it, and no byte reaches the address', async () => {
    await using upstream = await startUpstream();
    await using dns = await startDnsServer(() => ['127.0.0.1']);
    await using guarded = guardedClient({ guard: { allowPorts: false } }, dns.resolve);
    const error = await errorOf(guarded.client.get(`http://evil.test:${portOf(upstream.url)}/`));
    expect(error).toBeInstanceOf(AddressBlockedError);
    expect(error).toMatchObject({ code: 'ERR_ADDRESS_BLOCKED', rule: 'loopback', attempts: [{ number: 1 }] });
    expect(upstream.connections).toBe(0);
    await expect.poll(() => guarded.pool.stats().total).toMatchObject({ active: 0, queued: 0, errors: 0 });
    expect(guarded.pool.inFlight).toBe(0);
  });

  it('says nothing of what DNS returned, wherever one looks', async () => {
    const secret = '10.98.76.54';
    await using dns = await startDnsServer(() => [secret]);
    await using guarded = guardedClient({ guard: { blockCidrs: [`${secret}/32`] } }, dns.resolve);
    const error = await errorOf(guarded.client.get('http://evil.test/'));
    expect(error.rule).toBe('blockCidrs');
    const shown = [error.message, error.stack, String(error), JSON.stringify(error), JSON.stringify({ ...error })];
    shown.push(inspect(error, { depth: 20, showHidden: true }), inspect(error.config, { depth: 20 }));
    for (const text of shown) expect(text).not.toContain(secret);
  });

  it('is connected to at those of its addresses that are let through', async () => {
    await using upstream = await startUpstream();
    await using dns = await startDnsServer(() => ['10.0.0.1', '127.0.0.1', '169.254.169.254', '::1', 'fd00:ec2::254']);
    const guard = { allowCidrs: ['127.0.0.1/32'], allowPorts: false } as const;
    await using guarded = guardedClient({ guard }, dns.resolve);
    const { status } = await guarded.client.get(`http://mixed.test:${portOf(upstream.url)}/`);
    expect(status).toBe(200);
    expect(upstream.connections).toBe(1);
  });

  it('that rebinds between two look-ups never gets a connection to the second address', async () => {
    await using upstream = await startUpstream();
    await using inner = await startUpstream();
    // Allowed first, then internal: 127.0.0.1 stands for the public address, ::1 and 127.0.0.2 for internal ones.
    const zone: Zone = (_, lookup) => (lookup % 2 === 1 ? ['127.0.0.1'] : ['127.0.0.2', '::1']);
    await using dns = await startDnsServer(zone);
    const guard = { allowCidrs: ['127.0.0.1/32'], allowPorts: false } as const;
    await using guarded = guardedClient({ guard }, dns.resolve);
    const url = `http://rebind.test:${portOf(upstream.url)}/`;
    const close = { headers: { connection: 'close' } }; // so that each call opens a socket, and resolves the name
    expect(await ruleOf(guarded.client.get(url, close))).toBeUndefined();
    expect(await ruleOf(guarded.client.get(url, close))).toBe('loopback');
    expect(await ruleOf(guarded.client.get(url, close))).toBeUndefined();
    expect(await ruleOf(guarded.client.get(url, close))).toBe('loopback');
    expect(dns.lookups('rebind.test')).toBe(4);
    expect(upstream.requests).toBe(2);
    expect(inner.connections).toBe(0);
  });

  it('is resolved once for a socket: nothing is looked up between the judgement and the connection', async () => {
    await using upstream = await startUpstream();
    await using dns = await startDnsServer((_, lookup) => (lookup === 1 ? ['127.0.0.1'] : ['127.0.0.2']));
    const guard = { allowCidrs: ['127.0.0.1/32'], allowPorts: false } as const;
    await using guarded = guardedClient({ guard }, dns.resolve);
    for (let n = 0; n < 3; n++) await guarded.client.get(`http://once.test:${portOf(upstream.url)}/${n}`);
    expect(dns.lookups('once.test')).toBe(1);
    expect(upstream.connections).toBe(1);
  });

  it('that does not resolve fails as it does without a guard', async () => {
    await using dns = await startDnsServer(() => []);
    await using guarded = guardedClient({ guard: true }, dns.resolve);
    expect(await errorOf(guarded.client.get('http://nowhere.test/'))).toMatchObject({ code: 'ENOTFOUND' });
  });

  it('is asked of the system without a resolver of the test: localhost is loopback', async () => {
    await using guarded = guardedClient({ guard: { allowPorts: false } });
    for (const host of ['localhost', 'LOCALHOST', 'lOcAlHoSt']) {
      expect(await ruleOf(guarded.client.get(`http://${host}:9/`))).toBe('loopback');
    }
  });

  it('may be trusted, with all its addresses but the blocked ones', async () => {
    await using upstream = await startUpstream();
    await using dns = await startDnsServer((name) => (name.startsWith('bad') ? ['127.0.0.2'] : ['127.0.0.1']));
    const guard = { allowHosts: ['*.svc.test', '127.0.0.1'], blockCidrs: ['127.0.0.2/32'], allowPorts: false } as const;
    await using guarded = guardedClient({ guard }, dns.resolve);
    const port = portOf(upstream.url);
    expect(await ruleOf(guarded.client.get(`http://billing.svc.test:${port}/`))).toBeUndefined();
    expect(await ruleOf(guarded.client.get(`http://billing.SVC.test.:${port}/`))).toBeUndefined();
    expect(await ruleOf(guarded.client.get(upstream.url))).toBeUndefined();
    expect(await ruleOf(guarded.client.get(`http://bad.svc.test:${port}/`))).toBe('blockCidrs');
    expect(await ruleOf(guarded.client.get(`http://svc.test:${port}/`))).toBe('loopback');
    expect(await ruleOf(guarded.client.get(`http://evilsvc.test:${port}/`))).toBe('loopback');
    expect(await ruleOf(guarded.client.get(`http://a.svc.test.evil.test:${port}/`))).toBe('loopback');
  });
});

describe('the connected address', () => {
  it.each(['http', 'https'] as const)('is judged before a byte is sent over %s', async (scheme) => {
    let bytes = 0;
    let accepted = 0;
    const server = createTcpServer((socket) => {
      accepted++;
      socket.on('data', (chunk) => (bytes += chunk.length)).on('error', () => {});
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    // A look-up that says one thing while the socket gets another, as no look-up of the guard's does.
    await using guarded = guardedClient({ guard: { allowPorts: false } });
    Object.assign(guarded.pool.guard!, {
      lookup: (_: string, { all }: { all?: boolean }, callback: (...found: unknown[]) => void) =>
        all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4),
    });
    expect(await ruleOf(guarded.client.post(`${scheme}://rebound.test:${port}/`, 'secret'))).toBe('loopback');
    await new Promise((settle) => setTimeout(settle, 50));
    expect(accepted).toBe(1);
    expect(bytes).toBe(0);
    await new Promise((closed) => server.close(closed));
  });
});

describe('a redirect', () => {
  it.each([
    ['to an address', 'http://169.254.169.254/latest/meta-data/', 'link-local'],
    ['to loopback, spelled otherwise', 'http://0x7f.2/', 'loopback'],
    ['to a name', 'http://inner.test/', 'private'],
    ['to another port', 'http://127.0.0.1:22/', 'port'],
    ['without a scheme', '//[::ffff:10.0.0.1]/', 'private'],
  ])('%s is judged, natively and by axios', async (_, location, rule) => {
    await using upstream = await startUpstream((request, response) => {
      request.resume();
      response.writeHead(307, { location }).end();
    });
    await using dns = await startDnsServer(() => ['10.0.0.7']);
    const guard = { allowHosts: ['127.0.0.1'], allowPorts: [80, portOf(upstream.url)] };
    await using guarded = guardedClient({ guard }, dns.resolve);
    expect(await ruleOf(guarded.client.get(upstream.url))).toBe(rule);
    const form = new FormData();
    form.append('a', 'b');
    const seen: string[] = [];
    const hook = { beforeRedirect: ({ href }: Record<string, any>) => void seen.push(href as string) };
    expect(await ruleOf(guarded.client.post(upstream.url, Readable.from(['x'])))).toBe(rule);
    expect(await ruleOf(guarded.client.post(upstream.url, form))).toBe(rule);
    expect(await ruleOf(guarded.client.get(upstream.url, hook))).toBe(rule);
    expect(seen).toHaveLength(1);
    expect(upstream.requests).toBe(4);
  });

  it('is judged at every hop, and followed where it may be', async () => {
    await using upstream = await startUpstream((request, response) => {
      const hop = Number(request.url!.slice(1) || 0);
      const port = portOf(upstream.url);
      const location = hop === 3 ? 'http://inner.test/' : `http://hop${hop}.test:${port}/${hop + 1}`;
      response.writeHead(302, { location }).end();
    });
    await using dns = await startDnsServer((name) => (name === 'inner.test' ? ['192.168.0.1'] : ['127.0.0.1']));
    const guard = { allowCidrs: ['127.0.0.1/32'], allowPorts: [80, portOf(upstream.url)] };
    await using guarded = guardedClient({ guard }, dns.resolve);
    expect(await ruleOf(guarded.client.get(upstream.url))).toBe('private');
    expect(upstream.requests).toBe(4);
    expect(await ruleOf(guarded.client.get(upstream.url, { beforeRedirect: () => {} }))).toBe('private');
    expect(upstream.requests).toBe(8);
    expect(guarded.pool.inFlight).toBe(0);
  });

  it('that is refused costs no idle socket its place', async () => {
    await using upstream = await startUpstream((_, response) => {
      response.writeHead(302, { location: 'http://127.0.0.2/', 'content-length': 0 }).end();
    });
    const guard = { allowHosts: ['127.0.0.1'], allowPorts: false } as const;
    const pool = { maxSockets: 1, maxTotalSockets: 1 };
    await using guarded = guardedClient({ guard, pool });
    for (let n = 0; n < 3; n++) expect(await ruleOf(guarded.client.get(upstream.url))).toBe('loopback');
    expect(upstream.connections).toBe(1);
  });

  it('cannot be sent elsewhere by a hook', async () => {
    await using upstream = await startUpstream((_, response) => void response.writeHead(302, { location: '/' }).end());
    const guard = { allowHosts: ['127.0.0.1'], allowPorts: false } as const;
    await using guarded = guardedClient({ guard });
    const to = (changes: object) =>
      ruleOf(guarded.client.get(upstream.url, { beforeRedirect: (options) => void Object.assign(options, changes) }));
    expect(await to({ hostname: '10.0.0.1', host: '10.0.0.1' })).toBe('private');
    expect(await to({ protocol: 'ftp:' })).toBe('scheme');
    expect(await to({ hostname: 'localhost', path: 'http://10.0.0.1/' })).toBe('loopback');
    const changesOfWhoConnects = [
      { socketPath: '/var/run/docker.sock' },
      { agent: new Agent() },
      { agent: false },
      { agents: { http: new Agent(), https: undefined } },
      { lookup: (): never => expect.unreachable() },
      { createConnection: (): never => expect.unreachable() },
      { nativeProtocols: { 'http:': { request: (): never => expect.unreachable() } } },
      { beforeRedirect: undefined },
      { beforeRedirects: {} },
      { family: 6 },
      { localAddress: '127.0.0.1' },
      { localAddress: undefined, auth: 'a:b', somethingNew: 1 },
    ];
    for (const changes of changesOfWhoConnects) expect(await to(changes)).toBe('setting beforeRedirect');
    const within = ({ nativeProtocols, beforeRedirects }: Record<string, any>) => {
      nativeProtocols['http:'] = { request: (): never => expect.unreachable() };
      beforeRedirects.config = undefined;
    };
    expect(await ruleOf(guarded.client.get(upstream.url, { beforeRedirect: within }))).toBe('setting beforeRedirect');
    expect(upstream.requests).toBe(4 + changesOfWhoConnects.length);
  });

  it('may be changed by a hook where the guard lets it', async () => {
    const seen: (string | undefined)[] = [];
    await using upstream = await startUpstream((request, response) => {
      seen.push(request.url, request.headers['x-hop'] as string | undefined);
      response.writeHead(request.url === '/' ? 302 : 200, { location: '/to' }).end('{}');
    });
    const guard = { allowHosts: ['127.0.0.1'], allowPorts: false } as const;
    await using guarded = guardedClient({ guard });
    const beforeRedirect = (options: Record<string, any>) => {
      options['headers']['x-hop'] = '1';
      options['path'] = '/rewritten';
    };
    expect((await guarded.client.get(upstream.url, { beforeRedirect })).status).toBe(200);
    expect(seen).toEqual(['/', undefined, '/rewritten', '1']);
  });
});

describe("a socket of another client's", () => {
  it('is never borrowed by a guarded one', async () => {
    await using upstream = await startUpstream();
    const url = `http://localhost:${portOf(upstream.url)}/`;
    await using app = Object.assign(
      await Test.createTestingModule({
        imports: [
          HttpClientModule.forRoot(),
          HttpClientModule.forFeature([
            { name: 'open' },
            { name: 'hooks', guard: { allowPorts: false } },
            { name: 'off', guard: false },
          ]),
        ],
      }).compile(),
      {
        async [Symbol.asyncDispose]() {
          await app.close();
        },
      },
    );
    const client = (name?: string) => app.get<AxiosInstance>(getHttpClientToken(name));
    const pool = (name?: string) => app.get<ConnectionPool>(getConnectionPoolToken(name));
    await client().get(url);
    expect(pool().stats().total.idle).toBe(1); // it lies there to be taken
    expect(await ruleOf(client('hooks').get(url))).toBe('loopback');
    expect(upstream.connections).toBe(1);
    await client('open').get(url);
    await client('off').get(url);
    expect(upstream.connections).toBe(1); // those without a guard share it

    expect(pool('hooks')).not.toBe(pool());
    expect(pool('open')).toBe(pool());
    expect(pool('off')).toBe(pool());
    const { options, stack } = app.get(HttpClients).explain('hooks');
    expect(options['guard.allowPorts']).toEqual({ value: false, from: 'client "hooks"' });
    expect(options['guard.allowHosts']).toEqual({ value: [], from: 'default' });
    expect(stack.map(({ name }) => name)).toEqual([
      'callEvents',
      'admission',
      'guard',
      'telemetry',
      'attemptEvents',
      'attemptTimeout',
    ]);
    expect(app.get(HttpClients).explain().options['guard']).toEqual({ value: false, from: 'default' });
  });

  it('belongs to a pool with another guard, where a client takes less or more than the module', async () => {
    const app = await Test.createTestingModule({
      imports: [
        HttpClientModule.forRoot({ guard: { allowHosts: ['a.test'] } }),
        HttpClientModule.forFeature([
          { name: 'same' },
          { name: 'alsoSame', guard: true },
          { name: 'more', guard: { allowCidrs: ['127.0.0.0/8'] } },
          { name: 'none', guard: false },
        ]),
      ],
    }).compile();
    const pool = (name?: string) => app.get<ConnectionPool>(getConnectionPoolToken(name));
    expect(pool('same')).toBe(pool());
    expect(pool('alsoSame')).toBe(pool());
    expect(new Set([pool(), pool('more'), pool('none')]).size).toBe(3);
    expect(app.get(HttpClients).explain('more').options).toMatchObject({
      'guard.allowHosts': { value: ['a.test'], from: 'module' },
      'guard.allowCidrs': { value: ['127.0.0.0/8'], from: 'client "more"' },
    });
    await app.close();
  });
});

describe('through a proxy', () => {
  it.each([
    ['http', 'private', 'http://inner.test/'],
    ['http', 'link-local', 'http://169.254.169.254/'],
    ['https', 'private', 'https://inner.test/'],
    ['https', 'link-local', 'https://169.254.169.254/'],
    ['https', 'port', 'https://public.test:22/'],
  ])('a call over %s is refused for a %s target, before the proxy hears of it: %s', async (_, rule, url) => {
    await using proxy = await startProxy();
    await using dns = await startDnsServer((name) => (name === 'inner.test' ? ['10.0.0.1'] : ['93.184.216.34']));
    await using guarded = guardedClient({ guard: true, axios: { proxy: proxyOf(proxy.url) } }, dns.resolve);
    expect(await ruleOf(guarded.client.get(url))).toBe(rule);
    expect(await ruleOf(guarded.client.post(url, Readable.from(['x'])))).toBe(rule);
    expect(await ruleOf(guarded.client.get(url, LEFT_TO_AXIOS))).toBe(rule);
    expect(proxy.connections).toBe(0);
    expect(guarded.pool.stats()).toMatchObject({ inFlight: 0, total: { queued: 0, active: 0 } });
  });

  it.each([
    ['the transport', {}],
    ['axios’s own adapter', LEFT_TO_AXIOS],
  ])('a call to a name that does not resolve fails as ever, with %s', async (_, config) => {
    await using proxy = await startProxy();
    await using dns = await startDnsServer(() => []);
    await using guarded = guardedClient({ guard: true, axios: { proxy: proxyOf(proxy.url) } }, dns.resolve);
    const call = guarded.client.get('http://nowhere.test/', config);
    expect(await errorOf(call)).toMatchObject({ code: 'ENOTFOUND', isAxiosError: true });
    expect(proxy.connections).toBe(0);
  });

  it("the proxy's own address is the operator's choice", async () => {
    await using upstream = await startUpstream();
    await using secure = await startUpstream(answerJson, CERTIFICATE);
    await using proxy = await startProxy();
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']) vi.stubEnv(name, proxy.url);
    vi.stubEnv('NO_PROXY', '');
    vi.stubEnv('no_proxy', '');
    const guard = { allowHosts: ['localhost'], allowPorts: [portOf(upstream.url), portOf(secure.url)] };
    const tls = { ca: CA };
    await using guarded = guardedClient({ guard, tls });
    const urls = [upstream, secure].map(({ url }) => url.replace('127.0.0.1', 'localhost'));
    for (const url of urls) {
      expect((await guarded.client.get(url)).status).toBe(200);
      expect((await guarded.client.post(url, Readable.from(['x']))).status).toBe(200);
    }
    expect(proxy.forwarded).toBe(2);
    expect(proxy.tunnels).toBe(1); // native and axios's calls share the guarded tunnels
    // The proxy itself may not be called, and its idle sockets are not to be found.
    const { port } = new URL(proxy.url);
    expect(await ruleOf(guarded.client.get(`http://127.0.0.1:${port}/`, { proxy: false }))).toBe('port');
  });

  it('a socket to the proxy is not found by a call straight to its host', async () => {
    await using proxy = await startProxy();
    await using upstream = await startUpstream();
    const dnsNames: Zone = (name) => (name === 'up.test' ? ['93.184.216.34'] : ['127.0.0.1']);
    await using dns = await startDnsServer(dnsNames);
    const guard = { allowHosts: ['127.0.0.1'], allowPorts: false } as const;
    const axios = { proxy: { host: 'localhost', port: portOf(proxy.url) } };
    await using guarded = guardedClient({ guard, axios }, dns.resolve);
    expect((await guarded.client.get(upstream.url)).status).toBe(200);
    expect(proxy.connections).toBe(1);
    expect(await ruleOf(guarded.client.get(`http://localhost:${portOf(proxy.url)}/`))).toBe('loopback');
  });

  it('a call waits for DNS no longer than it may, and ends when it is cancelled', async () => {
    await using proxy = await startProxy();
    const answers: (() => void)[] = [];
    const late: ResolveHost = (_, __, callback) =>
      void answers.push(() => callback(null, [{ address: '93.184.216.34', family: 4 }]));
    const settings = { guard: true, axios: { proxy: proxyOf(proxy.url) } };
    await using guarded = guardedClient({ ...settings, timeouts: { connectMs: 50 } }, late);
    const error = await errorOf(guarded.client.get('http://slow.test/'));
    expect(error).toMatchObject({ code: 'ERR_CONNECT_TIMEOUT' });
    await using patient = guardedClient({ ...settings, timeouts: { connectMs: false, attemptMs: false } }, late);
    const cancelled = patient.client.get('http://slow.test/', { signal: AbortSignal.timeout(5) });
    expect(await errorOf(cancelled)).toMatchObject({ code: 'ERR_CANCELED' });
    const tunnelled = guarded.client.get('https://slow.test/');
    expect(await errorOf(tunnelled)).toMatchObject({ code: 'ERR_CONNECT_TIMEOUT' });
    expect(guarded.pool.stats()).toMatchObject({ inFlight: 0, total: { active: 0, queued: 0 } });
    expect(answers).toHaveLength(3);
    expect(guarded.pool.tunnelAgent(new URL(proxy.url)).sockets).toEqual({}); // no place is held until DNS answers
    for (const answer of answers) answer();
    await new Promise((settle) => setTimeout(settle, 50));
    expect(proxy.connections).toBe(0); // nobody waits for them any more
  });

  it('a call that is left to axios lets go of a proxy that does not answer, when it is given up', async () => {
    await using proxy = await startProxy({ hangs: true });
    const guard = { allowHosts: ['127.0.0.1'], allowPorts: false } as const;
    await using guarded = guardedClient({ guard, axios: { proxy: proxyOf(proxy.url) } });
    const controller = new AbortController();
    const config = { beforeRedirect: () => {}, signal: controller.signal };
    const call = errorOf(guarded.client.get('https://127.0.0.1:1/', config));
    await expect.poll(() => proxy.tunnels).toBe(1);
    controller.abort();
    expect(await call).toMatchObject({ code: 'ERR_CANCELED' });
    await expect.poll(() => proxy.open).toBe(0);
  });

  describe.each([
    ['the transport', {}],
    ['axios’s own adapter', LEFT_TO_AXIOS],
  ])('chooses among the addresses of a name, with %s', (_, config) => {
    /** What allows 127.0.0.2 for the public address, and nothing else. */
    const guard = { allowCidrs: ['127.0.0.2/32', 'fd00::2/128'], allowPorts: false } as const;

    it.each([
      ['the refused one first', ['127.0.0.1', '127.0.0.2'], 'loopback'],
      ['the refused one last', ['127.0.0.2', '127.0.0.1'], 'loopback'],
      ['one of three', ['127.0.0.2', '169.254.169.254', '127.0.0.2'], 'link-local'],
      ['the refused one of IPv6', ['127.0.0.2', '::1'], 'loopback'],
      ['the refused one of IPv4', ['10.0.0.1', 'fd00::2'], 'private'],
      ['an IPv4-mapped one', ['127.0.0.2', '::ffff:10.0.0.1'], 'private'],
      ['none', ['127.0.0.2', 'fd00::2'], undefined],
    ])('so all of them must be allowed: %s', async (_case, addresses, rule) => {
      await using proxy = await startUpstream(); // answers what it is to forward, and hangs up on CONNECT
      await using inner = await startUpstream();
      await using dns = await startDnsServer(() => addresses);
      await using guarded = guardedClient({ guard, axios: { proxy: proxyOf(proxy.url) } }, dns.resolve);
      for (const url of ['http://mixed.test:1/', 'https://mixed.test:1/']) {
        const error = await errorOf(guarded.client.get(url, config));
        expect(error?.rule).toBe(rule);
      }
      expect(proxy.connections > 0).toBe(rule === undefined);
      expect(inner.connections).toBe(0);
    });

    it('anew for each request, as the proxy does', async () => {
      await using proxy = await startUpstream();
      await using dns = await startDnsServer((__, lookup) => (lookup === 2 ? ['127.0.0.1'] : ['127.0.0.2']));
      await using guarded = guardedClient({ guard, axios: { proxy: proxyOf(proxy.url) } }, dns.resolve);
      const rules: unknown[] = [];
      for (let n = 0; n < 3; n++) rules.push(await ruleOf(guarded.client.get('http://rebind.test/', config)));
      expect(rules).toEqual([undefined, 'loopback', undefined]);
      expect(proxy.requests).toBe(2);
    });

    it('which a trusted host may have, but for blocked ones', async () => {
      await using proxy = await startProxy({ status: 502 });
      await using dns = await startDnsServer((name) => [name === 'bad.trusted.test' ? '10.0.0.66' : '10.0.0.1', '::1']);
      const trusting = { allowHosts: ['*.trusted.test'], blockCidrs: ['10.0.0.66/32'] };
      await using guarded = guardedClient({ guard: trusting, axios: { proxy: proxyOf(proxy.url) } }, dns.resolve);
      const rule = async (host: string) => (await errorOf(guarded.client.get(`https://${host}/`, config))).rule;
      expect(await rule('a.trusted.test')).toBeUndefined();
      expect(await rule('bad.trusted.test')).toBe('blockCidrs');
      expect(await rule('untrusted.test')).toBe('private');
      expect(proxy.tunnels).toBe(1);
    });

    it.each([
      ['http://2130706433/', 'loopback'],
      ['http://0x7f000001/', 'loopback'],
      ['https://0177.0.0.1/', 'loopback'],
      ['http://127.1/', 'loopback'],
      ['https://[::ffff:169.254.169.254]/', 'link-local'],
      ['http://169.254.169.254./', 'link-local'],
    ])('an address is judged in any spelling: %s', async (url, rule) => {
      await using proxy = await startProxy();
      await using guarded = guardedClient({ guard: true, axios: { proxy: proxyOf(proxy.url) } });
      expect(await ruleOf(guarded.client.get(url, config))).toBe(rule);
      expect(proxy.connections).toBe(0);
    });
  });

  it('a redirect is judged with all addresses of where it leads, before the proxy hears of it', async () => {
    const location = 'http://mixed.test/';
    await using upstream = await startUpstream((_, response) => void response.writeHead(302, { location }).end());
    await using proxy = await startProxy();
    await using dns = await startDnsServer(() => ['93.184.216.34', '10.0.0.1']);
    const guard = { allowHosts: ['127.0.0.1'], allowPorts: false } as const;
    await using guarded = guardedClient({ guard, axios: { proxy: proxyOf(proxy.url) } }, dns.resolve);
    expect(await ruleOf(guarded.client.get(upstream.url))).toBe('private');
    expect(proxy.forwarded).toBe(1);
  });

  it('a redirect of what axios has forwarded is refused, as nothing can be resolved in between', async () => {
    await using upstream = await startUpstream((_, response) => void response.writeHead(302, { location: '/x' }).end());
    await using proxy = await startProxy();
    const guard = { allowHosts: ['127.0.0.1'], allowPorts: false } as const;
    await using guarded = guardedClient({ guard, axios: { proxy: proxyOf(proxy.url) } });
    const call = guarded.client.get(upstream.url, { beforeRedirect: () => {} });
    expect(await ruleOf(call)).toBe('redirect through a proxy');
  });
});

describe('what goes around the guard', () => {
  const elsewhere = { host: '127.0.0.1', port: 1 };
  const settings: [string, AxiosRequestConfig & Record<string, unknown>][] = [
    ['httpAgent', { httpAgent: new Agent() }],
    ['httpsAgent', { httpsAgent: new Agent() }],
    ['lookup', { lookup: (): never => expect.unreachable() }],
    ['transport', { transport: { request: () => expect.unreachable() } }],
    ['httpVersion', { httpVersion: 2 }],
    ['httpVersion', { httpVersion: [2] as never }],
    ['proxy', { proxy: elsewhere }],
    ['proxy', { proxy: { ...elsewhere, protocol: 'https' } }],
    ['proxy', { proxy: new URL('http://127.0.0.1:1') as never }],
    ['proxy', { proxy: 'http://127.0.0.1:1' as never }],
    ['proxy', { proxy: elsewhere, ...LEFT_TO_AXIOS }],
    ['adapter', { adapter: 'http' }],
    ['adapter', { adapter: 'fetch', env: { fetch: (): never => expect.unreachable() }, fetchOptions: {} }],
    ['adapter', { adapter: ['xhr', 'http'] }],
    ['adapter', { adapter: (): never => expect.unreachable() }],
    ['adapter', { adapter: getAdapter('http') }],
  ];
  const allowing = { allowHosts: ['127.0.0.1'], allowPorts: false } as const;

  async function startApp(options: HttpClientModuleOptions = {}) {
    const imports = [HttpClientModule.forRoot({ guard: allowing, ...options })];
    const app = await Test.createTestingModule({ imports }).compile();
    onTestFinished(() => app.close());
    return app.get<AxiosInstance>(getHttpClientToken());
  }

  it.each(settings)('is refused: %s %o', async (name, config) => {
    await using upstream = await startUpstream();
    const refused = (error: any) => {
      expect(error).toBeInstanceOf(AddressBlockedError);
      expect(error).toMatchObject({ rule: `setting ${name}`, isMisuse: true, code: 'ERR_ADDRESS_BLOCKED' });
      expect(error.message).toContain(name);
    };
    const client = await startApp();
    refused(await errorOf(client.get(upstream.url, config)));
    refused(await errorOf(client.post(upstream.url, Readable.from(['x']), config)));
    refused(await errorOf(client.create(config as CreateAxiosDefaults).get(upstream.url)));
    const handler = client.interceptors.request.use((sent) => Object.assign(sent, config));
    refused(await errorOf(client.get(upstream.url)));
    client.interceptors.request.eject(handler);
    client.interceptors.request.use(async (sent) => Object.assign(sent, config));
    const transitional = { legacyInterceptorReqResOrdering: false };
    refused(await errorOf(client.get(upstream.url, { transitional } as AxiosRequestConfig)));
    client.interceptors.request.clear();
    expect((await client.get(upstream.url)).status).toBe(200);
    Object.assign(client.defaults, config);
    refused(await errorOf(client.get(upstream.url)));
    expect(upstream.requests).toBe(1);
  });

  it('is refused where code that runs later brings it: a transform has the config for this', async () => {
    await using upstream = await startUpstream();
    const client = await startApp();
    const attacks: ((config: InternalAxiosRequestConfig) => unknown)[] = [
      (config) => (config.adapter = getAdapter('http')),
      (config) => Object.assign(config, { adapter: 'fetch' }),
      (config) => delete config.adapter,
      (config) => Object.defineProperty(config, 'adapter', { value: 'http' }),
    ];
    for (const attack of attacks) {
      const transformRequest = function transform(this: InternalAxiosRequestConfig): string {
        attack(this);
        return '';
      };
      for (const brought of [transformRequest, [transformRequest], { transformRequest }]) {
        const config = { transformRequest: brought } as AxiosRequestConfig;
        expect(await ruleOf(client.get(upstream.url, config))).toBe('setting adapter');
        expect(await ruleOf(client.create(config as CreateAxiosDefaults).post(upstream.url, {}))).toBe(
          'setting adapter',
        );
        const handler = client.interceptors.request.use((sent) => sent);
        expect(await ruleOf(client.get(upstream.url, config))).toBe('setting adapter');
        client.interceptors.request.eject(handler);
      }
    }
    expect(upstream.requests).toBe(0);
  });

  it.each([[{}], [LEFT_TO_AXIOS]])(
    'has no effect where a serializer sets it, after the guard has looked: %o',
    async (how) => {
      await using upstream = await startUpstream();
      await using proxy = await startProxy();
      const client = await startApp();
      client.interceptors.request.use((sent) => {
        const serialize = () => {
          const late = { proxy: proxyOf(proxy.url), transport: { request: (): never => expect.unreachable() } };
          Object.assign(sent, late, { lookup: (): never => expect.unreachable(), httpVersion: 2 });
          return 'a=1';
        };
        return Object.assign(sent, { paramsSerializer: { serialize } });
      });
      expect((await client.get(upstream.url, { params: { a: 1 }, ...how })).status).toBe(200);
      expect(proxy.connections).toBe(0);
    },
  );

  it("but for the client's own proxy, which the operator chose", async () => {
    await using upstream = await startUpstream();
    await using proxy = await startProxy();
    const own = { ...proxyOf(proxy.url), auth: { username: 'u', password: 'a%41b' } };
    const client = await startApp({ axios: { proxy: own } });
    expect((await client.get(upstream.url)).status).toBe(200);
    expect((await client.get(upstream.url, { proxy: { ...own } })).status).toBe(200);
    expect((await client.get(upstream.url, LEFT_TO_AXIOS)).status).toBe(200);
    expect(proxy.forwarded).toBe(3);
    const other = { ...own, auth: { username: 'someone', password: 'else' } };
    expect(await ruleOf(client.get(upstream.url, { proxy: other }))).toBe('setting proxy');
    expect((await client.get(upstream.url, { proxy: false })).status).toBe(200); // on a guarded socket
    expect(proxy.connections).toBe(1);
  });

  it('and it is free to choose what does not connect', async () => {
    await using upstream = await startUpstream();
    const client = await startApp();
    const harmless = {
      httpVersion: '1',
      http2Options: {},
      fetchOptions: { dispatcher: {} },
      env: { fetch: (): never => expect.unreachable() },
      family: 4,
      localAddress: '203.0.113.1',
      createConnection: (): never => expect.unreachable(),
      allowAbsoluteUrls: true,
      proxy: false,
    } as unknown as AxiosRequestConfig;
    expect((await client.get(upstream.url, harmless)).status).toBe(200);
    expect((await client.get(upstream.url, { ...harmless, ...LEFT_TO_AXIOS })).status).toBe(200);
  });

  it('is listed in docs/security.md, every such setting', async () => {
    const page = await readFile(new URL('../docs/security.md', import.meta.url), 'utf8');
    const section = page.slice(
      page.indexOf('### Settings that choose who connects'),
      page.indexOf('### What the guard does not promise'),
    );
    const listed = [...section.matchAll(/^\| (.*?) +\|/gm)].flatMap(
      ([, cell]) => cell!.match(/[a-zA-Z\d_]+(?=`)/g) ?? [],
    );
    expect(listed).toEqual(expect.arrayContaining([...new Set(settings.map(([name]) => name)), ...UNGUARDED]));
  });

  it.each([[undefined], [null], [false]])('does not get around it with agents that are %o', async (agent) => {
    await using upstream = await startUpstream();
    await using guarded = guardedClient({ guard: { allowPorts: false } });
    const config = { httpAgent: agent, httpsAgent: agent, lookup: agent, transport: agent } as AxiosRequestConfig;
    const url = upstream.url.replace('127.0.0.1', 'localhost');
    expect(await ruleOf(guarded.client.post(url, Readable.from(['x']), config))).toBe('loopback');
    expect(await ruleOf(guarded.client.get(url, { ...config, proxy: agent as never }))).toBe('loopback');
    expect(upstream.connections).toBe(0);
  });

  it.each([
    ['unix socket', { socketPath: '/var/run/docker.sock', url: 'http://localhost/containers/json' }],
    ['unix socket', { socketPath: '/var/run/docker.sock', url: 'http://example.com/', data: Readable.from([]) }],
    ['scheme', { url: 'data:text/plain,hello' }],
    ['scheme', { url: ' DATA:text/plain,hello' }],
    ['scheme', { url: 'file:///etc/passwd' }],
    ['scheme', { url: 'ftp://example.com/' }],
    ['scheme', { url: 'gopher://127.0.0.1:6379/_INFO' }],
    ['scheme', { url: 'blob:http://example.com/1' }],
  ])('is refused as %s: %o', async (rule, config) => {
    await using guarded = guardedClient({ guard: true });
    expect(await ruleOf(guarded.client.request({ method: 'post', ...config }))).toBe(rule);
  });
});

describe('the rest of the client', () => {
  it('never repeats a blocked call, nor counts it against the upstream', async () => {
    await using dns = await startDnsServer(() => ['10.0.0.1']);
    const resilience = { preset: 'standard', breaker: { consecutiveFailures: 1 }, hedge: { coldMs: 1 } } as const;
    await using guarded = guardedClient({ guard: true, resilience }, dns.resolve);
    for (let n = 0; n < 3; n++) expect(await ruleOf(guarded.client.get('http://inner.test/'))).toBe('private');
    expect(dns.lookups('inner.test')).toBeLessThanOrEqual(6); // a hedge may have gone out before the answer
  });

  it('leaves nothing on a signal that outlives the call', async () => {
    await using guarded = guardedClient({ guard: true });
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    expect(await ruleOf(guarded.client.get('http://127.0.0.1/', { signal }))).toBe('loopback');
    expect(removed.mock.calls.length).toBe(added.mock.calls.length);
  });

  it('answers as ever where nothing is refused, over both services', async () => {
    await using upstream = await startUpstream();
    const guard = { allowHosts: ['127.0.0.1'], allowPorts: [portOf(upstream.url)] };
    const app = await Test.createTestingModule({ imports: [HttpClientModule.forRoot({ guard })] }).compile();
    const { data } = await firstValueFrom(app.get(HttpService).get(`${upstream.url}/a`));
    expect(data).toEqual({ path: '/a' });
    await app.close();
  });

  it('has the guard in a transport by itself', async () => {
    const transport = createTransport({ guard: true });
    const { default: axios } = await import('axios');
    expect(await ruleOf(axios.create({ adapter: transport }).get('http://127.0.0.1/'))).toBe('loopback');
    await transport.close();
  });
});

describe('a client with a base URL', () => {
  it('does not leave its origin, unless it is told that it may', async () => {
    await using upstream = await startUpstream();
    await using other = await startUpstream();
    await using confined = guardedClient({ baseURL: `${upstream.url}/v1` });
    const { client } = confined;
    expect((await client.get('/users')).data).toEqual({ path: '/v1/users' });
    expect((await client.get('')).data).toEqual({ path: '/v1' });
    expect((await client.get(`${upstream.url}/v2/next`)).data).toEqual({ path: '/v2/next' });
    for (const call of [
      client.get(other.url),
      client.get(`//${new URL(other.url).host}/`),
      client.get(other.url.replace('http', 'HTTP')),
      client.get('/', { baseURL: other.url }),
      client.get(other.url, { baseURL: undefined }),
      client.post(other.url, Readable.from(['x'])),
    ]) {
      expect(await ruleOf(call)).toBe('outside baseURL');
    }
    expect(other.connections).toBe(0);
    await using free = guardedClient({ baseURL: upstream.url, confine: false });
    expect((await free.client.get(other.url)).status).toBe(200);
  });

  it('keeps to its path where it is asked to', async () => {
    await using upstream = await startUpstream();
    await using confined = guardedClient({ baseURL: `${upstream.url}/v1/`, confine: 'path' });
    expect((await confined.client.get('/users?a=../b', { params: { c: '../d' } })).status).toBe(200);
    for (const url of ['../admin', '/%2e%2e/admin', '/..%2fadmin', `${upstream.url}/v2`, '/..;/admin']) {
      expect(await ruleOf(confined.client.get(url))).toBe('outside baseURL');
    }
    expect(upstream.requests).toBe(1);
  });

  it('calls absolute URLs as ever where it has none', async () => {
    await using upstream = await startUpstream();
    await using free = guardedClient({});
    expect((await free.client.get(upstream.url, { baseURL: 'http://other.test' })).status).toBe(200);
  });
});
