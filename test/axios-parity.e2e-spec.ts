import agentkeepalive from 'agentkeepalive';
import axios, { type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTransport, type Transport } from '../src/index.js';
import { packagedForm } from './support/packaged-form.js';
import { startUpstream, type Upstream } from './support/upstream.js';

/** What the upstream saw of the last request. */
let seen: { method?: string; url?: string; rawHeaders: string[]; body: string };
let upstream: Upstream;
let transport: Transport;
const agent = new agentkeepalive.HttpAgent({ timeout: 0 });

const TEXT = '{"héllo":"wörld"}';
const ENCODED: Record<string, Buffer> = {
  gzip: gzipSync(TEXT),
  'x-gzip': gzipSync(TEXT),
  GZIP: gzipSync(TEXT),
  deflate: deflateSync(TEXT),
  br: brotliCompressSync(TEXT),
  unknown: Buffer.from(TEXT),
};

function answer(request: IncomingMessage, response: ServerResponse, body: string): void {
  const { pathname, searchParams } = new URL(request.url!, 'http://upstream');
  const [, route, argument = ''] = pathname.split('/');
  switch (route) {
    case 'status':
      response
        .writeHead(Number(argument), { 'x-odd': 'value' })
        .end(argument === '204' || argument === '304' ? '' : 'sta');
      break;
    case 'encoded':
      response.writeHead(200, { 'content-encoding': argument }).end(ENCODED[argument]);
      break;
    case 'raw-deflate':
      response.writeHead(200, { 'content-encoding': 'deflate' }).end(deflateRawSync(TEXT));
      break;
    case 'broken-gzip':
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip at all');
      break;
    case 'empty-gzip':
      response.writeHead(204, { 'content-encoding': 'gzip' }).end();
      break;
    case 'cookies':
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.writeHead(200, { 'X-Mixed-Case': 'Yes', 'x-multi': ['1', '2'] }).end('"text"');
      break;
    case 'bom':
      response.end('\ufeff{"bom":true}');
      break;
    case 'json':
      response.writeHead(200, { 'content-type': 'application/json' }).end(searchParams.get('body') ?? TEXT);
      break;
    case 'large':
      response.end('x'.repeat(100_000));
      break;
    case 'redirect':
      response.writeHead(Number(argument), { location: searchParams.get('to') ?? '/json' }).end('moved');
      break;
    case 'loop':
      response.writeHead(302, { location: '/loop' }).end();
      break;
    case 'cut':
      response.writeHead(200, { 'content-length': 100 }).write('half');
      setImmediate(() => request.socket.destroy());
      break;
    case 'reset':
      request.socket.resetAndDestroy();
      break;
    default:
      response.end(body);
  }
}

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('latin1');
      const [, boundary] = /boundary=([^;\s]+)/.exec(request.headers['content-type'] ?? '') ?? [];
      const withoutBoundary = (text: string) => (boundary ? text.replaceAll(boundary, '(boundary)') : text);
      const rawHeaders = request.rawHeaders.map(withoutBoundary);
      seen = { method: request.method, url: request.url, rawHeaders, body: withoutBoundary(body) };
      answer(request, response, body);
    });
  });
  transport = createTransport();
});

afterAll(async () => {
  agent.destroy();
  await transport.close();
  await upstream[Symbol.asyncDispose]();
});

/** Everything a caller can tell of a call, without what holds sockets. */
async function outcomeOf(client: AxiosInstance, config: AxiosRequestConfig) {
  seen = { rawHeaders: [], body: '' };
  try {
    const response = await client.request(config);
    return { seen, response: await described(response) };
  } catch (error) {
    const { name, message, code, response, status, isAxiosError, config: errorConfig } = error as Record<string, any>;
    const isUrls = code === 'ERR_INVALID_URL'; // axios lets the URL parser's error through; ours is an AxiosError, as any other
    return {
      seen,
      error: {
        name,
        message,
        code,
        status,
        isAxiosError: isUrls || isAxiosError,
        hasConfig: isUrls || errorConfig !== undefined,
      },
      response: response && (await described(response)),
    };
  }
}

async function described({ status, statusText, headers, data, config, request }: AxiosResponse) {
  const { date: _date, ...otherHeaders } = Object.fromEntries(Object.entries(headers));
  const content = data instanceof Readable ? await contentOf(data) : data;
  return {
    status,
    statusText,
    headers: otherHeaders,
    data: Buffer.isBuffer(content) ? createHash('sha1').update(content).digest('hex') : withoutBoundary(content),
    // axios puts the credentials of a call there; we keep them out of what gets logged.
    // Nor has it one where it follows no redirects.
    responseUrl: config.maxRedirects === 0 ? undefined : request?.res?.responseUrl?.replace(/\/\/[^/]*@/, '//'),
    method: config.method,
    url: config.url,
  };
}

