import type { Context, ProxyTracerProvider, Span, Tracer, TracerProvider } from '@opentelemetry/api';
import type { AxiosHeaders, AxiosResponse } from 'axios';
import { type Call, deriveCall } from '../call/call.js';
import { headerOf, withReplacedHeaders } from '../call/headers.js';
import { concealError } from '../errors/redact-error.js';
import type { RedactionRules } from '../redaction/rules.js';
import { type Api, openTelemetryApi, SCOPE } from './api.js';
import {
  errorType,
  fullUrl,
  type HttpAttributes,
  OTHER,
  peerAttributes,
  requestAttributes,
  spanName,
} from './attributes.js';

/** Set in the context in which a request is made that has its span already. */
const INSTRUMENTED = Symbol.for('nest-outbound: instrumented request');

/**
 * Whether the running code makes a request that a client of this package has a span of its own for. For
 * `new HttpInstrumentation({ ignoreOutgoingRequestHook: isInstrumentedRequest })`: `@opentelemetry/instrumentation-http` makes no second
 * span anyway, but counts the request a second time in `http.client.request.duration`.
 */
export function isInstrumentedRequest(): boolean {
  return openTelemetryApi()?.context.active().getValue(INSTRUMENTED) === true;
}

/** As @opentelemetry/core names it; the API makes the same key of the same name for everybody. */
const SUPPRESS_TRACING = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** The context of a request. The API's own would copy all values for each one that is set: 2 us. */
class RequestContext implements Context {
  readonly #outer: Context;

  /** @param outer with the span */
  constructor(outer: Context) {
    this.#outer = outer;
  }

  getValue(key: symbol): unknown {
    return key === SUPPRESS_TRACING || key === INSTRUMENTED || this.#outer.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#asOthers().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#asOthers().deleteValue(key);
  }

  #asOthers(): Context {
    return this.#outer.setValue(SUPPRESS_TRACING, true).setValue(INSTRUMENTED, true);
  }
}

export interface TracingSettings {
  /** Which origins are told of the trace. */
  readonly propagate: boolean | ReadonlySet<string>;
  /** What spans must not show. */
  readonly rules: RedactionRules;
}

/** Makes the spans of one client's requests, as long as an SDK is registered that takes them. */
export class Tracing {
  readonly api: Api;
  readonly settings: TracingSettings;
  /** Whether Sentry's SDK runs on this OpenTelemetry. */
  withSentry = false;
  #provider: TracerProvider | undefined;
  #tracer: Tracer | undefined;

  constructor(api: Api, settings: TracingSettings) {
    this.api = api;
    this.settings = settings;
  }

  /**
   * Begins a span, as a child of what the caller does. Where that has none, of what the call's own `traceparent` says, as it
   * was forwarded from an inbound request.
   * @param resendCount requests made for the call before this one
   * @returns undefined where no SDK is registered
   */
  start(call: Call, resendCount: number): RequestSpan | undefined {
    const tracer = this.#registeredTracer();
    if (!tracer) return undefined;
    const { context, trace, propagation } = this.api;
    const caller = context.active();
    const parent = trace.getSpan(caller) ? caller : propagation.extract(caller, call.config.headers, HEADERS);
    const attributes = this.#attributesOf(call, resendCount);
    const name = spanName(call.method, call.config.urlTemplate);
    const span = tracer.startSpan(name, { kind: this.api.SpanKind.CLIENT, attributes }, parent);
    return new RequestSpan(this, span, caller, trace.setSpan(parent, span));
  }

  #attributesOf(call: Call, resendCount: number): HttpAttributes {
    const { method, origin, config } = call;
    const attributes = requestAttributes(method, origin, config.urlTemplate);
    attributes['url.full'] = fullUrl(call, this.settings.rules);
    if (attributes['http.request.method'] === OTHER) attributes['http.request.method_original'] = method;
    if (resendCount > 0) attributes['http.request.resend_count'] = resendCount;
    return attributes;
  }

  /** Looked for anew while there is none, or another provider: an SDK may be registered at any time. */
  #registeredTracer(): Tracer | undefined {
    const provider = this.api.trace.getTracerProvider();
    if (this.#tracer && provider === this.#provider) return this.#tracer;
    this.#provider = provider;
    // The API's proxy has tracers without an SDK, too; what is behind it has not.
    this.#tracer = isProxy(provider) ? provider.getDelegateTracer(SCOPE) : provider.getTracer(SCOPE);
    if (this.#tracer) this.withSentry = this.api.propagation.fields().includes('sentry-trace');
    return this.#tracer;
  }
}

