import type { AxiosRequestConfig } from 'axios';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { attack, OK } from './support/attack.js';
import { packagedForm } from './support/packaged-form.js';

const config = (given: object) => given as AxiosRequestConfig;

const serialized = (query: string) => ({ params: { a: 1 }, paramsSerializer: { serialize: () => query } });

const formOf = () => {
  const form = new FormData();
  form.append('a', 'hello');
  return form;
};

/** What reached the upstream beyond an ordinary head. */
const injected = (heads: readonly string[]) =>
  heads.filter((head) => /^x-injected:/im.test(head) || !/^[A-Z]+ \/\S* HTTP\/1\.1\r\n/.test(head));

describe('is refused before a byte is sent', () => {
  it.each([
    ['a line break in the method', { method: 'GET / HTTP/1.1\r\nx-injected: 1\r\n\r\nGET' }, 'ERR_INVALID_HTTP_TOKEN'],
    ['a NUL in the method', { method: 'G\0T' }, 'ERR_INVALID_HTTP_TOKEN'],
    ['a space in the method', { method: 'GET /x' }, 'ERR_INVALID_HTTP_TOKEN'],
    ['a line break in the name of a header', { headers: { 'a\r\nx-injected': '1' } }, 'ERR_INVALID_HTTP_TOKEN'],
    ['a NUL in the name of a header', { headers: { 'a\0': '1' } }, 'ERR_INVALID_HTTP_TOKEN'],
    ['a colon in the name of a header', { headers: { 'a:b': '1' } }, 'ERR_INVALID_HTTP_TOKEN'],
    ['a line break from paramsSerializer', serialized('a\r\nx-injected: 1'), 'ERR_UNESCAPED_CHARACTERS'],
    ['a space from paramsSerializer', serialized('a HTTP/1.1'), 'ERR_UNESCAPED_CHARACTERS'],
    ['what is CR LF in one byte', serialized('\u010d\u010a'), 'ERR_UNESCAPED_CHARACTERS'],
    ['two Hosts', { headers: { host: ['a', 'b'] } }, 'ERR_INVALID_ARG_TYPE'],
    ['an address that is none', { baseURL: '', url: 'http://127.0.0.1:99999/' }, 'ERR_INVALID_URL'],
    ['a proxy without a host', { proxy: {} }, 'ERR_BAD_OPTION'],
    ['a proxy that is no address', { proxy: { host: 'a b', port: 1 } }, 'ERR_INVALID_URL'],
    [
      'trailers without chunks',
      { method: 'post', data: 'hello', headers: { trailer: 'x-a' } },
      'ERR_HTTP_TRAILER_INVALID',
    ],
  ])('%s', async (_, given, code) => {
    const { error, heads } = await attack(OK, config(given));
    expect(error!.code).toBe(code);
    expect(heads).toEqual([]);
  });
});

describe('is sent encoded, or without', () => {
  const BREAK = 'b\r\nx-injected: 1';

  it.each([
    ['a line break in a path', { url: `/${BREAK}` }],
    ['a space in a path', { url: '/a HTTP/1.1' }],
    ['a NUL in a path', { url: '/a\0b' }],
    ['what is CR LF in one byte', { url: '/\u010d\u010ax-injected: 1' }],
    ['half a character', { url: '/\ud800' }],
    ['a line break in params', { params: { [BREAK]: BREAK } }],
    ['a line break in a header', { headers: { a: BREAK } }],
    ['a bare LF in a header', { headers: { a: 'b\nx-injected: 1' } }],
    ['a NUL in a header', { headers: { a: 'b\0c' } }],
    ['what is LF in one byte, in a header', { headers: { a: 'b\u010ax-injected: 1' } }],
    ['a line break in a list of a header', { headers: { a: ['b', BREAK] } }],
    ['a line break in a cookie', { headers: { cookie: `a=${BREAK}` } }],
    ['a line break in a Host', { headers: { host: BREAK } }],
    ['a line break in basic authentication', { auth: { username: BREAK, password: BREAK } }],
    ['a header named __proto__', { headers: JSON.parse('{ "__proto__": { "x-injected": "1" } }') }],
  ])('%s', async (_, given) => {
    const { response, heads } = await attack(OK, config(given));
    expect(response!.data).toBe('ok');
    expect(heads).toHaveLength(1);
    expect(injected(heads)).toEqual([]);
  });

  it('two spellings of Host are one', async () => {
    const { heads } = await attack(OK, { headers: { Host: 'a', host: 'b' } });
    expect(heads[0]!.match(/^host:.*$/gim)).toHaveLength(1);
  });
});

