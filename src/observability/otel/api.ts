import type * as OpenTelemetry from '@opentelemetry/api';
import { createRequire } from 'node:module';

export type Api = typeof OpenTelemetry;

let loaded: { readonly api: Api | undefined } | undefined;

/**
 * `@opentelemetry/api`, where it is installed: it is an optional peer. Loaded when first asked for, and at once, as CommonJS apps
 * cannot wait for a module. Several copies of it share what an SDK registers.
 */
export function openTelemetryApi(): Api | undefined {
  loaded ??= { api: installedApi() };
  return loaded.api;
}

function installedApi(): Api | undefined {
  try {
    return createRequire(import.meta.url)('@opentelemetry/api') as Api;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
