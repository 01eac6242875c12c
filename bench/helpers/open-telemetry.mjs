import { context, metrics, propagation, SpanKind, trace } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

/** Takes spans and forgets them: what an exporter costs is its own. */
const forgetful = {
  onStart() {},
  onEnd() {},
  async forceFlush() {},
  async shutdown() {},
};

class IdleReader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}

/** The SDK as apps register it, but for its exporters. */
export function registerSdk() {
  new NodeTracerProvider({ spanProcessors: [forgetful] }).register();
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [new IdleReader()] }));
}

export function unregisterSdk() {
  for (const api of [trace, metrics, context, propagation]) api.disable();
}

/** @returns what has the SDK take for a request what a careful person would tell it of one, and nothing more */
export function sdkOnly() {
  const tracer = trace.getTracer('bench');
  const meter = metrics.getMeter('bench');
  const [ofRequests, ofCalls] = ['requests', 'calls'].map((name) => meter.createHistogram(name));
  const request = { 'http.request.method': 'GET', 'server.address': 'api.test', 'server.port': 80 };
  const answered = { ...request, 'http.response.status_code': 200 };
  const called = { ...answered, client: 'bench' };
  return async () => {
    const parent = context.active();
    const attributes = { ...request, 'url.full': 'http://api.test/users/1' };
    const span = tracer.startSpan('GET', { kind: SpanKind.CLIENT, attributes }, parent);
    const within = trace.setSpan(parent, span);
    const headers = {};
    propagation.inject(within, headers);
    await context.with(within, async () => headers);
    span.setAttribute('http.response.status_code', 200);
    span.end();
    ofRequests.record(0.01, answered, within);
    ofCalls.record(0.01, called);
  };
}
