import type { AxiosInstance, AxiosRequestConfig, AxiosResponse } from 'axios';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type AuthOptions,
  currentInboundContext,
  CredentialsError,
  getHttpClientToken,
  type HttpClientEvent,
  HttpClientEvents,
  HttpClientModule,
  type HttpClientModuleOptions,
  HttpClients,
  InboundAbortedError,
  type NamedHttpClientOptions,
  runInInboundContext,
} from '../src/index.js';
import { resolveModuleOptions, resolveNamedOptions } from '../src/options/resolve-options.js';
import { recordedTransport } from '../src/testing/index.js';
import { startAppContext } from './support/app-context.js';
import { failureOf } from './support/failure-of.js';
import { problemsOf } from './support/problems.js';
import { startUpstream, type Upstream } from './support/upstream.js';

const CLIENT_ID = 'of3-client';
const CLIENT_SECRET = 'of3+secret/of the client';

const closed: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closed.splice(0).toReversed()) await close();
});

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<Upstream> {
  const upstream = await startUpstream(handle);
  closed.push(() => upstream[Symbol.asyncDispose]());
  return upstream;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const part of request) body += String(part);
  return body;
}

/** An authorization server: grants `of3-token-1`, `of3-token-2` … unless told otherwise. */
async function startIdp() {
  const idp = {
    url: '',
    granted: 0,
    lifetimeS: 3_600 as number | string | undefined,
    asked: [] as { authorization: string | undefined; form: Record<string, string | string[]> }[],
    answer: undefined as ((response: ServerResponse) => void) | undefined,
  };
  const { url } = await serve((request, response) => {
    void bodyOf(request).then((body) => {
      const form: Record<string, string | string[]> = {};
      const fields = new URLSearchParams(body);
      for (const name of fields.keys()) {
        const values = fields.getAll(name);
        form[name] = values.length === 1 ? values[0]! : values;
      }
      idp.asked.push({ authorization: request.headers.authorization, form });
      if (idp.answer) return idp.answer(response);
      response.setHeader('content-type', 'application/json');
      const token = `of3-token-${++idp.granted}`;
      response.end(JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: idp.lifetimeS }));
    });
  });
  idp.url = url;
  return idp;
}

/** An API that answers what it was sent, but 401 to tokens that are revoked, and to none. */
async function startApi() {
  const api = { url: '', revoked: new Set<string>(), seen: [] as string[], refusesAll: false };
  const { url } = await serve((request, response) => {
    const { authorization = 'none' } = request.headers;
    api.seen.push(authorization);
    void bodyOf(request).then((body) => {
      const isKnown = authorization.startsWith('Bearer of3-token-') && !api.revoked.has(authorization.slice(7));
      response.statusCode = isKnown && !api.refusesAll ? 200 : 401;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ headers: request.headers, url: request.url, body }));
    });
  });
  api.url = url;
  return api;
}

async function startClient(
  options: Omit<NamedHttpClientOptions, 'name'>,
  root: HttpClientModuleOptions = {},
): Promise<{ http: AxiosInstance; app: Awaited<ReturnType<typeof startAppContext>>['app'] }> {
  const { app } = await startAppContext(
    { logging: false, shutdown: { drainMs: 500 }, ...root },
    { imports: [HttpClientModule.forFeature({ name: 'crm', ...options })] },
  );
  closed.push(() => app.close());
  return { app, http: app.get<AxiosInstance>(getHttpClientToken('crm')) };
}

async function startOAuth(
  own: Partial<NonNullable<AuthOptions['oauth2']>> = {},
  options: Omit<NamedHttpClientOptions, 'name'> = {},
  root: HttpClientModuleOptions = {},
) {
  const idp = await startIdp();
  const api = await startApi();
  const oauth2 = { tokenUrl: `${idp.url}/token`, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, ...own };
  return { idp, api, ...(await startClient({ baseURL: api.url, auth: { oauth2 }, ...options }, root)) };
}

const statuses = (answers: readonly AxiosResponse[]) => answers.map(({ status }) => status);

