import { Test } from '@nestjs/testing';
import axios, {
  AxiosHeaders,
  type AxiosInstance,
  type AxiosRequestConfig,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import * as tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTransport, getHttpClientToken, HttpClientModule, type Transport } from '../src/index.js';
import { expectTyped, OK } from './support/attack.js';
import { CA, CERTIFICATE } from './support/certificates.js';
import { guardedClient } from './support/guarded-client.js';

/** Heads that the upstreams got. */
let heads: string[] = [];
/** What was done that nobody asked for. */
let misdeeds: string[] = [];
const misdeed = (name: string) => () => void misdeeds.push(name);

function answer(socket: Socket): void {
  let received = '';
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    const end = received.indexOf('\r\n\r\n') + 4;
    const length = end + Number(/^content-length: (\d+)/im.exec(received)?.[1] ?? 0);
    if (end < 4 || received.length < length) return;
    const head = received.slice(0, length);
    received = received.slice(length);
    heads.push(head.replace(/(127\.0\.0\.1|localhost):\d+/g, 'upstream'));
    socket.write(head.includes(' /moved ') ? 'HTTP/1.1 307 Moved\r\ncontent-length: 0\r\n\r\n' : OK);
  });
}

const plain = createServer(answer);
const secure = tls.createServer(CERTIFICATE, answer);
const elsewhere = createServer((socket) => {
  misdeeds.push('a connection elsewhere');
  socket.on('error', () => {}).end(OK);
});
const elsewhereToo = createServer(misdeed('a connection to a socket path'));
const elsewherePath = join(tmpdir(), `nest-outbound-${process.pid}.sock`);
const portOf = (server: Server | tls.Server) => (server.address() as AddressInfo).port;

let names: Record<string, unknown>;
let prepared: AxiosInstance;
let close: () => Promise<unknown>;

beforeAll(async () => {
  for (const server of [plain, secure, elsewhere]) await once(server.listen(0, '127.0.0.1'), 'listening');
  await once(elsewhereToo.listen(elsewherePath), 'listening');
  const app = await Test.createTestingModule({
    imports: [HttpClientModule.forRoot({ tls: { ca: CA }, resilience: 'standard' })],
  }).compile();
  app.enableShutdownHooks();
  close = () => app.close();
  prepared = app.get<AxiosInstance>(getHttpClientToken());
  names = hostileValues(portOf(elsewhere));
});

afterAll(async () => {
  await close();
  for (const server of [plain, secure, elsewhere, elsewhereToo]) server.close();
});

