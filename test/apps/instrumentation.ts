/** What users load before anything else, with `node --import`, to have OpenTelemetry instrument their app. */
import { metrics, SpanKind } from '@opentelemetry/api';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { isInstrumentedRequest } from 'nest-outbound/telemetry';
import { register } from 'node:module';
import { setImmediate } from 'node:timers/promises';

register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);

const exporter = new InMemorySpanExporter();
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();

const measured = new InMemoryMetricExporter(AggregationTemporality.DELTA);
const meters = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: measured })] });
metrics.setGlobalMeterProvider(meters);

const ignoring = process.env['IGNORE_OURS'] ? { ignoreOutgoingRequestHook: isInstrumentedRequest } : {};
registerInstrumentations({ instrumentations: [new HttpInstrumentation(ignoring)] });

/** What there is anew once an inbound request has been answered, in a form that can be sent. */
export async function observed() {
  // oxlint-disable-next-line no-await-in-loop
  while (!exporter.getFinishedSpans().some(({ kind }) => kind === SpanKind.SERVER)) await setImmediate();
  await meters.forceFlush();
  const news = { spans: exporter.getFinishedSpans().map(told), counted: Object.fromEntries(requestsByScope()) };
  exporter.reset();
  measured.reset();
  return news;
}

function told(span: ReadableSpan) {
  const { name, kind, attributes, parentSpanContext, instrumentationScope } = span;
  const { spanId, traceId } = span.spanContext();
  const scope = instrumentationScope.name;
  return { name, kind, scope, url: attributes['url.full'], id: spanId, traceId, parentId: parentSpanContext?.spanId };
}

/** Requests that `http.client.request.duration` has counted. */
function requestsByScope(): [string, number][] {
  const scopes = measured.getMetrics().at(-1)?.scopeMetrics ?? [];
  return scopes.flatMap(({ scope, metrics: list }) =>
    list
      .filter(({ descriptor }) => descriptor.name === 'http.client.request.duration')
      .map(({ dataPoints }): [string, number] => [
        scope.name,
        dataPoints.reduce((sum, { value }) => sum + (value as { count: number }).count, 0),
      ]),
  );
}
