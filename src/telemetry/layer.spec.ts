import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-node';
import { AxiosError, AxiosHeaders, type AxiosResponse, CanceledError, type InternalAxiosRequestConfig } from 'axios';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { itKeepsTheLayerContract, refusedStatus, responseTo } from '../../test/support/layer-contract.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { parentOf, registerMetrics, registerTracing, told, unregisterAll } from '../../test/support/open-telemetry.js';
import { type Call, createCall, type Handler } from '../call/call.js';
import { HttpClientEvents } from '../call/event-sink.js';
import { redactionRules } from '../redaction/rules.js';
import { loadOpenTelemetryApi, openTelemetryApi } from './api.js';
import { telemetry } from './layer.js';
import { ClientMetrics } from './metrics.js';
import { isInstrumentedRequest, Tracing, type TracingSettings } from './span.js';

await loadOpenTelemetryApi();
const api = openTelemetryApi()!;
const tracing = (propagate: TracingSettings['propagate'] = true) =>
  new Tracing(api, { propagate, rules: redactionRules({ query: ['pin'] }) });
const answer: Handler = async (call) => responseTo(call);
function failWith(error: unknown): Handler {
  return async () => {
    throw error;
  };
}

interface Given {
  readonly propagate?: TracingSettings['propagate'];
  readonly metrics?: boolean;
}

