import * as Sentry from '@sentry/node';
import type { AxiosInstance } from 'axios';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HttpClientModuleOptions } from '../src/index.js';
import { json, sequence, startUpstream, status, type Upstream } from '../src/testing/index.js';
import { startAppContext } from './support/app-context.js';

type Span = ReturnType<typeof Sentry.spanToJSON>;

let breadcrumbs: Sentry.Breadcrumb[] = [];
let spans: Span[] = [];

Sentry.init({
  dsn: 'https://key@sentry.example/1',
  tracesSampleRate: 1,
  defaultIntegrations: false,
  integrations: [Sentry.httpIntegration({ disableIncomingRequestSpans: true })], // the upstreams are in this process
  transport: () => ({ send: async () => ({ statusCode: 200 }), flush: async () => true }),
  beforeBreadcrumb: (breadcrumb) => {
    breadcrumbs.push(breadcrumb);
    return breadcrumb;
  },
});
Sentry.getClient()!.on('spanEnd', (span) => spans.push(Sentry.spanToJSON(span)));

let upstream: Upstream;
beforeEach(async () => {
  [breadcrumbs, spans] = [[], []];
  upstream = await startUpstream();
  upstream.on('*', json({ ok: true }));
});
afterEach(() => upstream.close());
afterAll(() => Sentry.close());

async function start(options: HttpClientModuleOptions = {}): Promise<AxiosInstance> {
  return (await startAppContext({ baseURL: upstream.url, ...options })).client;
}

/** As within an inbound request. */
const inbound = <Result>(handle: () => Promise<Result>) => Sentry.startSpan({ name: 'inbound' }, handle);

const told = () =>
  breadcrumbs.map(({ category, type, data }) => [category, type, data?.['status_code'], data?.['url']]);
const traceHeaders = () => upstream.requests().map(({ headers }) => headers['sentry-trace']);

describe('beside Sentry', () => {
  it('each request has a breadcrumb, and one span, of ours, which the upstream is told of', async () => {
    upstream.on('/users/:id', sequence(status(503), json({ ok: true })));
    const client = await start({ resilience: { retry: { max: 1, baseMs: 1 } } });
    const { data } = await inbound(() => client.get('/users/7', { urlTemplate: '/users/{id}' }));
    expect(data).toEqual({ ok: true });
    expect(told()).toEqual([
      ['http', 'http', 503, `${upstream.url}/users/7`],
      ['http', 'http', 200, `${upstream.url}/users/7`],
    ]);
    const parent = spans.find(({ description }) => description === 'inbound')!;
    const own = spans.filter((span) => span !== parent);
    expect(own.map(({ data: attributes, parent_span_id: id }) => [attributes['url.template'], id])).toEqual([
      ['/users/{id}', parent.span_id],
      ['/users/{id}', parent.span_id],
    ]);
    expect(traceHeaders()).toEqual(own.map(({ trace_id: trace, span_id: id }) => `${trace}-${id}-1`));
  });

  it('so has each where Sentry makes no spans', async () => {
    const options = Sentry.getClient()!.getOptions();
    const { tracesSampleRate } = options;
    delete options.tracesSampleRate;
    try {
      const client = await start();
      await client.get('/');
      expect(told()).toEqual([['http', 'http', 200, `${upstream.url}/`]]);
      expect(spans).toEqual([]);
    } finally {
      options.tracesSampleRate = tracesSampleRate;
    }
  });

  it('a breadcrumb is of the inbound request that the call is made for', async () => {
    const client = await start();
    const ofEach = await Promise.all(
      ['/one', '/two'].map((path) =>
        Sentry.withIsolationScope(async (scope) => {
          scope.clearBreadcrumbs(); // those that are nobody's
          await client.get(path);
          return scope.getScopeData().breadcrumbs.map(({ data }) => data?.['url'] as string);
        }),
      ),
    );
    expect(ofEach).toEqual([[`${upstream.url}/one`], [`${upstream.url}/two`]]);
  });

  it('an upstream that may not know of the trace is not told by Sentry, and its requests have no breadcrumb', async () => {
    const client = await start({ telemetry: { propagate: false } });
    await inbound(() => client.get('/'));
    expect(traceHeaders()).toEqual([undefined]);
    expect(upstream.requests()[0]!.headers).not.toHaveProperty('baggage');
    expect(told()).toEqual([]);
  });

  it('spans and breadcrumbs are left to Sentry with `tracing: false`', async () => {
    const client = await start({ telemetry: { tracing: false } });
    await inbound(() => client.get('/users/7'));
    expect(told()).toHaveLength(1);
    expect(spans.map(({ op, origin }) => [op, origin])).toContainEqual(['http.client', 'auto.http.client']);
    expect(spans).toHaveLength(2);
  });
});