describe('OAuth 2.0 client credentials', () => {
  it('fifty calls at once need one token', async () => {
    const { http, api, idp } = await startOAuth();
    const answers = await Promise.all(Array.from({ length: 50 }, () => http.get('/items')));
    expect(new Set(statuses(answers))).toEqual(new Set([200]));
    expect(idp.granted).toBe(1);
    expect(new Set(api.seen)).toEqual(new Set(['Bearer of3-token-1']));
  });

  it('a token that is revoked under twenty calls is replaced once, and each is made again', async () => {
    const { http, api, idp } = await startOAuth();
    await http.get('/items');
    api.revoked.add('of3-token-1');
    api.seen = [];
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => http.post('/items', { n })));
    expect(new Set(statuses(answers))).toEqual(new Set([200]));
    expect(idp.granted).toBe(2);
    expect(api.seen.filter((seen) => seen === 'Bearer of3-token-2')).toHaveLength(20);
    expect(answers.map(({ data }) => (data as { body: string }).body)).toEqual(answers.map((_, n) => `{"n":${n}}`));
  });

  it.each([
    ['alone', {}],
    ['within retries', { resilience: 'standard' as const }],
  ])('a request that was refused is one of the attempts: %s', async (_, options) => {
    const { http, api } = await startOAuth({}, options);
    await http.get('/items');
    api.revoked.add('of3-token-1');
    const { attempts } = await http.get('/items');
    expect(attempts).toMatchObject([
      { number: 1, outcome: 401 },
      { number: 2, outcome: 200 },
    ]);
  });

  it('a second 401 is the answer, and costs no further tokens for half a minute', async () => {
    const { http, api, idp } = await startOAuth();
    api.refusesAll = true;
    const error = await failureOf(http.get('/items'));
    expect(error.response.status).toBe(401);
    expect(error.attempts).toMatchObject([
      { number: 1, outcome: 401 },
      { number: 2, outcome: 401 },
    ]);
    expect([idp.granted, api.seen.length]).toEqual([2, 2]);
    for (let n = 0; n < 5; n++) expect((await failureOf(http.get('/items'))).response.status).toBe(401);
    expect([idp.granted, api.seen.length]).toEqual([2, 7]);
  });

  it('a 401 that validateStatus accepts is one as well', async () => {
    const { http, api } = await startOAuth({}, { axios: { validateStatus: () => true } });
    await http.get('/items');
    api.revoked.add('of3-token-1');
    expect((await http.get('/items')).status).toBe(200);
  });

  it('a body that is a stream is not sent twice: the 401 is the answer', async () => {
    const { http, api, idp } = await startOAuth();
    await http.get('/items');
    api.revoked.add('of3-token-1');
    expect((await failureOf(http.put('/items', Readable.from(['once'])))).response.status).toBe(401);
    expect((await http.get('/items')).status).toBe(200); // by now the token is known to be gone, or is found out anew
    expect(idp.granted).toBe(2);
  });

  it('the body of a refused stream is let go of, so that its socket is free', async () => {
    const { http, api } = await startOAuth({}, { pool: { maxSockets: 1 } });
    await http.get('/items');
    api.revoked.add('of3-token-1');
    const { data } = await http.get<Readable>('/items', { responseType: 'stream' });
    expect(JSON.parse(await bodyOf(data as IncomingMessage))).toMatchObject({ url: '/items' });
  });

  it('says who it is in a header, encoded as a form, and what it wants in the body', async () => {
    const { http, idp } = await startOAuth({
      scope: 'read write',
      audience: 'https://api.example',
      resource: ['https://a.example', 'https://b.example'],
      params: { tenant: 'of3' },
    });
    await http.get('/items');
    expect(idp.asked).toEqual([
      {
        authorization: `Basic ${Buffer.from('of3-client:of3%2Bsecret%2Fof+the+client').toString('base64')}`,
        form: {
          grant_type: 'client_credentials',
          scope: 'read write',
          audience: 'https://api.example',
          resource: ['https://a.example', 'https://b.example'],
          tenant: 'of3',
        },
      },
    ]);
  });

  it('or in the body', async () => {
    const { http, idp } = await startOAuth({ method: 'client_secret_post' });
    await http.get('/items');
    expect(idp.asked).toEqual([
      {
        authorization: undefined,
        form: { grant_type: 'client_credentials', client_id: CLIENT_ID, client_secret: CLIENT_SECRET },
      },
    ]);
  });

  it('asks functions for the secret at each renewal', async () => {
    let rotated = 0;
    const { http, idp, api } = await startOAuth({
      clientId: () => CLIENT_ID,
      clientSecret: async () => `secret-${++rotated}`,
      method: 'client_secret_post',
    });
    await http.get('/items');
    await http.get('/items');
    api.revoked.add('of3-token-1');
    await http.get('/items');
    expect(idp.asked.map(({ form }) => form['client_secret'])).toEqual(['secret-1', 'secret-2']);
  });

  it.each(['60', 60, undefined])('takes expires_in: %j', async (lifetimeS) => {
    const { http, idp } = await startOAuth();
    idp.lifetimeS = lifetimeS;
    for (let n = 0; n < 3; n++) await http.get('/items');
    expect(idp.granted).toBe(1);
  });

  it('tells events of each renewal, and counts the request for a token as a call of its own', async () => {
    const { app, http, idp } = await startOAuth();
    const events: unknown[] = [];
    const calls: string[] = [];
    app.get(HttpClientEvents).on('token:renew', (event) => events.push(event));
    app.get(HttpClientEvents).on('call:end', ({ client, origin }) => calls.push(`${client} ${origin === idp.url}`));
    await http.get('/items');
    expect(events).toEqual([{ client: 'crm', origin: idp.url, durationMs: expect.any(Number), failure: undefined }]);
    expect(calls).toEqual(['crm:token true', 'crm false']);
  });
});