/** What somebody could put on Object.prototype, so that it did harm if it were taken for a setting. */
function hostileValues(port: number): Record<string, unknown> {
  const url = `http://127.0.0.1:${port}`;
  const agent = Object.assign(new Agent(), { addRequest: misdeed('agent') });
  const tricks =
    'adapter transformRequest transformResponse paramsSerializer beforeRedirect validateStatus createConnection';
  return {
    ...Object.fromEntries(tricks.split(' ').map((name) => [name, misdeed(name)])),
    // axios
    baseURL: url,
    url,
    proxy: { host: '127.0.0.1', port },
    socketPath: elsewherePath,
    transport: { request: misdeed('transport') },
    auth: { username: 'evil', password: 'evil' },
    httpAgent: agent,
    httpsAgent: agent,
    headers: { 'x-evil': '1' },
    common: { 'x-evil': '1' },
    params: { evil: 1 },
    // Node calls it for the event of that name as well.
    lookup: (_host: string, _options: object, callback: unknown) =>
      typeof callback === 'function' && callback(null, '127.0.0.2', 4),
    family: 6,
    insecureHTTPParser: true,
    maxRedirects: 0,
    decompress: false,
    responseType: 'stream',
    responseEncoding: 'hex',
    maxContentLength: 1,
    maxBodyLength: 1,
    cancelToken: {
      throwIfRequested: misdeed('cancelToken'),
      subscribe: misdeed('cancelToken'),
      reason: new Error('evil'),
    },
    allowAbsoluteUrls: false,
    sensitiveHeaders: ['a'],
    method: 'DELETE',
    data: 'evil',
    withXSRFToken: true,
    transitional: { silentJSONParsing: false },
    httpVersion: 2,
    maxRate: 1,
    // this package
    resilience: { deadlineMs: 1, retry: { retryIf: misdeed('retryIf') } },
    retry: { retryIf: misdeed('retryIf') },
    preset: 'standard',
    deadlineMs: 1,
    hedge: true,
    coalesce: true,
    rateLimit: { max: 1, intervalMs: 1_000_000 },
    concurrency: { max: 1 },
    breaker: false,
    timeouts: { attemptMs: 1 },
    limits: { maxResponseBytes: 1 },
    redirects: { max: false },
    pool: { maxSockets: 1 },
    tls: { rejectUnauthorized: false },
    before: 'admission',
    after: 'admission',
    attemptMs: 1,
    maxResponseBytes: 1,
    allowDowngrade: true,
    guard: false,
    allowHosts: ['a'],
    allowCidrs: ['0.0.0.0/0'],
    blockCidrs: ['0.0.0.0/0'],
    allowPorts: [1],
    confine: 'path',
    redact: { headers: ['a'] },
    // headers
    location: `${url}/`,
    'content-encoding': 'gzip',
    'content-length': '0',
    'transfer-encoding': 'chunked',
    'user-agent': 'evil',
    'x-evil': '1',
    authorization: 'evil',
    cookie: 'evil',
    Host: 'evil',
    expect: '100-continue',
    // Node
    host: '127.0.0.2',
    hostname: '127.0.0.2',
    port,
    defaultPort: port,
    hints: 1,
    all: false,
    order: 'evil',
    verbatim: 'evil',
    path: elsewherePath,
    protocol: 'ftp:',
    agent,
    _defaultAgent: agent,
    localAddress: '127.0.0.3',
    setHost: false,
    maxHeaderSize: 1,
    joinDuplicateHeaders: true,
    uniqueHeaders: ['host'],
    keepAlive: false,
    maxSockets: 1,
    freeSocketTimeout: 1,
    ca: CERTIFICATE.cert,
    rejectUnauthorized: false,
    checkServerIdentity: misdeed('checkServerIdentity'),
    servername: 'evil',
    ALPNProtocols: ['evil'],
    session: Buffer.from('evil'),
    secureContext: {},
    pfx: 'evil',
    ciphers: 'NULL',
    minVersion: 'evil',
    pskCallback: misdeed('pskCallback'),
    username: 'evil',
    password: 'evil',
  };
}

/** With a property on Object.prototype, as a fault in another library would put it there: one that is assigned is enumerable. */
async function polluted<Result>(
  name: string,
  value: unknown,
  run: () => Promise<Result>,
  enumerable = true,
): Promise<Result> {
  const everyObject = Object.prototype as Record<string, unknown>;
  Object.defineProperty(everyObject, name, { value, enumerable, writable: true, configurable: true });
  try {
    return await run();
  } finally {
    delete everyObject[name];
  }
}

type Surface = (transport: Transport, url: string) => Promise<AxiosResponse>;
const headers = { a: 'b' };

