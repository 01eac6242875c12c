import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

/** What Prometheus reads. */
export const exporter = new PrometheusExporter({ preventServerStart: true });

// One for the process, as OpenTelemetry has it; nest-outbound finds it by itself.
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));