function setUp({ propagate = true, metrics = false }: Given = {}) {
  const clock = new ManualClock();
  const measured = metrics ? new ClientMetrics(api, new HttpClientEvents(), clock) : undefined;
  const layer = telemetry({ tracing: tracing(propagate), metrics: measured });
  const call = (config: Partial<InternalAxiosRequestConfig> = {}) =>
    createCall({ url: 'http://a.example/users/7', method: 'get', headers: new AxiosHeaders(), ...config }, 'default');
  /** What a call comes to the upstream as. */
  const sent = async (made: Call): Promise<Call> => {
    let seen!: Call;
    await layer(async (inner) => responseTo((seen = inner)))(made);
    return seen;
  };
  return { clock, layer, call, sent };
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/;

afterEach(unregisterAll);

describe('telemetry, where no SDK is registered', () => {
  itKeepsTheLayerContract('telemetry', ({ clock }) =>
    telemetry({ tracing: tracing(), metrics: new ClientMetrics(api, new HttpClientEvents(), clock) }),
  );

  it('hands the call itself on and makes nothing of its own', () => {
    const { layer, call } = setUp({ metrics: true });
    const made = call();
    const promise = Promise.resolve(responseTo(made));
    const seen: Call[] = [];
    const handle = layer((inner) => {
      seen.push(inner);
      return promise;
    });
    expect(handle(made)).toBe(promise);
    expect(seen[0]).toBe(made);
  });
});

describe('telemetry with an SDK for metrics', () => {
  itKeepsTheLayerContract('telemetry', ({ clock }) => {
    registerMetrics();
    return telemetry({ tracing: undefined, metrics: new ClientMetrics(api, new HttpClientEvents(), clock) });
  });
});

describe('telemetry with an SDK for traces', () => {
  itKeepsTheLayerContract('telemetry, of which nobody is told,', () => {
    registerTracing();
    return telemetry({ tracing: tracing(false), metrics: undefined });
  });

  it('makes a span of each request, named by its method, with the attributes of the conventions', async () => {
    const { spans } = registerTracing();
    const { layer, call } = setUp();
    await layer(answer)(call({ url: 'https://a.example/users/7', params: { q: 'x y' } }));
    expect(spans().map(told)).toEqual([
      {
        name: 'GET',
        attributes: {
          'http.request.method': 'GET',
          'server.address': 'a.example',
          'server.port': 443,
          'url.full': 'https://a.example/users/7?q=x+y',
          'http.response.status_code': 200,
        },
        status: { code: SpanStatusCode.UNSET },
      },
    ]);
    expect(spans()[0]).toMatchObject({ kind: SpanKind.CLIENT, instrumentationScope: { name: 'nest-outbound' } });
  });

  it("names it by the template of the call's URL, too, where it has one", async () => {
    const { spans } = registerTracing();
    const { layer, call } = setUp();
    await layer(answer)(call({ urlTemplate: '/users/{id}' }));
    expect(spans()[0]).toMatchObject({ name: 'GET /users/{id}', attributes: { 'url.template': '/users/{id}' } });
  });

  it('has one name for all methods that nobody knows', async () => {
    const { spans } = registerTracing();
    const { layer, call } = setUp();
    await layer(answer)(call({ method: 'brew' }));
    expect(spans()[0]).toMatchObject({
      name: 'HTTP',
      attributes: { 'http.request.method': '_OTHER', 'http.request.method_original': 'BREW' },
    });
  });

  it('counts the requests made for the call before', async () => {
    const { spans } = registerTracing();
    const { layer, call } = setUp();
    const made = call();
    const handle = layer((inner) => {
      inner.journal.requests++; // as attemptEvents does
      return answer(inner);
    });
    for (let request = 0; request < 3; request++) await handle(made); // oxlint-disable-line no-await-in-loop
    expect(spans().map(({ attributes }) => attributes['http.request.resend_count'])).toEqual([undefined, 1, 2]);
  });

  it.each<[string, (call: Call) => unknown, Record<string, unknown>, string | undefined]>([
    [
      'a status that is refused by that status',
      (call) => refusedStatus(call, 404),
      { 'error.type': '404', 'http.response.status_code': 404 },
      undefined,
    ],
    [
      'a failure to connect by its code',
      (call) => new AxiosError('connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED', call.config),
      { 'error.type': 'ECONNREFUSED' },
      'connect ECONNREFUSED 127.0.0.1:1',
    ],
    [
      'a cancellation as one',
      (call) => new CanceledError('enough', call.config),
      { 'error.type': 'ERR_CANCELED' },
      'enough',
    ],
    [
      'a body that breaks off by its code, with the status',
      (call) => new AxiosError('aborted', 'ECONNRESET', call.config, undefined, responseTo(call)),
      { 'error.type': 'ECONNRESET', 'http.response.status_code': 200 },
      'aborted',
    ],
    ['anything else by its class', () => new TypeError('no'), { 'error.type': 'TypeError' }, 'no'],
  ])('tells of %s', async (_name, errorOf, attributes, message) => {
    const { spans } = registerTracing();
    const { layer, call } = setUp();
    const made = call();
    await expect(layer(failWith(errorOf(made)))(made)).rejects.toThrow();
    const [span] = spans();
    expect(span!.attributes).toMatchObject(attributes);
    expect(span!.status).toEqual({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) });
    expect(span!.events).toEqual([]);
  });

  it('tells of a status from 400 on as an error also where the call accepts it', async () => {
    const { spans } = registerTracing();
    const { layer, call } = setUp();
    await layer(async (inner) => responseTo(inner, 503))(call());
    expect(spans()[0]).toMatchObject({
      attributes: { 'error.type': '503', 'http.response.status_code': 503 },
      status: { code: SpanStatusCode.ERROR },
    });
  });

  it('does not tell of a redirect that is refused as an error', async () => {
    const { spans } = registerTracing();
    const { layer, call } = setUp();
    const made = call();
    const error = new AxiosError('refused', 'ERR_BAD_RESPONSE', made.config, undefined, responseTo(made, 302));
    await expect(layer(failWith(error))(made)).rejects.toBe(error);
    expect(spans()[0]!.status).toEqual({ code: SpanStatusCode.UNSET });
    expect(spans()[0]!.attributes).not.toHaveProperty('error.type');
  });

  it('keeps secrets of the URL, the headers and the message of an error to itself', async () => {
    const { spans } = registerTracing();
    const { layer, call } = setUp();
    const made = call({
      url: 'http://user:hunter2hunter2@a.example/x?X-Amz-Signature=amzamzamz&sig=sigsigsig&pin=1234pin&page=2',
      params: { AWSAccessKeyId: 'awsawsaws', 'X-Goog-Signature': 'googgoog' },
      headers: new AxiosHeaders({ authorization: 'Bearer s3cr3ts3cr3t' }),
    });
    await expect(layer(failWith(new Error('cannot send Bearer s3cr3ts3cr3t to http://u:pwpwpwpw@a.example')))(made))
      .rejects //
      .toThrow();
    const printed = JSON.stringify(spans().map(told));
    expect(printed).not.toMatch(/hunter2|amzamz|sigsig|1234pin|awsaws|googgoog|s3cr3t|pwpw/);
    expect(spans()[0]!.attributes['url.full']).toBe(
      'http://a.example/x?X-Amz-Signature=REDACTED&sig=REDACTED&pin=REDACTED&page=2&AWSAccessKeyId=REDACTED&X-Goog-Signature=REDACTED',
    );
  });

  it('shows of an address that is none what an error would', async () => {
    const { spans } = registerTracing();
    const { layer, call } = setUp();
    await layer(answer)(call({ url: 'not an address', baseURL: undefined }));
    expect(spans()[0]!.attributes).toEqual({
      'http.request.method': 'GET',
      'url.full': 'invalid URL',
      'http.response.status_code': 200,
    });
  });

  it('begins when an SDK is registered, and again when it is another', async () => {
    const { layer, call } = setUp();
    const handle = layer(answer);
    await handle(call());
    const first = registerTracing();
    await handle(call());
    expect(first.spans()).toHaveLength(1);
    unregisterAll();
    await handle(call());
    const second = registerTracing();
    await handle(call());
    expect([first.spans().length, second.spans().length]).toEqual([1, 1]);
  });

  it('has requests of one caller as siblings', async () => {
    const { spans } = registerTracing();
    const { layer, call } = setUp();
    const handle = layer(answer);
    await trace.getTracer('test').startActiveSpan('caller', async (caller) => {
      await Promise.all([handle(call()), handle(call())]);
      caller.end();
    });
    const [one, two, caller] = spans();
    expect(caller!.name).toBe('caller');
    expect([one, two].map((span) => parentOf(span!))).toEqual(Array(2).fill(caller!.spanContext().spanId));
  });

  it('is active while the request is made, in which no further span is made, and not any more after it', async () => {
    const { spans } = registerTracing();
    const { layer, call } = setUp();
    let within: string | undefined;
    const marks: boolean[] = [];
    await layer(async (inner) => {
      within = trace.getActiveSpan()?.spanContext().spanId;
      marks.push(isInstrumentedRequest());
      trace.getTracer('instrumentation-http').startSpan('GET', { kind: SpanKind.CLIENT }).end();
      return answer(inner);
    })(call());
    marks.push(isInstrumentedRequest());
    expect(spans()).toHaveLength(1);
    expect(within).toBe(spans()[0]!.spanContext().spanId);
    expect(trace.getActiveSpan()).toBeUndefined();
    expect(marks).toEqual([true, false]);
  });

  it('leaves the context of whoever reads a stream alone', async () => {
    registerTracing();
    const { layer, call } = setUp();
    const body = new PassThrough();
    const write = { now: () => {} };
    const { data } = await layer(async (inner) => {
      write.now = context.bind(context.active(), () => void body.end('x')); // as a socket does, which remembers the context
      return { ...responseTo(inner), data: body } as AxiosResponse;
    })(call());
    const marks: boolean[] = [];
    (data as PassThrough).on('data', () => marks.push(isInstrumentedRequest()));
    const ended = once(data as PassThrough, 'end');
    write.now();
    await ended;
    expect(marks).toEqual([false]);
  });
});

