import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import axios, { AxiosError, type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getHttpClientToken, HttpClientModule } from '../src/index.js';
import { startUpstream, type Upstream } from './support/upstream.js';

let app: INestApplicationContext;
let upstream: Upstream;
let http: AxiosInstance;
let requests = 0;

const BODIES: Record<string, readonly [number, Record<string, string>, string | Buffer]> = {
  '/json': [200, { 'content-type': 'application/json' }, '{"list":[1,{"a":"é"}],"date":"2026-01-01"}'],
  '/broken-json': [200, { 'content-type': 'application/json' }, '{"list":'],
  '/text': [200, { 'content-type': 'text/plain' }, 'a text'],
  '/quoted': [200, { 'content-type': 'application/json' }, '"a text"'],
  '/bytes': [200, {}, Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0xff, 0x00])],
  '/empty': [204, {}, ''],
  '/missing': [404, { 'content-type': 'application/json' }, '{"error":"none"}'],
  '/failing': [503, {}, 'down'],
  '/large': [200, {}, 'x'.repeat(2_000)],
};

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    requests++;
    if (request.url === '/moved') {
      response.writeHead(302, { location: '/text', 'cache-control': 'max-age=60' }).end('moved');
      return;
    }
    const [status, headers, body] = BODIES[request.url!]!;
    response.writeHead(status, { ...headers, 'cache-control': 'max-age=60', 'x-list': 'a' });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  const module = HttpClientModule.forRoot({ cache: true, limits: { maxResponseBytes: 1_500 } });
  app = await (await Test.createTestingModule({ imports: [module] }).compile()).init();
  http = app.get(getHttpClientToken());
  // As bytes, which says least of what its readers want; and as a stream what is larger than the client takes.
  for (const path of Object.keys(BODIES)) {
    const stored = await http.get<Readable>(upstream.url + path, { responseType: 'stream', validateStatus: null });
    await text(stored.data);
  }
});

afterAll(async () => {
  await app.close();
  await upstream[Symbol.asyncDispose]();
});

/** All that a caller sees, but where it comes from. */
async function outcomeOf(url: string, config: AxiosRequestConfig): Promise<unknown> {
  const seen = async ({ status, statusText, headers, data }: { status: number; statusText: string; headers: unknown; data: unknown }) => {
    const { age, date, ...others } = { ...(headers as Record<string, unknown>) };
    void [age, date, delete others['connection'], delete others['keep-alive'], delete others['transfer-encoding']];
    const isStream = typeof (data as Readable | undefined)?.pipe === 'function';
    const read = isStream ? await text(data as Readable).catch((error: AxiosError) => errorOf(error)) : data;
    return { status, statusText, headers: others, data: read, isStream };
  };
  const errorOf = ({ name, message, code }: AxiosError) => ({ name, message, code });
  try {
    return await seen(await http.request({ url, ...config }));
  } catch (error) {
    const failed = error as AxiosError;
    return { ...errorOf(failed), status: failed.status, response: failed.response && (await seen(failed.response)) };
  }
} // prettier-ignore

