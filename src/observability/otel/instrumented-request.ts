import type { Context } from '@opentelemetry/api';
import { openTelemetryApi } from './api.js';

/** As @opentelemetry/core names it; the API makes the same key of the same name for everybody. */
const SUPPRESS_TRACING = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
const INSTRUMENTED = Symbol.for('nest-outbound: instrumented request');

/** The context in which a request is made that has its span already: instrumentations of `node:http` make no other. */
export function instrumentedContext(context: Context): Context {
  return context.setValue(SUPPRESS_TRACING, true).setValue(INSTRUMENTED, true);
}

/**
 * Whether the running code makes a request that a client of this package has a span of its own for. For
 * `new HttpInstrumentation({ ignoreOutgoingRequestHook: isInstrumentedRequest })`: `@opentelemetry/instrumentation-http` makes no second
 * span anyway, but counts the request a second time in `http.client.request.duration`.
 */
export function isInstrumentedRequest(): boolean {
  return openTelemetryApi()?.context.active().getValue(INSTRUMENTED) === true;
}
