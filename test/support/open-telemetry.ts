import { type Attributes, context, metrics, propagation, type SpanStatus, trace } from '@opentelemetry/api';
import { type DataPoint, type Histogram, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';

/** Collects when it is asked to. */
class OnDemandReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** A metric as a test looks at it. */
export interface Measured {
  readonly name: string;
  readonly unit: string;
  /** In the order of their attributes. */
  readonly points: readonly { readonly attributes: Attributes; readonly value: unknown }[];
  /** Of a histogram. */
  readonly buckets?: readonly number[];
}

export interface TestTracing {
  /** Those that have ended, in that order. */
  readonly spans: () => readonly ReadableSpan[];
}

export interface TestMetrics {
  /** By name, those of this package only. */
  readonly collect: () => Promise<Record<string, Measured>>;
}

/** The real SDK for traces, registered for the process, with spans kept in memory. */
export function registerTracing(sampler?: Sampler): TestTracing {
  const exporter = new InMemorySpanExporter();
  new NodeTracerProvider({
    ...(sampler && { sampler }),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  }).register();
  return { spans: () => exporter.getFinishedSpans() };
}

/** The real SDK for metrics, registered for the process. */
export function registerMetrics(): TestMetrics {
  const reader = new OnDemandReader();
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  return {
    async collect() {
      const { resourceMetrics } = await reader.collect();
      const ours = resourceMetrics.scopeMetrics.filter(({ scope }) => scope.name === 'nest-outbound');
      const all = ours.flatMap(({ metrics: list }) => list);
      return Object.fromEntries(
        all.map(({ descriptor: { name, unit }, dataPoints }): [string, Measured] => {
          const points = (dataPoints as DataPoint<unknown>[]).map(({ attributes, value }) => ({ attributes, value }));
          const buckets = (points[0]?.value as Histogram | undefined)?.buckets?.boundaries;
          return [name, { name, unit, points, ...(buckets && { buckets }) }];
        }),
      );
    },
  };
}

/** As if no SDK had ever been registered. */
export function unregisterAll(): void {
  for (const api of [trace, metrics, context, propagation]) api.disable();
}

/** What a span says. */
export function told({ name, attributes, status }: ReadableSpan): {
  name: string;
  attributes: Attributes;
  status: SpanStatus;
} {
  return { name, attributes, status };
}

export const parentOf = ({ parentSpanContext }: ReadableSpan): string | undefined => parentSpanContext?.spanId;