const SURFACES: Record<string, Surface> = {
  'a transport, given an ordinary object': (transport, url) =>
    transport({ url, method: 'get', headers: new AxiosHeaders(headers) } as InternalAxiosRequestConfig),
  'an interceptor that copies its config': (transport, url) => {
    const client = axios.create({ adapter: transport });
    client.interceptors.request.use((config) => ({ ...config }));
    return client.get(url, { headers });
  },
  'a transport in axios': (transport, url) => axios.create({ adapter: transport }).post(url, { a: 1 }, { headers }),
  'a redirect without a Location': (transport, url) =>
    axios.create({ adapter: transport, validateStatus: null }).get(url.replace('/x', '/moved'), { headers }),
  'a prepared GET': (_, url) => prepared.get(url, { headers }),
  'a prepared POST': (_, url) => prepared.post(url, { a: 1 }, { headers }),
  'a prepared call with a config': (_, url) => prepared({ url, headers, params: { b: 1 } }),
  'a prepared call with resilience': (_, url) => prepared({ url, headers, resilience: { retry: { max: 1 } } }),
  'a stream': (transport, url) =>
    axios.create({ adapter: transport }).post(url, Readable.from(['hello']), { headers: { 'content-length': '5' } }),
  'a Blob': (transport, url) => axios.create({ adapter: transport }).post(url, new Blob(['hello']), { headers }),
  'a form': (transport, url) => {
    const form = new FormData();
    form.append('a', 'hello');
    const own = { 'content-type': 'multipart/form-data; boundary=0123456789' };
    return axios.create({ adapter: transport }).post(url, form, { headers: own });
  },
  'a guarded call': (_, url) => guardedGet(url, { headers }),
  'a guarded call left to axios’s own adapter': (_, url) => guardedGet(url, { headers, onDownloadProgress: () => {} }),
  'a call left to axios’s own adapter': (transport, url) =>
    axios.create({ adapter: transport }).get(url, { headers, onDownloadProgress: () => {} }),
};

/** By a name, which the guard looks up. */
async function guardedGet(url: string, config: AxiosRequestConfig): Promise<AxiosResponse> {
  const guard = { allowHosts: ['localhost'], allowPorts: false } as const;
  await using guarded = guardedClient({ guard, tls: { ca: CA } });
  return await guarded.client.get(url.replace('127.0.0.1', 'localhost'), config);
}

/** Of axios's adapter and Node, where nobody can keep it out from here. None of it leads a call elsewhere. */
const BEYOND_US: Record<string, readonly string[]> = {
  'a call left to axios’s own adapter': ['setHost', 'maxHeaderSize', 'content-encoding'],
  'a guarded call left to axios’s own adapter': ['setHost', 'maxHeaderSize', 'content-encoding'],
};

async function outcome(surface: Surface, url: string) {
  heads = [];
  const transport = createTransport({ tls: { ca: CA } });
  const [settled] = await Promise.allSettled([surface(transport, url)]);
  await transport.close();
  return {
    result: settled.status === 'fulfilled' ? [settled.value.status, settled.value.data] : settled.reason,
    heads,
  };
}