describe('what the upstream is told', () => {
  it("is the request's own span, on a copy of the headers", async () => {
    const { spans } = registerTracing();
    const { call, sent } = setUp();
    const made = call({ headers: new AxiosHeaders({ accept: '*/*' }) });
    const { config } = await sent(made);
    const [, traceId, spanId] = TRACEPARENT.exec(String(config.headers.get('traceparent')))!;
    expect(spans()[0]!.spanContext()).toMatchObject({ traceId, spanId });
    expect(config.headers.get('accept')).toBe('*/*');
    expect(made.config.headers.toJSON()).toEqual({ accept: '*/*' });
    expect(config.sensitiveHeaders).toBeUndefined();
  });

  it('is the same also where the SDK does not record it', async () => {
    const { spans } = registerTracing(new AlwaysOffSampler());
    const { call, sent } = setUp();
    const { config } = await sent(call());
    expect(config.headers.get('traceparent')).toMatch(/-00$/);
    expect(spans()).toEqual([]);
  });

  it('takes the place of what was forwarded from an inbound request, however it is written, with its state', async () => {
    const { spans } = registerTracing();
    const { call, sent } = setUp();
    const headers = new AxiosHeaders();
    headers['TraceParent'] = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    headers['tracestate'] = 'vendor=1';
    headers['baggage'] = 'tenant=7';
    const { config } = await trace.getTracer('test').startActiveSpan('caller', async (caller) => {
      const seen = await sent(call({ headers }));
      caller.end();
      return seen;
    });
    const own = spans()[0]!.spanContext();
    expect(Object.fromEntries(config.headers)).toEqual({
      traceparent: `00-${own.traceId}-${own.spanId}-01`,
      baggage: 'tenant=7',
    });
  });

  it('goes on with a forwarded trace where the caller has none of its own', async () => {
    const { spans } = registerTracing();
    const { call, sent } = setUp();
    const headers = new AxiosHeaders({
      Traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      tracestate: 'vendor=1',
    });
    const { config } = await sent(call({ headers }));
    const [span] = spans();
    expect(span!.spanContext().traceId).toBe('a'.repeat(32));
    expect(parentOf(span!)).toBe('b'.repeat(16));
    expect(config.headers.get('traceparent')).toBe(`00-${'a'.repeat(32)}-${span!.spanContext().spanId}-01`);
    expect(config.headers.get('tracestate')).toBe('vendor=1');
  });

  it('has the baggage of the caller', async () => {
    registerTracing();
    const { call, sent } = setUp();
    const baggage = propagation.createBaggage({ tenant: { value: '7' } });
    const { config } = await context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), () => sent(call()));
    expect(config.headers.get('baggage')).toBe('tenant=7');
  });

  it('is nothing where nobody is to be told', async () => {
    registerTracing();
    const { call, sent } = setUp({ propagate: false });
    const made = call();
    expect(await sent(made)).toBe(made);
  });

  it('is told to the origins that may know, and stays there when they redirect', async () => {
    registerTracing();
    const { call, sent } = setUp({ propagate: new Set(['http://a.example']) });
    const own = await sent(call());
    expect(own.config.headers.has('traceparent')).toBe(true);
    expect(own.config.sensitiveHeaders).toContain('traceparent');
    const other = call({ url: 'http://b.example/' });
    expect(await sent(other)).toBe(other);
  });

  it('is nothing where the caller suppresses tracing, as exporters do', async () => {
    const { spans } = registerTracing();
    const { call, sent } = setUp();
    const suppressed = ROOT_CONTEXT.setValue(Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING'), true);
    const { config } = await context.with(suppressed, () => sent(call()));
    expect(config.headers.has('traceparent')).toBe(false);
    expect(spans()).toEqual([]);
  });
});

