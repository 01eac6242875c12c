import axios, { type AxiosInstance, type AxiosProxyConfig, type AxiosRequestConfig } from 'axios';
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import type { AddressInfo, NetConnectOpts } from 'node:net';
import { afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createTransport } from '../src/index.js';
import { CERTIFICATE } from './support/certificates.js';
import { answerJson, startUpstream, type Upstream } from './support/upstream.js';

const VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'];

let direct: Upstream;
let secure: Upstream;
beforeAll(async () => {
  direct = await startUpstream();
  secure = await startUpstream(answerJson, CERTIFICATE);
  return async () => {
    await direct[Symbol.asyncDispose]();
    await secure[Symbol.asyncDispose]();
  };
});
afterEach(() => vi.unstubAllEnvs());

/** A proxy that is asked, and never connects. */
async function startAskedProxy() {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    response.end('{}');
  });
  server.on('connect', (request: IncomingMessage, socket) => {
    asked.push(request);
    socket.end('HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port, url: `http://127.0.0.1:${port}`, asked };
}

/** Has what an agent connects straight to be a server on loopback, whatever its address: a table has addresses of all kinds. */
function connectingTo(agent: Agent, { url }: Upstream, proxyPorts: readonly number[]): Agent {
  const internals = agent as unknown as {
    createConnection: (to: NetConnectOpts & object, ...rest: unknown[]) => unknown;
  };
  const connect = internals.createConnection;
  internals.createConnection = (to, ...rest) => {
    const isProxy = proxyPorts.includes(Number((to as { port: unknown }).port));
    const there = isProxy ? {} : { host: '127.0.0.1', port: Number(new URL(url).port), servername: 'localhost' };
    return connect.call(agent, { ...to, ...there }, ...rest);
  };
  return agent;
}

/** axios with its own adapter, and ours; the second also as it leaves a call to axios's adapter. */
function callers(...proxyPorts: number[]) {
  const transport = createTransport({ tls: { rejectUnauthorized: false } });
  onTestFinished(async () => void (await transport.close()));
  connectingTo(transport.pool.httpAgent, direct, proxyPorts);
  connectingTo(transport.pool.httpsAgent, secure, proxyPorts);
  const agents = {
    httpAgent: connectingTo(new Agent(), direct, proxyPorts),
    httpsAgent: connectingTo(new SecureAgent({ rejectUnauthorized: false }), secure, proxyPorts),
  };
  const ours = axios.create({ adapter: transport });
  return {
    axios: axios.create({ adapter: 'http', ...agents }),
    native: ours,
    delegated: axios.create({ adapter: transport, maxRate: 1e9 }),
  };
}

function stubEnvironment(env: Readonly<Record<string, string>>): void {
  for (const name of VARIABLES) for (const either of [name, name.toUpperCase()]) vi.stubEnv(either, '');
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
}

/** What axios's own adapter does, which is asked, and ours do. */
async function verdicts(
  env: Readonly<Record<string, string>>,
  url: string,
  configFor: (portA: number, portB: number) => AxiosRequestConfig = () => ({}),
) {
  const proxies = [await startAskedProxy(), await startAskedProxy()] as const;
  const named = Object.entries(env).map(([name, value]) => [
    name,
    value.replaceAll('PROXY_A', `127.0.0.1:${proxies[0].port}`).replaceAll('PROXY_B', `127.0.0.1:${proxies[1].port}`),
  ]);
  stubEnvironment(Object.fromEntries(named));
  const clients = callers(proxies[0].port, proxies[1].port);
  const verdictOf = async (client: AxiosInstance) => {
    for (const { asked } of proxies) asked.length = 0;
    const before = direct.requests + secure.requests;
    await client.get(url, configFor(proxies[0].port, proxies[1].port)).catch(() => {});
    const [a, b] = proxies.map(({ asked }) => asked.length > 0);
    const isDirect = direct.requests + secure.requests > before;
    return [a && 'A', b && 'B', isDirect && 'direct'].filter(Boolean).join(' and ') || 'neither';
  };
  return {
    axios: await verdictOf(clients.axios),
    native: await verdictOf(clients.native),
    delegated: await verdictOf(clients.delegated),
  };
}

const all = (verdict: string) => ({ axios: verdict, native: verdict, delegated: verdict });

describe('NO_PROXY is read as axios reads it', () => {
  it.each<[noProxy: string, url: string, verdict: 'A' | 'direct']>([
    ['', 'http://127.0.0.1/', 'A'],
    ['*', 'http://example.test/', 'direct'],
    ['other.test,*', 'http://example.test/', 'direct'],
    // names
    ['example.test', 'http://example.test/', 'direct'],
    ['EXAMPLE.test', 'http://example.TEST/', 'direct'],
    ['example.test', 'http://a.example.test/', 'A'],
    ['example.test', 'http://notexample.test/', 'A'],
    ['.example.test', 'http://a.example.test/', 'direct'],
    ['.example.test', 'http://example.test/', 'A'],
    ['*.example.test', 'http://a.b.example.test/', 'direct'],
    ['*.example.test', 'http://example.test/', 'A'],
    ['*example.test', 'http://notexample.test/', 'direct'],
    ['example.test.', 'http://example.test/', 'direct'],
    ['example.test', 'http://example.test./', 'direct'],
    ['.example.test', 'http://a.example.test./', 'direct'],
    ['example.test..', 'https://example.test/', 'direct'],
    // separators
    ['a.test example.test', 'http://example.test/', 'direct'],
    [' a.test , , example.test ', 'http://example.test/', 'direct'],
    ['a.test\texample.test', 'https://example.test/', 'direct'],
    ['a.test;example.test', 'http://example.test/', 'A'],
    // ports
    ['example.test:80', 'http://example.test/', 'direct'],
    ['example.test:80', 'http://example.test:8080/', 'A'],
    ['example.test:443', 'https://example.test/', 'direct'],
    ['example.test:443', 'http://example.test/', 'A'],
    ['.example.test:8080', 'http://a.example.test:8080/', 'direct'],
    ['*:8080', 'http://example.test:8080/', 'direct'],
    ['*:8080', 'http://example.test/', 'A'],
    ['example.test:0', 'http://example.test:8080/', 'direct'],
    ['example.test:', 'http://example.test/', 'A'],
    ['http://example.test', 'http://example.test/', 'A'],
    // loopback in all its names: CVE-2025-62718
    ['localhost', 'http://127.0.0.1/', 'direct'],
    ['127.0.0.1', 'http://localhost/', 'direct'],
    ['127.0.0.1', 'http://localhost./', 'direct'],
    ['localhost', 'http://[::1]/', 'direct'],
    ['::1', 'https://127.9.9.9/', 'direct'],
    ['127.0.0.1', 'http://[::ffff:127.0.0.1]/', 'direct'],
    ['0.0.0.0', 'http://127.0.0.1/', 'direct'],
    ['localhost', 'http://0.0.0.0/', 'direct'],
    ['localhost', 'http://[::]/', 'direct'],
    ['localhost', 'http://foo.localhost/', 'A'],
    ['localhost:8080', 'http://127.0.0.1/', 'A'],
    ['localhost:8080', 'http://127.0.0.1:8080/', 'direct'],
    // addresses in other spellings
    ['127.1', 'http://127.0.0.1/', 'direct'],
    ['0177.0.0.1', 'http://127.0.0.1/', 'direct'],
    ['0x7f.0.0.1', 'http://2130706433/', 'direct'],
    ['10.0.0.1', 'http://012.0.0.1/', 'direct'],
    ['10.0.0.1', 'http://0xa.1/', 'direct'],
    ['167772161', 'http://10.0.0.1/', 'A'],
    ['10.0.0.1.', 'http://10.0.0.1/', 'direct'],
    ['*.0.0.1', 'http://10.0.0.1/', 'direct'],
    ['10.0.0.1', 'http://[::ffff:a00:1]/', 'direct'],
    ['::ffff:10.0.0.1', 'http://10.0.0.1/', 'direct'],
    ['10.0.0.1', 'http://[::10.0.0.1]/', 'A'],
    ['fd00::1', 'http://[fd00:0:0::1]/', 'direct'],
    ['[fd00:0::1]', 'https://[fd00::1]/', 'direct'],
    ['[fd00::1]:8080', 'http://[fd00::1]:8080/', 'direct'],
    ['[fd00::1]:8080', 'http://[fd00::1]/', 'A'],
    ['fd00::1:8080', 'http://[fd00::1]:8080/', 'A'],
    ['fe80::1%eth0', 'http://[fe80::1]/', 'A'],
    // ranges: CVE-2026-42043
    ['127.0.0.0/8', 'http://127.0.0.1/', 'direct'],
    ['127.0.0.0/8', 'http://localhost/', 'A'],
    ['10.0.0.0/8', 'http://10.255.0.1/', 'direct'],
    ['10.0.0.0/8', 'https://11.0.0.1/', 'A'],
    ['10.9.9.9/8', 'http://10.0.0.1/', 'direct'],
    ['10.0/8', 'http://10.0.0.1/', 'direct'],
    ['10.0.0.0/8', 'http://[::ffff:10.0.0.1]/', 'direct'],
    ['::ffff:10.0.0.0/104', 'http://10.0.0.1/', 'direct'],
    ['::ffff:10.0.0.0/95', 'http://10.0.0.1/', 'A'],
    ['fd00::/8', 'http://[fd12::1]/', 'direct'],
    ['[fd00::]/8', 'http://[fd12::1]/', 'direct'],
    ['fd00::/8', 'http://[fe00::1]/', 'A'],
    ['[10.0.0.0]/8', 'http://10.0.0.1/', 'A'],
    ['0.0.0.0/0', 'http://10.0.0.1/', 'direct'],
    ['0.0.0.0/0', 'http://[fd00::1]/', 'A'],
    ['::/0', 'http://10.0.0.1/', 'A'],
    ['10.0.0.0/33', 'http://10.0.0.1/', 'A'],
    ['10.0.0.0/08', 'http://10.0.0.1/', 'A'],
    ['10.0.0.0/', 'http://10.0.0.0/', 'A'],
    ['10.0.0.1/32', 'http://10.0.0.1:8080/', 'direct'],
    // other scripts
    ['bücher.test', 'http://bücher.test/', 'direct'],
    ['xn--bcher-kva.test', 'http://BÜCHER.test/', 'direct'],
    ['*.bücher.test', 'http://a.xn--bcher-kva.test/', 'direct'],
    ['bücher.test', 'http://bucher.test/', 'A'],
  ])('%j and %s', async (noProxy, url, verdict) => {
    const env = { HTTP_PROXY: 'http://PROXY_A', HTTPS_PROXY: 'http://PROXY_A', NO_PROXY: noProxy };
    expect(await verdicts(env, url)).toEqual(all(verdict));
  });
});

describe('the variables are read as axios reads them', () => {
  it.each<[string, Record<string, string>, 'http' | 'https', string]>([
    ['none', {}, 'http', 'direct'],
    ['the lower case first', { http_proxy: 'http://PROXY_A', HTTP_PROXY: 'http://PROXY_B' }, 'http', 'A'],
    ['the upper case where that is empty', { http_proxy: '', HTTP_PROXY: 'http://PROXY_B' }, 'http', 'B'],
    ['each for its scheme', { http_proxy: 'http://PROXY_A', https_proxy: 'http://PROXY_B' }, 'https', 'B'],
    ['not the one of the other scheme', { https_proxy: 'http://PROXY_B' }, 'http', 'direct'],
    ['the one for all', { ALL_PROXY: 'http://PROXY_B' }, 'https', 'B'],
    ['the one for all last', { all_proxy: 'http://PROXY_B', HTTP_PROXY: 'http://PROXY_A' }, 'http', 'A'],
    ['no_proxy before NO_PROXY', { http_proxy: 'http://PROXY_A', no_proxy: 'x.test', NO_PROXY: '*' }, 'http', 'A'],
    ['a proxy without a scheme', { http_proxy: 'PROXY_A' }, 'http', 'A'],
    ['a proxy with a path', { http_proxy: 'http://PROXY_A/path?x#y' }, 'http', 'A'],
    ['a proxy with spaces around it', { http_proxy: ' http://PROXY_A ' }, 'http', 'A'],
    ['a proxy in upper case', { http_proxy: 'HTTP://PROXY_A' }, 'http', 'A'],
    ['a proxy that is no URL', { http_proxy: 'http://PROXY_A:x' }, 'http', 'neither'],
  ])('%s', async (_, env, scheme, verdict) => {
    expect(await verdicts(env, `${scheme}://example.test/`)).toEqual(all(verdict));
  });

  it('and a call’s own proxy comes before them', async () => {
    const url = 'http://example.test/';
    const another = (_: number, port: number) => ({ proxy: { host: '127.0.0.1', port } });
    expect(await verdicts({ HTTP_PROXY: 'http://PROXY_A' }, url, () => ({ proxy: false }))).toEqual(all('direct'));
    expect(await verdicts({ HTTP_PROXY: 'http://PROXY_A', NO_PROXY: '*' }, url, another)).toEqual(all('B'));
  });

  it('but a proxy that is none fails with the name of the variable, and shows no password', async () => {
    stubEnvironment({ HTTPS_PROXY: 'http://user:secret@127.0.0.1:x' });
    const { native, delegated } = callers();
    for (const client of [native, delegated]) {
      const error: any = await client.get('https://example.test/').catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'ERR_INVALID_URL', message: 'Invalid proxy: HTTPS_PROXY is no URL' });
      expect(JSON.stringify({ ...error, ...error.cause })).not.toContain('secret');
    }
  });
});

