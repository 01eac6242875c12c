import axios, { type AxiosRequestConfig } from 'axios';
import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTransport, type Transport, type TransportOptions } from '../src/index.js';
import { isSecretHeader } from '../src/redaction/index.js';
import { CA, CERTIFICATE } from './support/certificates.js';
import { startUpstream, type Upstream } from './support/upstream.js';

/** Where the next request is redirected to, and what came before it got there. */
let location: string;
let before: IncomingHttpHeaders;
/** What the target of the redirect got. */
let got: IncomingHttpHeaders;
let from: Upstream;
let secureFrom: Upstream;
let plain: Upstream;
let secure: Upstream;
const opened: Transport[] = [];

beforeAll(async () => {
  const tls = CERTIFICATE;
  const redirect: Parameters<typeof startUpstream>[0] = (request, response) => {
    if (request.url === '/target') {
      got = request.headers;
      response.end();
    } else {
      before = request.headers;
      response.writeHead(307, { location }).end();
    }
  };
  [from, plain] = await Promise.all([startUpstream(redirect), startUpstream(redirect)]);
  [secureFrom, secure] = await Promise.all([startUpstream(redirect, tls), startUpstream(redirect, tls)]);
});

afterEach(async () => {
  for (const transport of opened.splice(0)) await transport.close();
});

afterAll(async () => {
  for (const upstream of [from, secureFrom, plain, secure]) await upstream[Symbol.asyncDispose]();
});

async function post(url: string, config: AxiosRequestConfig, options: TransportOptions = {}) {
  const tls = { ca: CA };
  const transport = createTransport({ tls, redirects: { max: 5, allowDowngrade: true }, ...options });
  opened.push(transport);
  return axios.create({ adapter: transport }).post(url, { a: 1 }, config);
}

const NAMES = [
  'authorization',
  'proxy-authorization',
  'Cookie',
  'X-API-Key',
  'api-key',
  'x-auth-token',
  'X-Amz-Security-Token',
  'x-csrf-token',
  'x-session',
  'x-vault-token',
  'Private-Token',
  'Ocp-Apim-Subscription-Key',
  'x-hub-signature-256',
  'x-client-secret',
  'DPoP',
] as const;

const WAYS: Record<string, AxiosRequestConfig> = {
  'the native transport': {},
  'axios’s adapter': { onDownloadProgress: () => {} },
  'axios’s adapter and beforeRedirect': { beforeRedirect: () => {} },
};
const GUARD: TransportOptions = { guard: { allowHosts: ['127.0.0.1', 'localhost'], allowPorts: false } };
const ways = Object.entries(WAYS).flatMap(([name, config]) => [
  { way: name, config, options: {} },
  { way: `${name}, guarded`, config, options: GUARD },
]);

describe.each(ways)('by $way, what is secret', ({ config, options }) => {
  const given = Object.fromEntries(NAMES.map((name) => [name, 'SECRET']));
  const headers = { ...given, 'x-tenant': 'SECRET', 'x-own': 'SECRET', 'x-plain': 'kept' };
  const call = {
    ...config,
    headers,
    sensitiveHeaders: ['X-OWN'],
  };
  const redact = { headers: ['X-Tenant'] };

  it.each([
    ['another port', () => [from.url, plain.url] as const],
    ['another name of the same host', () => [from.url, from.url.replace('127.0.0.1', 'localhost')] as const],
    ['https', () => [from.url, secure.url] as const],
    ['http', () => [secureFrom.url, plain.url] as const],
    ['another port, both https', () => [secureFrom.url, secure.url] as const],
  ])('does not go along to %s', async (_, urls) => {
    const [start, end] = urls();
    location = `${end}/target`;
    await post(start, call, { ...options, redact });
    expect(Object.keys(before)).toEqual(expect.arrayContaining(NAMES.map((name) => name.toLowerCase())));
    expect(JSON.stringify(got)).not.toContain('SECRET');
    expect(Object.keys(got).filter(isSecretHeader)).toEqual([]);
    expect(got).toMatchObject({ 'x-plain': 'kept', 'content-type': 'application/json' });
  });

  it('does not come back where it was dropped once', async () => {
    let hops = 0;
    await using around = await startUpstream((request, response) => {
      got = request.headers;
      if (request.url === '/target') response.end();
      else response.writeHead(307, { location: hops++ === 0 ? `${plain.url}/back` : `${around.url}/target` }).end();
    });
    location = `${around.url}/target`;
    await post(around.url, call, { ...options, redact });
    expect(JSON.stringify(got)).not.toContain('SECRET');
  });

  it('goes along within the origin, but for what nobody gets', async () => {
    location = '/target';
    await post(from.url, call, { ...options, redact });
    const kept = NAMES.map((name) => name.toLowerCase()).filter(
      (name) => !/^(proxy-)?authorization$|cookie/.test(name),
    );
    expect(got).toMatchObject(Object.fromEntries([...kept, 'x-tenant', 'x-own'].map((name) => [name, 'SECRET'])));
  });
});

describe.each(ways)('by $way', ({ config, options }) => {
  it('basic auth does not go along', async () => {
    location = `${plain.url}/target`;
    await post(from.url, { ...config, auth: { username: 'user', password: 'SECRET' } }, options);
    expect(before.authorization).toMatch(/^Basic /);
    expect(got.authorization).toBeUndefined();
  });

  it('https does not redirect to http, unless that is allowed', async () => {
    location = `${plain.url}/target`;
    const refused = post(secureFrom.url, config, { ...options, redirects: { max: 5, allowDowngrade: false } });
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_FR_REDIRECTION_FAILURE',
      message: 'Redirected request failed: from https to http; see redirects.allowDowngrade',
    });
  });

  it.each([
    ['a text', 'x-own'],
    ['a list of others', [5]],
    ['an object', {}],
    ['a number', 5],
  ])('sensitiveHeaders that are %s are refused before anything is sent', async (_, sensitiveHeaders) => {
    const { requests } = from;
    await expect(post(from.url, { ...config, sensitiveHeaders } as never, options)).rejects.toMatchObject({
      code: 'ERR_BAD_OPTION_VALUE',
      message: 'sensitiveHeaders must be an array of strings',
    });
    expect(from.requests).toBe(requests);
  });
});

it('beforeRedirect sees no secret among the headers that go to another origin, and may add its own', async () => {
  location = `${plain.url}/target`;
  const seen: string[] = [];
  await post(from.url, {
    headers: { 'x-api-key': 'SECRET' },
    beforeRedirect: ({ headers }) => {
      seen.push(...Object.keys(headers));
      headers['x-api-key'] = 'of the other';
    },
  });
  expect(seen).not.toContain('x-api-key');
  expect(got['x-api-key']).toBe('of the other');
});