/** The span of one request. */
export class RequestSpan {
  readonly #api: Api;
  readonly #settings: TracingSettings;
  readonly #withSentry: boolean;
  readonly #span: Span;
  readonly #caller: Context;
  /** With the span in it. */
  readonly context: Context;

  constructor(
    { api, settings, withSentry }: Pick<Tracing, 'api' | 'settings' | 'withSentry'>,
    span: Span,
    caller: Context,
    context: Context,
  ) {
    this.#api = api;
    this.#settings = settings;
    this.#withSentry = withSentry;
    this.#span = span;
    this.#caller = caller;
    this.context = context;
  }

  /** Makes the request, with headers that tell of the span where the upstream may know. Instrumentations of `node:http` make no second span. */
  carry<Result>(call: Call, next: (call: Call) => Result): Result {
    const { propagate } = this.#settings;
    const isTold = propagate === true || (propagate !== false && propagate.has(call.origin));
    const isWatched = isTold && this.#withSentry && !isWrapped();
    return this.#api.context.with(isWatched ? this.#contextForSentry() : new RequestContext(this.context), () =>
      next(isTold ? this.#told(call) : call),
    );
  }

  /**
   * Sentry adds its `http` breadcrumb of a request only where tracing is not suppressed, and makes no span of its own where none is active. (It
   * adds its headers, too: where an upstream may not know of the trace, tracing must stay suppressed.)
   */
  #contextForSentry(): Context {
    return this.#api.trace.deleteSpan(this.context).setValue(INSTRUMENTED, true);
  }

  /** The call with headers that tell of this span, in place of those that told of another. */
  #told(call: Call): Call {
    const { propagate } = this.#settings;
    const headers: Record<string, string | undefined> = {};
    this.#api.propagation.inject(this.context, headers);
    // The state of one trace says nothing of another: https://www.w3.org/TR/trace-context/#tracestate-header
    if (headers['traceparent'] !== undefined) headers['tracestate'] ??= undefined;
    return deriveCall(call, { config: withReplacedHeaders(call.config, headers, propagate !== true) });
  }

  end(call: Call, response: AxiosResponse | undefined, error: unknown): void {
    if (this.#span.isRecording()) this.#describe(call, response, error);
    this.#span.end();
    const body: unknown = response?.data;
    // Whoever reads it does so in a context of their own, not in that of a request that is over, where no spans are made.
    if (typeof body === 'object' && body !== null && 'pipe' in body) this.#api.context.bind(this.#caller, body);
  }

  #describe(call: Call, response: AxiosResponse | undefined, error: unknown): void {
    const status = response?.status;
    const type = errorType(status, error);
    if (status !== undefined) this.#span.setAttribute('http.response.status_code', status);
    this.#span.setAttributes(peerAttributes(response, error));
    if (type === undefined) return;
    this.#span.setAttribute('error.type', type);
    this.#span.setStatus({ code: this.#api.SpanStatusCode.ERROR, ...this.#message(call, status, error) });
  }

  /** A status speaks for itself. */
  #message({ clientName, config }: Call, status: number | undefined, error: unknown): { message?: string } {
    if ((status !== undefined && status >= 400) || !(error instanceof Error)) return {};
    concealError(error, { rules: this.#settings.rules, clientName, config });
    return { message: error.message };
  }
}

/** Whether an instrumentation of OpenTelemetry's has wrapped `node:http`, and would make a span where tracing is not suppressed. */
function isWrapped(): boolean {
  const { request } = process.getBuiltinModule('node:http') as { request: { __wrapped?: boolean } };
  return request.__wrapped === true;
}

const isProxy = (provider: TracerProvider): provider is ProxyTracerProvider => 'getDelegateTracer' in provider;

const HEADERS = {
  get: (headers: AxiosHeaders, name: string) => headerOf(headers, name)?.toString(),
  keys: (headers: AxiosHeaders) => Object.keys(headers),
};