describe('the request for a token', () => {
  it('goes through the proxy of the client', async () => {
    const asked: string[] = [];
    const { port } = new URL(
      (
        await serve((request, response) => {
          asked.push(`${request.method} ${request.url}`);
          response.setHeader('content-type', 'application/json').end('{"access_token":"of3-token-1"}');
        })
      ).url,
    );
    const { http } = await startClient({
      baseURL: 'http://api.test',
      axios: { proxy: { host: '127.0.0.1', port: Number(port) } },
      auth: { oauth2: { tokenUrl: 'http://idp.test/token', clientId: CLIENT_ID, clientSecret: CLIENT_SECRET } },
    });
    await http.get('/items');
    expect(asked).toEqual(['POST http://idp.test/token', 'GET http://api.test/items']);
  });

  it('is refused by the guard of the client', async () => {
    const { http, idp, api } = await startOAuth({}, { guard: { allowHosts: ['api.test'], allowPorts: false } });
    expect(await failureOf(http.get('/items', { baseURL: 'http://api.test' }))).toMatchObject({
      code: 'ERR_ADDRESS_BLOCKED',
    });
    expect(await failureOf(http.get('/items'))).toMatchObject({ code: 'ERR_ADDRESS_BLOCKED' });
    expect(idp.asked).toEqual([]);
    expect(api.seen).toEqual([]);
  });
});

