import { expect } from 'vitest';
import { GZIPPED, type HttpMock } from './mocked-hosts.js';

/** What the versions of nock have in common. */
interface Nock {
  (origin: string): Scope;
  activate(): void;
  isActive(): boolean;
  cleanAll(): void;
  restore(): void;
  disableNetConnect(): void;
  enableNetConnect(host: string): void;
}
interface Scope {
  persist(): Scope;
  get(path: string): Reply;
  post(path: string, body: string): Reply;
}
interface Reply {
  reply(status: number, body?: unknown, headers?: Record<string, string>): Scope;
}

/** @param load imports it: nock replaces Node's functions when it is loaded */
export function nockMock(load: () => Promise<unknown>): HttpMock {
  let nock: Nock;
  return {
    refusal: { message: expect.stringMatching(/Disallowed net connect for "other\.test/) },
    async start() {
      const loaded = (await load()) as Nock & { default?: Nock };
      nock = loaded.default ?? loaded;
      if (!nock.isActive()) nock.activate();
      nock.disableNetConnect();
      nock.enableNetConnect('127.0.0.1');
      for (const origin of ['http://api.test', 'https://api.test']) {
        const scope = nock(origin).persist();
        scope.get('/text').reply(200, '"mocked"');
        scope.post('/echo', 'a body').reply(200, 'a body');
        scope.get('/zipped').reply(200, GZIPPED, { 'content-encoding': 'gzip' });
        scope.get('/moved').reply(302, undefined, { location: '/text' });
        scope.get('/missing').reply(404);
      }
    },
    stop() {
      nock.cleanAll();
      nock.restore();
    },
  };
}
