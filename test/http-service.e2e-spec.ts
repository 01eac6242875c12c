import { HttpService } from '@nestjs/axios';
import { Test, type TestingModule } from '@nestjs/testing';
import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { firstValueFrom, lastValueFrom, type Observable, type Subscription } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpClientModule } from '../src/index.js';
import { startUpstream, type Upstream } from './support/upstream.js';

describe('HttpService', () => {
  let upstream: Upstream;
  let app: TestingModule;
  let http: HttpService;

  beforeEach(async () => {
    upstream = await startUpstream((incoming, response) => {
      if (incoming.url === '/hang') return;
      void (async () => {
        let body = '';
        for await (const chunk of incoming) body += chunk;
        response.end(JSON.stringify({ method: incoming.method, type: incoming.headers['content-type'], body }));
      })();
    });
    app = await Test.createTestingModule({ imports: [HttpClientModule.forRoot()] }).compile();
    await app.init();
    http = app.get(HttpService);
  });

  afterEach(async () => {
    await app.close();
    await upstream[Symbol.asyncDispose]();
  });

  it.each<[string, (url: string) => Observable<AxiosResponse>, string]>([
    ['GET', (url) => http.get(url), ''],
    ['DELETE', (url) => http.delete(url), ''],
    ['POST', (url) => http.post(url, { a: 1 }), '{"a":1}'],
    ['PUT', (url) => http.put(url, { a: 1 }), '{"a":1}'],
    ['PATCH', (url) => http.patch(url, { a: 1 }), '{"a":1}'],
    ['QUERY', (url) => http.query(url, { a: 1 }), '{"a":1}'],
    ['OPTIONS', (url) => http.request({ url, method: 'options' }), ''],
  ])('sends %s', async (method, send, body) => {
    expect((await firstValueFrom(send(upstream.url))).data).toMatchObject({ method, body });
  });

  it('sends HEAD and forms', async () => {
    expect((await firstValueFrom(http.head(upstream.url))).status).toBe(200);
    const { data } = await firstValueFrom(http.postForm(upstream.url, { a: '1' }));
    expect(data.type).toMatch(/^multipart\/form-data; boundary=/);
  });

  it('sends nothing until subscribed to, and once for each subscription', async () => {
    const answer = http.get(upstream.url);
    expect(upstream.requests).toBe(0);
    await lastValueFrom(answer);
    await lastValueFrom(answer);
    expect(upstream.requests).toBe(2);
  });

  it('fails with the error of axios', async () => {
    await expect(firstValueFrom(http.get(upstream.url, { validateStatus: () => false }))).rejects.toMatchObject({
      name: 'AxiosError',
      isAxiosError: true,
      response: { status: 200 },
    });
  });

  /** Subscribes, waits until the upstream has the request, unsubscribes, and resolves when the request is gone. */
  async function abandon(subscribe: () => Subscription): Promise<void> {
    const arrived = once(upstream.server, 'request');
    const subscription = subscribe();
    const [incoming] = (await arrived) as [IncomingMessage];
    const gone = once(incoming.socket, 'close');
    subscription.unsubscribe();
    await gone;
  }

  it.each([
    ['a request', {}],
    ['a request with a cancel token of its own', { cancelToken: axios.CancelToken.source().token }],
    ['a request with a signal of its own', { signal: new AbortController().signal }],
    ['a request for a stream', { responseType: 'stream' as const }],
  ])('cancels %s when unsubscribed from', async (_, config) => {
    await abandon(() => http.get(`${upstream.url}/hang`, config).subscribe());
  });

  it('still obeys the cancel token and the signal that a call brings', async () => {
    const source = axios.CancelToken.source();
    const controller = new AbortController();
    const answers = [
      firstValueFrom(http.get(`${upstream.url}/hang`, { cancelToken: source.token })),
      firstValueFrom(http.get(`${upstream.url}/hang`, { signal: controller.signal })),
    ];
    source.cancel('enough');
    controller.abort();
    const [byToken, bySignal] = await Promise.allSettled(answers);
    expect(byToken).toMatchObject({ reason: { code: 'ERR_CANCELED', message: 'enough' } });
    expect(bySignal).toMatchObject({ reason: { code: 'ERR_CANCELED' } });
  });

  it('does not cancel a request that has finished', async () => {
    const cancelled: unknown[] = [];
    const client: AxiosInstance = http.axiosRef;
    client.interceptors.request.use((config) => {
      config.cancelToken!.subscribe((reason: unknown) => cancelled.push(reason));
      return config;
    });
    const subscription = http.get(upstream.url).subscribe();
    await new Promise<void>((resolve) => subscription.add(resolve));
    subscription.unsubscribe();
    expect(cancelled).toEqual([]);
  });

  it('leaves a response stream to its consumer', async () => {
    const { data } = await firstValueFrom(http.get<Readable>(upstream.url, { responseType: 'stream' }));
    const chunks = await data.toArray();
    expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({ method: 'GET' });
  });
});