describe('what the caller says of the body', () => {
  const post = { method: 'post', data: 'hello' };

  it.each([
    ['less than it has', { ...post, headers: { 'content-length': '2' } }],
    ['more than it has', { ...post, headers: { 'Content-Length': 9 } }],
    ['nothing of it', { ...post, headers: { 'content-length': '0' } }],
    ['a negative length', { ...post, headers: { 'content-length': '-5' } }],
    ['no number', { ...post, headers: { 'content-length': '5abc' } }],
    ['two lengths', { ...post, headers: { 'content-length': ['5', '5'] } }],
    ['a length, without a body', { headers: { 'content-length': '5' } }],
    [
      'a length, of an upload with progress',
      { ...post, onUploadProgress: () => {}, headers: { 'content-length': '2' } },
    ],
    ['a coding that nobody applies', { ...post, headers: { 'transfer-encoding': 'gzip, chunked' } }],
    ['a coding that looks like chunks', { ...post, headers: { 'transfer-encoding': 'xchunked' } }],
    ['chunks and a length', { ...post, headers: { 'transfer-encoding': 'chunked', 'content-length': '5' } }],
    ['a length and chunks', { ...post, headers: { 'Content-Length': '5', 'Transfer-Encoding': 'chunked' } }],
  ])('%s is refused: the rest would be taken for the next request', async (_, given) => {
    const { error, heads } = await attack(OK, config(given));
    expect(error).toMatchObject({ code: 'ERR_BAD_REQUEST', message: expect.stringContaining('leave it out') });
    expect(heads).toEqual([]);
  });

  it.each([
    ['its length', { ...post, headers: { 'content-length': '5' } }, /content-length: 5\r\n/i],
    ['no length, without a body', { headers: { 'content-length': '0' } }, /content-length: 0\r\n/i],
  ])('%s is sent', async (_, given, sent) => {
    const { heads } = await attack(OK, config(given));
    expect(`${heads[0]!}\r\n`).toMatch(sent);
  });

  const stream = (headers: object) => ({ method: 'post', data: Readable.from(['hello']), headers });

  it.each([
    ['no number', { 'content-length': '5abc' }],
    ['a number of another kind', { 'content-length': '0x5' }],
    ['a negative length', { 'content-length': '-5' }],
    ['two lengths', { 'content-length': ['5', '5'] }],
    ['chunks and a length', { 'transfer-encoding': 'chunked', 'content-length': '5' }],
    ['a coding that nobody applies', { 'transfer-encoding': 'gzip, chunked' }],
  ])('%s of a stream is refused, too', async (_, headers) => {
    for (const given of [{}, { onUploadProgress: () => {} }]) {
      const { error, heads } = await attack(OK, config({ ...stream(headers), ...given }));
      expect(error).toMatchObject({ code: 'ERR_BAD_REQUEST', message: expect.stringContaining('leave it out') });
      expect(heads).toEqual([]);
    }
  });

  it.each([
    ['a Blob', () => new Blob(['hello'])],
    ['a form', formOf],
    ['a form of the form-data package', () => packagedForm({ a: 'hello' })],
  ])('chunks of %s are sent without the length it has', async (_, data) => {
    const { heads, response } = await attack(
      OK,
      config({ method: 'post', data: data(), headers: { 'transfer-encoding': 'chunked' } }),
    );
    expect(response!.data).toBe('ok');
    expect(heads[0]!).toMatch(/^transfer-encoding: chunked$/im);
    expect(heads[0]!).not.toMatch(/^content-length/im);
  });

  it('chunks are sent as such, and without a length', async () => {
    const { heads, response } = await attack(OK, config({ ...post, headers: { 'transfer-encoding': 'chunked' } }));
    expect(response!.data).toBe('ok');
    expect(heads[0]!).toMatch(/^transfer-encoding: chunked$/im);
    expect(heads[0]!).not.toMatch(/^content-length/im);
  });
});

describe('numbers that an upstream makes up', () => {
  it.each(['NaN', '-5', '1e400', '9'.repeat(400), '0', '', '2, timeout=1e9'])(
    'Keep-Alive: timeout=%.20s',
    async (timeout) => {
      const { response } = await attack(
        `HTTP/1.1 200 OK\r\nkeep-alive: timeout=${timeout}\r\ncontent-length: 2\r\n\r\nok`,
      );
      expect(response!.data).toBe('ok');
    },
  );

  it.each(['NaN', '-5', '1e400', '9'.repeat(400), 'Fri, 31 Dec 9999 23:59:59 GMT', 'Thu, 01 Jan 1970 00:00:00 GMT'])(
    'Date and Retry-After: %.40s',
    async (value) => {
      const head = `HTTP/1.1 503 No\r\ndate: ${value}\r\nretry-after: ${value}\r\nratelimit: "a";r=0;t=${value}\r\n`;
      const { error } = await attack(`${head}content-length: 2\r\n\r\nno`);
      expect(error).toMatchObject({ code: 'ERR_BAD_RESPONSE', response: { status: 503 } });
    },
  );
});
