import type { AxiosResponse } from 'axios';
import type { Call, Handler, Layer } from '../call/call.js';
import { responseOf } from '../call/outcome.js';
import type { ClientMetrics, RequestMeasurement } from './metrics.js';
import type { RequestSpan, Tracing } from './span.js';

export interface TelemetryParts {
  /** undefined: off. */
  readonly tracing: Tracing | undefined;
  /** undefined: off. */
  readonly metrics: ClientMetrics | undefined;
}

/**
 * Gives each request a span of its own, which the upstream is told of, and measures it. Both end with the response's body, or with its
 * headers where the body is a stream: whoever reads that may never read it to its end.
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span-duration
 */
export function telemetry({ tracing, metrics }: TelemetryParts): Layer {
  return (next) => (call) => {
    const span = tracing?.start(call, call.journal.requests);
    const measurement = metrics?.start(call, span?.context);
    return span || measurement ? observed(next, call, span, measurement) : next(call);
  };
}

async function observed(
  next: Handler,
  call: Call,
  span: RequestSpan | undefined,
  measurement: RequestMeasurement | undefined,
): Promise<AxiosResponse> {
  let response: AxiosResponse | undefined;
  let error: unknown;
  try {
    return (response = await (span ? span.run(() => next(span.told(call))) : next(call)));
  } catch (failure) {
    error = failure;
    response = responseOf(failure);
    throw failure;
  } finally {
    measurement?.end(response?.status, error);
    span?.end(call, response, error);
  }
}
