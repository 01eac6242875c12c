import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';

interface Described {
  config?: unknown;
  response?: AxiosResponse;
  cause?: unknown;
  errors?: unknown;
}

/**
 * Has an error, its causes and their responses say another config, wherever they say one of these. Others, as of the call that a layer
 * has made to get a token, stay.
 */
export function replaceConfig(
  error: unknown,
  replaced: readonly unknown[],
  config: InternalAxiosRequestConfig,
  seen = new Set<unknown>(),
): void {
  if (!(error instanceof Error) || seen.has(error)) return;
  seen.add(error);
  const described: Described = error;
  if (replaced.includes(described.config)) Reflect.set(error, 'config', config);
  const { response, cause, errors } = described;
  if (response && replaced.includes(response.config)) response.config = config;
  replaceConfig(cause, replaced, config, seen);
  if (Array.isArray(errors)) for (const entry of errors) replaceConfig(entry, replaced, config, seen);
}