describe('whatever is on Object.prototype, a call goes where it should, and says what it should', () => {
  const PROTOCOLS = {
    http: () => `http://127.0.0.1:${portOf(plain)}/x`,
    https: () => `https://127.0.0.1:${portOf(secure)}/x`,
  };
  const expectNoDifference =
    (sort: 'enumerable' | 'hidden', protocol: keyof typeof PROTOCOLS) => async (title: string) => {
      const url = PROTOCOLS[protocol]();
      const expected = await outcome(SURFACES[title]!, url);
      expect(expected).toMatchObject({ result: [expect.any(Number), expect.any(String)], heads: [expect.any(String)] });
      for (const [name, value] of Object.entries(names)) {
        if (BEYOND_US[title]?.includes(name)) continue;
        misdeeds = [];
        const actual = await polluted(name, value, () => outcome(SURFACES[title]!, url), sort === 'enumerable');
        expect({ name, ...actual, misdeeds }).toEqual({ name, ...expected, misdeeds: [] });
      }
    };
  const surfaces = Object.keys(SURFACES);
  // One for each kind of config, body, client and adapter.
  const ofEachSort = [
    'a transport, given an ordinary object',
    'a redirect without a Location',
    'a prepared POST',
    'a prepared call with resilience',
    'a form',
    'a guarded call',
    'a guarded call left to axios’s own adapter',
  ];
  // Of the ways over TLS, those that leave it to different code.
  const ofEachKind = ['a transport in axios', 'a prepared GET', 'a guarded call left to axios’s own adapter'];
  it.each(ofEachSort)('enumerable, http: %s', expectNoDifference('enumerable', 'http'));
  it.each(ofEachKind)('enumerable, https: %s', expectNoDifference('enumerable', 'https'));
  describe('in all other ways', { tags: 'slow' }, () => {
    const without = (titles: readonly string[]) => surfaces.filter((title) => !titles.includes(title));
    it.each(without(ofEachSort))('enumerable, http: %s', expectNoDifference('enumerable', 'http'));
    it.each(without(ofEachKind))('enumerable, https: %s', expectNoDifference('enumerable', 'https'));
    it.each(surfaces)('hidden, http: %s', expectNoDifference('hidden', 'http'));
    it.each(surfaces)('hidden, https: %s', expectNoDifference('hidden', 'https'));
  });

  it.each(['ca', 'rejectUnauthorized', 'checkServerIdentity', 'secureContext'])(
    '%s: no stranger is trusted',
    async (name) => {
      const transport = createTransport();
      const client = axios.create({ adapter: transport });
      const call = () => client.get(`https://127.0.0.1:${portOf(secure)}/x`).catch((error: unknown) => error);
      const value = name === 'secureContext' ? tls.createSecureContext({ ca: CA }) : name === 'ca' ? CA : names[name];
      expect(await polluted(name, value, call)).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
      await transport.close();
    },
  );

  it.each(['http_proxy', 'HTTPS_PROXY', 'all_proxy', 'no_proxy'])('%s: no call is led elsewhere', async (name) => {
    misdeeds = [];
    const transport = createTransport();
    const client = axios.create({ adapter: transport });
    const url = `http://127.0.0.1:${portOf(plain)}/x`;
    const value = `http://127.0.0.1:${portOf(elsewhere)}`;
    expect((await polluted(name, value, () => client.get(url))).data).toBe('ok');
    const inTheMeantime = await polluted(name, value, async () => {
      const late = createTransport();
      return [await axios.create({ adapter: late }).get(url), await late.close()] as const;
    });
    expect(inTheMeantime[0].data).toBe('ok');
    expect((await polluted(name, value, () => client.get(url, { maxRate: 1e9 }))).data).toBe('ok');
    // For agents of the call's own, axios's adapter reads the environment itself.
    const httpAgent = new Agent();
    await expect(polluted(name, value, () => client.get(url, { httpAgent }))).rejects.toMatchObject({
      code: 'ERR_BAD_OPTION',
    });
    expect(misdeeds).toEqual([]);
    await transport.close();
  });
});

describe('nothing puts anything on Object.prototype', () => {
  const EVIL =
    '{ "__proto__": { "polluted": 1 }, "constructor": { "prototype": { "polluted": 1 } }, "prototype": { "polluted": 1 } }';
  const isPolluted = () => 'polluted' in {};
  const url = () => `http://127.0.0.1:${portOf(plain)}/x`;

  it('a body', async () => {
    const [transport, server] = [
      createTransport(),
      createServer((socket) => {
        socket.end(
          `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${EVIL.length}\r\n\r\n${EVIL}`,
        );
      }),
    ];
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { data } = await axios.create({ adapter: transport }).get(`http://127.0.0.1:${portOf(server)}`);
    expect(Object.keys(data)).toEqual(['__proto__', 'constructor', 'prototype']);
    expect(isPolluted()).toBe(false);
    await transport.close();
    server.close();
  });

  it.each(['params', 'headers', 'data', 'resilience', 'auth', 'transitional', 'paramsSerializer', 'env', 'anything'])(
    '%s of a call, as JSON.parse makes it',
    async (name) => {
      const [settled] = await Promise.allSettled([prepared.post(url(), {}, { [name]: JSON.parse(EVIL) })]);
      if (settled.status === 'rejected') expectTyped(settled.reason);
      expect(isPolluted()).toBe(false);
    },
  );

  it('the config of a call', async () => {
    const { data } = await prepared.request({ ...JSON.parse(EVIL), url: url() });
    expect(data).toBe('ok');
    expect(isPolluted()).toBe(false);
  });

  it.each(['timeouts', 'limits', 'redirects', 'pool', 'tls', 'shutdown'])(
    '%s of a transport, which is refused',
    (name) => {
      expect(() => createTransport({ [name]: JSON.parse(EVIL) })).toThrow(/unknown option/);
      expect(isPolluted()).toBe(false);
    },
  );
});
