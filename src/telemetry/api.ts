import type * as OpenTelemetry from '@opentelemetry/api';

export type Api = typeof OpenTelemetry;

let loading: Promise<void> | undefined;
let api: Api | undefined;

/**
 * Loads `@opentelemetry/api` if it is installed: it is an optional peer. Several copies of it share what an SDK registers. The `import()` stands
 * in a `try` so that bundlers pack an app that lacks it.
 */
export function loadOpenTelemetryApi(): Promise<void> {
  return (loading ??= load());
}

async function load(): Promise<void> {
  try {
    api = await import('@opentelemetry/api');
  } catch (error) {
    if (!NOT_INSTALLED.has((error as NodeJS.ErrnoException).code)) throw error;
  }
}

const NOT_INSTALLED: ReadonlySet<string | undefined> = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/** What is loaded of it; undefined: not yet, or it is not installed. */
export function openTelemetryApi(): Api | undefined {
  return api;
}

/** Who makes the spans and the metrics. Without a version: as a label of every time series it would begin all anew with each release. */
export const SCOPE = 'nest-outbound';
