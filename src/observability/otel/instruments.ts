import type { Histogram, Meter, ObservableUpDownCounter, UpDownCounter } from '@opentelemetry/api';

/** The buckets of the conventions, in seconds. */
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const CONNECTION_BUCKETS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

/** What is measured, and in which units. */
export interface Instruments {
  readonly requestDuration: Histogram;
  readonly activeRequests: UpDownCounter;
  readonly openConnections: ObservableUpDownCounter;
  readonly connectionDuration: Histogram;
  readonly timeInQueue: Histogram;
  readonly callDuration: Histogram;
}

/**
 * THE list of metrics. Those named `http.client.` are of the semantic conventions, but for the time in the queue, which is .NET's:
 * https://opentelemetry.io/docs/specs/semconv/http/http-metrics/, https://opentelemetry.io/docs/specs/semconv/dotnet/dotnet-http-metrics/
 */
export function createInstruments(meter: Meter): Instruments {
  const seconds = (name: string, description: string, explicitBucketBoundaries = REQUEST_BUCKETS) =>
    meter.createHistogram(name, { unit: 's', description, advice: { explicitBucketBoundaries } });
  return {
    requestDuration: seconds('http.client.request.duration', 'Duration of HTTP client requests.'),
    activeRequests: meter.createUpDownCounter('http.client.active_requests', {
      unit: '{request}',
      description: 'Number of active HTTP requests.',
    }),
    openConnections: meter.createObservableUpDownCounter('http.client.open_connections', {
      unit: '{connection}',
      description: 'Number of outbound HTTP connections that are currently active or idle on the client.',
    }),
    connectionDuration: seconds(
      'http.client.connection.duration',
      'The duration of the successfully established outbound HTTP connections.',
      CONNECTION_BUCKETS,
    ),
    timeInQueue: seconds(
      'http.client.request.time_in_queue',
      'The amount of time requests spent on a queue waiting for an available connection.',
    ),
    callDuration: seconds(
      'nest_outbound.call.duration',
      'Duration of calls as their callers see them: waiting, retries, pauses and refusals included.',
    ),
  };
}