/** The bytes of a stream, or the error it fails with. */
const contentOf = (data: Readable) =>
  data.toArray().then(
    (chunks) => Buffer.concat(chunks),
    ({ name, message, code }) => ({ name, message, code }),
  );

/** Forms have a boundary of their own each time. */
const withoutBoundary = (data: unknown) =>
  typeof data === 'string' ? data.replace(/-{20,}\w+|axios-[\d.]+-boundary-[-\w]{25}/g, '(boundary)') : data;

/** A form as browsers have it. */
function form(...entries: [name: string, value: string | Blob, filename?: string][]): FormData {
  const filled = new FormData();
  for (const [name, value, filename] of entries) {
    if (typeof value === 'string') filled.append(name, value);
    else if (filename === undefined) filled.append(name, value);
    else filled.append(name, value, filename);
  }
  return filled;
}

/** A stream that fails after its first part. */
const failing = (error: Error) =>
  Readable.from(
    (async function* () {
      yield 'a part';
      await new Promise(setImmediate);
      throw error;
    })(),
  );

const CONFIGS: Record<string, AxiosRequestConfig> = {
  'a plain GET': { url: '/echo' },
  'a HEAD': { url: '/json', method: 'head' },
  'a DELETE': { url: '/echo', method: 'delete' },
  'a DELETE with a body': { url: '/echo', method: 'delete', data: { a: 1 } },
  'an OPTIONS': { url: '/echo', method: 'options' },
  'a method of its own': { url: '/echo', method: 'PURGE' },
  'a POST of JSON': { url: '/echo', method: 'post', data: { a: 1, b: ['x', null] } },
  'a POST of nothing': { url: '/echo', method: 'post' },
  'a POST of an empty string': { url: '/echo', method: 'post', data: '' },
  'a PUT of text': { url: '/echo', method: 'put', data: 'téxt €' },
  'a POST of bytes': { url: '/echo', method: 'post', data: Buffer.from([0, 255, 1]) },
  'a POST of an ArrayBuffer': { url: '/echo', method: 'post', data: new Uint8Array([0, 255, 1]).buffer },
  'a POST of a typed array': { url: '/echo', method: 'post', data: new Uint8Array([0, 255, 1]) },
  'a POST of URLSearchParams': { url: '/echo', method: 'post', data: new URLSearchParams({ a: '1', b: 'ü' }) },
  'a POST of a number': { url: '/echo', method: 'post', data: 5 },
  'a POST of a form': {
    url: '/echo',
    method: 'post',
    data: { a: 1 },
    headers: { 'content-type': 'multipart/form-data' },
  },
  'a POST of a Blob': { url: '/echo', method: 'post', data: new Blob(['blob'], { type: 'text/x' }) },
  'an own content type': { url: '/echo', method: 'post', data: '{}', headers: { 'Content-TYPE': 'application/x' } },
  'a transformed body': { url: '/echo', method: 'post', data: { a: 1 }, transformRequest: [(data) => `~${data.a}`] },
  'data that no transform made sendable': { url: '/echo', method: 'post', data: { a: 1 }, transformRequest: [] },
  'odd header cases': {
    url: '/echo',
    headers: { 'x-LOWER': 'a', ACCEPT: 'b', 'user-agent': 'me', 'ACCEPT-encoding': 'x' },
  },
  'headers taken out': {
    url: '/echo',
    headers: { 'User-Agent': null, Accept: false, 'accept-encoding': null },
  },
  'headers left undefined': { url: '/echo', headers: { 'user-AGENT': undefined, 'x-a': undefined } },
  'a header with several values': { url: '/echo', headers: { 'x-many': ['a', 'b'] } },
  'header values Node refuses': {
    url: '/echo',
    headers: { 'x-odd': ' a\u0007b\u20acc\u00a0 ', 'x-line': 'a\r\nb: c' },
  },
  'an own Host': { url: '/echo', headers: { Host: 'example.com' } },
  'an own Content-Length': { url: '/echo', method: 'post', data: 'abcd', headers: { 'content-length': '4' } },
  params: { url: '/echo?a=1', params: { b: [1, 2], c: 'x y&z', d: null, e: undefined, f: { g: 1 } } },
  'params and a fragment': { url: '/echo?a=1#fragment', params: { b: 2 } },
  'URLSearchParams as params': { url: '/echo', params: new URLSearchParams('a=1&a=2') },
  'an own params serializer': { url: '/echo', params: { a: 1 }, paramsSerializer: { serialize: () => 'own=%20' } },
  'a path to be escaped': { url: '/ü ber/../a b?q=ä"<>#x' },
  'dots in the path': { url: '/a/./b/../c' },
  'a double slash': { url: '//echo' },
  'basic auth': { url: '/echo', auth: { username: 'üser', password: 'p:w' }, headers: { authorization: 'dropped' } },
  'auth without a password': { url: '/echo', auth: { username: 'user' } as never },
  'a text response': { url: '/json', responseType: 'text' },
  'a JSON response': { url: '/json', responseType: 'json' },
  'an array buffer': { url: '/json', responseType: 'arraybuffer' },
  'a stream': { url: '/large', responseType: 'stream' },
  'a stream of an encoded body': { url: '/encoded/gzip', responseType: 'stream' },
  'a Latin-1 response': { url: '/json', responseType: 'text', responseEncoding: 'latin1' },
  'a byte order mark': { url: '/bom' },
  'JSON that is none': { url: '/json?body={', responseType: 'json' },
  'JSON that is none, silently': { url: '/json?body={' },
  'JSON that is none, loudly': {
    url: '/json?body={',
    responseType: 'json',
    transitional: { silentJSONParsing: false },
  },
  'a transformed response': { url: '/json', transformResponse: [(data) => data.length] },
  'a response transform that throws': {
    url: '/json',
    transformResponse: [
      () => {
        throw new TypeError('transform');
      },
    ],
  },
  'repeated headers and cookies': { url: '/cookies' },
  'an encoded body left alone': { url: '/encoded/gzip', decompress: false, responseType: 'arraybuffer' },
  'a HEAD of an encoded body': { url: '/encoded/gzip', method: 'head' },
  'an empty encoded response': { url: '/empty-gzip' },
  'a raw deflate body': { url: '/raw-deflate' },
  'a body that is not encoded as it says': { url: '/broken-gzip' },
  'a refused status': { url: '/status/404' },
  'a server error': { url: '/status/503', responseType: 'json' },
  'a refused status as a stream': { url: '/status/500', responseType: 'stream' },
  'any status': { url: '/status/500', validateStatus: null },
  'an own status check': { url: '/status/200', validateStatus: (status) => status === 418 },
  'no content': { url: '/status/204' },
  'not modified': { url: '/status/304', validateStatus: (status) => status === 304 },
  'a body within its limit': { url: '/large', maxContentLength: 100_000 },
  'a body beyond its limit': { url: '/large', maxContentLength: 99_999 },
  'a stream within its limit': { url: '/large', maxContentLength: 100_000, responseType: 'stream' },
  'a stream beyond its limit': { url: '/large', maxContentLength: 99_999, responseType: 'stream' },
  'a refused stream beyond its limit': {
    url: '/large',
    maxContentLength: 99_999,
    responseType: 'stream',
    validateStatus: () => false,
  },
  'a request body beyond its limit': { url: '/echo', method: 'post', data: 'abc', maxBodyLength: 2 },
  'a redirect': { url: '/redirect/302' },
  'a redirect of a POST by 301': { url: '/redirect/301?to=/echo', method: 'post', data: { a: 1 } },
  'a redirect of a POST by 303': { url: '/redirect/303?to=/echo', method: 'post', data: { a: 1 } },
  'a redirect of a PUT by 302': { url: '/redirect/302?to=/echo', method: 'put', data: { a: 1 } },
  'a redirect of a PUT by 303': { url: '/redirect/303?to=/echo', method: 'put', data: 'abc' },
  'a redirect of a POST by 307': { url: '/redirect/307?to=/echo', method: 'post', data: { a: 1 } },
  'a redirect of a POST by 308': { url: '/redirect/308?to=/echo', method: 'post', data: { a: 1 } },
  'a redirect of a HEAD by 303': { url: '/redirect/303', method: 'head' },
  'a redirect with credentials to the same origin': {
    url: '/redirect/302?to=/echo',
    auth: { username: 'u', password: 'p' },
  },
  'a redirect without Location': { url: '/status/302' },
  'redirects for ever': { url: '/loop' },
  'more redirects than allowed': { url: '/redirect/302?to=/redirect/302', maxRedirects: 1 },
  'no redirects at all': { url: '/redirect/302', maxRedirects: 0 },
  'a response that is cut': { url: '/cut' },
  'a connection that is reset': { url: '/reset' },
  'a timeout': { url: '/echo', timeout: 5_000 },
  'no URL at all': {},
  'a URL that is none': { baseURL: '', url: 'http://' },
  'a scheme of its own': { baseURL: '', url: 'gopher://example.com/' },
  'a data URL': { baseURL: '', url: 'data:text/plain,hello' },
  'a malformed scheme': { baseURL: '', url: 'http:/example.com' },
};
for (const coding of Object.keys(ENCODED)) CONFIGS[`a body in ${coding}`] = { url: `/encoded/${coding}` };