describe('where no token can be had', () => {
  it.each<[string, string, number, string, (response: ServerResponse) => void]>([
    [
      'an error of RFC 6749',
      'invalid_client',
      401,
      'check clientId, clientSecret and method of auth.oauth2',
      (r) =>
        r
          .writeHead(401, { 'content-type': 'application/json' })
          .end('{"error":"invalid_client","error_description":"of3-description"}'),
    ],
    [
      'any other',
      'without an error of RFC 6749',
      403,
      'check clientId, clientSecret and method of auth.oauth2',
      (r) => r.writeHead(403).end('of3-description'),
    ],
    [
      'an answer of nobody',
      'without an error of RFC 6749',
      404,
      'check auth.oauth2.tokenUrl',
      (r) => r.writeHead(404).end('of3-description'),
    ],
    [
      'an answer without a token',
      'a response without access_token',
      200,
      'check auth.oauth2.tokenUrl',
      (r) => r.end('{}'),
    ],
    [
      'an answer that is no object',
      'a response without access_token',
      200,
      'check auth.oauth2.tokenUrl',
      (r) => r.end('of3-description'),
    ],
    [
      'an error of RFC 6749 with status 200',
      'invalid_scope',
      200,
      'check auth.oauth2.scope',
      (r) => r.writeHead(200, { 'content-type': 'application/json' }).end('{"error":"invalid_scope"}'),
    ],
    [
      'a token that no header can have',
      'a token with characters that no header can have',
      200,
      'check auth.oauth2.tokenUrl',
      (r) => r.writeHead(200, { 'content-type': 'application/json' }).end('{"access_token":"of3-token\\r\\nx: y"}'),
    ],
    [
      'a token of another kind',
      'a token of a type other than Bearer',
      200,
      'check auth.oauth2.tokenUrl',
      (r) =>
        r
          .writeHead(200, { 'content-type': 'application/json' })
          .end('{"access_token":"of3-token-x","token_type":"mac"}'),
    ],
    [
      'a redirect',
      'without an error of RFC 6749',
      302,
      'check auth.oauth2.tokenUrl',
      (r) => r.writeHead(302, { location: '/of3-description' }).end(),
    ],
  ])('calls fail and say why, and what helps: %s', async (_, reason, status, remedy, answer) => {
    const { http, idp, api } = await startOAuth();
    idp.answer = answer;
    const error = await failureOf(http.get('/items', { params: { q: 'of3-query' } }));
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error).toMatchObject({ code: 'ERR_CREDENTIALS', reason, status, client: 'crm', attempts: [] });
    expect(error.message).toContain(`no token from ${idp.url}: ${status} ${reason}; ${remedy}`);
    expect(error.retryAfterMs).toBeGreaterThan(0);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(
      /of3-(description|query|token|client)|secret\/of/,
    );
    expect(api.seen).toEqual([]);
  });

  it('one failure is that of all who wait, each with an error of its own, and is not repeated at once', async () => {
    const { http, idp } = await startOAuth();
    idp.answer = (response) =>
      void response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_scope"}');
    const errors = await Promise.all(Array.from({ length: 10 }, () => failureOf(http.get('/items'))));
    expect(new Set(errors).size).toBe(10);
    expect(await failureOf(http.get('/items'))).toMatchObject({ code: 'ERR_CREDENTIALS', reason: 'invalid_scope' });
    expect(idp.asked).toHaveLength(1);
  });

  it.each<[string, () => unknown, string]>([
    ['throws', () => expect.unreachable(), 'AssertionError'],
    [
      'rejects',
      async () => Promise.reject(Object.assign(new Error('Bearer of3-secret'), { code: 'ENOENT' })),
      'ENOENT',
    ],
    [
      'fails by a call of its own',
      async () =>
        Promise.reject(Object.assign(new Error('Bearer of3-secret'), { response: { status: 403, data: {} } })),
      'Error',
    ],
    ['gives nothing', () => undefined, 'clientSecret gave undefined'],
  ])('calls name the function of the secret that %s, and nothing is requested', async (_, secret, reason) => {
    const { http, idp } = await startOAuth({ clientSecret: secret as () => string });
    const error = await failureOf(http.get('/items'));
    expect(error).toMatchObject({ code: 'ERR_CREDENTIALS', reason, status: undefined });
    expect(error.message).toContain(`${reason}; check the function auth.oauth2.clientSecret`);
    if (reason !== 'clientSecret gave undefined') expect(error.cause).toBeInstanceOf(Error);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('of3-secret');
    expect(idp.asked).toEqual([]);
  });

  it.each([
    ['seconds', '200'],
    ['a date', new Date(Date.now() + 3_600_000).toUTCString()],
  ])('the server is left alone for as long as its Retry-After asks: %s', async (_, retryAfter) => {
    const { http, idp } = await startOAuth();
    idp.answer = (response) => void response.writeHead(503, { 'retry-after': retryAfter }).end();
    const error = await failureOf(http.get('/items'));
    expect(error).toMatchObject({ code: 'ERR_CREDENTIALS', status: 503 });
    expect(error.retryAfterMs).toBeGreaterThan(100_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(300_000);
    expect(idp.asked).toHaveLength(1);
  });

  it('a failure that passes is tried again: the call succeeds', async () => {
    const { http, idp } = await startOAuth();
    idp.answer = (response) => {
      idp.answer = undefined;
      response.writeHead(503).end();
    };
    expect((await http.get('/items')).status).toBe(200);
    expect(idp.asked).toHaveLength(2);
  });

  it.each<[string, string, AxiosRequestConfig | (() => AxiosRequestConfig)]>([
    ['its timeout', 'ERR_CREDENTIALS', { timeout: 50 }],
    ['its deadline', 'ERR_DEADLINE_EXCEEDED', { resilience: { deadlineMs: 50 } }],
    ['its signal', 'ERR_CANCELED', () => ({ signal: AbortSignal.timeout(50) })],
    ['the limit of a renewal', 'ERR_CREDENTIALS', {}],
  ])('and the server hangs, a call ends with %s', async (_, code, config) => {
    const { http, idp, api } = await startOAuth({ timeoutMs: 300 });
    idp.answer = () => {};
    expect(await failureOf(http.get('/items', typeof config === 'function' ? config() : config))).toMatchObject({
      code,
    });
    expect(api.seen).toEqual([]);
  });

  it('a call that waits ends when the app closes', async () => {
    const { http, idp, app } = await startOAuth();
    const hangs = new Promise<void>((resolve) => (idp.answer = () => resolve()));
    const failure = failureOf(http.get('/items'));
    await hangs;
    await app.close();
    expect(await failure).toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
  });

  it('one inbound request that is given up ends the wait of no other', async () => {
    const { http, idp } = await startOAuth({}, {}, { inbound: true });
    let answer!: () => void;
    const asked = new Promise<void>((resolve) => {
      idp.answer = (response) => {
        answer = () =>
          void response.writeHead(200, { 'content-type': 'application/json' }).end('{"access_token":"of3-token-9"}');
        resolve();
      };
    });
    const gone = new AbortController();
    const first = failureOf(runInInboundContext({ signal: gone.signal }, () => http.get('/items')));
    await asked;
    const second = http.get('/items');
    gone.abort();
    expect(await first).toBeInstanceOf(InboundAbortedError);
    answer();
    expect((await second).status).toBe(200);
    expect(idp.asked).toHaveLength(1);
  });
});

