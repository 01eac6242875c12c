import { SpanKind } from '@opentelemetry/api';
import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { observed } from './apps/instrumentation.js';
import { AppProcess } from './support/app-process.js';
import { startUpstream, type Upstream } from './support/upstream.js';

type Observed = Awaited<ReturnType<typeof observed>>;

/** An app with @opentelemetry/instrumentation-http loaded before `node:http`. */
describe.each([
  ['as it comes', {}],
  ['told to ignore our requests', { IGNORE_OURS: '1' }],
])('in an app whose node:http is instrumented, %s,', (_name, env: Record<string, string>) => {
  let upstream: Upstream;
  let traceparents: unknown[];
  let app: AppProcess;

  beforeAll(async () => {
    upstream = await startUpstream(({ headers }, response) => {
      response.statusCode = traceparents.push(headers['traceparent']) === 1 ? 503 : 200;
      response.end('answer');
    });
    app = await AppProcess.start('instrumented-app', { UPSTREAM: upstream.url, ...env }, 'instrumentation');
  }, 60_000);

  beforeEach(() => {
    traceparents = [];
  });

  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  /** What an inbound request leads to. */
  async function observe(path: string): Promise<Observed & { inbound: Observed['spans'][number] }> {
    expect((await app.get(path)).status).toBe(200);
    app.tell(path);
    const message = await app.message(
      (sent): sent is { path: string; observed: Observed } => (sent as { path?: string } | null)?.path === path,
    );
    const inbound = message.observed.spans.find(({ kind }) => kind === SpanKind.SERVER)!;
    return { ...message.observed, inbound };
  }

  it('a request has one span, of ours, which is a child of the inbound request, and the upstream is told of it', async () => {
    const { spans, inbound } = await observe('/call?spans');
    const own = spans.filter(({ kind }) => kind === SpanKind.CLIENT);
    const span = {
      scope: 'nest-outbound',
      name: 'GET /{what}',
      parentId: inbound.id,
      url: `${upstream.url}/it`,
    };
    expect(own.map(({ scope, name, parentId, url }) => ({ scope, name, parentId, url }))).toEqual([span, span]);
    expect(traceparents).toEqual(own.map(({ id, traceId }) => `00-${traceId}-${id}-01`));
    expect(own[0]!.traceId).toBe(inbound.traceId);
  });

  it("so has one that is made with axios's own adapter", async () => {
    const { spans } = await observe('/delegated');
    const own = spans.filter(({ kind }) => kind === SpanKind.CLIENT);
    expect(own.map(({ scope }) => scope)).toEqual(['nest-outbound', 'nest-outbound']);
    expect(traceparents).toEqual(own.map(({ id, traceId }) => `00-${traceId}-${id}-01`));
  });

  it('that of a transport by itself has a span of the instrumentation, which the upstream is told of', async () => {
    const { spans, counted } = await observe('/transport');
    const own = spans.filter(({ kind }) => kind === SpanKind.CLIENT);
    expect(own.map(({ scope }) => scope)).toEqual(['@opentelemetry/instrumentation-http']);
    expect(traceparents).toEqual(own.map(({ id, traceId }) => `00-${traceId}-${id}-01`));
    expect(counted).toEqual({ '@opentelemetry/instrumentation-http': 1 });
  });

  it('the opening of a tunnel has none, and the proxy is told of no trace', async () => {
    const heads: IncomingHttpHeaders[] = [];
    upstream.server.on('connect', ({ headers }, socket) => {
      heads.push(headers);
      socket.end('HTTP/1.1 407 No\r\n\r\n');
    });
    const { spans } = await observe('/tunnelled');
    expect(spans.map(({ name }) => name)).not.toContain('CONNECT');
    expect(heads).toHaveLength(1);
    expect(heads[0]).not.toHaveProperty('traceparent');
  });

  it('a request of others has a span of the instrumentation', async () => {
    const { spans, counted } = await observe('/other');
    expect(spans.filter(({ kind }) => kind === SpanKind.CLIENT).map(({ scope }) => scope)).toEqual([
      '@opentelemetry/instrumentation-http',
    ]);
    expect(counted).toEqual({ '@opentelemetry/instrumentation-http': 1 });
  });

  it('requests are counted once by us, and a second time by an instrumentation that is not told to ignore them', async () => {
    const { counted } = await observe('/call?counts');
    expect(counted).toEqual({
      'nest-outbound': 2,
      ...(!env['IGNORE_OURS'] && { '@opentelemetry/instrumentation-http': 2 }),
    });
  });
});