/** Bodies that are made anew for each of the two. */
const BODIES: Record<string, () => AxiosRequestConfig> = {
  'a stream': () => ({ data: Readable.from(['a', 'b']) }),
  'a stream of bytes': () => ({ data: Readable.from([Buffer.from([0, 255]), new Uint8Array([1])]) }),
  'a stream of text that is not ASCII': () => ({ data: Readable.from(['é', '€']) }),
  'a stream with an encoding': () => ({ data: Readable.from([Buffer.from('ab')]).setEncoding('hex') }),
  'a stream of a known length': () => ({
    data: Readable.from(['abc', '', 'd']),
    headers: { 'content-length': '4', 'content-type': 'text/x' },
  }),
  'an empty stream': () => ({ data: Readable.from([]) }),
  'an empty stream of a known length': () => ({ data: Readable.from([]), headers: { 'content-length': '0' } }),
  'a stream with an own Transfer-Encoding': () => ({
    data: Readable.from(['a']),
    headers: { 'transfer-encoding': 'chunked' },
  }),
  'a stream that expects 100-continue': () => ({ data: Readable.from(['abc']), headers: { expect: '100-continue' } }),
  'a paused stream': () => ({ data: Readable.from(['a', 'b']).pause() }),
  'a stream that was read in part': () => {
    const data = new Readable({ read() {} });
    data.push('abc');
    data.push(null);
    data.read(1);
    return { data };
  },
  'a stream that fails': () => ({ data: failing(new Error('disk')) }),
  'a stream that fails with a code': () => ({ data: failing(Object.assign(new TypeError('x'), { code: 'EIO' })) }),
  'a file that is missing': () => ({ data: createReadStream('/missing') }),
  'a stream that closes early': () => ({
    data: Readable.from(['a', 'b']).once('data', function (this: Readable) {
      this.destroy();
    }),
  }),
  'a stream within its limit': () => ({ data: Readable.from(['ab', 'c']), maxBodyLength: 3 }),
  'a stream beyond its limit': () => ({ data: Readable.from(['ab', 'cd']), maxBodyLength: 3 }),
  'a stream without redirects': () => ({ data: Readable.from(['a', 'b']), maxRedirects: 0 }),
  'a stream that is put': () => ({ method: 'put', data: Readable.from(['a', 'b']) }),
  'a refused stream': () => ({ url: '/status/413', data: Readable.from(['a', 'b']) }),
  'a stream redirected by 301': () => ({ url: '/redirect/301?to=/echo', data: Readable.from(['a']) }),
  'a stream redirected by 303': () => ({
    url: '/redirect/303?to=/echo',
    data: Readable.from(['a']),
    headers: { 'content-length': '1', 'content-language': 'en' },
  }),
  'a small stream redirected by 307': () => ({ url: '/redirect/307?to=/echo', data: Readable.from(['a', 'b']) }),
  'a small stream redirected by 308 twice': () => ({
    url: '/redirect/308?to=/redirect/307?to=/echo',
    data: Readable.from(['a', 'b']),
  }),
  'a web stream': () => ({ data: new Blob(['a']).stream() }),
  'a typed array that no transform took': () => ({ data: new Uint8Array([1]), transformRequest: [] }),
  'an object that no transform took': () => ({ data: { pipe: 1 }, transformRequest: [] }),
  'a Blob': () => ({ data: new Blob(['blob'], { type: 'text/x' }) }),
  'a Blob without a type': () => ({ data: new Blob(['blob']) }),
  'an empty Blob': () => ({ data: new Blob([], { type: 'text/x' }) }),
  'a Blob with an own content type': () => ({ data: new Blob(['b']), headers: { 'Content-TYPE': 'text/own' } }),
  'a Blob without a content type': () => ({ data: new Blob(['b']), headers: { 'content-type': false } }),
  'a Blob with an own Content-Length': () => ({ data: new Blob(['blob']), headers: { 'content-length': '9' } }),
  'a File': () => ({ data: new File(['file'], 'a.txt', { type: 'text/plain' }) }),
  'a Blob that is deleted': () => ({ method: 'delete', data: new Blob(['b']) }),
  'a Blob beyond its limit': () => ({ data: new Blob(['blob']), maxBodyLength: 3 }),
  'a Blob redirected by 307': () => ({ url: '/redirect/307?to=/echo', data: new Blob(['blob']) }),
  'a form': () => ({ data: form(['a', '1'], ['a', '2'], ['b', '']) }),
  'an empty form': () => ({ data: form() }),
  'a form with files': () => ({
    data: form(
      ['file', new File(['text'], 'a.txt', { type: 'text/plain' })],
      ['blob', new Blob(['\0\u00ff'])],
      ['named', new Blob(['x'], { type: 'image/png' }), 'b.png'],
      ['empty', new Blob([]), ''],
    ),
  }),
  'a form with names that are not ASCII': () => ({
    data: form(['näme', 'välue €'], ['日本', new Blob(['x']), 'ü.txt']),
  }),
  'a form with line breaks': () => ({
    data: form(['a\r\nb"c', 'x\ny\rz\r\n'], ['f', new File(['\n'], 'a"b\r\nc.txt', { type: 'a/b' })]),
  }),
  'a form with a boundary': () => ({
    data: form(['a', '1']),
    headers: { 'content-type': 'multipart/mixed; boundary=own-boundary-123' },
  }),
  'a form as JSON': () => ({ data: form(['a', '1']), headers: { 'content-type': 'application/json' } }),
  'a form that is deleted': () => ({ method: 'delete', data: form(['a', '1']) }),
  'a form beyond its limit': () => ({ data: form(['a', '1']), maxBodyLength: 3 }),
  'a form redirected by 303': () => ({ url: '/redirect/303?to=/echo', data: form(['a', '1']) }),
  'a form redirected by 308': () => ({ url: '/redirect/308?to=/echo', data: form(['a', '1']) }),
  'a form that axios makes': () => ({ data: { a: 1, b: [1, 2] }, headers: { 'content-type': 'multipart/form-data' } }),
  'a form of the package': () => ({
    data: packagedForm({ a: '1', 'nä"me\r\n': 'välue', bytes: Buffer.from([0, 255]) }),
  }),
  'a form of the package with a file': () => ({
    data: packagedForm({ a: 1, file: createReadStream(import.meta.filename) }),
  }),
  'a form of the package with a stream': () => ({
    data: packagedForm({ a: 1, stream: Readable.from([Buffer.from('x')], { objectMode: false }) }),
  }),
  'a form of the package with a file that is missing': () => ({
    data: packagedForm({ file: createReadStream('/missing') }),
  }),
  'a form of the package with headers of its own': () => ({
    data: Object.assign(packagedForm({ a: 1 }, 'own'), {
      getHeaders: () => ({ 'content-type': 'multipart/x', 'x-form': '1' }),
    }),
  }),
  'a form of the package with content headers only': () => ({
    data: Object.assign(packagedForm({ a: 1 }, 'own'), {
      getHeaders: () => ({ 'content-type': 'multipart/x', 'x-form': '1' }),
    }),
    formDataHeaderPolicy: 'content-only',
  }),
  'a form of the package redirected by 307': () => ({ url: '/redirect/307?to=/echo', data: packagedForm({ a: 1 }) }),
  'a form of the package beyond its limit': () => ({ data: packagedForm({ a: 1 }), maxBodyLength: 3 }),
};

describe('the transport, next to the adapter of axios', () => {
  it.each(Object.entries(CONFIGS))('sends and answers the same: %s', async (_, config) => {
    const ours = axios.create({ baseURL: upstream.url, adapter: transport });
    const theirs = axios.create({ baseURL: upstream.url, adapter: 'http', httpAgent: agent });
    expect(await outcomeOf(ours, config)).toEqual(await outcomeOf(theirs, config));
  });

  it.each(Object.entries(BODIES))('sends and answers the same: %s', async (_, made) => {
    const ours = axios.create({ baseURL: upstream.url, adapter: transport, method: 'post', url: '/echo' });
    const theirs = axios.create({ ...ours.defaults, adapter: 'http', httpAgent: agent });
    expect(await outcomeOf(ours, made())).toEqual(await outcomeOf(theirs, made()));
  });
});