describe('credentials', () => {
  const KINDS: [string, AuthOptions, Record<string, string>][] = [
    ['bearer', { bearer: 'of3-fixed' }, { authorization: 'Bearer of3-fixed' }],
    ['bearer, a function', { bearer: async () => 'of3-given' }, { authorization: 'Bearer of3-given' }],
    [
      'basic',
      { basic: { username: 'ada', password: 'of3:p' } },
      { authorization: `Basic ${Buffer.from('ada:of3:p').toString('base64')}` },
    ],
    [
      'basic, with functions',
      { basic: { username: () => 'ada', password: async () => 'of3' } },
      { authorization: `Basic ${Buffer.from('ada:of3').toString('base64')}` },
    ],
    ['apiKey', { apiKey: { header: 'X-Of3', value: 'of3-key' } }, { 'x-of3': 'of3-key' }],
    ['apiKey, a function', { apiKey: { header: 'X-Of3', value: () => 'of3-key' } }, { 'x-of3': 'of3-key' }],
    [
      'sign',
      { sign: ({ method, url }) => ({ 'X-Of3-Proof': `${method} ${url.pathname}` }) },
      { 'x-of3-proof': 'GET /items' },
    ],
  ];

  async function startEcho() {
    const headers: IncomingMessage['headers'][] = [];
    const { url } = await serve((request, response) => {
      headers.push(request.headers);
      response.end('{}');
    });
    return { url, headers };
  }

  it.each(KINDS)('are sent with each attempt: %s', async (_, auth, sent) => {
    const { url, headers } = await startEcho();
    const { http } = await startClient({ baseURL: url, auth });
    await http.get('/items');
    expect(headers).toEqual([expect.objectContaining(sent)]);
  });

  it.each(KINDS)('are sent to no other origin, by a URL or by a redirect: %s', async (_, auth, sent) => {
    const other = await startEcho();
    const { url } = await serve((_request, response) =>
      response.writeHead(302, { location: `${other.url}/items` }).end(),
    );
    const { http } = await startClient({ baseURL: url, confine: false, auth });
    await http.get(`${other.url}/items`);
    await http.get('/items');
    expect(other.headers).toHaveLength(2);
    for (const name of Object.keys(sent)) for (const headers of other.headers) expect(headers).not.toHaveProperty(name);
  });

  it.each(KINDS)('are shown nowhere: %s', async (_, auth) => {
    const { url } = await serve((_request, response) => response.writeHead(500).end());
    const { http, app } = await startClient({ baseURL: url, auth });
    const error = await failureOf(http.get('/items'));
    expect(error.config.headers).not.toHaveProperty('authorization');
    const shown = inspect([error, error.toJSON(), app.get(HttpClients).explain('crm')], { depth: 10 });
    expect(shown).not.toMatch(/of3-(fixed|given|key)|of3:p/);
    expect(shown).not.toContain(Buffer.from('ada:of3').toString('base64').slice(0, 8));
  });

  it.each(KINDS)('are in no event and in no recording: %s', async (_, auth, sent) => {
    const { url, headers } = await startEcho();
    const folder = await mkdtemp(join(tmpdir(), 'auth-'));
    closed.push(() => rm(folder, { recursive: true }));
    const fixture = join(folder, 'x.json');
    const recording = recordedTransport({ fixture, mode: 'record', match: { headers: Object.keys(sent) } });
    const { http, app } = await startClient({
      baseURL: url,
      auth,
      layers: [{ use: recording, after: 'attemptTimeout' }],
    });
    const events: HttpClientEvent[] = [];
    app
      .get(HttpClientEvents)
      .stream()
      .subscribe((event) => events.push(event));
    await http.get('/items');
    await recording.close();
    const names = events.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['call:start', 'attempt:start', 'attempt:end', 'call:end']));
    expect(headers).toEqual([expect.objectContaining(sent)]);
    for (const value of Object.values(sent)) {
      const secret = value.replace(/^(Bearer|Basic) /, '');
      expect(inspect(events, { depth: 10, showHidden: true })).not.toContain(secret);
      expect(await readFile(fixture, 'utf8')).not.toContain(secret); // oxlint-disable-line no-await-in-loop -- one at most
    }
  });

  it.each<[string, AxiosRequestConfig, string]>([
    ['a header', { headers: { authorization: 'Bearer of3-own' } }, 'Bearer of3-own'],
    ['axios’s auth', { auth: { username: 'u', password: 'p' } }, `Basic ${Buffer.from('u:p').toString('base64')}`],
  ])('that a call brings itself, as %s, go before them', async (_, config, sent) => {
    const { url, headers } = await startEcho();
    const { http } = await startClient({ baseURL: url, auth: { bearer: 'of3-fixed' } });
    await http.get('/items', config);
    expect(headers[0]!.authorization).toBe(sent);
  });

  it('are signed anew for each attempt, with what is sent', async () => {
    const sent: unknown[] = [];
    const { url } = await serve((request, response) => {
      void bodyOf(request).then((body) => {
        const { 'content-type': type, 'x-own': own, 'x-proof': proof } = request.headers;
        sent.push({ method: request.method, url: request.url, type, own, proof, body });
        response.writeHead(sent.length === 1 ? 503 : 200).end('{}');
      });
    });
    const signed: unknown[] = [];
    const sign: AuthOptions['sign'] = ({ method, url: to, headers, body }) => {
      const { 'content-type': type, 'x-own': own } = headers;
      const proof = String(signed.length);
      signed.push({ method, url: to.pathname + to.search, type, own, proof, body: Buffer.from(body!).toString() });
      return { 'x-proof': proof };
    };
    const retry = { max: 1, baseMs: 1 };
    const { http } = await startClient({ baseURL: url, auth: { sign }, resilience: { retry } });
    await http.put('/items', { a: 'ü' }, { params: { page: 1 }, headers: { 'x-own': 'of3-own' } });
    expect(sent).toHaveLength(2);
    expect(signed).toEqual(sent);
  });

  it('that a call refuses are not sent', async () => {
    const { url, headers } = await startEcho();
    const { http } = await startClient({ baseURL: url, auth: { bearer: 'of3-fixed' } });
    await http.get('/items', { headers: { Authorization: null as never } });
    expect(headers[0]).not.toHaveProperty('authorization');
  });

  it('a function that is told of a 401 may give others, once', async () => {
    const { url, seen } = await startApi();
    const refusals: (string | undefined)[] = [];
    const { http } = await startClient({
      baseURL: url,
      auth: {
        bearer: ({ client, origin, refused }) => {
          expect([client, origin]).toEqual(['crm', url]);
          refusals.push(refused);
          return refused === undefined ? 'of3-old' : 'of3-token-7';
        },
      },
    });
    expect((await http.get('/items')).status).toBe(200);
    expect(refusals).toEqual([undefined, 'of3-old']);
    expect(seen).toEqual(['Bearer of3-old', 'Bearer of3-token-7']);
  });

  it('a function that gives the same again ends the call with the 401', async () => {
    const { url, seen } = await startApi();
    const { http } = await startClient({ baseURL: url, auth: { bearer: () => 'of3-old' } });
    expect((await failureOf(http.get('/items'))).response.status).toBe(401);
    expect(seen).toEqual(['Bearer of3-old']);
  });

  it.each<[string, () => unknown]>([
    ['throws', () => expect.unreachable()],
    ['rejects', async () => Promise.reject(new Error('refused: Bearer of3-given'))],
    ['gives nothing', () => undefined],
    ['gives an empty text', () => ''],
    ['gives what no header can have', () => 'of3-given\nx: y'],
    ['gives what no header can have later', async () => 'of3-given€'],
  ])('a function that %s fails the call', async (_, bearer) => {
    const { url, headers } = await startEcho();
    const { http } = await startClient({ baseURL: url, auth: { bearer: bearer as () => string } });
    const error = await failureOf(http.get('/items'));
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error.message).toContain('auth.bearer');
    expect(inspect(error)).not.toContain('of3-given');
    expect(headers).toEqual([]);
  });

  it('a function that hangs holds a call no longer than its timeout', async () => {
    const { url } = await startEcho();
    const { http } = await startClient({ baseURL: url, auth: { bearer: () => new Promise(() => {}) } });
    const error = await failureOf(http.get('/items', { timeout: 30 }));
    expect(error).toMatchObject({ code: 'ERR_CREDENTIALS' });
    expect(error.message).toContain('no credentials from auth.bearer within 30 ms');
  });

  it.each<[string, Pick<NamedHttpClientOptions, 'cache' | 'resilience'>]>([
    ['coalesce', { resilience: { coalesce: true } }],
    ['the cache', { cache: true }],
  ])('of different callers share no answer, unless they are said to be the same: %s', async (_, sharing) => {
    for (const sameForAll of [false, true]) {
      const { url } = await serve((request, response) => {
        response.setHeader('cache-control', 'max-age=60');
        response.end(JSON.stringify(request.headers.authorization));
      });
      const bearer = () => currentInboundContext()?.headers['x-user'] ?? 'nobody';
      const { http } = await startClient({ baseURL: url, auth: { bearer, sameForAll }, ...sharing }, { inbound: true });
      const asUser = (user: string) =>
        runInInboundContext({ headers: { 'x-user': user } }, () => http.get<string>('/me')).then(({ data }) => data);
      const inTurn = 'cache' in sharing ? [await asUser('ada'), await asUser('bob')] : undefined;
      const answers = inTurn ?? (await Promise.all([asUser('ada'), asUser('bob')]));
      expect(answers).toEqual(sameForAll ? ['Bearer ada', 'Bearer ada'] : ['Bearer ada', 'Bearer bob']);
      await closed.pop()!();
    }
  });
});

