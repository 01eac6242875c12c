import { HttpService } from '@nestjs/axios';
import { Test } from '@nestjs/testing';
import FormData from 'form-data';
import type { AxiosInstance, AxiosRequestConfig } from 'axios';
import { Agent } from 'node:http';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  AddressBlockedError,
  type ConnectionPool,
  createTransport,
  getConnectionPoolToken,
  getHttpClientToken,
  HttpClientModule,
  HttpClients,
} from '../src/index.js';
import type { ResolveHost } from '../src/guard/address-guard.js';
import { startDnsServer, type Zone } from './support/dns-server.js';
import { guardedClient } from './support/guarded-client.js';
import { startProxy } from './support/proxy.js';
import { answerJson, startUpstream } from './support/upstream.js';

const pem = (name: string) => readFile(new URL(`support/tls/${name}.pem`, import.meta.url));
const portOf = (url: string) => Number(new URL(url).port);
const errorOf = (call: Promise<unknown>): Promise<any> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );
/** The rule that refuses a call; undefined where it is answered. */
const ruleOf = async (call: Promise<unknown>) => {
  const error = await errorOf(call);
  if (error === undefined) return undefined;
  expect(error).toBeInstanceOf(AddressBlockedError);
  return (error as AddressBlockedError).rule;
};
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
    expect(await to({ socketPath: '/var/run/docker.sock' })).toBe('unix socket');
    const agents = { http: new Agent(), https: undefined };
    expect(await to({ hostname: '10.0.0.1', agent: agents.http, agents })).toBe('private');
    expect(await to({ hostname: 'localhost', lookup: (): never => expect.unreachable() })).toBe('loopback');
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
    await using guarded = guardedClient({ guard: true }, dns.resolve);
    const through = { proxy: proxyOf(proxy.url) };
    expect(await ruleOf(guarded.client.get(url, through))).toBe(rule);
    expect(await ruleOf(guarded.client.post(url, Readable.from(['x']), through))).toBe(rule);
    expect(proxy.connections).toBe(0);
    expect(guarded.pool.stats()).toMatchObject({ inFlight: 0, total: { queued: 0, active: 0 } });
  });

  it.each([
    ['the transport', {}],
    ['axios’s own adapter', { maxRate: 1e9 }],
  ])('a call to a name that does not resolve fails as ever, with %s', async (_, config) => {
    await using proxy = await startProxy();
    await using dns = await startDnsServer(() => []);
    await using guarded = guardedClient({ guard: true }, dns.resolve);
    const call = guarded.client.get('http://nowhere.test/', { ...config, proxy: proxyOf(proxy.url) });
    expect(await errorOf(call)).toMatchObject({ code: 'ENOTFOUND', isAxiosError: true });
    expect(proxy.connections).toBe(0);
  });

  it("the proxy's own address is the operator's choice", async () => {
    await using upstream = await startUpstream();
    await using secure = await startUpstream(answerJson, { key: await pem('key'), cert: await pem('cert') });
    await using proxy = await startProxy();
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']) vi.stubEnv(name, proxy.url);
    vi.stubEnv('NO_PROXY', '');
    vi.stubEnv('no_proxy', '');
    const guard = { allowHosts: ['localhost'], allowPorts: [portOf(upstream.url), portOf(secure.url)] };
    const tls = { ca: await pem('ca') };
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
    await using guarded = guardedClient({ guard }, dns.resolve);
    const host = { host: 'localhost', port: portOf(proxy.url) };
    expect((await guarded.client.get(upstream.url, { proxy: host })).status).toBe(200);
    expect(proxy.connections).toBe(1);
    expect(await ruleOf(guarded.client.get(`http://localhost:${portOf(proxy.url)}/`))).toBe('loopback');
  });

  it('a call waits for DNS no longer than it may, and ends when it is cancelled', async () => {
    await using proxy = await startProxy();
    const answers: (() => void)[] = [];
    const late: ResolveHost = (_, __, callback) =>
      void answers.push(() => callback(null, [{ address: '93.184.216.34', family: 4 }]));
    await using guarded = guardedClient({ guard: true, timeouts: { connectMs: 50 } }, late);
    const through = { proxy: proxyOf(proxy.url) };
    const error = await errorOf(guarded.client.get('http://slow.test/', through));
    expect(error).toMatchObject({ code: 'ERR_CONNECT_TIMEOUT' });
    await using patient = guardedClient({ guard: true, timeouts: { connectMs: false, attemptMs: false } }, late);
    const cancelled = patient.client.get('http://slow.test/', { ...through, signal: AbortSignal.timeout(5) });
    expect(await errorOf(cancelled)).toMatchObject({ code: 'ERR_CANCELED' });
    const tunnelled = guarded.client.get('https://slow.test/', through);
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
    await using guarded = guardedClient({ guard });
    const controller = new AbortController();
    const config = { proxy: proxyOf(proxy.url), beforeRedirect: () => {}, signal: controller.signal };
    const call = errorOf(guarded.client.get('https://127.0.0.1:1/', config));
    await expect.poll(() => proxy.tunnels).toBe(1);
    controller.abort();
    expect(await call).toMatchObject({ code: 'ERR_CANCELED' });
    await expect.poll(() => proxy.open).toBe(0);
  });

  it('a redirect of what axios has forwarded is refused, as nothing can be resolved in between', async () => {
    await using upstream = await startUpstream((_, response) => void response.writeHead(302, { location: '/x' }).end());
    await using proxy = await startProxy();
    const guard = { allowHosts: ['127.0.0.1'], allowPorts: false } as const;
    await using guarded = guardedClient({ guard });
    const call = guarded.client.get(upstream.url, { proxy: proxyOf(proxy.url), beforeRedirect: () => {} });
    expect(await ruleOf(call)).toBe('redirect through a proxy');
  });
});

describe('what goes around the guard', () => {
  const settings: [string, AxiosRequestConfig & Record<string, unknown>][] = [
    ['httpAgent', { httpAgent: new Agent() }],
    ['httpsAgent', { httpsAgent: new Agent() }],
    ['lookup', { lookup: (): never => expect.unreachable() }],
    ['transport', { transport: { request: () => expect.unreachable() } }],
    ['httpVersion', { httpVersion: 2 }],
  ];
  it.each(settings)('is refused: %s', async (name, config) => {
    await using upstream = await startUpstream();
    await using guarded = guardedClient({ guard: { allowHosts: ['127.0.0.1'], allowPorts: false } });
    const error = await errorOf(guarded.client.get(upstream.url, config));
    expect(error).toBeInstanceOf(AddressBlockedError);
    expect(error).toMatchObject({ rule: `setting ${name}`, isMisuse: true });
    expect(error.message).toContain(name);
    expect(upstream.connections).toBe(0);
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
