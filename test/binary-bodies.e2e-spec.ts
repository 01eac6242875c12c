import { Test, type TestingModule } from '@nestjs/testing';
import axios, { type AxiosInstance } from 'axios';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getHttpClientToken, HttpClientModule } from '../src/index.js';
import { startTestApp } from './support/testing-app.js';
import { startUpstream, type Upstream } from './support/upstream.js';

/** What is to be sent stands between what must not be. */
const memoryOf = (text: string, Memory: typeof ArrayBuffer | typeof SharedArrayBuffer = ArrayBuffer) => {
  const bytes = new Uint8Array(new Memory(text.length));
  bytes.set(Buffer.from(text));
  return bytes.buffer;
};
const MEMORY = memoryOf('SECRET--public--SECRET--');
const SHARED = memoryOf('SECRET--public--SECRET--', SharedArrayBuffer);

const BODIES: [string, unknown, string][] = [
  ['a Uint8Array', new Uint8Array(MEMORY, 8, 6), 'public'],
  ['a part of a Uint8Array', new Uint8Array(MEMORY).subarray(8, 14), 'public'],
  ['a Uint16Array', new Uint16Array(MEMORY, 8, 3), 'public'],
  ['a Float64Array', new Float64Array(MEMORY, 8, 1), 'public--'],
  ['a DataView', new DataView(MEMORY, 8, 6), 'public'],
  ['a part of a Buffer', Buffer.from(MEMORY).subarray(8, 14), 'public'],
  ['a Buffer of the pool', Buffer.from('public'), 'public'],
  ['a view of nothing', new Uint8Array(MEMORY, 8, 0), ''],
  ['a view of shared memory', new Uint8Array(SHARED, 8, 6), 'public'],
  ['shared memory', memoryOf('public', SharedArrayBuffer), 'public'],
  ['an ArrayBuffer', memoryOf('public'), 'public'],
];

describe('a binary body', () => {
  let upstream: Upstream;
  let app: TestingModule;
  let client: AxiosInstance;

  beforeEach(async () => {
    upstream = await startUpstream((request, response) => {
      const length = request.headers['content-length'];
      void request.toArray().then((chunks) => response.end(`has ${length}: ${Buffer.concat(chunks).toString()}`));
    });
    app = await Test.createTestingModule({
      imports: [
        HttpClientModule.forRoot(),
        HttpClientModule.forFeature({
          name: 'own',
          axios: { transformRequest: [(data: unknown) => data, ...[axios.defaults.transformRequest!].flat()] },
        }),
      ],
    }).compile();
    await app.init();
    client = app.get<AxiosInstance>(getHttpClientToken());
  });

  afterEach(async () => {
    await app.close();
    await upstream[Symbol.asyncDispose]();
  });

  const answered = (text: string) => `has ${text.length}: ${text}`;

  it.each(BODIES)('has the bytes of %s and nothing of what lies around them', async (_, data, text) => {
    expect((await client.post<string>(upstream.url, data)).data).toBe(answered(text));
  });

  it('has them where axios merges the call, too: with a request interceptor, progress, or other defaults', async () => {
    const view = new DataView(MEMORY, 8, 6);
    const own = app.get<AxiosInstance>(getHttpClientToken('own'));
    expect((await own.put<string>(upstream.url, view)).data).toBe('has 6: public');
    expect((await client.put<string>(upstream.url, view, { onUploadProgress: () => {} })).data).toBe('has 6: public');
    client.interceptors.request.use((config) => config);
    expect((await client.request<string>({ url: upstream.url, method: 'patch', data: view })).data).toBe(
      'has 6: public',
    );
  });

  it('keeps to its maxBodyLength by its own bytes', async () => {
    const view = new Uint8Array(MEMORY, 8, 6);
    expect((await client.post<string>(upstream.url, view, { maxBodyLength: 6 })).data).toBe('has 6: public');
    await expect(client.post(upstream.url, view, { maxBodyLength: 5 })).rejects.toThrow(/maxBodyLength/);
  });
});

describe('a binary body that a test answers with', () => {
  it.each(BODIES.filter(([, , text]) => text))('has the bytes of %s', async (_, body, text) => {
    const { client, controller } = await startTestApp();
    controller.expectOne('/bytes').reply(200, body);
    controller.expectOne('/parts').stream([body as Uint8Array]);
    const answer = await client.get<string>('/bytes');
    expect(answer.data).toBe(text);
    expect(answer.headers['content-type']).toBeUndefined();
    expect((await client.get<string>('/parts')).data).toBe(text);
  });
});
