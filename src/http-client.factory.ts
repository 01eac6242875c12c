import type { AxiosAdapter, AxiosInstance, CreateAxiosDefaults, InternalAxiosRequestConfig } from 'axios';
import type { ClientStack } from './client-stack.js';
import { withBinaryData } from './client/binary-data.js';
import { type HttpClientInterceptor, registerInterceptors } from './client/http-client-interceptor.js';
import { createPreparedInstance } from './client/prepared-instance.js';
import { AddressBlockedError } from './errors/address-blocked.error.js';
import { concealError } from './errors/conceal-error.js';
import { createCall } from './layers/create-call.js';
import type { ResolvedClientOptions } from './options/resolve-options.js';

/** Makes a client: an axios instance of its own whose every call passes through the stack to the pool. */
export function createHttpClient(
  options: ResolvedClientOptions,
  stack: ClientStack,
  interceptors: readonly HttpClientInterceptor[],
): AxiosInstance {
  const { rules, clock } = stack;
  const adapter: AxiosAdapter = (config) => stack.handle(createCall(config, options.name, clock));
  const defaults: CreateAxiosDefaults = {
    ...options.axios,
    transformRequest: withBinaryData(options.axios.transformRequest),
    ...(options.baseURL !== undefined && { baseURL: options.baseURL }),
    headers: { ...options.headers },
    timeout: options.timeouts.attemptMs || 0, // axios's word for no limit
    adapter,
  };
  // The stack's errors are concealed already; transforms and interceptors have their own.
  const instance = createPreparedInstance(
    defaults,
    (error, config) => concealError(error, { rules, clientName: options.name, config }),
    options.guard ? (config) => refuseAdapter(config, adapter, options.name) : undefined,
  );
  registerInterceptors(instance, interceptors);
  return instance;
}

/**
 * An adapter connects for itself: with another one, a call would leave the guard behind.
 * @throws AddressBlockedError where a call, the defaults or an interceptor have brought one
 */
function refuseAdapter(config: InternalAxiosRequestConfig, own: AxiosAdapter, name: string): void {
  if (config.adapter !== own) throw AddressBlockedError.bySetting(createCall(config, name), 'adapter');
}