describe('what is refused at the start', () => {
  it.each<[string, Partial<NamedHttpClientOptions>, string]>([
    ['no base URL', { baseURL: undefined, auth: { bearer: 't' } }, 'auth: expected a baseURL beside it'],
    [
      'two kinds',
      { auth: { bearer: 't', basic: { username: 'u', password: 'p' } } },
      'auth: expected one of oauth2, bearer, basic, apiKey, sign, got bearer and basic',
    ],
    ['none', { auth: {} }, 'auth: expected one of oauth2, bearer, basic, apiKey, sign, got none'],
    ['an unknown option', { auth: { oath2: {} } as never }, 'auth.oath2'],
    [
      'a token URL that is relative',
      { auth: { oauth2: { tokenUrl: '/token', clientId: 'i', clientSecret: 's' } } },
      'auth.oauth2.tokenUrl: expected an absolute http or https URL',
    ],
    [
      'no secret',
      { auth: { oauth2: { tokenUrl: 'https://i.example', clientId: 'i' } as never } },
      'auth.oauth2.clientSecret: expected a value',
    ],
    [
      'a header of its own',
      { headers: { Authorization: 'of3-own' }, auth: { bearer: 't' } },
      'headers.Authorization: expected to be left out with auth',
    ],
    [
      'a name that is no header’s',
      { auth: { apiKey: { header: 'a b', value: 'v' } } },
      'auth.apiKey.header: expected the name of a header',
    ],
  ])('%s', (_, options, problem) => {
    const root = resolveModuleOptions({}).client;
    const problems = problemsOf(() =>
      resolveNamedOptions({ name: 'crm', baseURL: 'https://api.example', ...options }, root),
    );
    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(problems[0]).not.toContain('of3-own');
  });
});
