import type { AxiosInstance } from 'axios';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Transport } from '../../src/index.js';
import { startUpstream, type Upstream } from './upstream.js';

export const GZIPPED = gzipSync('"unzipped"');

/** A mock of Node's HTTP, with these routes on `http://api.test` and `https://api.test`, that lets nothing through but 127.0.0.1. */
export interface HttpMock {
  /**
   * `GET /text` answers `"mocked"`, `POST /echo` its body `a body`, `GET /zipped` GZIPPED with its encoding, `GET /moved` a 302 to /text, `GET /missing` 404.
   */
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void> | void;
  /** What a call to another host fails with. */
  readonly refusal: unknown;
}

/**
 * Calls are mocked whether the mock or the client is loaded first.
 * @param isSupported of the Node that runs this
 */
export function itIsMocked(name: string, { start, stop, refusal }: HttpMock, isSupported = true): void {
  describe.runIf(isSupported).each(['first', 'last'])(`a client and ${name}, which is loaded %s`, (order) => {
    let upstream: Upstream;
    let transport: Transport;
    let client: AxiosInstance;

    beforeAll(async () => {
      vi.resetModules();
      if (order === 'first') await start();
      const { createTransport } = await import('../../src/index.js');
      const { default: axios } = await import('axios');
      if (order === 'last') await start();
      upstream = await startUpstream((_, response) => response.end('real'));
      transport = createTransport({ timeouts: { connectMs: 5_000, responseMs: 5_000, bodyIdleMs: 5_000 } });
      client = axios.create({ adapter: transport, proxy: false });
    });
    afterAll(async () => {
      await stop();
      await transport.close();
      await upstream[Symbol.asyncDispose]();
    });

    it.each(['http://api.test', 'https://api.test'])('answers calls to %s', async (origin) => {
      expect((await client.get(`${origin}/text`)).data).toBe('mocked');
      expect((await client.post(`${origin}/echo`, 'a body')).data).toBe('a body');
      expect((await client.get(`${origin}/zipped`)).data).toBe('unzipped');
      expect((await client.get(`${origin}/moved`)).data).toBe('mocked');
      expect((await client.get(`${origin}/text`, { onDownloadProgress: () => {} })).data).toBe('mocked');
      await expect(client.get(`${origin}/missing`)).rejects.toMatchObject({ response: { status: 404 } });
      const { data } = await client.get(`${origin}/text`, { responseType: 'stream' });
      expect(Buffer.concat(await data.toArray()).toString()).toBe('"mocked"');
    });

    it('lets nothing else reach the network but what it allows', async () => {
      await expect(client.get('http://other.test/')).rejects.toMatchObject(refusal as object);
      await expect(client.get('https://other.test/')).rejects.toMatchObject(refusal as object);
      for (let call = 0; call < 3; call++) expect((await client.get(upstream.url)).data).toBe('real');
    });

    it('leaves nothing in flight', () => {
      expect(transport.pool.stats()).toMatchObject({ inFlight: 0, total: { queued: 0 } });
    });
  });
}