describe('an option of a call works on a stored response as on one of the upstream:', () => {
  it.each<[string, string, AxiosRequestConfig]>([
    ['none', '/json', {}],
    ['none, of JSON that is broken', '/broken-json', {}],
    ['none, of a text', '/text', {}],
    ['none, of a text in JSON', '/quoted', {}],
    ['none, of bytes that are no text', '/bytes', {}],
    ['none, of a body that is empty', '/empty', {}],
    ['none, of a status that is refused', '/missing', {}],
    ['none, of a status that is a failure', '/failing', {}],
    ['none, of a body that is larger than the client takes', '/large', {}],
    ['the method HEAD', '/json', { method: 'head' }],
    ['the method HEAD, of a large body', '/large', { method: 'head', maxContentLength: 1 }],
    ['responseType json', '/json', { responseType: 'json' }],
    ['responseType json, of what is broken', '/broken-json', { responseType: 'json' }],
    ['responseType json, of a text in JSON', '/quoted', { responseType: 'json' }],
    ['responseType text', '/json', { responseType: 'text' }],
    ['responseType arraybuffer', '/bytes', { responseType: 'arraybuffer' }],
    ['responseType arraybuffer, of an empty body', '/empty', { responseType: 'arraybuffer' }],
    ['responseType stream', '/bytes', { responseType: 'stream' }],
    ['responseType stream, of a status that is refused', '/missing', { responseType: 'stream' }],
    ['responseType stream, of an empty body', '/empty', { responseType: 'stream' }],
    ['responseType blob', '/json', { responseType: 'blob' }],
    ['responseType document', '/text', { responseType: 'document' }],
    ['responseEncoding latin1', '/bytes', { responseEncoding: 'latin1', responseType: 'text' }],
    ['responseEncoding base64', '/bytes', { responseEncoding: 'base64' }],
    ['responseEncoding hex, of JSON', '/json', { responseEncoding: 'hex' }],
    ['transformResponse', '/json', { transformResponse: (data: unknown, headers, status) => [typeof data, headers['x-list'] as unknown, status] }],
    ['transformResponse, of several', '/json', { transformResponse: [axios.defaults.transformResponse, (data: object) => Object.keys(data)].flat() as never }],
    ['transformResponse that throws', '/json', { transformResponse: () => { throw new RangeError('wrong'); } }],
    ['parseReviver', '/json', { parseReviver: (key: string, value: unknown) => (key === 'date' ? new Date(value as string) : value) } as AxiosRequestConfig],
    ['no forced parsing', '/json', { transitional: { forcedJSONParsing: false } }],
    ['parsing that fails aloud', '/broken-json', { responseType: 'json', transitional: { silentJSONParsing: false } }],
    ['validateStatus that takes it', '/missing', { validateStatus: (status) => status === 404 }],
    ['validateStatus that takes all', '/failing', { validateStatus: null }],
    ['validateStatus that refuses it', '/json', { validateStatus: (status) => status !== 200 }],
    ['validateStatus that throws', '/json', { validateStatus: () => { throw new RangeError('wrong'); } }],
    ['maxContentLength that it keeps', '/large', { maxContentLength: 2_000 }],
    ['maxContentLength that it exceeds', '/large', { maxContentLength: 1_999 }],
    ['maxContentLength of 0', '/text', { maxContentLength: 0 }],
    ['maxContentLength of 0, of an empty body', '/empty', { maxContentLength: 0 }],
    ['maxContentLength without a limit', '/large', { maxContentLength: Infinity }],
    ['maxContentLength that a stream exceeds', '/large', { maxContentLength: 10, responseType: 'stream' }],
    ['maxContentLength that a refused status exceeds', '/missing', { maxContentLength: 1 }],
    ['maxContentLength that bytes exceed', '/bytes', { maxContentLength: 5, responseType: 'arraybuffer' }],
    ['maxBodyLength, which is of the request', '/large', { maxBodyLength: 1, maxContentLength: 5_000 }],
    ['maxRedirects', '/text', { maxRedirects: 0 }],
    ['timeout', '/text', { timeout: 20_000 }],
    ['a signal', '/text', { signal: new AbortController().signal }],
    ['a signal that has aborted', '/text', { signal: AbortSignal.abort() }],
    ['a listener to progress', '/text', { onDownloadProgress: () => {} }],
    ['resilience', '/text', { resilience: { retry: false } }],
  ])('%s', async (what, path, config) => {
    const url = upstream.url + path;
    const fromUpstream = await outcomeOf(url, { ...config, cache: false });
    const before = requests;
    const fromCache = await outcomeOf(url, config);
    expect(requests - before).toBe(what === 'a listener to progress' ? 1 : 0); // which the cache leaves alone
    expect(fromCache).toEqual(fromUpstream);
  }); // prettier-ignore

  it('decompress, which has responses of its own', async () => {
    const raw = { decompress: false, responseType: 'arraybuffer' } as const;
    const url = `${upstream.url}/text`;
    expect((await http.get(url, raw)).cache?.status).toBe('miss');
    expect((await http.get(url, raw)).cache?.status).toBe('hit');
  });

  it('maxRedirects: who follows gets no redirect that another has stored', async () => {
    const url = `${upstream.url}/moved`;
    const unfollowed = { maxRedirects: 0, validateStatus: null };
    expect((await http.get(url, unfollowed)).status).toBe(302);
    expect(await http.get(url, unfollowed)).toMatchObject({ status: 302, data: 'moved', cache: { status: 'hit' } });
    expect(await http.get(url)).toMatchObject({ status: 200, data: 'a text' });
    expect((await http.get(url, unfollowed)).cache?.status).toBe('hit');
  });
});

describe('who waits for the request of another', () => {
  it('does not fail with what only that one asked for', async () => {
    const url = `${upstream.url}/json`;
    await http.post(`${upstream.url}/json`);
    const before = requests;
    const strict = http.get(url, { maxContentLength: 1 });
    const other = http.get(url);
    await expect(strict).rejects.toThrow('maxContentLength size of 1 exceeded');
    expect((await other).data).toMatchObject({ date: '2026-01-01' });
    expect(requests - before).toBe(2);
  });
});