describe('a proxy is logged in to', () => {
  const credentialsOf = ({ headers }: IncomingMessage) =>
    Buffer.from((headers['proxy-authorization'] ?? '').slice('Basic '.length), 'base64').toString();
  const urls = ['http://example.test/', 'https://example.test/'];

  it.each<[string, Partial<AxiosProxyConfig> | Record<string, unknown>, string]>([
    ['', {}, ''],
    ['a percent sign and two digits', { auth: { username: 'u', password: 'a%41b' } }, 'u:a%41b'],
    ['a percent sign', { auth: { username: '50%', password: '100%' } }, '50%:100%'],
    ['delimiters of URLs', { auth: { username: 'u/?#', password: 'a@b:c/d' } }, 'u/?#:a@b:c/d'],
    ['a colon in the name', { auth: { username: 'u:v', password: 'p' } }, 'u:v:p'],
    ['spaces and other scripts', { auth: { username: 'ü u', password: '密 ' } }, 'ü u:密 '],
    ['half a character', { auth: { username: 'u', password: '\ud83d' } }, 'u:\ufffd'],
    ['a name only', { auth: { username: 'u' } }, 'u:'],
    ['a password only', { auth: { username: '', password: 'p' } }, ':p'],
    ['a text', { auth: 'u:a%41@b' }, 'u:a%41@b'],
    ['username and password beside the host', { username: 'u', password: 'a%41b' }, 'u:a%41b'],
    [
      'hostname in place of host',
      { host: undefined, hostname: '127.0.0.1', auth: { username: 'u', password: 'p' } },
      'u:p',
    ],
    ['a protocol with a colon', { protocol: 'http:', auth: { username: 'u', password: 'p' } }, 'u:p'],
    ['a port in text', { port: 'TEXT', auth: { username: 'u', password: 'p' } }, 'u:p'],
  ])('as axios does: %s', async (_, given, expected) => {
    stubEnvironment({});
    const { port, asked } = await startAskedProxy();
    const clients = callers(port);
    const proxy = { host: '127.0.0.1', ...given, port: 'port' in given ? String(port) : port } as AxiosProxyConfig;
    for (const url of urls) {
      for (const client of Object.values(clients)) await client.get(url, { proxy }).catch(() => {});
      expect(asked.splice(0).map(credentialsOf)).toEqual([expected, expected, expected]);
    }
  });

  // As curl, undici and Node have it, and the URL standard; axios sends it as it is written.
  it.each([
    ['p%40ss%3Aword', 'p@ss:word'],
    ['a%2541b', 'a%41b'],
    ['50%', '50%'],
  ])('unlike axios with the credentials of a URL decoded: %s', async (written, decoded) => {
    const { port, asked } = await startAskedProxy();
    const address = `http://user:${written}@127.0.0.1:${port}`;
    stubEnvironment({ HTTP_PROXY: address, HTTPS_PROXY: address });
    const { axios: theirs, native, delegated } = callers(port);
    const asUrl = { proxy: new URL(address) as unknown as AxiosProxyConfig };
    for (const url of urls) {
      for (const config of [{}, asUrl]) {
        for (const client of [theirs, native, delegated]) await client.get(url, config).catch(() => {});
        expect(asked.splice(0).map(credentialsOf)).toEqual([`user:${written}`, `user:${decoded}`, `user:${decoded}`]);
      }
    }
  });

  it.each<[string, unknown, string]>([
    ['no host', { port: 1 }, 'it has no host'],
    ['a text', 'http://127.0.0.1:1', 'it has no host'],
    ['true', true, 'it has no host'],
    ['a host that is none', { host: 'a b' }, 'make no URL'],
    ['a port that is none', { host: '127.0.0.1', port: 'x' }, 'make no URL'],
    ['an empty login', { host: '127.0.0.1', auth: {} }, 'Invalid proxy authorization'],
    ['SOCKS', { host: '127.0.0.1', protocol: 'socks5' }, 'Unsupported proxy protocol socks5:'],
  ])('or refused where it cannot be used: %s', async (_, proxy, message) => {
    stubEnvironment({});
    const { native, delegated } = callers();
    for (const client of [native, delegated]) {
      const error = expect.objectContaining({
        code: expect.stringMatching(/^ERR_(BAD_OPTION|INVALID_URL)$/),
        message: expect.stringContaining(message),
      });
      await expect(client.get('http://example.test/', { proxy: proxy as never })).rejects.toEqual(error);
    }
  });
});
