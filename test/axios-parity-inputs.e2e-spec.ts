import axios, { type AxiosRequestConfig } from 'axios';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTransport, type Transport } from '../src/index.js';
import { startUpstream, type Upstream } from './support/upstream.js';

// What axios takes and refuses beyond its types. The other parity spec compares all of what a call comes to.

let upstream: Upstream;
let transport: Transport;

beforeAll(async () => {
  upstream = await startUpstream(({ method, url, headers }, response) =>
    response.end(JSON.stringify({ method, url, headers: { ...headers, connection: '' } })),
  );
  transport = createTransport();
});
afterAll(async () => {
  await transport.close();
  await upstream[Symbol.asyncDispose]();
});

async function outcomeOf(adapter: AxiosRequestConfig['adapter'], config: object) {
  try {
    const { status, data, config: sent } = await axios.request({ proxy: false, ...config, adapter });
    return { status, data, url: String(sent.url) };
  } catch (error) {
    const { name, code, message, exists, isAxiosError } = error as Record<string, any>;
    return { name, code, message, exists, isAxiosError };
  }
}

const PROXIED = 'http://target.test/x';
const proxy = (settings: object) => {
  const { hostname, port } = new URL(upstream.url);
  return { url: PROXIED, proxy: { host: hostname, port, ...settings } };
};

const INPUTS: Record<string, () => object> = {
  'a URL object': () => ({ url: new URL('/users?id=1#top', upstream.url) }),
  'a URL object and params': () => ({ url: new URL('/users?id=1', upstream.url), params: { a: 'b c' } }),
  'a URL object with credentials': () => ({ url: new URL(upstream.url.replace('//', '//u:p%40@')) }),
  'a String object': () => ({ url: Object('/x') as string, baseURL: upstream.url }),
  'http: without slashes, after a base URL': () => ({ url: 'http:host/x', baseURL: upstream.url }),
  'https: with one slash, after a base URL': () => ({ url: 'HTTPS:/host/x', baseURL: upstream.url }),
  'the same where absolute URLs are not allowed': () => ({
    url: 'http:host',
    baseURL: upstream.url,
    allowAbsoluteUrls: false,
  }),
  'a control character before the scheme': () => ({ url: '\u0000https:example.com/users' }),
  'a line break in the scheme': () => ({ url: 'h\nttp:example.com/users' }),
  'a path that only looks like it': () => ({ url: '/http:host/x', baseURL: upstream.url }),
  'another scheme': () => ({ url: 'tel:484-695-3408' }),
  'a date that is none among the params': () => ({ url: upstream.url, params: { date: new Date(NaN) } }),
  'a serializer that throws': () => ({
    url: upstream.url,
    params: { a: 1 },
    paramsSerializer: {
      serialize() {
        throw new TypeError('not serialisable');
      },
    },
  }),
  'a proxy by hostname': () => proxy({ host: '0.0.0.1', hostname: new URL(upstream.url).hostname }),
  'a proxy with credentials as a text': () => proxy({ auth: 'user:p:w' }),
  'a proxy with a user only': () => proxy({ auth: { username: 'user' } }),
  'a proxy with empty credentials': () => proxy({ auth: { username: '', password: '' } }),
  'a proxy with a port as a text and a colon after the scheme': () => proxy({ protocol: 'http:' }),
};

describe('the transport takes and refuses what the adapter of axios does', () => {
  it.each(Object.entries(INPUTS))('%s', async (_, config) => {
    expect(await outcomeOf(transport, config())).toEqual(await outcomeOf('http', config()));
  });

  it('with a base URL, a URL object is as its text', async () => {
    const url = new URL('/x', upstream.url);
    const client = axios.create({ baseURL: upstream.url, adapter: transport, proxy: false });
    expect((await client.get(url as unknown as string)).data.url).toBe('/x');
  });

  it.each([[5], [{}], [true]])('refuses %j for a URL', async (url) => {
    const call = axios.request({ url: url as never, baseURL: upstream.url, adapter: transport });
    await expect(call).rejects.toMatchObject({ code: 'ERR_INVALID_URL', isAxiosError: true });
  });
});

describe('properties of Object.prototype that are not enumerable', () => {
  const HOSTILE = {
    username: 'polluted',
    password: 'polluted',
    serialize: () => 'polluted=1',
    paramsSerializer: () => 'polluted=1',
    proxy: { host: '127.0.0.1', port: 1 },
  };

  const everyObject = Object.prototype as Record<string, unknown>;

  it.each(Object.entries(HOSTILE))('%s counts for nothing', async (name, value) => {
    Object.defineProperty(everyObject, name, { value, configurable: true });
    const config = { url: `${upstream.url}/demo`, auth: {}, params: { value: 'a b' }, paramsSerializer: {} };
    const outcomes = [await outcomeOf(transport, config), await outcomeOf('http', config)];
    delete everyObject[name];
    expect(outcomes[0]).toEqual(outcomes[1]);
    expect(outcomes[0]!.data).toMatchObject({ url: '/demo?value=a+b', headers: { authorization: 'Basic Og==' } });
  });
});
