// What a file that sets OpenTelemetry up may import before anything else: it loads nothing that is to be instrumented.
export { isInstrumentedRequest } from './span.js';
