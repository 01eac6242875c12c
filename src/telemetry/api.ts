import type * as OpenTelemetry from '@opentelemetry/api';

export type Api = typeof OpenTelemetry;

let loading: Promise<void> | undefined;
let api: Api | undefined;

/**
 * Loads `@opentelemetry/api` where it is installed: it is an optional peer. Several copies of it share what an SDK registers. (By
 * `import()`, which also those who compile this package to CommonJS can follow, as Jest has them do: there is no `import.meta` there.)
 */
export function loadOpenTelemetryApi(): Promise<void> {
  return (loading ??= import('@opentelemetry/api').then(
    (module) => {
      api = module;
    },
    (error: NodeJS.ErrnoException) => {
      if (!NOT_INSTALLED.has(error.code)) throw error;
    },
  ));
}

const NOT_INSTALLED: ReadonlySet<string | undefined> = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/** What is loaded of it; undefined: not yet, or it is not installed. */
export function openTelemetryApi(): Api | undefined {
  return api;
}

/** Who makes the spans and the metrics. Without a version: as a label of every time series it would begin all anew with each release. */
export const SCOPE = 'nest-outbound';
