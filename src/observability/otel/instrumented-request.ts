import { openTelemetryApi } from './api.js';

/** Set in the context in which a request is made that has its span already. */
export const INSTRUMENTED = Symbol.for('nest-outbound: instrumented request');

/**
 * Whether the running code makes a request that a client of this package has a span of its own for. For
 * `new HttpInstrumentation({ ignoreOutgoingRequestHook: isInstrumentedRequest })`: `@opentelemetry/instrumentation-http` makes no second
 * span anyway, but counts the request a second time in `http.client.request.duration`.
 */
export function isInstrumentedRequest(): boolean {
  return openTelemetryApi()?.context.active().getValue(INSTRUMENTED) === true;
}
