import type { Layer } from '../call/call.js';
import { watching } from '../call/compose.js';
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
  return watching<WatchedRequest>({
    begin(call) {
      const span = tracing?.start(call, call.journal.requests);
      const measurement = metrics?.start(call, span?.context);
      return span || measurement ? { span, measurement } : undefined;
    },
    // Without spans there is no context: then the layers within share the frame of those without.
    ...(tracing && { carry: (call, { span }, next) => (span ? span.carry(call, next) : next(call)) }),
    end(call, request, response, failure) {
      const { span, measurement } = request!;
      const error = failure?.error;
      const known = failure ? responseOf(error) : response;
      measurement?.end(known?.status, error);
      span?.end(call, known, error);
    },
  });
}

interface WatchedRequest {
  readonly span: RequestSpan | undefined;
  readonly measurement: RequestMeasurement | undefined;
}