it('makes a request in the context of its caller, with the span in it, also where something is added to that', async () => {
  registerTracing();
  const { layer, call } = setUp();
  const [tenant, user] = [Symbol('tenant'), Symbol('user')];
  const caller = ROOT_CONTEXT.setValue(tenant, '7');
  const seen: unknown[] = [];
  const look = () => {
    const active = context.active();
    seen.push([active.getValue(tenant), active.getValue(user), isInstrumentedRequest()]);
    seen.push(trace.getSpan(active) !== undefined, trace.getTracer('inner').startSpan('inner').isRecording());
  };
  await context.with(caller, () =>
    layer(async (inner) => {
      look();
      context.with(context.active().setValue(user, 'ada'), look);
      context.with(context.active().deleteValue(tenant), look);
      return responseTo(inner);
    })(call()),
  );
  expect(seen).toEqual([
    ['7', undefined, true],
    true,
    false,
    ['7', 'ada', true],
    true,
    false,
    [undefined, undefined, true],
    true,
    false,
  ]);
});

it('measures a request in seconds, while it is under way and when it is over', async () => {
  const { collect } = registerMetrics();
  const { layer, call, clock } = setUp({ metrics: true });
  await layer(async (inner) => {
    clock.tick(30);
    expect((await collect())['http.client.active_requests']!.points[0]!.value).toBe(1);
    return answer(inner);
  })(call({ urlTemplate: '/users/{id}' }));
  const { 'http.client.request.duration': duration, 'http.client.active_requests': active } = await collect();
  expect(duration!.points[0]).toMatchObject({
    attributes: {
      'http.request.method': 'GET',
      'server.address': 'a.example',
      'server.port': 80,
      'url.template': '/users/{id}',
      'http.response.status_code': 200,
    },
    value: { count: 1, sum: 0.03 },
  });
  expect(active!.points[0]!.value).toBe(0);
});
