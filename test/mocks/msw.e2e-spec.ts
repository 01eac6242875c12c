import type { SetupServer } from 'msw/node';
import { GZIPPED, itIsMocked } from '../support/mocked-hosts.js';
import { expect } from 'vitest';

let server: SetupServer;

itIsMocked('msw 2', {
  // `error` fails what no handler is for, as a 500 of an origin that was never asked
  refusal: { code: expect.any(String) },
  async start() {
    const { http, HttpResponse } = await import('msw');
    const { setupServer } = await import('msw/node');
    const handlers = ['http://api.test', 'https://api.test'].flatMap((origin) => [
      http.get(`${origin}/text`, () => HttpResponse.json('mocked')),
      http.post(`${origin}/echo`, async ({ request }) => HttpResponse.text(await request.text())),
      http.get(`${origin}/zipped`, () => new HttpResponse(GZIPPED, { headers: { 'content-encoding': 'gzip' } })),
      http.get(`${origin}/moved`, () => new HttpResponse(null, { status: 302, headers: { location: '/text' } })),
      http.get(`${origin}/missing`, () => new HttpResponse(null, { status: 404 })),
    ]);
    server = setupServer(...handlers);
    server.listen({
      onUnhandledRequest({ url }) {
        if (new URL(url).hostname !== '127.0.0.1') throw new Error(`no handler for ${url}`);
      },
    });
  },
  stop: () => server.close(),
});
