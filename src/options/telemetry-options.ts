declare module 'axios' {
  interface AxiosRequestConfig {
    /** For clients of nest-outbound: the path with names for what varies in it, as `/users/{id}`, for metrics, spans and events. */
    urlTemplate?: string;
  }
}

/** What OpenTelemetry is told of a client's requests, where an SDK is registered. See docs/telemetry.md. */
export interface TelemetryOptions {
  /**
   * A span for each request. `@opentelemetry/instrumentation-http` makes none for it then.
   * @default true
   */
  tracing?: boolean;
  /** @default true */
  metrics?: boolean;
  /**
   * Whom requests tell of their trace, by the headers of the SDK's propagators (`traceparent`, `tracestate`, `baggage`): everybody,
   * nobody, or origins, as `https://api.example.com`. A redirect to another origin drops the headers where they are for some only.
   * Without `tracing`, requests tell nobody.
   * @default true
   */
  propagate?: boolean | readonly string[];
}

/** With nothing left to default. */
export type TelemetrySettings = Readonly<Required<TelemetryOptions>>;

export const TELEMETRY_DEFAULTS: TelemetrySettings = Object.freeze({ tracing: true, metrics: true, propagate: true });

/** @param inherited what holds where nothing is given; parts that are left out are inherited, too */
export function resolveTelemetry(
  given: boolean | TelemetryOptions | undefined,
  inherited: TelemetrySettings | false,
): TelemetrySettings | false {
  if (given === undefined) return inherited;
  if (given === false) return false;
  if (given === true) return inherited || TELEMETRY_DEFAULTS;
  const { tracing, metrics, propagate } = inherited || TELEMETRY_DEFAULTS;
  return Object.freeze({
    tracing: given.tracing ?? tracing,
    metrics: given.metrics ?? metrics,
    propagate: given.propagate ?? propagate,
  });
}
